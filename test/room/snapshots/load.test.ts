import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { exportRecords, parseVerifiers } from 'sealroom/audit';
import { type LoadProgress, loadTable, openRoom, removeTable, verifySnapshot } from 'sealroom/room';
import { describe, expect, test } from 'vitest';
import type { ColumnData } from 'sealroom/tabular';
import { batchOf, failureOf, textColumn, writeTable } from '../../tabular/support.ts';
import { cleartextRows, NOW, querySnapshot, RoomSession, spendsIn } from '../support.ts';

function fingerprintOf(digest: Uint8Array): string {
  return `02:hmac:${Buffer.from(digest).toString('base64')}`;
}

const FORMS = {
  fingerprint: fingerprintOf(Buffer.alloc(32, 1)),
  sealed: `02:enc:${Buffer.alloc(64, 1).toString('base64')}`,
};

describe.each(['csv', 'parquet', 'arrow'])('an encrypted table in %s', (format) => {
  test('is refused at a value over 16,383 bytes, by row and column', async () => {
    await using session = await RoomSession.start();
    const names = ['email_fingerprint', 'device_sealed', 'region', 'day', 'spend'];
    const fields = names.map((name) => ({ name, type: { kind: 'string' } }) as const);
    const write = async (lengths: readonly number[]): Promise<string> => {
      const regions = lengths.map((length) => 'R'.repeat(length));
      const of = (value: string): ColumnData => textColumn(lengths.map(() => value));
      const cells = [FORMS.fingerprint, FORMS.sealed].map(of);
      const path = session.path(`long.${format}`);
      const batch = batchOf(...cells, textColumn(regions), of('2026-01-02'), of('1.5'));
      await writeTable(path, fields, [batch], { overwrite: true });
      return path;
    };
    expect((await session.load(await write([1, 16_383]))).table.snapshot?.rows).toBe(2);
    expect(await failureOf(session.load(await write([1, 2, 16_384])))).toMatchObject({
      code: 'DATA_LENGTH',
      message: 'a value is at most 16383 bytes, got 16384',
      where: { file: session.path(`long.${format}`), row: 3, column: 'region' },
    });
  });

  test('comes into the room with the columns that its rule names, in random order', async () => {
    await using session = await RoomSession.start();
    const summary = await session.load(await session.encrypt(`enc.${format}`, cleartextRows(5000, 2500)));
    expect(summary).toMatchObject({
      leftOut: ['notes'],
      replacedSha256: null,
      table: { name: 'impressions', owner: 'pub' },
    });
    const { tables } = await openRoom(session.directory);
    expect(tables).toMatchObject([
      { snapshot: { rows: 5000, loadedAt: NOW().toISOString() } },
      { name: 'closed', snapshot: null },
    ]);
    const snapshot = tables[0]?.snapshot ?? null;
    expect(summary.table).toEqual(tables[0]);
    if (snapshot !== null) await verifySnapshot(snapshot);
    expect(
      await querySnapshot(
        snapshot,
        "SELECT column_name AS name, data_type AS type FROM information_schema.columns WHERE table_schema = 'pub'",
      ),
    ).toEqual([
      { name: 'email_fingerprint', type: 'UHUGEINT' },
      { name: 'email_fingerprint:rest', type: 'UHUGEINT' },
      { name: 'device_sealed', type: 'VARCHAR' },
      { name: 'region', type: 'VARCHAR' },
      { name: 'day', type: 'DATE' },
      { name: 'spend', type: 'DECIMAL(18,2)' },
    ]);
    expect(
      await querySnapshot(
        snapshot,
        'SELECT count(*) AS n, count(DISTINCT email_fingerprint) AS people FROM pub.impressions',
      ),
    ).toEqual([{ n: '5000', people: '2500' }]);
    const spends = await spendsIn(session);
    expect([...spends].sort((a, b) => a - b)).toEqual(Array.from({ length: 5000 }, (_, row) => row + 0.5));
  });
});

