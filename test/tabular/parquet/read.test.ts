import { copyFileSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DuckDBConnection } from '@duckdb/node-api';
import { openTable } from 'sealroom/tabular';
import type { ColumnType } from 'sealroom/tabular';
import { failureOf, Folder, hexOfInteger, latin, readTable, wordsOf } from '../support.ts';
import { CONVERTED, LOGICAL, parquetFile, PLAIN } from './parquet-file.ts';
import type { ParquetColumn } from './parquet-file.ts';

const folder = new Folder();
let instance: DuckDBInstance;
let duckdb: DuckDBConnection;

beforeAll(async () => {
  instance = await DuckDBInstance.create(':memory:');
  duckdb = await instance.connect();
});

afterAll(() => {
  duckdb.closeSync();
  instance.closeSync();
});

/** Copies a query to a Parquet file. */
async function copy(sql: string, options = ''): Promise<string> {
  const path = folder.newPath('.parquet');
  await duckdb.run(`COPY (${sql}) TO '${path}' (FORMAT parquet${options})`);
  return path;
}

const opaque = (engineType: string, width: number | null): ColumnType => ({ kind: 'opaque', engineType, width });
const at = (ticks: bigint): Buffer => PLAIN.int64(ticks);

/** Every row of the table in F-87: an annotated type, what it counts as, and its values. */
const TYPES: readonly (readonly [string, Omit<ParquetColumn, 'name'>, ColumnType | 'nested', string | null])[] = [
  [
    'BINARY STRING',
    { physical: 'BYTE_ARRAY', logical: LOGICAL.string, values: [PLAIN.bytes('é')] },
    { kind: 'string' },
    latin('é'),
  ],
  [
    'BINARY UTF8',
    { physical: 'BYTE_ARRAY', converted: CONVERTED.UTF8, values: [PLAIN.bytes('é')] },
    { kind: 'string' },
    latin('é'),
  ],
  ['BINARY', { physical: 'BYTE_ARRAY', values: [PLAIN.bytes(Uint8Array.of(0, 255))] }, { kind: 'binary' }, '\0\xff'],
  [
    'BINARY DECIMAL',
    {
      physical: 'BYTE_ARRAY',
      logical: LOGICAL.decimal(9, 2),
      converted: CONVERTED.DECIMAL,
      precision: 9,
      scale: 2,
      values: [PLAIN.bytes(Uint8Array.of(0xff, 0x2e))],
    },
    { kind: 'decimal', precision: 9, scale: 2 },
    hexOfInteger(-210n, 16),
  ],
  [
    'BINARY ENUM',
    { physical: 'BYTE_ARRAY', logical: LOGICAL.enumeration, converted: 4, values: [PLAIN.bytes('x')] },
    opaque('VARCHAR', null),
    'x',
  ],
  [
    'BINARY JSON',
    { physical: 'BYTE_ARRAY', logical: LOGICAL.json, converted: 19, values: [PLAIN.bytes('{}')] },
    opaque('JSON', null),
    '{}',
  ],
  [
    'BINARY BSON',
    { physical: 'BYTE_ARRAY', logical: LOGICAL.bson, values: [PLAIN.bytes('{}')] },
    opaque('BLOB', null),
    '{}',
  ],
  [
    'FIXED INTERVAL',
    {
      physical: 'FIXED_LEN_BYTE_ARRAY',
      typeLength: 12,
      converted: CONVERTED.INTERVAL,
      values: [Buffer.from('010000000200000003000000', 'hex')],
    },
    opaque('INTERVAL', 16),
    '0100000002000000' + hexOfInteger(3000n, 8),
  ],
  [
    'FIXED DECIMAL',
    {
      physical: 'FIXED_LEN_BYTE_ARRAY',
      typeLength: 3,
      logical: LOGICAL.decimal(6, 1),
      converted: CONVERTED.DECIMAL,
      precision: 6,
      scale: 1,
      values: [Buffer.from('ffff2e', 'hex')],
    },
    { kind: 'decimal', precision: 6, scale: 1 },
    hexOfInteger(-210n, 16),
  ],
  [
    'FIXED',
    { physical: 'FIXED_LEN_BYTE_ARRAY', typeLength: 3, values: [Buffer.from('abc')] },
    { kind: 'binary', byteWidth: 3 },
    'abc',
  ],
  [
    'FIXED UUID',
    { physical: 'FIXED_LEN_BYTE_ARRAY', typeLength: 16, logical: LOGICAL.uuid, values: [Buffer.alloc(16, 1)] },
    opaque('UUID', 16),
    '01'.repeat(15) + '81',
  ],
  ['BOOLEAN', { physical: 'BOOLEAN', values: [Buffer.of(1)] }, { kind: 'boolean' }, '01'],
  ['INT32', { physical: 'INT32', values: [PLAIN.int32(-2)] }, { kind: 'int' }, hexOfInteger(-2n, 4)],
  [
    'INT32 INT(32, signed)',
    { physical: 'INT32', logical: LOGICAL.integer(32, true), values: [PLAIN.int32(7)] },
    { kind: 'int' },
    hexOfInteger(7n, 4),
  ],
  [
    'INT32 INT(16, signed)',
    { physical: 'INT32', logical: LOGICAL.integer(16, true), converted: CONVERTED.INT_16, values: [PLAIN.int32(-7)] },
    { kind: 'smallint' },
    hexOfInteger(-7n, 2),
  ],
  [
    'INT32 INT(8, signed)',
    { physical: 'INT32', logical: LOGICAL.integer(8, true), converted: 15, values: [PLAIN.int32(-7)] },
    opaque('TINYINT', 1),
    'f9',
  ],
  [
    'INT32 INT(8, unsigned)',
    { physical: 'INT32', logical: LOGICAL.integer(8, false), converted: 11, values: [PLAIN.int32(200)] },
    opaque('UTINYINT', 1),
    'c8',
  ],
  [
    'INT32 INT(32, unsigned)',
    { physical: 'INT32', converted: CONVERTED.UINT_32, values: [PLAIN.int32(-1)] },
    opaque('UINTEGER', 4),
    'ffffffff',
  ],
  [
    'INT32 TIME',
    { physical: 'INT32', logical: LOGICAL.time('ms', false), converted: 7, values: [PLAIN.int32(1)] },
    opaque('TIME_MS', 8),
    hexOfInteger(1n, 8),
  ],
  [
    'INT32 DATE',
    { physical: 'INT32', logical: LOGICAL.date, converted: CONVERTED.DATE, values: [PLAIN.int32(-1)] },
    { kind: 'date' },
    hexOfInteger(-1n, 4),
  ],
  [
    'INT32 DECIMAL',
    {
      physical: 'INT32',
      logical: LOGICAL.decimal(5, 2),
      converted: CONVERTED.DECIMAL,
      precision: 5,
      scale: 2,
      values: [PLAIN.int32(-210)],
    },
    { kind: 'decimal', precision: 5, scale: 2 },
    hexOfInteger(-210n, 16),
  ],
  ['INT64', { physical: 'INT64', values: [at(-2n)] }, { kind: 'bigint' }, hexOfInteger(-2n, 8)],
  [
    'INT64 INT(64, signed)',
    { physical: 'INT64', logical: LOGICAL.integer(64, true), values: [at(3n)] },
    { kind: 'bigint' },
    hexOfInteger(3n, 8),
  ],
  [
    'INT64 INT(64, unsigned)',
    { physical: 'INT64', logical: LOGICAL.integer(64, false), converted: 14, values: [at(-1n)] },
    opaque('UBIGINT', 8),
    'f'.repeat(16),
  ],
  [
    'INT64 TIME',
    { physical: 'INT64', logical: LOGICAL.time('us', false), converted: 8, values: [at(5n)] },
    opaque('TIME', 8),
    hexOfInteger(5n, 8),
  ],
  [
    'INT64 DECIMAL',
    {
      physical: 'INT64',
      logical: LOGICAL.decimal(12, 2),
      converted: CONVERTED.DECIMAL,
      precision: 12,
      scale: 2,
      values: [at(-210n)],
    },
    { kind: 'decimal', precision: 12, scale: 2 },
    hexOfInteger(-210n, 16),
  ],
  [
    'INT64 TIMESTAMP ms',
    { physical: 'INT64', logical: LOGICAL.timestamp('ms', false), values: [at(-1n)] },
    { kind: 'timestamp', unit: 'ms', utc: false },
    hexOfInteger(-1n, 8),
  ],
  [
    'INT64 TIMESTAMP ms UTC',
    {
      physical: 'INT64',
      logical: LOGICAL.timestamp('ms', true),
      converted: CONVERTED.TIMESTAMP_MILLIS,
      values: [at(1_234_567_890_123n)],
    },
    { kind: 'timestamp', unit: 'ms', utc: true },
    hexOfInteger(1_234_567_890_123n, 8),
  ],
  [
    'INT64 TIMESTAMP_MILLIS',
    { physical: 'INT64', converted: CONVERTED.TIMESTAMP_MILLIS, values: [at(1n)] },
    { kind: 'timestamp', unit: 'ms', utc: true },
    hexOfInteger(1n, 8),
  ],
  [
    'INT64 TIMESTAMP us',
    { physical: 'INT64', logical: LOGICAL.timestamp('us', false), values: [at(-1n)] },
    { kind: 'timestamp', unit: 'us', utc: false },
    hexOfInteger(-1n, 8),
  ],
  [
    'INT64 TIMESTAMP us UTC',
    { physical: 'INT64', logical: LOGICAL.timestamp('us', true), values: [at(5n)] },
    { kind: 'timestamp', unit: 'us', utc: true },
    hexOfInteger(5n, 8),
  ],
  [
    'INT64 TIMESTAMP_MICROS',
    { physical: 'INT64', converted: CONVERTED.TIMESTAMP_MICROS, values: [at(5n)] },
    { kind: 'timestamp', unit: 'us', utc: true },
    hexOfInteger(5n, 8),
  ],
  [
    'INT64 TIMESTAMP ns',
    { physical: 'INT64', logical: LOGICAL.timestamp('ns', false), values: [at(-123_456_789n)] },
    { kind: 'timestamp', unit: 'ns', utc: false },
    hexOfInteger(-123_456_789n, 8),
  ],
  [
    'INT64 TIMESTAMP ns UTC',
    { physical: 'INT64', logical: LOGICAL.timestamp('ns', true), values: [at(5n)] },
    { kind: 'unsupported', engineType: 'TIMESTAMP(NANOS, UTC)' },
    null,
  ],
  ['FLOAT', { physical: 'FLOAT', values: [Buffer.from('0000c07f', 'hex')] }, { kind: 'float' }, '0000c07f'],
  [
    'DOUBLE',
    { physical: 'DOUBLE', values: [Buffer.from('0000000000000080', 'hex')] },
    { kind: 'double' },
    '0000000000000080',
  ],
  [
    'INT96',
    { physical: 'INT96', values: [Buffer.from('000000000000000000000000', 'hex')] },
    opaque('TIMESTAMP', 8),
    hexOfInteger(-210866803200000000n, 8),
  ],
  ['repeated INT32', { physical: 'INT32', repetition: 'repeated', values: [PLAIN.int32(1)] }, 'nested', null],
  [
    'repeated STRING',
    { physical: 'BYTE_ARRAY', logical: LOGICAL.string, repetition: 'repeated', values: [PLAIN.bytes('a')] },
    'nested',
    null,
  ],
];

