import { afterAll, beforeAll, expect, test } from 'vitest';
import { SPARK_QUERIES, SparkRoom } from './spark-cases.ts';

let room: SparkRoom | null = null;
beforeAll(async () => {
  room = await SparkRoom.open(SPARK_QUERIES);
});
afterAll(() => {
  room?.close();
});

/**
 * A row as text. Known differences are left out: an average of decimals has 6 digits after the point in Spark, and the days between two
 * dates are an interval.
 */
function textOf(row: readonly unknown[]): string {
  const values = row.map((value) => {
    const plain = typeof value === 'string' ? value.replace(/^INTERVAL '(-?\d+)' DAY$/, '$1') : value;
    const number = typeof plain === 'number' || typeof plain === 'string' ? Number(plain) : Number.NaN;
    return Number.isFinite(number) && plain !== '' ? Number(number.toFixed(4)) + 0 : plain;
  });
  return JSON.stringify(values);
}

const topics = [...new Set(SPARK_QUERIES.cases.map(({ topic }) => topic))];

test.each(topics)('random queries mean what Spark says: %s', async (topic) => {
  const wrong: unknown[] = [];
  for (const each of SPARK_QUERIES.cases.filter((other) => other.topic === topic)) {
    const outcome = await room?.answer(each);
    const expected = (each.rows ?? []).map((row) => textOf(Array.isArray(row) ? row : [row])).sort();
    const found = outcome?.kind === 'rows' ? outcome.rows.map(textOf).sort() : (outcome?.codes ?? []);
    if (JSON.stringify(found) !== JSON.stringify(expected)) wrong.push([each.sql, expected, found]);
  }
  expect(wrong).toEqual([]);
});
