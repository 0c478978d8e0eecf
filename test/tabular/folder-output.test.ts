import fc from 'fast-check';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { findRecords } from '#src/tabular/csv/record-ends';
import { createTable, openTable, sidecarPath, signaturePath } from 'sealroom/tabular';
import type { Field } from 'sealroom/tabular';
import { batchOf, failureOf, Folder, readTable, SEED, textColumn, writeTable } from './support.ts';

const folder = new Folder();
const FIELDS: Field[] = [{ name: 'v', type: { kind: 'string' } }];
const VALUES = Array.from({ length: 25 }, (_, row) => (row % 7 === 0 ? null : `v "${String(row)}",\n`));
const BATCHES = [VALUES.slice(0, 3), VALUES.slice(3, 4), VALUES.slice(4)].map((part) => batchOf(textColumn(part)));

const copies = (): typeof BATCHES => structuredClone(BATCHES);
const output = (path: string, rowsPerFile = 10) => ({ kind: 'file', path, format: 'csv', rowsPerFile }) as const;

describe('a folder as output', () => {
  test.each(['csv', 'parquet', 'arrow'] as const)(
    'F-133 has files of so many rows, and is the table: %s',
    async (format) => {
      const path = folder.newPath('');
      await writeTable({ kind: 'file', path, format, rowsPerFile: 10 }, FIELDS, copies());
      expect(readdirSync(path)).toEqual([0, 1, 2].map((part) => `part-0000${String(part)}.${format}`));
      expect((await readTable(path)).columns).toEqual([VALUES]);
      const first = await readTable(join(path, `part-00000.${format}`));
      expect(first.columns).toEqual([VALUES.slice(0, 10)]);
      expect(statSync(path).mode & 0o777).toBe(0o700);
      expect(statSync(join(path, `part-00002.${format}`)).mode & 0o777).toBe(0o600);
    },
  );

  test('F-133 has one file if there are no rows, and as many as there are to the row', async () => {
    const path = folder.newPath('');
    await writeTable(output(path), FIELDS, []);
    expect((await readTable(path)).rows).toBe(0);
    const full = folder.newPath('');
    await writeTable(output(full, 5), FIELDS, copies());
    expect(readdirSync(full)).toHaveLength(5);
  });

  test('F-133 has compressed files if its name says so', async () => {
    const path = folder.newPath('.csv.gz');
    await writeTable(output(path), FIELDS, copies());
    expect(
      gunzipSync(readFileSync(join(path, 'part-00000.csv.gz')))
        .toString()
        .startsWith('v\n'),
    ).toBe(true);
  });

  test('F-133 takes the place of a folder of parts only, and of what describes it, and keeps its mode', async () => {
    const path = folder.newPath('');
    await writeTable(output(path, 2), FIELDS, copies());
    expect(await failureOf(createTable(output(path), FIELDS))).toMatchObject({
      code: 'IO_EXISTS',
      where: { file: path },
    });
    chmodSync(path, 0o750);
    for (const stale of [sidecarPath(path), signaturePath(path)]) writeFileSync(stale, '{}');
    await writeTable(output(path), FIELDS, copies(), { overwrite: true });
    expect(readdirSync(path)).toHaveLength(3);
    expect(statSync(path).mode & 0o777).toBe(0o750);
    expect(readdirSync(folder.path).filter((name) => /tmp|json/.test(name))).toEqual([]);
    writeFileSync(join(path, 'mine.csv'), 'x');
    const error = await failureOf(createTable(output(path), FIELDS, { overwrite: true }));
    expect(error).toMatchObject({ code: 'IO_WRITE', message: 'the folder has something else than parts: `mine.csv`' });
    expect(readFileSync(join(path, 'mine.csv'), 'utf8')).toBe('x');
  });

  test('F-133 is no file, but may be an empty folder, or a link to one', async () => {
    const file = folder.write('.csv', 'old');
    expect((await failureOf(createTable(output(file), FIELDS, { overwrite: true }))).code).toBe('IO_WRITE');
    const path = folder.newPath('');
    mkdirSync(path);
    const link = folder.newPath('');
    symlinkSync(path, link);
    await writeTable(output(link), FIELDS, copies());
    expect(readdirSync(path)).toHaveLength(3);
  });

  test('F-133 is there as a whole or not at all', async () => {
    const path = folder.newPath('');
    const writer = await createTable(output(path), FIELDS);
    for (const batch of copies()) await writer.write(batch);
    expect(readdirSync(folder.path)).not.toContain(path.slice(folder.path.length + 1));
    await writer.abort();
    expect(readdirSync(folder.path).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    const [first, second] = [await createTable(output(path), FIELDS), await createTable(output(path), FIELDS)];
    await first.close();
    expect((await failureOf(second.close())).code).toBe('IO_EXISTS');
    await second.abort();
    expect((await openTable(path)).rows).toBe(0);
    expect(readdirSync(folder.path).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  test('F-133 is not replaced if a folder in it is called like a part', async () => {
    const path = folder.newPath('');
    await writeTable(output(path), FIELDS, copies());
    mkdirSync(join(path, 'part-00009.csv'));
    writeFileSync(join(path, 'part-00009.csv', 'thesis.txt'), 'mine');
    expect(await failureOf(writeTable(output(path), FIELDS, copies(), { overwrite: true }))).toMatchObject({
      code: 'IO_WRITE',
      message: 'the folder has something else than parts: `part-00009.csv`',
    });
    expect(readFileSync(join(path, 'part-00009.csv', 'thesis.txt'), 'utf8')).toBe('mine');
  });

  test('F-133 is not replaced if something came into it meanwhile', async () => {
    const path = folder.newPath('');
    await writeTable(output(path), FIELDS, copies());
    const writer = await createTable(output(path), FIELDS, { overwrite: true });
    writeFileSync(join(path, 'thesis.txt'), 'mine');
    expect(await failureOf(writer.close())).toMatchObject({ code: 'IO_WRITE' });
    await writer.abort();
    expect(readFileSync(join(path, 'thesis.txt'), 'utf8')).toBe('mine');
    expect(readdirSync(path)).toHaveLength(4);
  });
});

test('records of lines are counted as they were written', () => {
  const field = fc.constantFrom('a', '"a""b"', 'x"y', '"\n"', '""', '', '",\n"""');
  fc.assert(
    fc.property(fc.array(fc.tuple(field, field), { minLength: 1, maxLength: 20 }), fc.nat(25), (records, most) => {
      const lines = records.map((record) => `${record.join(',')}\n`);
      const taken = lines.slice(0, Math.max(1, most));
      const found = findRecords(Buffer.from(lines.join('')), Math.max(1, most));
      expect(found).toEqual({ end: taken.join('').length, records: taken.length });
    }),
    { seed: SEED },
  );
});