test('a folder of parts, and a compressed file, have the rows of the whole file', async () => {
  await using session = await RoomSession.start();
  const whole = await session.encrypt('enc.csv', cleartextRows(500));
  const [header = '', ...lines] = (await readFile(whole, 'utf8')).trimEnd().split('\n');
  const folder = session.path('parts');
  await mkdir(folder);
  for (const [name, part] of Object.entries({ 'a.csv': lines.slice(0, 300), 'b.csv': lines.slice(300) })) {
    await writeFile(join(folder, name), [header, ...part, ''].join('\n'));
  }
  const compressed = session.path('enc.csv.gz');
  await writeFile(compressed, gzipSync(await readFile(whole)));
  const rowsAfter = async (input: string): Promise<readonly number[]> => {
    await session.load(input);
    return [...(await spendsIn(session))].sort((a, b) => a - b);
  };
  const expected = Array.from({ length: 500 }, (_, row) => row + 0.5);
  for (const input of [whole, folder, compressed]) expect(await rowsAfter(input)).toEqual(expected);
});

test('rows come in another order at each load, and in any place', async () => {
  await using session = await RoomSession.start();
  const input = await session.encrypt('enc.csv', cleartextRows(2000));
  const places: number[] = [];
  const orders: string[] = [];
  // The order in the file is random itself, so the file is put in order first.
  const [header = '', ...lines] = (await readFile(input, 'utf8')).trimEnd().split('\n');
  const spendOf = (line: string): number => Number(line.split(',')[4]);
  await writeFile(input, [header, ...lines.sort((a, b) => spendOf(a) - spendOf(b)), ''].join('\n'));
  for (let load = 0; load < 4; load += 1) {
    await session.load(input);
    const spends = await spendsIn(session);
    orders.push(spends.join());
    places.push(...spends.map((spend, place) => Math.abs(spend - 0.5 - place)));
  }
  expect(new Set(orders).size).toBe(4);
  // The mean distance between two random places of n is n / 3; the deviation of this mean is about 3.
  const mean = places.reduce((sum, distance) => sum + distance, 0) / places.length;
  expect(mean).toBeGreaterThan(2000 / 3 - 40);
  expect(mean).toBeLessThan(2000 / 3 + 40);
});

test.each([0, 1])(
  'a table of %d rows has another hash each time, so that nobody can try out what is in it',
  async (rows) => {
    await using session = await RoomSession.start();
    const input = await session.encrypt('enc.csv', cleartextRows(rows));
    const hashes = [await session.load(input), await session.load(input)].map(({ table }) => table.snapshot?.sha256);
    expect(new Set(hashes).size).toBe(2);
  },
);

test('a table without rows is loaded', async () => {
  await using session = await RoomSession.start();
  expect(await session.load(await session.encrypt('enc.csv', cleartextRows(0)))).toMatchObject({
    table: { snapshot: { rows: 0 } },
  });
});

test('a second load takes the place of the first, whose file is gone', async () => {
  await using session = await RoomSession.start();
  const first = await session.load(await session.encrypt('first.csv', cleartextRows(10)));
  const second = await session.load(await session.encrypt('second.csv', cleartextRows(20)));
  expect(second.replacedSha256).toBe(first.table.snapshot?.sha256);
  expect((await openRoom(session.directory)).tables[0]).toEqual(second.table);
  expect(await readdir(session.inRoom('snapshots'))).toHaveLength(1);
  expect(await readdir(session.directory)).not.toContain('unfinished');
});

test('a custom rule has all columns of the manifest, a list rule those that it names', async () => {
  const rules = [
    [
      { type: 'CUSTOM', policy: { v1: { custom: { allowedAnalyses: [] } } } },
      ['email_fingerprint', 'device_sealed', 'region', 'day', 'spend', 'notes'],
    ],
    [
      {
        type: 'LIST',
        policy: { v1: { list: { joinColumns: ['email_fingerprint'], listColumns: ['device_sealed'] } } },
      },
      ['email_fingerprint', 'device_sealed'],
    ],
  ] as const;
  for (const [analysisRule, expected] of rules) {
    await using session = await RoomSession.start({ table: { analysisRule } });
    const { table } = await session.load(await session.encrypt('enc.csv', cleartextRows(3)));
    expect(table.columns.map(({ name }) => name)).toEqual(expected);
    const [row] = await querySnapshot(table.snapshot, 'SELECT * FROM pub.impressions');
    expect(Object.keys(row as object).filter((name) => !name.endsWith(':rest'))).toEqual(expected);
  }
});

