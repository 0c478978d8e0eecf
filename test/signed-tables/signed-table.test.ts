import { copyFile, readdir } from 'node:fs/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import { describe, expect, test } from 'vitest';
import {
  checkedTable,
  type Field,
  openTable,
  readTableSignature,
  signaturePath,
  type TableFormat,
  type TableSigning,
} from 'sealroom/tabular';
import { parseSharedSecret, reencryptOriginal } from 'sealroom';
import { ID, SECRET } from '../support/cli.ts';
import { keyOf } from '../support/manifests.ts';
import { Bench, schemaOf, settingsOf } from '../support/tables.ts';
import {
  batchOf,
  columnsOf,
  failureOf,
  fixedColumn,
  hexOfInteger,
  readTable,
  textColumn,
  writeTable,
} from '../tabular/support.ts';
import { type Columns, writeAgain } from './support.ts';

const FORMATS: readonly TableFormat[] = ['csv', 'parquet', 'arrow'];

const SIGNING: TableSigning = {
  key: keyOf('pub'),
  generation: 3,
  secretId: '0123456789abcdef'.repeat(4),
  manifestSha256: null,
  table: 'people',
  created: '2026-11-24T12:00:00.000Z',
};

const SCHEMA = schemaOf('mail:fingerprint', 'note:sealed', 'city:cleartext', 'rank:cleartext');

const ROWS = Array.from(
  { length: 40 },
  (_, row) => `u${String(row)}@example.org,note ${String(row)},${row % 4 === 0 ? '""' : `"Town, ${String(row % 3)}"`},`,
);

/** Encrypts and signs a table; city is an empty text in some rows, and rank is null in all. */
async function signedTable(bench: Bench, name: string): Promise<void> {
  await bench.put('in.csv', ['mail,note,city,rank', ...ROWS, ''].join('\n'));
  const settings = settingsOf({ preserveNulls: true });
  await bench.encrypt('in.csv', name, SCHEMA, { sign: SIGNING, settings, csvInputNull: '' });
}

/** Reads a table to its end and compares it with its signature. */
async function check(path: string): Promise<void> {
  const signature = await readTableSignature({ kind: 'file', path });
  if (signature === null) throw new Error('a table without a signature');
  const table = await openTable(path, { csvInputNull: '' });
  try {
    await columnsOf(checkedTable(table, signature), []);
  } finally {
    await table.close();
  }
}

function swap(values: (string | null)[], a: number, b: number): void {
  [values[a], values[b]] = [values[b] ?? null, values[a] ?? null];
}

const CHANGES: Readonly<Record<string, (columns: Columns) => void>> = {
  'a cleartext cell that was changed': ([, , city]) => city?.splice(5, 1, 'Elsewhere'),
  'a sealed cell that was moved to another row': ([, note]) => {
    swap(note ?? [], 3, 4);
  },
  'a fingerprint that was moved to another row': ([mail]) => {
    swap(mail ?? [], 0, 39);
  },
  'a sealed cell that was copied to another row': ([, note]) => note?.splice(1, 1, note[2] ?? null),
  'a cell that was moved to another column': ([, , city, rank]) => {
    rank?.splice(7, 1, city?.[7] ?? null);
    city?.splice(7, 1, null);
  },
  'cleartext in the place of a sealed cell': ([, note]) => note?.splice(9, 1, 'paid 5,000'),
  'a null in the place of a sealed cell': ([, note]) => note?.splice(9, 1, null),
  'a text in the place of a null': ([, , , rank]) => rank?.splice(9, 1, ''),
  'a null in the place of an empty text': ([, , city]) => city?.splice(city.indexOf(''), 1, null),
  'a row that was dropped': (columns) => columns.forEach((values) => values.splice(11, 1)),
  'a row that was repeated': (columns) => columns.forEach((values) => values.push(values[11] ?? null)),
  'a row that was repeated in the place of another': (columns) =>
    columns.forEach((values) => values.splice(12, 1, values[11] ?? null)),
  'a row that was added': (columns) => columns.forEach((values) => values.push(null)),
  'no rows at all': (columns) => columns.forEach((values) => values.splice(0)),
};