describe('F-87 a column of', () => {
  test.each(TYPES)('%s counts as what its annotation says', async (_, column, type, value) => {
    const path = folder.write('.parquet', parquetFile([{ name: 'c', ...column }]));
    const reader = await openTable(path);
    try {
      expect(reader.rows).toBe(1);
      if (type === 'nested') expect(reader.fields[0]?.type.kind).toBe('unsupported');
      else {
        // That the name is right is in test/tabular/types.test.ts.
        const named = ['opaque', 'binary'].includes(type.kind) ? { typeName: expect.any(String) as string } : {};
        expect(reader.fields).toEqual([{ name: 'c', type, ...named }]);
      }
    } finally {
      await reader.close();
    }
    if (value === null) {
      const error = await failureOf(readTable(path));
      expect(error).toMatchObject({ code: 'DATA_TYPE', where: { file: path, column: 'c' } });
    } else expect((await readTable(path)).columns).toEqual([[value]]);
  });
});

describe('columns that cannot be read', () => {
  test('do no harm while they are not used', async () => {
    const others = TYPES.map(([, column], index): ParquetColumn => ({ name: `other ${String(index)}`, ...column }));
    const wanted: ParquetColumn = { name: 'wanted', physical: 'INT32', values: [PLAIN.int32(4)] };
    const path = folder.write('.parquet', parquetFile([...others.slice(0, 9), wanted, ...others.slice(9)]));
    const reader = await readTable(path, {}, [9]);
    expect(reader.fields[9]).toEqual({ name: 'wanted', type: { kind: 'int' } });
    expect(reader.columns).toEqual([[hexOfInteger(4n, 4)]]);
  });

  test('of the old timestamp type are warned about', async () => {
    const path = folder.write(
      '.parquet',
      parquetFile([{ name: 'old', physical: 'INT96', values: [Buffer.alloc(12)] }]),
    );
    expect((await readTable(path)).warnings).toEqual([
      'column `old` has the old type INT96, and is read in microseconds',
    ]);
  });
});