describe('a refused table leaves the room as it was, and says where the mistake is', () => {
  /** Loads a good table, then one with a change, and gives the error of the second. */
  async function refusalOf(
    change: (lines: string[][]) => void,
    settings = {},
    rows = cleartextRows(50),
  ): Promise<Record<string, unknown>> {
    await using session = await RoomSession.start({ settings });
    const good = await session.load(await session.encrypt('good.csv', cleartextRows(4), settings));
    const input = await session.encrypt('enc.csv', rows, { ...settings, allowDuplicates: true });
    const lines = (await readFile(input, 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => line.split(','));
    change(lines);
    await writeFile(input, lines.map((line) => `${line.join(',')}\n`).join(''));
    const error: unknown = await session.load(input).catch((thrown: unknown) => thrown);
    expect((await openRoom(session.directory)).tables[0]).toEqual(good.table);
    expect((await readdir(session.directory)).sort()).toEqual([
      'audit',
      'lock',
      'manifest.yaml',
      'room.json',
      'runner.key',
      'runner.pub',
      'snapshots',
    ]);
    expect(await readdir(session.inRoom('snapshots'))).toHaveLength(1);
    const { code, message, hint, where } = error as { code: string; message: string; hint: string; where: object };
    return { code, message, hint, ...where };
  }

  const cell =
    (row: number, column: number, text: string) =>
    (lines: string[][]): void => {
      const line = lines[row];
      if (line !== undefined) line[column] = text;
    };

  test('cleartext in a fingerprint column', async () => {
    const refusal = await refusalOf(cell(17, 0, 'private@example.org'));
    expect(refusal).toMatchObject({
      code: 'RULE_PROTECTION',
      message: 'expected a fingerprint, got cleartext',
      row: 17,
      column: 'email_fingerprint',
      file: expect.stringMatching(/enc\.csv$/),
      hint: expect.stringMatching(/sealroom encrypt/),
    });
    expect(JSON.stringify(refusal)).not.toContain('private@');
  });

  test('cleartext in a sealed column', async () => {
    expect(await refusalOf(cell(3, 1, 'd3'))).toMatchObject({
      code: 'RULE_PROTECTION',
      row: 3,
      column: 'device_sealed',
    });
  });

  test('columns that were exchanged', async () => {
    const exchange = (lines: string[][]): void => {
      for (const line of lines.slice(1)) line.splice(0, 2, line[1] ?? '', line[0] ?? '');
    };
    expect(await refusalOf(exchange)).toMatchObject({
      code: 'RULE_PROTECTION',
      message: 'expected a fingerprint, got a sealed cell',
      row: 1,
      hint: expect.stringMatching(/mixed up/),
    });
  });

  test('a fingerprint in a cleartext column, where it could be shown', async () => {
    const show = (lines: string[][]): void => {
      cell(9, 2, lines[9]?.[0] ?? '')(lines);
    };
    expect(await refusalOf(show)).toMatchObject({ code: 'RULE_PROTECTION', row: 9, column: 'region' });
  });

  test('a cell that was cut', async () => {
    const cut = (lines: string[][]): void => {
      cell(50, 1, lines[50]?.[1]?.slice(0, -5) ?? '')(lines);
    };
    expect(await refusalOf(cut)).toMatchObject({ code: 'FORMAT_CELL', row: 50, column: 'device_sealed' });
  });

  test('a null in a protected column, where nulls are not preserved', async () => {
    expect(await refusalOf(cell(5, 0, ''))).toMatchObject({ code: 'DATA_VALUE', row: 5, column: 'email_fingerprint' });
  });

  test('a value that its type does not have', async () => {
    expect(await refusalOf(cell(21, 4, '1.239'))).toMatchObject({
      code: 'DATA_VALUE',
      message: 'the value is not a number that fits DECIMAL(18,2)',
      row: 21,
      column: 'spend',
    });
    expect(await refusalOf(cell(22, 3, '2026-02-30'))).toMatchObject({ code: 'DATA_VALUE', row: 22, column: 'day' });
  });

  test('a column that is missing', async () => {
    const rename = (lines: string[][]): void => {
      cell(0, 4, 'cost')(lines);
    };
    expect(await refusalOf(rename)).toMatchObject({
      code: 'DATA_COLUMN',
      message: expect.stringMatching(/lacks columns that the rule names: `spend`/),
      hint: expect.stringMatching(/`cost`/),
    });
  });

  test('repeated fingerprints where the collaboration forbids them', async () => {
    const rows = cleartextRows(50, 49);
    const refusal = await refusalOf(() => undefined, { allowDuplicates: false }, rows);
    expect(refusal).toMatchObject({
      code: 'RULE_DUPLICATES',
      message: expect.stringMatching(/^rows \d+ and \d+ hold the same fingerprint/),
      column: 'email_fingerprint',
    });
  });

  test.each([
    { allowDuplicates: true, words: 'allowed' },
    { allowDuplicates: false, words: 'forbidden' },
  ])(
    'different fingerprints that begin with the same 16 bytes, with duplicates $words',
    async ({ allowDuplicates }) => {
      const withEnd = (byte: number): string => fingerprintOf(Buffer.concat([Buffer.alloc(31, 7), Buffer.of(byte)]));
      const collide = (lines: string[][]): void => {
        cell(12, 0, withEnd(1))(lines);
        cell(31, 0, withEnd(2))(lines);
      };
      const refusal = await refusalOf(collide, { allowDuplicates });
      expect(refusal).toMatchObject({
        code: 'FORMAT_CELL',
        message: 'rows 12 and 31 hold different fingerprints with the same first 16 bytes',
        column: 'email_fingerprint',
        file: expect.stringMatching(/enc\.csv$/),
      });
    },
  );

  test('a file that is damaged', async () => {
    expect(await refusalOf(cell(30, 5, 'x,y'))).toMatchObject({ code: 'DATA_FIELDS', line: 31 });
  });
});

test('distinct fingerprints are loaded where duplicates are forbidden, and preserved nulls are no duplicates', async () => {
  const settings = { allowDuplicates: false, preserveNulls: true };
  await using session = await RoomSession.start({ settings });
  const rows = cleartextRows(20).replace('u3@example.org', '').replace('u7@example.org', '');
  const { table } = await session.load(await session.encrypt('enc.csv', rows, settings));
  expect(await querySnapshot(table.snapshot, 'SELECT count(email_fingerprint) AS n FROM pub.impressions')).toEqual([
    { n: '18' },
  ]);
});

describe('fingerprints are stored as two numbers', () => {
  test('that have all bytes of the cells, in their order, and null for null', async () => {
    await using session = await RoomSession.start({ settings: { preserveNulls: true } });
    const digest = fc.uint8Array({ minLength: 32, maxLength: 32 });
    const edge = fc.constantFrom(new Uint8Array(32), new Uint8Array(32).fill(0xff));
    const column = fc.array(fc.option(fc.oneof({ weight: 9, arbitrary: digest }, edge)), {
      minLength: 1,
      maxLength: 60,
    });
    const property = fc.asyncProperty(column, async (digests) => {
      const cells = digests.map((bytes) => (bytes === null ? '' : fingerprintOf(bytes)));
      const lines = cells.map((text, row) => `${text},${FORMS.sealed},R,2026-01-02,${String(row)}.5`);
      const input = session.path('cells.csv');
      await writeFile(input, ['email_fingerprint,device_sealed,region,day,spend', ...lines, ''].join('\n'));
      const { table } = await session.load(input);
      const text = (part: string): string => `lpad(hex(${part}), 32, '0')`;
      const bytes = `unhex(${text('email_fingerprint')} || ${text('"email_fingerprint:rest"')})`;
      const rows = await querySnapshot(
        table.snapshot,
        `SELECT coalesce('02:hmac:' || to_base64(${bytes}), '') AS cell FROM pub.impressions ORDER BY spend`,
      );
      expect(rows.map((row) => (row as { cell: string }).cell)).toEqual(cells);
    });
    await fc.assert(property, { seed: 1, numRuns: 12 });
  });
});

test('a table is read once, and again only where something is to be refused', async () => {
  await using session = await RoomSession.start();
  const input = await session.encrypt('enc.csv', cleartextRows(5000));
  const read = async (file: string): Promise<number> => {
    const rows: number[] = [];
    const onProgress = ({ phase, rows: done }: LoadProgress): void => {
      if (phase === 'load') rows.push(done);
    };
    const load = loadTable({ directory: session.directory, table: 'impressions', input: file, now: NOW, onProgress });
    await load.catch(() => undefined);
    return rows.filter((done, index) => index === 0 || done < (rows[index - 1] ?? 0)).length;
  };
  expect(await read(input)).toBe(1);
  const refused = session.path('refused.csv');
  // In the last row, whatever the order: a reading that ends with its first batch shows no second one.
  await writeFile(refused, (await readFile(input, 'utf8')).replace(/2026-01-02(?=[^\n]*\n$)/, '2026-02-30'));
  expect(await read(refused)).toBe(2);
});

describe('a table with long rows', () => {
  test('is loaded by way of a file with its rows, to the same snapshot', async () => {
    const long = 'x'.repeat(16_000);
    await using session = await RoomSession.start({
      table: { analysisRule: { type: 'CUSTOM', policy: { v1: { custom: { allowedAnalyses: [] } } } } },
    });
    const lines = Array.from({ length: 9000 }, (_, row) => {
      const digest = createHash('sha256')
        .update(String(row % 4500))
        .digest();
      return `${fingerprintOf(digest)},${FORMS.sealed},R${String(row % 3)},2026-01-02,${String(row)}.5,${long}`;
    });
    const input = session.path('long.csv');
    await writeFile(input, ['email_fingerprint,device_sealed,region,day,spend,notes', ...lines, ''].join('\n'));
    const { table } = await session.load(input);
    expect(table.snapshot?.multiplicity).toMatchObject({ email_fingerprint: 2, region: 3000, spend: 1 });
    const facts =
      'SELECT count(*) AS n, count(DISTINCT email_fingerprint) AS persons, count(DISTINCT spend) AS spends FROM pub.impressions';
    expect(await querySnapshot(table.snapshot, facts)).toEqual([{ n: '9000', persons: '4500', spends: '9000' }]);
    const spends = await spendsIn(session);
    expect(spends).not.toEqual([...spends].sort((a, b) => a - b));
    expect(await readdir(session.directory)).not.toContain('unfinished');
  });
});

test('the file must be the one whose hash is in the manifest', async () => {
  const source = { kind: 'csv', sha256: '0'.repeat(64), rows: 3 };
  await using session = await RoomSession.start({ table: { source } });
  const input = await session.encrypt('enc.csv', cleartextRows(3));
  await expect(session.load(input)).rejects.toMatchObject({ code: 'RULE_SOURCE', where: { file: input } });
});

test('tables that the manifest has not, or without a rule, and files that are none are refused', async () => {
  await using session = await RoomSession.start();
  const input = await session.encrypt('enc.csv', cleartextRows(3));
  const load = (table: string, file = input): Promise<unknown> =>
    loadTable({ directory: session.directory, table, input: file, now: NOW });
  await expect(load('purchases')).rejects.toMatchObject({
    code: 'USAGE_OPTION',
    hint: 'its tables are impressions, closed',
  });
  await expect(load('closed')).rejects.toMatchObject({ code: 'USAGE_OPTION' });
  await expect(load('impressions', session.path('none.csv'))).rejects.toMatchObject({ code: 'IO_READ' });
  await expect(load('impressions', '/dev/null')).rejects.toMatchObject({ code: 'IO_READ' });
  await expect(
    loadTable({ directory: session.path('.'), table: 'impressions', input, now: NOW }),
  ).rejects.toMatchObject({
    code: 'IO_READ',
    hint: expect.stringMatching(/room init/),
  });
});

test('a load that is stopped leaves the room as it was', async () => {
  await using session = await RoomSession.start();
  const input = await session.encrypt('enc.csv', cleartextRows(20_000));
  const stop = new AbortController();
  const options = { directory: session.directory, table: 'impressions', input, now: NOW, signal: stop.signal };
  await expect(
    loadTable({
      ...options,
      onProgress: () => {
        stop.abort();
      },
    }),
  ).rejects.toMatchObject({ code: 'IO_ABORTED' });
  expect((await openRoom(session.directory)).tables[0]?.snapshot).toBeNull();
  expect(await readdir(session.directory)).not.toContain('unfinished');
});

test('loads follow each other, and a room that changes meanwhile can be opened', async () => {
  await using session = await RoomSession.start();
  const input = await session.encrypt('enc.csv', cleartextRows(200));
  let running = 3;
  const loads = [1, 2, 3].map(() => session.load(input).finally(() => (running -= 1)));
  let opened = 0;
  while (running > 0) {
    await openRoom(session.directory);
    opened += 1;
  }
  const summaries = await Promise.all(loads);
  expect(opened).toBeGreaterThan(10);
  expect(summaries.filter(({ replacedSha256 }) => replacedSha256 === null)).toHaveLength(1);
  expect(await readdir(session.inRoom('snapshots'))).toHaveLength(1);
});

test('A-8 loads and removals are recorded before they count, for the owner to see', async () => {
  await using session = await RoomSession.start();
  const input = await session.encrypt('enc.csv', cleartextRows(3));
  const first = (await session.load(input)).table.snapshot?.sha256;
  const second = (await session.load(input)).table.snapshot?.sha256;
  await removeTable(session.directory, 'impressions', NOW);
  const { manifest, auditDirectory, verifierFile } = await openRoom(session.directory);
  const known = { table: 'impressions', owner: 'pub', manifestSha256: manifest.sha256, rows: 3 };
  const hashes = { ruleSha256: manifest.tables[0]?.sha256, sourceSha256: expect.stringMatching(/^[0-9a-f]{64}$/) };
  const events = [
    { kind: 'load', ...known, ...hashes, snapshotSha256: first, replacedSha256: null },
    { kind: 'load', ...known, ...hashes, snapshotSha256: second, replacedSha256: first },
    { kind: 'remove', ...known, snapshotSha256: second },
  ];
  expect((await session.events()).slice(1)).toEqual(events);
  const verifiers = parseVerifiers(await readFile(verifierFile, 'utf8'));
  const seenBy = async (member: string): Promise<number> => {
    let records = 0;
    for await (const line of exportRecords({ directory: auditDirectory, verifiers }, member))
      records += line.length > 0 ? 1 : 0;
    return records;
  };
  expect([await seenBy('pub'), await seenBy('brand')]).toEqual([4, 1]);
});

test('nothing is loaded or removed where it cannot be recorded', async () => {
  await using session = await RoomSession.start();
  const input = await session.encrypt('enc.csv', cleartextRows(3));
  const { table } = await session.load(input);
  await truncate(session.inRoom('audit', 'log.jsonl'), 10);
  await expect(session.load(input)).rejects.toMatchObject({ code: 'AUDIT_CHAIN' });
  await expect(removeTable(session.directory, 'impressions', NOW)).rejects.toMatchObject({ code: 'AUDIT_CHAIN' });
  expect((await openRoom(session.directory)).tables[0]).toEqual(table);
  expect(await readdir(session.inRoom('snapshots'))).toHaveLength(1);
});

test('removed rows are gone', async () => {
  await using session = await RoomSession.start();
  const { table } = await session.load(await session.encrypt('enc.csv', cleartextRows(3)));
  expect(await removeTable(session.directory, 'impressions', NOW)).toBe(table.snapshot?.sha256);
  expect((await openRoom(session.directory)).tables[0]?.snapshot).toBeNull();
  expect(await readdir(session.inRoom('snapshots'))).toEqual([]);
  await expect(removeTable(session.directory, 'impressions', NOW)).rejects.toMatchObject({
    code: 'USAGE_OPTION',
    hint: 'no table is loaded',
  });
});
