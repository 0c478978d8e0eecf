import { afterAll, beforeAll, expect, test } from 'vitest';
import { differencesOf, nameOf, SPARK, type SparkCase, SparkRoom } from './spark-cases.ts';

let room: SparkRoom | null = null;
beforeAll(async () => {
  room = await SparkRoom.open();
});
afterAll(() => {
  room?.close();
});

/** What is wrong with a case, in words; `null` if it is as the file says. */
async function judge(each: SparkCase): Promise<string | null> {
  const outcome = await room?.answer(each);
  if (outcome === undefined) throw new Error('the room is open while tests run');
  const isRefused = each.known?.startsWith('refused: ') ?? false;
  if (outcome.kind === 'refused') return isRefused ? null : `refused: ${outcome.codes.join(', ')}`;
  if (isRefused) return 'is not refused';
  if (each.fails !== undefined) return each.known === null ? `runs, and fails in Spark: ${each.fails}` : null;
  const found = differencesOf(each, outcome);
  if (JSON.stringify(found) === JSON.stringify(each.differs ?? [])) return null;
  const shown = found.map(
    (at) => `${String(at)}: ${JSON.stringify(each.rows?.[at])} → ${JSON.stringify(outcome.rows[at])}`,
  );
  return `${JSON.stringify(each.type)} → ${outcome.families.join()}; ${shown.join('; ')}`;
}

const topics = [...new Set(SPARK.cases.map(({ topic }) => topic))];

test.each(topics)('what Spark means: %s', async (topic) => {
  const wrong: string[] = [];
  for (const each of SPARK.cases.filter((other) => other.topic === topic)) {
    const problem = await judge(each).catch(String);
    if (problem !== null) wrong.push(`${nameOf(each)}: ${problem}`);
  }
  expect(wrong).toEqual([]);
});
