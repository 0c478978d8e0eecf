import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { findParts } from '#src/files/parts';
import { folderKeys } from '#src/tabular/parts/folder-keys';
import { openTable } from 'sealroom/tabular';
import { batchOf, failureOf, Folder, readTable, textColumn, textsOf, writeTable } from './support.ts';

const folder = new Folder();
const sha256 = (bytes: string | Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** A folder with these files. */
function folderWith(files: Readonly<Record<string, string | Uint8Array>>): string {
  const path = folder.newPath('');
  mkdirSync(path);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), content);
  }
  return path;
}

const TWO = { 'a.csv': 'k,v\n1,x\n', 'b.csv': 'k,v\n2,y\n3,z\n' };

describe('a folder', () => {
  test('F-130 is one table: its files sorted by their names as UTF-8, and those below it', async () => {
    const path = folderWith({
      'b/1.csv': 'k\n3\n',
      'a.csv': 'k\n2\n',
      'B.csv': 'k\n1\n',
      'é.csv': 'k\n5\n',
      'z.csv': 'k\n4\n',
    });
    const reader = await openTable(path);
    expect(reader).toMatchObject({ rows: 5, format: 'csv', name: path });
    await reader.close();
    expect((await readTable(path)).columns).toEqual([['1', '2', '3', '4', '5']]);
  });

  test('F-130 leaves out what is hidden, what begins with `_`, and what describes tables', async () => {
    const path = folderWith({
      ...TWO,
      '.hidden.csv': 'x',
      _SUCCESS: '',
      '_old/c.csv': 'x',
      '.git/c.csv': 'x',
      'a.csv.sealroom.json': '{}',
      'a.csv.sealroom.sig.json': '{}',
    });
    expect((await readTable(path)).columns).toEqual([
      ['1', '2', '3'],
      ['x', 'y', 'z'],
    ]);
  });

  test('F-130 has its files in one format, plain or compressed', async () => {
    const path = folderWith({ ...TWO, 'c.csv.gz': gzipSync('k,v\n4,w\n') });
    expect((await readTable(path)).columns[0]).toEqual(['1', '2', '3', '4']);
    writeFileSync(join(path, 'd.parquet'), 'x');
    expect(await failureOf(openTable(path))).toMatchObject({
      code: 'IO_FORMAT',
      where: { file: join(path, 'd.parquet') },
    });
    expect((await readTable(join(path, '*.csv*'))).columns[0]).toEqual(['1', '2', '3', '4']);
  });

  test('F-130 may hold links to files, but none to a file that it has already', async () => {
    const path = folderWith(TWO);
    symlinkSync(folder.write('.csv', 'k,v\n4,w\n'), join(path, 'c.csv'));
    expect((await openTable(path)).rows).toBe(4);
    for (const target of [path, join(path, 'a.csv')]) {
      const link = join(path, 'link.csv');
      symlinkSync(target, link);
      expect((await failureOf(openTable(path))).message).toMatch(/^the same file as /);
      rmSync(link);
    }
  });

  test('F-131 has the hash of its lines `name NUL sha256 LF`', async () => {
    const path = folderWith({ 'y=1/b.csv': 'k\n1\n', 'y=1/a.csv': 'k\n2\n' });
    const reader = await openTable(path);
    const expected = sha256(`y=1/a.csv\0${sha256('k\n2\n')}\ny=1/b.csv\0${sha256('k\n1\n')}\n`);
    expect(await reader.sha256()).toBe(expected);
    await reader.close();
    // It is that of the files, wherever the folder is.
    const copy = folder.newPath('');
    cpSync(path, copy, { recursive: true });
    expect(await (await openTable(copy)).sha256()).toBe(expected);
    expect(await (await openTable(join(copy, '*/*.csv'))).sha256()).toBe(expected);
  });

  test('F-130 can be read again, with any columns in any order', async () => {
    const path = folderWith({ 'y=1/a.csv': TWO['a.csv'], 'y=2/b.csv': TWO['b.csv'] });
    const reader = await openTable(path);
    for (const [columns, expected] of [
      [
        [2, 0],
        [
          ['1', '2', '2'],
          ['1', '2', '3'],
        ],
      ],
      [
        [1, 2, 1],
        [
          ['x', 'y', 'z'],
          ['1', '2', '2'],
          ['x', 'y', 'z'],
        ],
      ],
      [[2], [['1', '2', '2']]],
    ] as const) {
      const got: (string | null)[][] = columns.map(() => []);
      for await (const batch of reader.batches({ columns })) {
        batch.columns.forEach((column, at) => got[at]?.push(...textsOf(column)));
      }
      expect(got).toEqual(expected);
    }
    await reader.close();
  });
});

