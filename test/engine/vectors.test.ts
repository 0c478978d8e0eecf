import duckdb from '@duckdb/node-bindings';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Engine } from '#src/engine/engine';
import { writeChunk } from '#src/engine/vectors';
import type { ColumnType } from 'sealroom/tabular';
import {
  batchOf,
  errorOf,
  fixedColumn,
  Folder,
  hexOfInteger,
  latin,
  readTable,
  SEED,
  textColumn,
  valuesOf,
  writeTable,
} from '../tabular/support.ts';

const folder = new Folder();

/** How a type looks in SQL and what its values are: SQL text of a value and the bytes that we expect for it. */
interface Sample {
  readonly type: ColumnType;
  readonly sql: string;
  readonly value: fc.Arbitrary<readonly [sql: string, expected: string]>;
}

function integers(bits: number): fc.Arbitrary<bigint> {
  const most = 2n ** BigInt(bits - 1);
  return fc.oneof(fc.bigInt({ min: -most, max: most - 1n }), fc.constantFrom(0n, -1n, 1n, most - 1n, -most));
}

function integerSample(type: ColumnType, sql: string, width: number): Sample {
  return {
    type,
    sql,
    value: integers(width * 8).map((value) => [`'${String(value)}'::${sql}`, hexOfInteger(value, width)]),
  };
}

function hexOfFloat(value: number, width: 4 | 8): string {
  const bytes = Buffer.alloc(width);
  if (width === 4) bytes.writeFloatLE(value);
  else bytes.writeDoubleLE(value);
  return bytes.toString('hex');
}

function decimalSample(precision: number, scale: number): Sample {
  const most = 10n ** BigInt(precision) - 1n;
  const value = fc
    .oneof(fc.bigInt({ min: -most, max: most }), fc.constantFrom(0n, most, -most, -1n))
    .map((unscaled) => {
      const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
      const text = `${unscaled < 0n ? '-' : ''}${digits.slice(0, digits.length - scale)}.${digits.slice(digits.length - scale)}`;
      return [`'${text}'::DECIMAL(${String(precision)},${String(scale)})`, hexOfInteger(unscaled, 16)] as const;
    });
  return { type: { kind: 'decimal', precision, scale }, sql: `DECIMAL(${String(precision)},${String(scale)})`, value };
}

const texts = fc.oneof(
  fc.string({ maxLength: 14 }),
  fc.string({ unit: 'grapheme', maxLength: 30 }),
  // Lengths around those at which an entry is inline, and long enough to lie in blocks of their own.
  fc.integer({ min: 0, max: 5000 }).map((length) => 'é'.repeat(length >> 1) + 'x'.repeat(length & 1)),
  fc.constantFrom('', 'twelve bytes', 'thirteen byte', 'a\0b'),
);

const SAMPLES: readonly Sample[] = [
  // chr(0) cannot be written in a literal.
  {
    type: { kind: 'string' },
    sql: 'VARCHAR',
    value: texts.map((text) => [`'${text.replaceAll("'", "''").replaceAll('\0', "'||chr(0)||'")}'`, latin(text)]),
  },
  {
    type: { kind: 'binary' },
    sql: 'BLOB',
    value: fc.uint8Array({ maxLength: 40 }).map((bytes) => {
      const hex = Buffer.from(bytes).toString('hex');
      return [`from_hex('${hex}')`, Buffer.from(bytes).toString('latin1')];
    }),
  },
  {
    type: { kind: 'boolean' },
    sql: 'BOOLEAN',
    value: fc.boolean().map((value) => [String(value), value ? '01' : '00']),
  },
  integerSample({ kind: 'smallint' }, 'SMALLINT', 2),
  integerSample({ kind: 'int' }, 'INTEGER', 4),
  integerSample({ kind: 'bigint' }, 'BIGINT', 8),
  {
    type: { kind: 'double' },
    sql: 'DOUBLE',
    value: fc
      .oneof(fc.double(), fc.constantFrom(-0, NaN, Infinity, -Infinity, 5e-324))
      .map((value) => [Object.is(value, -0) ? "'-0.0'::DOUBLE" : `'${String(value)}'::DOUBLE`, hexOfFloat(value, 8)]),
  },
  {
    type: { kind: 'float' },
    sql: 'FLOAT',
    value: fc
      .oneof(fc.float({ noNaN: true }), fc.constantFrom(-0, Infinity, -Infinity))
      .map((value) => [Object.is(value, -0) ? "'-0.0'::FLOAT" : `'${String(value)}'::FLOAT`, hexOfFloat(value, 4)]),
  },
  {
    type: { kind: 'date' },
    sql: 'DATE',
    value: fc
      .integer({ min: -700_000, max: 2_900_000 })
      .map((days) => [`DATE '1970-01-01' + ${String(days)}`, hexOfInteger(BigInt(days), 4)]),
  },
  {
    type: { kind: 'timestamp', unit: 'us', utc: false },
    sql: 'TIMESTAMP',
    value: fc
      .bigInt({ min: -(10n ** 17n), max: 10n ** 17n })
      .map((ticks) => [`make_timestamp(${String(ticks)})`, hexOfInteger(ticks, 8)]),
  },
  {
    type: { kind: 'timestamp', unit: 'ns', utc: false },
    sql: 'TIMESTAMP_NS',
    value: fc
      .bigInt({ min: -(10n ** 18n), max: 10n ** 18n })
      .map((ticks) => [`make_timestamp_ns(${String(ticks)})`, hexOfInteger(ticks, 8)]),
  },
  decimalSample(4, 2),
  decimalSample(9, 3),
  decimalSample(18, 5),
  decimalSample(38, 10),
];