describe.each(FORMATS)('a signed table in %s', (format) => {
  test('F-96, F-97 is the one that was signed in every format and in any order of its rows', async () => {
    await using bench = await Bench.start();
    await signedTable(bench, `t.${format}`);
    await check(bench.path(`t.${format}`));
    for (const other of FORMATS) {
      await writeAgain(bench.path(`t.${format}`), bench.path(`again.${other}`), (columns) =>
        columns.map((values) => values.reverse()),
      );
      await check(bench.path(`again.${other}`));
    }
    const signature = await readTableSignature({ kind: 'file', path: bench.path(`t.${format}`) });
    expect(signature?.statement).toMatchObject({
      version: 1,
      collaborationId: ID,
      generation: 3,
      secretId: SIGNING.secretId,
      manifestSha256: null,
      table: 'people',
      rows: 40,
      columns: [
        { name: 'mail', protection: 'fingerprint', type: 'string' },
        { name: 'note', protection: 'sealed', type: 'string' },
        { name: 'city', protection: 'cleartext', type: 'string' },
        { name: 'rank', protection: 'cleartext', type: 'string' },
      ],
    });
  });

  test('F-98 has no cell and no row that was changed, moved, left out, repeated or added', async () => {
    await using bench = await Bench.start();
    await signedTable(bench, 't.csv');
    const path = bench.path(`changed.${format}`);
    for (const [name, change] of Object.entries(CHANGES)) {
      await writeAgain(bench.path('t.csv'), path, (columns) => {
        change(columns);
        return columns;
      });
      expect(await failureOf(check(path)), name).toMatchObject({
        code: 'FORMAT_SIGNATURE',
        where: { file: path },
        hint: expect.stringContaining('again from its owner') as string,
      });
    }
  });

  test('F-98 is not decrypted or encrypted again if cells changed places, and nothing is left behind', async () => {
    await using bench = await Bench.start();
    await signedTable(bench, 't.csv');
    const path = bench.path(`changed.${format}`);
    await writeAgain(bench.path('t.csv'), path, ([mail = [], note = [], ...others]) => [
      mail,
      note.reverse(),
      ...others,
    ]);
    const signature = (await readTableSignature({ kind: 'file', path })) ?? undefined;
    const before = await bench.names();
    const failure = { code: 'FORMAT_SIGNATURE', where: { file: path } };
    expect(await failureOf(bench.decrypt(`changed.${format}`, `out.${format}`, { signature }))).toMatchObject(failure);
    const [from, to] = [parseSharedSecret(SECRET), parseSharedSecret(SECRET)];
    const options = {
      ...{ input: path, output: bench.path(`out.${format}`), collaborationId: ID, from, to, signature },
      ...{ provenance: { generation: 2, secretId: 'ab'.repeat(16) }, origin: null, settings: settingsOf({}) },
    };
    const original = { original: bench.path('in.csv'), schema: SCHEMA };
    expect(await failureOf(reencryptOriginal({ ...options, ...original }))).toMatchObject(failure);
    expect(await bench.names()).toEqual(before);
  });

  test('F-98 has neither columns of other names, types or places nor more or fewer of them', async () => {
    await using bench = await Bench.start();
    await signedTable(bench, 't.csv');
    const { fields, columns } = await readTable(bench.path('t.csv'), { csvInputNull: '' });
    const more = columns[0]?.map(() => null) ?? [];
    const sets: [readonly Field[], Columns][] = [
      [fields.map((field, index) => ({ ...field, name: index === 2 ? 'town' : field.name })), columns],
      [[...fields].reverse(), [...columns].reverse()],
      [fields.slice(0, 3), columns.slice(0, 3)],
      [
        [...fields, { name: 'more', type: { kind: 'string' } }],
        [...columns, more],
      ],
    ];
    for (const [named, values] of sets) {
      const path = bench.path(`changed.${format}`);
      const batch = batchOf(...values.map((column) => textColumn(column)));
      await writeTable(path, named, [batch], { overwrite: true });
      await copyFile(signaturePath(bench.path('t.csv')), signaturePath(path));
      const failure = await failureOf(check(path));
      expect(failure).toMatchObject({ code: 'FORMAT_SIGNATURE', where: { file: path } });
      expect(failure.message).toContain('mail string, note string, city string, rank string');
    }
  });
});

test('F-98 of a table that is not the one that was signed, nothing comes out to a stream', async () => {
  await using bench = await Bench.start();
  await signedTable(bench, 't.csv');
  await writeAgain(bench.path('t.csv'), bench.path('changed.csv'), ([mail = [], ...others]) => {
    swap(mail, 0, 1);
    return [mail, ...others];
  });
  const { Writable } = await import('node:stream');
  let written = 0;
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      written += chunk.length;
      done();
    },
  });
  const signature = (await readTableSignature({ kind: 'file', path: bench.path('changed.csv') })) ?? undefined;
  const output = { kind: 'stream', stream, format: 'csv' } as const;
  expect(await failureOf(bench.decrypt('changed.csv', '', { output, signature }))).toMatchObject({
    code: 'FORMAT_SIGNATURE',
  });
  expect(written).toBe(0);
});

test('a table that replaces a signed one does not keep its signature', async () => {
  await using bench = await Bench.start();
  await signedTable(bench, 't.parquet');
  await bench.encrypt('in.csv', 't.parquet', SCHEMA, { overwrite: true });
  expect(await readdir(bench.directory)).not.toContain('t.parquet.sealroom.sig.json');
});

test('F-94 what has no signature beside it, or a CSV file without nulls, is not signed', async () => {
  await using bench = await Bench.start();
  await bench.put('in.csv', 'mail,note,city,rank\na,b,c,d\n');
  const receive = (): never => {
    throw new Error('a table came out');
  };
  const output = { kind: 'memory', format: 'csv', receive } as const;
  for (const options of [{ output }, { csvOutputNull: 'NULL' }]) {
    expect(await failureOf(bench.encrypt('in.csv', 'x.csv', SCHEMA, { sign: SIGNING, ...options }))).toMatchObject({
      code: 'USAGE_OPTION',
    });
  }
  expect(await bench.names()).toEqual(['in.csv', 'tmp']);
});