describe('files of one table', () => {
  test.each([
    ['another name', 'k,w\n1,x\n', 'column 2 must be `v`, got `w`'],
    ['another order', 'v,k\nx,1\n', 'column 1 must be `k`, got `v`'],
    ['a column more', 'k,v,w\n1,x,y\n', 'expected 2 columns, got 3'],
    ['a column less', 'k\n1\n', 'expected 2 columns, got 1'],
  ])('F-130 have the fields of the first one: not %s', async (_, content, difference) => {
    const path = folderWith({ ...TWO, 'c.csv': content });
    expect(await failureOf(openTable(path))).toMatchObject({
      code: 'DATA_COLUMN',
      where: { file: join(path, 'c.csv') },
      message: `another schema than \`a.csv\`: ${difference}`,
    });
  });

  test('F-130 have its types', async () => {
    const path = folderWith({});
    const long = (): {
      rows: number;
      columns: [{ layout: 'fixed'; rows: number; width: number; values: Uint8Array; validity: null }];
    } => ({
      rows: 1,
      columns: [{ layout: 'fixed', rows: 1, width: 8, values: new Uint8Array(8), validity: null }],
    });
    await writeTable(join(path, 'a.parquet'), [{ name: 'k', type: { kind: 'string' } }], [batchOf(textColumn(['x']))]);
    await writeTable(join(path, 'b.parquet'), [{ name: 'k', type: { kind: 'bigint' } }], [long()]);
    expect((await failureOf(openTable(path))).message).toBe(
      'another schema than `a.parquet`: column 1, `k`, must have the type string, got bigint',
    );
  });

  test('F-130 name their own rows in errors', async () => {
    const path = folderWith({ ...TWO, 'c.csv': 'k,v\n1,"x' + '\n' });
    const reader = await openTable(path);
    expect(reader.placeOf?.(1)).toEqual({ file: join(path, 'a.csv'), row: 1 });
    expect(reader.placeOf?.(3)).toEqual({ file: join(path, 'b.csv'), row: 2 });
    expect(reader.placeOf?.(4)).toEqual({ file: join(path, 'c.csv'), row: 1 });
    expect(reader.placeOf?.(5)).toBeNull();
    expect(reader.warnings.some((text) => text.startsWith(`${join(path, 'c.csv')}: `))).toBe(true);
    await reader.close();
    writeFileSync(join(path, 'd.csv'), 'k,v\n1\n');
    expect(await failureOf(openTable(path))).toMatchObject({
      code: 'DATA_FIELDS',
      where: { file: join(path, 'd.csv'), line: 2 },
    });
  });

  test('F-130 say once what is to be said of many', async () => {
    const path = folderWith({ 'a.csv': 'k\n#1\n', 'b.csv': 'k\n#1\n', 'c.csv': 'k\n#1\n' });
    const { warnings } = await openTable(path);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(`${join(path, 'a.csv')} and 2 more files: 1 line starts with`);
  });
});

describe('folders named key=value', () => {
  test('F-130 become columns of text, with what Hive escapes, and nulls', async () => {
    const path = folderWith({
      'year=2025/city=K%C3%B6ln%3A1/a.csv': 'k\n1\n',
      'year=2026/city=__HIVE_DEFAULT_PARTITION__/a.csv': 'k\n2\n3\n',
    });
    const table = await readTable(path);
    expect(table.fields.map(({ name }) => name)).toEqual(['k', 'year', 'city']);
    expect(table.columns.slice(1, 2)).toEqual([['2025', '2026', '2026']]);
    expect(table.columns[2]?.slice(1)).toEqual([null, null]);
    expect(folderKeys('a=1/b/c=%41%3a=2/x=y.csv')).toEqual([
      { name: 'a', value: '1' },
      { name: 'c', value: 'A:=2' },
    ]);
  });

  test('F-130 do not replace a column of the files', async () => {
    const path = folderWith({ 'Year=2025/a.csv': 'year,k\n1999,1\n', 'Year=2026/a.csv': 'year,k\n2000,2\n' });
    expect((await readTable(path)).columns).toEqual([
      ['1999', '2000'],
      ['1', '2'],
    ]);
  });

  test('F-130 are the same for all files', async () => {
    const path = folderWith({ 'y=1/a.csv': 'k\n1\n', 'z=1/a.csv': 'k\n1\n' });
    expect((await failureOf(openTable(path))).message).toContain(
      'expected folders with the keys y, got folders with the keys z',
    );
  });

  test('F-130 count from the folder, or from the part of the pattern without wildcards', async () => {
    const path = folderWith({ 'y=1/a.csv': 'k\n1\n', 'y=2/a.csv': 'k\n2\n' });
    const names = async (input: string): Promise<string[]> => (await openTable(input)).fields.map(({ name }) => name);
    expect(await names(path)).toEqual(['k', 'y']);
    expect(await names(join(path, 'y=*', '*.csv'))).toEqual(['k', 'y']);
    expect(await names(join(path, 'y=1', '*.csv'))).toEqual(['k']);
  });
});

describe('a pattern', () => {
  test('F-130 finds files, and a name that exists is none', async () => {
    const path = folderWith({ ...TWO, 'c[1].csv': 'k,v\n9,x\n', '{x}/d.csv': 'k,v\n8,x\n' });
    const rowsOf = async (pattern: string): Promise<unknown> => (await readTable(join(path, pattern))).columns[0];
    expect(await rowsOf('[ab].csv')).toEqual(['1', '2', '3']);
    expect(await rowsOf('{b,a}.csv')).toEqual(['1', '2', '3']);
    expect(await rowsOf('c[1].csv')).toEqual(['9']);
    expect(await rowsOf('{x}/*.csv')).toEqual(['8']);
    expect(await rowsOf('**/d.csv')).toEqual(['8']);
    expect(await findParts(join(path, 'a.csv'))).toBeNull();
    expect(await findParts(join(path, 'none.csv'))).toBeNull();
  });

  test('F-130 without a file is refused, and so is an empty folder', async () => {
    const path = folderWith({ '_x.csv': 'k\n' });
    for (const input of [path, join(path, '*.csv'), join(path, 'none', '*.csv')]) {
      expect(await failureOf(openTable(input))).toMatchObject({ code: 'IO_READ', where: { file: input } });
    }
  });
});

test.runIf(process.platform === 'linux')('hundreds of files are one table, and few are open at once', async () => {
  const files = Object.fromEntries(
    Array.from({ length: 250 }, (_, at) => [`${String(at)}.csv.gz`, gzipSync(`k\n${String(at)}\n`)]),
  );
  const path = folderWith(files);
  const reader = await openTable(path);
  expect(reader.rows).toBe(250);
  expect(readdirSync('/proc/self/fd').length).toBeLessThan(200);
  await reader.close();
});
