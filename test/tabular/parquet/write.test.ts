import { existsSync, readdirSync, statSync, symlinkSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';
import type { DuckDBConnection } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createParquet } from '#src/tabular/parquet/write';
import { widthOf } from '#src/columns/index';
import { createTable } from 'sealroom/tabular';
import type { Batch, ColumnType } from 'sealroom/tabular';
import {
  batchOf,
  failureOf,
  fixedColumn,
  Folder,
  hexOfInteger,
  latin,
  readTable,
  textColumn,
  writeTable,
} from '../support.ts';

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

async function query(sql: string): Promise<unknown[][]> {
  return (await duckdb.runAndReadAll(sql)).getRowsJS();
}

const time = (unit: 'ms' | 'us' | 'ns', utc: boolean): ColumnType => ({ kind: 'timestamp', unit, utc });
const decimal = (precision: number, scale: number): ColumnType => ({ kind: 'decimal', precision, scale });
const opaque = (engineType: string, width: number | null): ColumnType => ({ kind: 'opaque', engineType, width });

/** A type, some values of it, and the type that comes back where it is another. Bytes of fixed width as hexadecimal. */
const TYPES: readonly (readonly [ColumnType, readonly (string | Uint8Array)[], ColumnType?])[] = [
  [{ kind: 'string' }, ['', 'é', 'a text that is not inline', '\0']],
  [{ kind: 'binary' }, [Uint8Array.of(0, 255), Uint8Array.of()]],
  [{ kind: 'boolean' }, ['00', '01']],
  [{ kind: 'smallint' }, ['0080', 'ff7f']],
  [{ kind: 'int' }, ['00000080', 'ffffff7f']],
  [{ kind: 'bigint' }, [hexOfInteger(-1n, 8), hexOfInteger(2n ** 63n - 1n, 8)]],
  [{ kind: 'float' }, ['0000c07f', '00000080', '0000807f']],
  [{ kind: 'double' }, ['000000000000f87f', '0000000000000080', '000000000000f0ff']],
  [{ kind: 'date' }, ['ffffff7f', 'feffffff']],
  [time('ms', false), [hexOfInteger(-1n, 8), hexOfInteger(2n ** 63n - 1n, 8)]],
  [time('us', false), [hexOfInteger(-1n, 8), hexOfInteger(2n ** 63n - 1n, 8)]],
  [time('ns', false), [hexOfInteger(123_456_789n, 8)]],
  [time('us', true), [hexOfInteger(5n, 8)]],
  [time('ns', true), [hexOfInteger(123_456_789n, 8)], time('ns', false)],
  [decimal(1, 0), [hexOfInteger(-9n, 16)]],
  [decimal(4, 4), [hexOfInteger(-9999n, 16)]],
  [decimal(9, 0), [hexOfInteger(999_999_999n, 16)]],
  [decimal(18, 18), [hexOfInteger(-(10n ** 18n) + 1n, 16)]],
  [decimal(38, 5), [hexOfInteger(-(10n ** 38n) + 1n, 16), hexOfInteger(10n ** 38n - 1n, 16)]],
  [opaque('TINYINT', 1), ['80']],
  [opaque('UTINYINT', 1), ['ff']],
  [opaque('USMALLINT', 2), ['ffff']],
  [opaque('UINTEGER', 4), ['ffffffff']],
  [opaque('UBIGINT', 8), ['f'.repeat(16)]],
  [opaque('TIME', 8), [hexOfInteger(86_399_999_999n, 8)]],
  [opaque('TIME_NS', 8), [hexOfInteger(86_399_999_999_999n, 8)]],
  [opaque('INTERVAL', 16), ['0100000002000000' + hexOfInteger(3000n, 8)]],
  [opaque('UUID', 16), ['01'.repeat(15) + '81']],
  [opaque('JSON', null), ['{"a": 1}']],
];