describe('values', () => {
  test('of all decimal widths keep their digits and signs', async () => {
    const most = (digits: number): bigint => 10n ** BigInt(digits) - 1n;
    const precisions = [1, 2, 4, 5, 9, 10, 18, 19, 38];
    const literal = (value: bigint, precision: number): string => `'${String(value)}'::DECIMAL(${String(precision)},0)`;
    const row = (sign: bigint): string =>
      precisions
        .map((precision) => `${literal(sign * most(precision), precision)} AS d${String(precision)}`)
        .join(', ');
    const path = await copy(`SELECT ${row(1n)} UNION ALL SELECT ${row(-1n)} ORDER BY 1 DESC`);
    const { fields, columns } = await readTable(path);
    expect(fields.map(({ type }) => type)).toEqual(
      precisions.map((precision) => ({ kind: 'decimal', precision, scale: 0 })),
    );
    expect(columns).toEqual(
      precisions.map((precision) => [hexOfInteger(most(precision), 16), hexOfInteger(-most(precision), 16)]),
    );
  });

  test('at the ends of dates and timestamps, which stand for infinity, stay values', async () => {
    const path =
      await copy(`SELECT unnest(['infinity', '-infinity'])::DATE d, unnest(['infinity', '-infinity'])::TIMESTAMP t,
      unnest(['infinity', '-infinity'])::TIMESTAMP::TIMESTAMP_MS ms, unnest(['infinity', '-infinity'])::TIMESTAMPTZ z`);
    const [dates, ...timestamps] = (await readTable(path)).columns;
    expect(dates).toEqual([hexOfInteger(2n ** 31n - 1n, 4), hexOfInteger(-(2n ** 31n) + 1n, 4)]);
    for (const ticks of timestamps)
      expect(ticks).toEqual([hexOfInteger(2n ** 63n - 1n, 8), hexOfInteger(-(2n ** 63n) + 1n, 8)]);
  });

  test('of dates far away are read', async () => {
    const days = [2 ** 31 - 2, -(2 ** 31) + 2, 3_000_000];
    const path = folder.write(
      '.parquet',
      parquetFile(
        [
          {
            name: 'd',
            physical: 'INT32',
            logical: LOGICAL.date,
            converted: CONVERTED.DATE,
            values: days.map((day) => PLAIN.int32(day)),
          },
        ],
        3,
      ),
    );
    expect((await readTable(path)).columns).toEqual([days.map((day) => hexOfInteger(BigInt(day), 4))]);
  });

  test('come in the order of the file over many row groups', async () => {
    const path = await copy(
      "SELECT i, CASE WHEN i % 10 = 0 THEN NULL ELSE 'v' || i END v FROM range(50000) t(i)",
      ', ROW_GROUP_SIZE 2048',
    );
    const { rows, columns } = await readTable(path);
    expect(rows).toBe(50_000);
    expect(columns[1]).toEqual(Array.from({ length: 50_000 }, (_, i) => (i % 10 === 0 ? null : `v${String(i)}`)));
  });

  test('of no rows give no batches', async () => {
    const path = await copy("SELECT 'x' a, 1 b WHERE false");
    expect(await readTable(path)).toMatchObject({ rows: 0, columns: [[], []] });
  });

  test('can be read twice, and given up in the middle', async () => {
    const reader = await openTable(await copy('SELECT i FROM range(20000) t(i)'));
    try {
      for (let count = 0; count < 3; count++)
        for await (const batch of reader.batches({ columns: [0] })) if (batch.rows > 0) break;
      let rows = 0;
      for await (const batch of reader.batches({ columns: [0] })) rows += batch.rows;
      expect(rows).toBe(20_000);
    } finally {
      await reader.close();
    }
  });

  test('of a page of 100 MB are within the memory', async () => {
    const path = await copy('SELECT repeat(md5(i::VARCHAR), 1000) v FROM range(3500) t(i)', ', COMPRESSION zstd');
    let bytes = 0;
    const reader = await openTable(path);
    for await (const { columns } of reader.batches({ columns: [0] })) {
      for (const column of columns) if (column.layout === 'bytes') bytes += column.bytes.length;
    }
    await reader.close();
    expect(bytes).toBe(3500 * 32_000);
  });
});

