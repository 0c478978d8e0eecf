import { expect, test } from 'vitest';
import { checkContextOf } from '../adversarial/adversarial-file.ts';
import { useRoom } from './room.ts';

const CUSTOM = checkContextOf({ context: 'customAny' });

const room = useRoom();

function nest(form: string, value: string, depth: number): string {
  let nested = value;
  for (let level = 0; level < depth; level += 1) nested = form.replace('?', () => nested);
  return nested;
}

// The engine writes these arguments out twice: 2^n times if nothing is done.
test.each([
  ['nullif(? + 1, 3)', 'seconds'],
  ['nullif(? + 1, seconds)', 'seconds'],
  ['CAST(? BETWEEN -1 AND seconds AS INT)', 'seconds'],
  ["initcap(split_part(?, ' ', 1) || ' x')", 'page'],
  ['(10 / (1 + ?))', 'seconds'],
  ['sqrt(? - 1)', 'seconds'],
  ["CAST(date_trunc('month', ?) AS DATE)", 'visit_date'],
])('R-3 `%s` is planned once however often it is nested', async (form, column) => {
  const sql = (depth: number): string => `SELECT ${nest(form, column, depth)} AS v FROM visits`;
  const [few, many] = [await room.statementOf(sql(4), CUSTOM), await room.statementOf(sql(20), CUSTOM)];
  expect(many.length).toBeLessThan(8 * few.length);
  const start = performance.now();
  await room.read(many);
  expect(performance.now() - start).toBeLessThan(10_000);
});

const TABLE = `SELECT seconds AS each, seconds + 1 AS word, page, seconds FROM visits`;

test.each([
  ['nullif(nullif(each + 1, word), 8)', 'CASE WHEN false THEN 1 END'],
  ['nullif(nullif(each + 1, 7) - 1, word - 1)', 'CASE WHEN false THEN 1 END'],
  ['nullif(nullif(each + 1, 7), each)', 'CASE WHEN each + 1 <> 7 THEN each + 1 END'],
  ['CAST(nullif(each, 7) BETWEEN word - 1 AND seconds AS INT)', 'CASE WHEN each <> 7 THEN 1 END'],
  ["initcap(page || ' two  words')", "initcap(page || ' two  words')"],
])('R-3 the names in what is printed once are its own: `%s`', async (expression, same) => {
  const [first, second] = [expression, same].map((each) => `SELECT ${each} AS v FROM (${TABLE}) AS each`);
  const rows = await room.rowsOf(await room.statementOf(first ?? '', CUSTOM));
  expect(rows.length).toBeGreaterThan(0);
  expect(rows).toEqual(await room.rowsOf(await room.statementOf(second ?? '', CUSTOM)));
});

test('R-3 functions that become too deep for the engine are refused', async () => {
  const sql = (depth: number): string => `SELECT ${nest('date_add(?, 1)', 'visit_date', depth)} AS v FROM visits`;
  await room.read(await room.statementOf(sql(10), CUSTOM));
  expect(await room.codesOf(sql(55), CUSTOM)).toEqual(['TOO_LARGE']);
  const queries = nest('(SELECT max(date_add(dateadd(hour, 1, ?), 1)) FROM visits)', 'visit_date', 6);
  expect(await room.codesOf(`SELECT ${nest('date_add(?, 1)', queries, 12)} AS v FROM visits`, CUSTOM)).toEqual([
    'TOO_LARGE',
  ]);
});

// The engine takes several times longer with each level.
test('R-3 sub-queries that are values are nested in at most 6 levels', async () => {
  for (const form of [
    '(SELECT max(seconds) FROM visits WHERE ? > 1)',
    '(SELECT max(each.v) FROM (SELECT ? AS v FROM visits) AS each)',
    '(SELECT max(seconds) FROM visits WHERE seconds IN (SELECT seconds FROM visits WHERE ? > 1))',
  ]) {
    const sql = (depth: number): string => `SELECT ${nest(form, 'seconds', depth)} AS v FROM visits`;
    await room.read(await room.statementOf(sql(6), CUSTOM));
    expect(await room.codesOf(sql(7), CUSTOM)).toEqual(['TOO_LARGE']);
  }
});