const TYPED: readonly (readonly [Field['type'], width: number, values: readonly (string | null)[]])[] = [
  [{ kind: 'boolean' }, 1, ['00', '01', null]],
  [{ kind: 'smallint' }, 2, [hexOfInteger(-32768n, 2), hexOfInteger(7n, 2), null]],
  [{ kind: 'int' }, 4, [hexOfInteger(-(2n ** 31n), 4), hexOfInteger(0n, 4), null]],
  [{ kind: 'bigint' }, 8, [hexOfInteger(-(2n ** 63n), 8), hexOfInteger(2n ** 63n - 1n, 8), null]],
  [{ kind: 'float' }, 4, [hexOfFloat(0.1, 4), hexOfFloat(-1e30, 4), null]],
  [{ kind: 'double' }, 8, [hexOfFloat(0.1, 8), hexOfFloat(5e-324, 8), null]],
  [{ kind: 'date' }, 4, [hexOfInteger(-1n, 4), hexOfInteger(20_000n, 4), null]],
  [
    { kind: 'timestamp', unit: 'us', utc: false },
    8,
    [hexOfInteger(-1n, 8), hexOfInteger(1_764_000_000_000_000n, 8), null],
  ],
  [{ kind: 'timestamp', unit: 'ns', utc: false }, 8, [hexOfInteger(123_456_789n, 8), hexOfInteger(-5_000n, 8), null]],
  [{ kind: 'decimal', precision: 12, scale: 2 }, 16, [hexOfInteger(-7n, 16), hexOfInteger(123_456n, 16), null]],
  [{ kind: 'decimal', precision: 38, scale: 0 }, 16, [hexOfInteger(10n ** 37n, 16), hexOfInteger(0n, 16), null]],
];

function hexOfFloat(value: number, width: 4 | 8): string {
  const bytes = Buffer.alloc(width);
  if (width === 4) bytes.writeFloatLE(value);
  else bytes.writeDoubleLE(value);
  return bytes.toString('hex');
}

const TYPED_FIELDS: readonly Field[] = [
  { name: 'key', type: { kind: 'string' } },
  ...TYPED.map(([type], index) => ({ name: `c${String(index)}`, type })),
];

async function writeTyped(path: string): Promise<void> {
  const values = TYPED.map(([, width, hexes]) => fixedColumn(width, hexes));
  await writeTable(path, TYPED_FIELDS, [batchOf(textColumn(['a', 'b', 'c']), ...values)], { overwrite: true });
}

async function convert(from: string, to: string): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    await connection.run(`COPY (FROM read_parquet('${from}')) TO '${to}' (HEADER)`);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** A signed Parquet table of all types, `t.parquet`. */
async function typedTable(bench: Bench): Promise<void> {
  await writeTyped(bench.path('in.parquet'));
  const columns = TYPED_FIELDS.slice(1).map(({ name }) => `${name}:cleartext`);
  await bench.encrypt('in.parquet', 't.parquet', schemaOf('key:fingerprint', ...columns), { sign: SIGNING });
}

test('F-94 values of all types are the same in Parquet, in Arrow, and as text in a CSV file of another program', async () => {
  await using bench = await Bench.start();
  await typedTable(bench);
  const path = bench.path('t.parquet');
  await check(path);
  const reader = await openTable(path);
  const parts = [];
  for await (const batch of reader.batches({ columns: reader.fields.map((_, index) => index) })) parts.push(batch);
  await writeTable(bench.path('t.arrow'), reader.fields, parts);
  await reader.close();
  await convert(path, bench.path('t.csv'));
  for (const format of ['arrow', 'csv']) {
    await copyFile(signaturePath(path), signaturePath(bench.path(`t.${format}`)));
    await check(bench.path(`t.${format}`));
  }
});

test.each(TYPED.map(([type], index) => [index, JSON.stringify(type)] as const))(
  'F-94 column %i: another value of type %s is another table, also as text',
  async (changed) => {
    await using bench = await Bench.start();
    await typedTable(bench);
    const { columns } = await readTable(bench.path('t.parquet'));
    const [key = [], ...values] = columns;
    // The lowest bit of a value.
    const row = values[changed]?.findIndex((value) => value !== null) ?? 0;
    const hex = values[changed]?.[row] ?? '';
    const lowest = Number.parseInt(hex.slice(0, 2), 16) ^ 1;
    values[changed]?.splice(row, 1, `${lowest.toString(16).padStart(2, '0')}${hex.slice(2)}`);
    const path = bench.path('changed.parquet');
    const fixed = TYPED.map(([, width], index) => fixedColumn(width, values[index] ?? []));
    await writeTable(path, TYPED_FIELDS, [batchOf(textColumn(key), ...fixed)]);
    await convert(path, bench.path('changed.csv'));
    for (const format of ['parquet', 'csv']) {
      await copyFile(signaturePath(bench.path('t.parquet')), signaturePath(bench.path(`changed.${format}`)));
      expect(await failureOf(check(bench.path(`changed.${format}`)))).toMatchObject({ code: 'FORMAT_SIGNATURE' });
    }
  },
);