describe('F-88 binary columns without annotation', () => {
  const columns: ParquetColumn[] = [
    { name: 'a', physical: 'BYTE_ARRAY', values: [PLAIN.bytes('é')] },
    { name: 'b', physical: 'BYTE_ARRAY', values: [PLAIN.bytes(Uint8Array.of(0xff, 0x41))] },
    { name: 'c', physical: 'FIXED_LEN_BYTE_ARRAY', typeLength: 2, values: [Buffer.from('xy')] },
  ];

  test('count as text if the caller says so, whatever their bytes', async () => {
    const path = folder.write('.parquet', parquetFile(columns));
    const { fields, columns: values } = await readTable(path, { binaryAsString: true });
    expect(fields.map(({ type }) => type.kind)).toEqual(['string', 'string', 'binary']);
    expect(values).toEqual([[latin('é')], ['\xffA'], ['xy']]);
  });
});

describe('headers', () => {
  test('that differ in case only, have quotes, or are long are all kept apart', async () => {
    const names = ['A', 'a', 'say "hi"', "it's", 'x'.repeat(2000), 'a,b', ' ', 'é'];
    const path = folder.write(
      '.parquet',
      parquetFile(names.map((name, index) => ({ name, physical: 'INT32', values: [PLAIN.int32(index)] }))),
    );
    const { fields, columns } = await readTable(path);
    expect(fields.map(({ name }) => name)).toEqual(names);
    expect(columns).toEqual(names.map((_, index) => [hexOfInteger(BigInt(index), 4)]));
  });
});

