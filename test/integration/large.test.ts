import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createWriteStream, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { FRESH_MEMORY } from '#src/bytes/arena';
import { gatherColumns, rowStarts } from '#src/protect/encrypt/core/row-format';
import { SpillFile } from '#src/files/spill-file';
import { RowShuffle } from '#src/protect/encrypt/core/shuffle';
import { ID, SECRET } from '../support/cli.ts';
import { cleartextRows, RoomSession, spendsIn } from '../room/support.ts';
import { batchOf, textColumn, textsOf } from '../tabular/support.ts';

// Sizes that only show in large tables: they are measured, not timed.

const directory = mkdtempSync(join(tmpdir(), 'sealroom-test-'));

afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

test('a shuffle whose rows are far longer than expected deals its part again, and loses none', async () => {
  const shuffle = new RowShuffle({ expectedBytes: 0, openSpill: () => SpillFile.open(directory) });
  const rows = 10_000;
  const seen = new Map<string, number>();
  try {
    const filler = 'x'.repeat(15_000);
    for (let first = 0; first < rows; first += 1000) {
      const values = Array.from({ length: 1000 }, (_, row) => `${String(first + row)} ${filler}`);
      await shuffle.add(batchOf(textColumn(values)));
    }
    expect(shuffle.rows).toBe(rows);
    let place = 0;
    for await (const { bytes } of shuffle.output(2000)) {
      for (const column of gatherColumns(bytes, rowStarts(bytes), [null], FRESH_MEMORY).columns) {
        for (const value of textsOf(column)) seen.set((value ?? '').split(' ')[0] ?? '', place++);
        expect(column.rows * 15_000).toBeLessThan(64 << 20);
      }
    }
  } finally {
    await shuffle.close();
  }
  expect(seen.size).toBe(rows);
  // Neighbours are far apart: a third of the table on average, if their places are independent.
  let distance = 0;
  for (let row = 1; row < rows; row++)
    distance += Math.abs((seen.get(String(row)) ?? 0) - (seen.get(String(row - 1)) ?? 0));
  expect(distance / rows / rows).toBeGreaterThan(0.3);
  expect(distance / rows / rows).toBeLessThan(0.37);
  expect(readdirSync(directory)).toEqual([]);
});

test('an encryption of 300,000 rows takes under 600 MiB of memory', async () => {
  const input = join(directory, 'in.csv');
  const file = createWriteStream(input);
  file.write('id,email,note\n');
  for (let first = 0; first < 300_000; first += 1000) {
    const lines = Array.from({ length: 1000 }, (_, row) => {
      const digest = createHash('md5')
        .update(String(first + row))
        .digest('hex');
      return `${digest.slice(0, 20)},${digest}@example.com,"Note ""${digest}"", café\n row ${String(first + row)}"\n`;
    });
    if (!file.write(lines.join(''))) await once(file, 'drain');
  }
  file.end();
  await once(file, 'close');
  const script = `
    const { encryptTable, parseSharedSecret, parseTableSchema, LOW_ASSURANCE } = await import('sealroom');
    const columns = [
      { sourceHeader: 'id', targetHeader: 'id', type: 'fingerprint' },
      { sourceHeader: 'email', targetHeader: 'email', type: 'sealed', pad: { type: 'fixed', length: 64 } },
      { sourceHeader: 'note', targetHeader: 'note', type: 'sealed', pad: { type: 'max', length: 0 } },
    ];
    const summary = await encryptTable({
      input: ${JSON.stringify(input)}, output: ${JSON.stringify(join(directory, 'out.parquet'))},
      schema: parseTableSchema(JSON.stringify({ headerRow: true, columns })), secret: parseSharedSecret(${JSON.stringify(SECRET)}),
      collaborationId: ${JSON.stringify(ID)}, settings: { ...LOW_ASSURANCE, allowDuplicates: false },
    });
    console.log(JSON.stringify({ rows: summary.rows, mebibytes: process.resourceUsage().maxRSS / 1024 }));`;
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' });
  const { rows, mebibytes } = JSON.parse(output) as { rows: number; mebibytes: number };
  expect(rows).toBe(300_000);
  expect(mebibytes).toBeLessThan(600);
});

test('long rows of a loaded table, which are sorted in parts, come in random order too, and none is lost', async () => {
  await using session = await RoomSession.start();
  const [header = '', line = ''] = (await readFile(await session.encrypt('enc.csv', cleartextRows(1)), 'utf8')).split(
    '\n',
  );
  const [fingerprint = ''] = line.split(',');
  const longest = `02:enc:${Buffer.alloc(12_282, 1).toString('base64')}`;
  const rows = 10_000;
  const lines = Array.from({ length: rows }, (_, row) => `${fingerprint},${longest},R1,2026-01-02,${String(row)}.5,x`);
  await writeFile(session.path('long.csv'), [header, ...lines, ''].join('\n'));
  await session.load(session.path('long.csv'));
  const spends = await spendsIn(session);
  expect([...spends].sort((a, b) => a - b)).toEqual(Array.from({ length: rows }, (_, row) => row + 0.5));
  const mean = spends.reduce((sum, spend, place) => sum + Math.abs(spend - 0.5 - place), 0) / rows;
  expect(mean).toBeGreaterThan(rows / 3 - 200);
  expect(mean).toBeLessThan(rows / 3 + 200);
});
