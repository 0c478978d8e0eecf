import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Engine } from '#src/engine/engine';
import { failureOf } from '../tabular/support.ts';

describe('a small result', () => {
  let engine: Engine;

  beforeAll(async () => {
    engine = await Engine.open();
  });

  afterAll(() => {
    engine.close();
  });

  test.each([
    ['true', true],
    ['false', false],
    ['(-32768)::SMALLINT', -32_768],
    ['(-2147483648)::INTEGER', -2_147_483_648],
    ['(-9223372036854775808)::BIGINT', -(2n ** 63n)],
    ['18446744073709551615::UBIGINT', 2n ** 64n - 1n],
    ['(-170141183460469231731687303715884105728)::HUGEINT', -(2n ** 127n)],
    ['170141183460469231731687303715884105727::HUGEINT', 2n ** 127n - 1n],
    ['0.1::DOUBLE', 0.1],
    ["''", ''],
    ["'twelve bytes'", 'twelve bytes'],
    ["'thirteen byte'", 'thirteen byte'],
    ["chr(65279) || 'ü€😀 begins with a mark'", '\uFEFFü€😀 begins with a mark'],
    ['NULL', null],
    ['NULL::VARCHAR', null],
  ])('has %s as JavaScript has it', async (sql, value) => {
    expect(await engine.rows(`SELECT ${sql} AS v`)).toEqual([{ v: value }]);
  });

  test('has all rows of many chunks, with their nulls', async () => {
    const rows = await engine.rows(
      'SELECT i, CASE WHEN i % 3 = 0 THEN NULL ELSE i::VARCHAR END AS t FROM range(5000) r(i)',
    );
    expect(rows).toEqual(
      Array.from({ length: 5000 }, (_, row) => ({ i: BigInt(row), t: row % 3 === 0 ? null : String(row) })),
    );
  });

  test('has no rows', async () => {
    expect(await engine.rows('SELECT 1 AS v WHERE false')).toEqual([]);
  });

  test('has any name as a name', async () => {
    const [row] = await engine.rows('SELECT 1 AS "__proto__", 2 AS "constructor"');
    expect(Object.entries(row ?? {})).toEqual([
      ['__proto__', 1],
      ['constructor', 2],
    ]);
  });

  test.each([
    ["DATE '2020-01-01'", 'DATE'],
    ['1.5', 'DECIMAL'],
    ['[1]', 'LIST'],
    ["'a'::BLOB", 'BLOB'],
  ])('refuses %s', async (sql, type) => {
    expect(await failureOf(engine.rows(`SELECT ${sql}`))).toMatchObject({
      code: 'IO_ENGINE',
      message: `the table engine answered in type ${type}, which no small query may have`,
    });
  });
});