async function withEngine<Result>(work: (engine: Engine) => Promise<Result>): Promise<Result> {
  const engine = await Engine.open();
  try {
    return await work(engine);
  } finally {
    engine.close();
  }
}

describe('vectors of the engine', () => {
  test.each(SAMPLES.map((sample) => [sample.sql, sample] as const))(
    'are read as the engine itself shows them: %s',
    (_, { type, sql, value }) =>
      withEngine((engine) =>
        fc.assert(
          fc.asyncProperty(fc.array(fc.option(value, { freq: 4 }), { minLength: 1, maxLength: 60 }), async (rows) => {
            const list = rows.map((row) => (row === null ? 'NULL' : row[0])).join('), (');
            const found: (string | null)[] = [];
            for await (const batch of engine.stream(
              `SELECT v::${sql} FROM (VALUES (${list})) t(v)`,
              [{ name: 'v', type }],
              rows.length,
            )) {
              for (const column of batch.columns) found.push(...valuesOf(column));
            }
            expect(found).toEqual(rows.map((row) => row?.[1] ?? null));
          }),
          { seed: SEED, numRuns: 25 },
        ),
      ),
  );

  test('are written as they are read', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 40 }).chain((rows) =>
          fc.tuple(
            fc.array(fc.array(fc.option(texts, { freq: 4 }), { minLength: rows, maxLength: rows }), {
              minLength: 1,
              maxLength: 3,
            }),
            fc.array(fc.option(integers(64), { freq: 4 }), { minLength: rows, maxLength: rows }),
            fc.array(fc.option(fc.bigInt({ min: -(10n ** 9n) + 1n, max: 10n ** 9n - 1n }), { freq: 4 }), {
              minLength: rows,
              maxLength: rows,
            }),
          ),
        ),
        async ([batches, numbers, decimals]) => {
          const path = folder.newPath('.parquet');
          const hex = numbers.map((value) => (value === null ? null : hexOfInteger(value, 8)));
          const unscaled = decimals.map((value) => (value === null ? null : hexOfInteger(value, 16)));
          await writeTable(
            path,
            [
              { name: 't', type: { kind: 'string' } },
              { name: 'n', type: { kind: 'bigint' } },
              { name: 'd', type: { kind: 'decimal', precision: 9, scale: 2 } },
            ],
            batches.map((values) => batchOf(textColumn(values), fixedColumn(8, hex), fixedColumn(16, unscaled))),
          );
          const { columns } = await readTable(path);
          expect(columns[0]).toEqual(batches.flat().map((text) => (text === null ? null : latin(text))));
          expect(columns[1]).toEqual(batches.flatMap(() => hex));
          expect(columns[2]).toEqual(batches.flatMap(() => unscaled));
        },
      ),
      { seed: SEED, numRuns: 6 },
    );
  });

  test('of strings from many blocks and of dictionary pages are read whole, past several chunks', () =>
    withEngine(async (engine) => {
      // Long strings lie in blocks of their own; filtered and joined ones come from all over the heap.
      const sql = `SELECT CASE WHEN i % 7 = 0 THEN repeat(chr((97 + i % 26)::INTEGER), 3000 + i % 2000) WHEN i % 5 = 0 THEN NULL ELSE 'v' || i END v,
        'constant text that is not inline' c FROM range(20000) t(i)`;
      await engine.rows(`COPY (${sql}) TO '${folder.path}/blocks.parquet'`);
      await engine.rows(
        `COPY (SELECT 'group ' || (i % 3) || ' of a dictionary' v FROM range(20000) t(i)) TO '${folder.path}/dictionary.parquet'`,
      );
      const blocks = await readTable(`${folder.path}/blocks.parquet`);
      const expected = Array.from({ length: 20_000 }, (_, i) =>
        i % 7 === 0
          ? String.fromCharCode(97 + (i % 26)).repeat(3000 + (i % 2000))
          : i % 5 === 0
            ? null
            : `v${String(i)}`,
      );
      expect(blocks.columns[0]).toEqual(expected);
      expect(new Set(blocks.columns[1])).toEqual(new Set(['constant text that is not inline']));
      const dictionary = await readTable(`${folder.path}/dictionary.parquet`);
      expect(dictionary.columns[0]).toEqual(
        Array.from({ length: 20_000 }, (_, i) => `group ${String(i % 3)} of a dictionary`),
      );
    }));

  test('of short, long and very long strings and nulls in one vector are read whole', () =>
    withEngine(async (engine) => {
      const lengths = [0, 12, 13, null, 16_383, 24, 100_000, null, 3 << 20, 5];
      const list = lengths.map((length) => (length === null ? 'NULL' : `repeat('y', ${String(length)})`));
      // Twice, in both orders, so that neighbours of all lengths meet.
      const sql = `SELECT v FROM (VALUES (${[...list, ...list.toReversed()].join('), (')})) t(v)`;
      const found: (string | null)[] = [];
      for await (const batch of engine.stream(sql, [{ name: 'v', type: { kind: 'string' } }], list.length * 2)) {
        for (const column of batch.columns) found.push(...valuesOf(column));
      }
      const expected = lengths.map((length) => (length === null ? null : 'y'.repeat(length)));
      expect(found).toEqual([...expected, ...expected.toReversed()]);
    }));

  test('of strings that a join spreads over the heap agree with getItem', async () => {
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    const sql = `SELECT a.v || '/' || b.v FROM (SELECT i, repeat('x', i % 97) v FROM range(3000) t(i)) a
      JOIN (SELECT i, 'é' || repeat('y', (i * 31) % 113) v FROM range(3000) t(i)) b USING (i) ORDER BY (i * 7919) % 3001`;
    const rows = (await connection.runAndReadAll(sql))
      .getRowsJson()
      .map(([text]) => latin(JSON.stringify(text).slice(1, -1)));
    connection.closeSync();
    await withEngine(async (engine) => {
      const found: (string | null)[] = [];
      for await (const batch of engine.stream(sql, [{ name: 'v', type: { kind: 'string' } }], 3000)) {
        for (const column of batch.columns) found.push(...valuesOf(column));
      }
      expect(found).toEqual(rows);
    });
  });

  test('of nulls only, of empty texts only, and of no rows are read', () =>
    withEngine(async (engine) => {
      const fields = [{ name: 'v', type: { kind: 'string' } as const }];
      const read = async (sql: string, rows: number): Promise<(string | null)[]> => {
        const found: (string | null)[] = [];
        for await (const batch of engine.stream(sql, fields, rows))
          for (const column of batch.columns) found.push(...valuesOf(column));
        return found;
      };
      expect(await read('SELECT NULL::VARCHAR FROM range(3000)', 3000)).toEqual(
        Array.from({ length: 3000 }, () => null),
      );
      expect(await read("SELECT '' FROM range(70)", 70)).toEqual(Array.from({ length: 70 }, () => ''));
      expect(await read("SELECT 'x' FROM range(0)", 0)).toEqual([]);
    }));
});

