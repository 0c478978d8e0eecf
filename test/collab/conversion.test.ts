import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import type { ColumnType } from 'sealroom/tabular';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { convertColumn } from '#src/collab/conversion';

let connection: DuckDBConnection;

beforeAll(async () => {
  connection = await (await DuckDBInstance.create(':memory:')).connect();
});

afterAll(() => {
  connection.closeSync();
});

/** What becomes of a SQL value of a file's column: a text, `null`, or `refused`. */
async function convert(type: string, source: ColumnType, sql: string): Promise<unknown> {
  const { value, isRefused } = convertColumn('c', type, source);
  const refused = isRefused ?? 'false';
  const query = `SELECT CASE WHEN ${refused} THEN 'refused' ELSE CAST(${value} AS VARCHAR) END AS v FROM (SELECT ${sql} AS c)`;
  return (await connection.runAndReadAll(query)).getRowObjectsJson()[0]?.['v'];
}

const TEXT = { kind: 'string' } as const;

describe('text becomes a value of the type in the manifest, or is refused', () => {
  test.each([
    ['VARCHAR', ' x ', ' x '],
    ['VARCHAR', '', ''],
    ['INTEGER', '-12', '-12'],
    ['INTEGER', '1.5', 'refused'],
    ['INTEGER', '1e3', 'refused'],
    ['INTEGER', ' 1', 'refused'],
    ['INTEGER', '', 'refused'],
    ['TINYINT', '128', 'refused'],
    ['BIGINT', '9223372036854775807', '9223372036854775807'],
    ['BIGINT', '9223372036854775808', 'refused'],
    ['DECIMAL(18,2)', '1.5', '1.50'],
    ['DECIMAL(18,2)', '+.5', '0.50'],
    ['DECIMAL(18,2)', '1.230', '1.23'],
    ['DECIMAL(18,2)', '1.239', 'refused'],
    ['DECIMAL(18,2)', '1,23', 'refused'],
    ['DECIMAL(18,2)', '.', 'refused'],
    ['DECIMAL(4,2)', '100', 'refused'],
    ['DECIMAL(4,0)', '12.0', '12'],
    ['DECIMAL(4,0)', '12.5', 'refused'],
    ['DOUBLE', '1.5e3', '1500.0'],
    ['DOUBLE', '1e999', 'refused'],
    ['DOUBLE', 'nan', 'refused'],
    ['DOUBLE', 'inf', 'refused'],
    ['DATE', '2026-02-28', '2026-02-28'],
    ['DATE', '2026-02-30', 'refused'],
    ['DATE', '28.02.2026', 'refused'],
    ['DATE', '2026-2-3', 'refused'],
    ['DATE', 'infinity', 'refused'],
    ['TIMESTAMP', '2026-02-28T10:11:12.5', '2026-02-28 10:11:12.5'],
    ['TIMESTAMP', '2026-02-28', '2026-02-28 00:00:00'],
    ['TIMESTAMP', '2026-02-28 10:11:12+02', 'refused'],
    ['TIMESTAMP', '2026-02-28 25:11:12', 'refused'],
    ['BOOLEAN', 'TRUE', 'true'],
    ['BOOLEAN', 'yes', 'refused'],
    ['BOOLEAN', '1', 'refused'],
  ])('%s: %j → %j', async (type, text, expected) => {
    expect(await convert(type, TEXT, `'${text}'`)).toBe(expected);
  });

  test('a null stays one', async () => {
    for (const type of ['VARCHAR', 'INTEGER', 'DECIMAL(18,2)', 'DOUBLE', 'DATE', 'TIMESTAMP', 'BOOLEAN']) {
      expect(await convert(type, TEXT, 'NULL::VARCHAR')).toBeNull();
    }
  });
});

describe('values of a type stay the same, or are refused', () => {
  test.each<[string, ColumnType, string, string]>([
    ['BIGINT', { kind: 'int' }, '7::INTEGER', '7'],
    ['SMALLINT', { kind: 'bigint' }, '7::BIGINT', '7'],
    ['SMALLINT', { kind: 'bigint' }, '70000::BIGINT', 'refused'],
    ['DOUBLE', { kind: 'bigint' }, '9007199254740993::BIGINT', 'refused'],
    ['BIGINT', { kind: 'double' }, '2.0::DOUBLE', '2'],
    ['BIGINT', { kind: 'double' }, '2.5::DOUBLE', 'refused'],
    ['DOUBLE', { kind: 'double' }, "'nan'::DOUBLE", 'refused'],
    ['FLOAT', { kind: 'double' }, '0.1::DOUBLE', 'refused'],
    ['FLOAT', { kind: 'double' }, '0.5::DOUBLE', '0.5'],
    ['DECIMAL(18,2)', { kind: 'double' }, '1.1::DOUBLE', '1.10'],
    ['DECIMAL(18,2)', { kind: 'double' }, '1.239::DOUBLE', 'refused'],
    ['DECIMAL(18,2)', { kind: 'decimal', precision: 10, scale: 3 }, '1.230::DECIMAL(10,3)', '1.23'],
    ['DECIMAL(18,2)', { kind: 'decimal', precision: 10, scale: 3 }, '1.239::DECIMAL(10,3)', 'refused'],
    ['BIGINT', { kind: 'opaque', engineType: 'UBIGINT', width: 8 }, '7::UBIGINT', '7'],
    ['TIMESTAMP', { kind: 'date' }, "'2026-01-02'::DATE", '2026-01-02 00:00:00'],
    ['DATE', { kind: 'date' }, "'infinity'::DATE", 'refused'],
    ['TIMESTAMP', { kind: 'timestamp', unit: 'us', utc: false }, "'-infinity'::TIMESTAMP", 'refused'],
    [
      'TIMESTAMP',
      { kind: 'timestamp', unit: 'ns', utc: false },
      "'2026-01-02 00:00:00.000000001'::TIMESTAMP_NS",
      'refused',
    ],
    ['BOOLEAN', { kind: 'boolean' }, 'true', 'true'],
  ])('%s from %o: %s → %s', async (type, source, sql, expected) => {
    expect(await convert(type, source, sql)).toBe(expected);
  });

  test.each<[string, ColumnType]>([
    ['VARCHAR', { kind: 'int' }],
    ['DATE', { kind: 'timestamp', unit: 'us', utc: false }],
    ['BIGINT', { kind: 'boolean' }],
    ['VARCHAR', { kind: 'binary' }],
    ['VARCHAR', { kind: 'unsupported', engineType: 'STRUCT(a INTEGER)' }],
    ['VARCHAR', { kind: 'opaque', engineType: 'UUID', width: 16 }],
  ])('no column of type %s is made of %o', (type, source) => {
    expect(() => convertColumn('c', type, source)).toThrow(expect.objectContaining({ code: 'DATA_TYPE' }));
  });
});