describe('paths', () => {
  test.each([
    'plain',
    'a*b',
    'a?b',
    'a[b]c',
    '[',
    "it's",
    'two  words',
    'é漢',
    'key=value',
    '%20',
    '$x',
    '#1',
    '{a,b}',
  ])('are taken as they are: %s', async (name) => {
    const directory = join(folder.path, name);
    mkdirSync(directory, { recursive: true });
    const path = join(directory, `${name}.parquet`);
    copyFileSync(await copy("SELECT 'of the file' AS key"), path);
    expect(await readTable(path)).toMatchObject({ fields: [{ name: 'key' }], columns: [['of the file']] });
  });
});

describe('a damaged file', () => {
  let whole: Buffer;

  beforeAll(async () => {
    const secret = "'MARKER-' || i || '-' || md5(i::VARCHAR)";
    whole = readFileSync(
      await copy(`SELECT i, ${secret} v FROM range(60000) t(i)`, ', ROW_GROUP_SIZE 4096, COMPRESSION snappy'),
    );
  });

  test.each([0, 1, 3, 4, 7, 8, 100, 0.25, 0.5, 0.9, -9, -8, -4, -1])('cut at %d is corrupt', async (cut) => {
    const path = folder.write('.parquet', whole);
    truncateSync(path, Number.isInteger(cut) ? (cut < 0 ? whole.length + cut : cut) : Math.floor(whole.length * cut));
    expect(await failureOf(readTable(path))).toMatchObject({ code: 'DATA_CORRUPT', where: { file: path } });
  });

  test.each([0.02, 0.3, 0.6, 0.8])(
    'with other bytes at %d of its length is corrupt, and no value is in the words',
    async (part) => {
      const path = folder.newPath('.parquet');
      const bytes = Buffer.from(whole);
      bytes.fill(0xee, Math.floor(bytes.length * part), Math.floor(bytes.length * part) + 3000);
      writeFileSync(path, bytes);
      const error = await failureOf(readTable(path));
      expect(error.code).toMatch(/^DATA_(CORRUPT|ENCODING)$/);
      expect(error.where.file).toBe(path);
      expect(wordsOf(error)).not.toContain('MARKER');
    },
  );

  test('whose middle is gone is corrupt', async () => {
    const quarter = whole.length >> 2;
    const path = folder.write('.parquet', Buffer.concat([whole.subarray(0, quarter), whole.subarray(2 * quarter)]));
    expect((await failureOf(readTable(path))).code).toBe('DATA_CORRUPT');
  });

  test.each(['', 'a,b\n1,2\n', 'PAR1PAR1', '\0'.repeat(100)])('that is none is corrupt: %j', async (content) => {
    expect((await failureOf(readTable(folder.write('.parquet', content)))).code).toBe('DATA_CORRUPT');
  });

  test('with a type that the engine does not know is refused as such', async () => {
    const bson: ParquetColumn = { name: 'c', physical: 'BYTE_ARRAY', converted: 20, values: [PLAIN.bytes('{}')] };
    const path = folder.write('.parquet', parquetFile([bson]));
    expect(await failureOf(readTable(path))).toMatchObject({ code: 'DATA_TYPE', where: { file: path } });
  });
});