describe('writing text that is not UTF-8', () => {
  const latinBytes = Uint8Array.from([0x66, 0xfc, 0x72]);
  const chunkOf = (): duckdb.DataChunk => duckdb.create_data_chunk([duckdb.create_logical_type(duckdb.Type.VARCHAR)]);
  const field = { name: 'v', type: { kind: 'string' } } as const;

  test.each([
    ['short', latinBytes],
    ['long', Uint8Array.from([...latinBytes, ...new Uint8Array(100).fill(0x41)])],
  ])('is refused, %s or not, and never takes what lay there before', (_, bytes) => {
    const chunk = chunkOf();
    const earlier = batchOf(textColumn(['what an earlier chunk has left behind here']));
    writeChunk(chunk, [field], earlier, 0, 1);
    const error = errorOf(() => {
      writeChunk(chunk, [field], batchOf(textColumn([bytes])), 0, 1);
    });
    expect(error.code).toBe('DATA_ENCODING');
  });

  test('is fine in a binary column', async () => {
    const path = folder.newPath('.parquet');
    const long = Uint8Array.from([...latinBytes, ...new Uint8Array(100).fill(0xff)]);
    await writeTable(path, [{ name: 'v', type: { kind: 'binary' } }], [batchOf(textColumn([latinBytes, long]))]);
    expect((await readTable(path)).columns).toEqual([
      [latinBytes, long].map((bytes) => Buffer.from(bytes).toString('latin1')),
    ]);
  });

  test('fails a Parquet file as a whole', async () => {
    const path = folder.newPath('.parquet');
    const written = writeTable(
      path,
      [{ name: 'v', type: { kind: 'string' } }],
      [batchOf(textColumn(['fine', latinBytes]))],
    );
    await expect(written).rejects.toMatchObject({ code: 'DATA_ENCODING', where: { file: path } });
  });
});

describe('a chunk that follows one with nulls', () => {
  test('has none of them', async () => {
    const path = folder.newPath('.parquet');
    const nulls = Array.from({ length: 2048 }, (_, row) => (row % 2 === 0 ? null : 'x'));
    const none = nulls.map(() => 'y');
    await writeTable(
      path,
      [{ name: 'v', type: { kind: 'string' } }],
      [batchOf(textColumn(nulls)), batchOf(textColumn(none))],
    );
    expect((await readTable(path)).columns[0]).toEqual([...nulls, ...none]);
  });
});
