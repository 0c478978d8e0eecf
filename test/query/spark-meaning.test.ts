import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SCALAR_FUNCTIONS } from '#src/collab/rules/aggregation';
import { findScalar, SCALARS } from '#src/query/ast/functions';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { differencesOf, nameOf, SPARK, type SparkCase, SparkRoom } from './spark-cases.ts';

let room: SparkRoom | null = null;
beforeAll(async () => {
  room = await SparkRoom.open(SPARK);
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

const RULES = readFileSync(join(import.meta.dirname, '../../docs/rules.md'), 'utf8');
const SECTION = /\n## What Spark means\n(?<text>[\s\S]*?)\n## /u.exec(RULES)?.groups?.['text'] ?? '';

test('R-58 docs/rules.md has each topic and each difference of the recorded answers, and no other', () => {
  const named = [...SECTION.matchAll(/^\| ([^|]+?) +\| /gmu)].map(([, topic = '']) => topic);
  expect(named.filter((topic) => topic !== 'topic' && !topic.startsWith('--'))).toEqual(topics);
  const listed = [...SECTION.matchAll(/^- ([\s\S]*?)(?=\n- |\n\n)/gmu)].map(([, text = '']) =>
    text.replaceAll(/\s+/gu, ' '),
  );
  expect(listed).toEqual([...new Set(SPARK.cases.flatMap(({ known }) => known ?? []))]);
});

test('R-10 docs/rules.md names each function that a query can name', () => {
  const names = Object.keys(SCALARS).filter((name) => findScalar(name) === name && name !== '||');
  expect(names.filter((name) => !new RegExp(`\`${name}[\`(]`, 'iu').test(RULES))).toEqual([]);
});

const LISTED: Readonly<Record<(typeof SCALAR_FUNCTIONS)[number], string>> = {
  ABS: 'ABS(i)',
  CAST: 'CAST(d AS INTEGER)',
  CEILING: 'CEILING(d)',
  COALESCE: 'COALESCE(i, 0)',
  CONVERT: 'CONVERT(integer, d)',
  CURRENT_DATE: 'CURRENT_DATE',
  DATEADD: 'DATEADD(day, 1, day)',
  EXTRACT: 'EXTRACT(YEAR FROM day)',
  FLOOR: 'FLOOR(d)',
  GETDATE: 'GETDATE()',
  LN: 'LN(i)',
  LOG: 'LOG(i)',
  LOWER: 'LOWER(t)',
  ROUND: 'ROUND(d, 1)',
  RTRIM: 'RTRIM(t)',
  SQRT: 'SQRT(i)',
  SUBSTRING: 'SUBSTRING(t, 1, 2)',
  TO_CHAR: "TO_CHAR(day, 'YYYY-MM')",
  TO_DATE: "TO_DATE(t, 'YYYY-MM-DD')",
  TO_NUMBER: "TO_NUMBER(t, '999')",
  TO_TIMESTAMP: "TO_TIMESTAMP(t, 'YYYY-MM-DD')",
  TRIM: 'TRIM(t)',
  TRUNC: 'TRUNC(d)',
  UPPER: 'UPPER(t)',
};

test.each(SCALAR_FUNCTIONS)('R-10 what a rule can list runs: %s', async (name) => {
  const expression = LISTED[name];
  const of = /\bday\b/u.test(expression) ? 'days' : /\bt\b/u.test(expression) ? 'texts' : 'numbers';
  const outcome = await room?.answer({ topic: '', expression, of, type: null, known: null });
  expect(outcome?.kind).toBe('rows');
});