describe('a Parquet file', () => {
  test('keeps values and nulls of every type', async () => {
    const rows = TYPES.map(([, values]) => [...values, ...Array.from({ length: 5 - values.length }, () => null)]);
    const batch = (): Batch =>
      batchOf(
        ...TYPES.map(([type], index) => {
          const values = rows[index] ?? [];
          const width = widthOf(type);
          return width === null
            ? textColumn(values)
            : fixedColumn(
                width,
                values.map((value) => value?.toString() ?? null),
              );
        }),
      );
    const path = folder.newPath('.parquet');
    const fields = TYPES.map(([type], index) => ({ name: `c${String(index)}`, type }));
    expect(await writeTable(path, fields, [batch(), batch()])).toBe(statSync(path).size);
    const table = await readTable(path);
    expect(table.fields.map(({ type }) => type)).toEqual(TYPES.map(([type, , readAs = type]) => readAs));
    TYPES.forEach(([type], index) => {
      const expected = (rows[index] ?? []).map((value) =>
        value === null ? null : Buffer.from(value).toString('latin1'),
      );
      expect([type, table.columns[index]]).toEqual([type, [...expected, ...expected]]);
    });
  });

  test('has zoned milliseconds in microseconds', async () => {
    const path = folder.newPath('.parquet');
    const ticks = [1n, -1n, 2n ** 63n - 1n, null];
    const column = fixedColumn(
      8,
      ticks.map((value) => (value === null ? null : hexOfInteger(value, 8))),
    );
    await writeTable(path, [{ name: 'c', type: time('ms', true) }], [batchOf(column)]);
    const { fields, columns } = await readTable(path);
    expect(fields[0]?.type).toEqual(time('us', true));
    expect(columns[0]).toEqual([
      hexOfInteger(1000n, 8),
      hexOfInteger(-1000n, 8),
      hexOfInteger(2n ** 63n - 1n, 8),
      null,
    ]);
  });

  test('refuses zoned milliseconds that the engine cannot hold, and ignores what stands under a null', async () => {
    const tooFar = hexOfInteger(2n ** 62n, 8);
    const fields = [{ name: 'c', type: time('ms', true) }];
    const path = folder.newPath('.parquet');
    const error = await failureOf(writeTable(path, fields, [batchOf(fixedColumn(8, [tooFar]))]));
    expect(error).toMatchObject({ code: 'DATA_VALUE', where: { file: path } });
    const column = fixedColumn(8, [tooFar, '0100000000000000']);
    await writeTable(path, fields, [batchOf({ ...column, validity: Uint8Array.of(2) })]);
    expect((await readTable(path)).columns).toEqual([[null, hexOfInteger(1000n, 8)]]);
  });

  test('F-89 has optional columns of strings, and nulls that are absent', async () => {
    const path = folder.newPath('.parquet');
    await writeTable(path, [{ name: 'c', type: { kind: 'string' } }], [batchOf(textColumn(['02:hmac:x', null]))]);
    expect(
      await query(`SELECT type, repetition_type, converted_type FROM parquet_schema('${path}') WHERE name = 'c'`),
    ).toEqual([['BYTE_ARRAY', 'OPTIONAL', 'UTF8']]);
    expect(await query(`SELECT stats_null_count FROM parquet_metadata('${path}')`)).toEqual([[1n]]);
  });

  test('keeps the order of its rows, and has row groups of bounded bytes', async () => {
    const path = folder.newPath('.parquet');
    const writer = await createTable(path, [
      { name: 'i', type: { kind: 'int' } },
      { name: 't', type: { kind: 'string' } },
    ]);
    const rows = 2048;
    for (let batch = 0; batch < 30; batch++) {
      const ids = Array.from({ length: rows }, (_, row) => hexOfInteger(BigInt(batch * rows + row), 4));
      await writer.write(batchOf(fixedColumn(4, ids), textColumn(ids.map((id) => id.repeat(400)))));
    }
    await writer.close();
    expect(
      await query(`SELECT count(*) FILTER (i <> n - 1) FROM (SELECT i, row_number() OVER () n FROM '${path}')`),
    ).toEqual([[0n]]);
    const [[groups] = []] = await query(`SELECT count(DISTINCT row_group_id) FROM parquet_metadata('${path}')`);
    expect(Number(groups)).toBeGreaterThan(2);
  });

  test('takes long texts: many megabytes in one batch, and one value of 3 MB', async () => {
    const path = folder.newPath('.parquet');
    const texts = ['x'.repeat(3_000_000), ...Array.from({ length: 100 }, (_, row) => String(row).repeat(200_000))];
    await writeTable(path, [{ name: 't', type: { kind: 'string' } }], [batchOf(textColumn(texts))]);
    expect((await readTable(path)).columns[0]).toEqual(texts);
  });

  test('has a name of glob characters, quotes, spaces and accents', async () => {
    const path = folder.newPath(" we*rd [x] 'q' é?.parquet");
    await writeTable(path, [{ name: 'c', type: { kind: 'string' } }], [batchOf(textColumn(['in the right file']))]);
    expect((await readTable(path)).columns).toEqual([['in the right file']]);
    expect(readdirSync(folder.path).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  test('has no rows if none are written', async () => {
    const path = folder.newPath('.parquet');
    await writeTable(path, [{ name: 'a "b"', type: { kind: 'string' } }], []);
    expect(await readTable(path)).toMatchObject({ rows: 0, fields: [{ name: 'a "b"' }] });
  });

  test('has many columns', async () => {
    const path = folder.newPath('.parquet');
    const fields = Array.from({ length: 1600 }, (_, index) => ({
      name: `c${String(index)}`,
      type: { kind: 'string' } as const,
    }));
    await writeTable(path, fields, [batchOf(...fields.map(({ name }) => textColumn([name])))]);
    expect((await readTable(path)).columns.map(([value]) => value)).toEqual(fields.map(({ name }) => latin(name)));
  });
});

describe('a Parquet file that cannot be written', () => {
  test.each([
    [{ kind: 'unsupported', engineType: 'STRUCT(x INTEGER)' } as const],
    [opaque('GEOMETRY', null)],
    [decimal(39, 0)],
    [decimal(5, -2)],
    [decimal(0, 0)],
  ])('is refused for columns of %j before anything is written', async (type) => {
    const path = folder.newPath('.parquet');
    const error = await failureOf(createTable(path, [{ name: 'c', type }]));
    expect(error).toMatchObject({ code: 'DATA_TYPE', where: { file: path, column: 'c' } });
    expect(existsSync(path)).toBe(false);
  });

  test.runIf(existsSync('/dev/full'))('because the disk is full ends as IO_WRITE', async () => {
    const path = folder.newPath('.parquet');
    symlinkSync('/dev/full', path);
    let discarded = 0;
    const target = {
      path,
      commit: () => Promise.resolve(0),
      async abort() {
        discarded++;
      },
    };
    const writer = createParquet(target, 'out.parquet', [{ name: 'c', type: { kind: 'string' } }]);
    const rows = Array.from({ length: 2048 }, (_, row) => `${String(row)}${'x'.repeat(2000)}`);
    const error = await failureOf(
      (async () => {
        for (let batch = 0; batch < 60; batch++) await writer.write(batchOf(textColumn(rows)));
        await writer.close();
      })(),
    );
    expect(error).toMatchObject({ code: 'IO_WRITE', where: { file: 'out.parquet' } });
    await writer.abort();
    expect(discarded).toBe(1);
  });

  test('takes no lines of CSV', async () => {
    const path = folder.newPath('.parquet');
    const writer = await createTable(path, [{ name: 'c', type: { kind: 'string' } }]);
    expect((await failureOf(writer.writeLines(Buffer.from('x\n')))).code).toBe('IO_FORMAT');
    await writer.abort();
  });

  test('leaves nothing behind when it is given up, at whatever moment', async () => {
    const before = readdirSync(folder.path).length;
    for (const batches of [0, 1, 20]) {
      const path = folder.newPath('.parquet');
      const writer = await createTable(path, [{ name: 'c', type: { kind: 'string' } }]);
      for (let batch = 0; batch < batches; batch++) await writer.write(batchOf(textColumn(['x'.repeat(100)])));
      await writer.abort();
    }
    expect(readdirSync(folder.path)).toHaveLength(before);
  });
});
