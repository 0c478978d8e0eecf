import { expect, test } from 'vitest';
import { checkContextOf } from '../adversarial/adversarial-file.ts';
import { useRoom } from './room.ts';

const CUSTOM = checkContextOf({ context: 'customAny' });

const room = useRoom();

function doubled(levels: number): string {
  let query = 'SELECT page AS a FROM visits';
  for (let level = 0; level < levels; level += 1) query = `SELECT a || a AS a FROM (${query}) x`;
  return query;
}

function chained(levels: number): string {
  const steps = Array.from(
    { length: levels },
    (_, level) => `c${String(level + 1)} AS (SELECT concat_ws('-', a, a) AS a FROM c${String(level)})`,
  );
  return `WITH ${['c0 AS (SELECT page AS a FROM visits)', ...steps].join(', ')} SELECT count(a) AS n FROM c${String(levels)}`;
}

// A query that runs out of memory over one row tells that the row is there.
test.each([
  ['doubling in sub-queries', doubled(25)],
  ['doubling in WITH queries', chained(25)],
  [
    'many copies of a repeated constant',
    `SELECT length(concat(${Array<string>(100).fill('a').join(', ')})) AS n FROM (SELECT CASE WHEN page = 'x' THEN repeat('${'y'.repeat(2000)}', 100) END AS a FROM visits) z`,
  ],
  [
    'in a filter',
    `SELECT count(*) AS n FROM visits WHERE length(repeat(page, 100)) > 1 AND length(concat(${Array<string>(105).fill('repeat(page, 100)').join(', ')})) > 1`,
  ],
  ['in many outputs', `SELECT ${Array<string>(200).fill('repeat(page, 100)').join(', ')} FROM visits`],
])('R-9 %s does not take all memory: refused', async (_, sql) => {
  const verdict = await room.ask(sql, CUSTOM);
  expect(verdict.findings.map(({ message }) => message)).toEqual([
    'the texts that the query makes can become too long',
  ]);
});

test.each([
  doubled(8),
  chained(8),
  "SELECT concat(page, '-', page, '-', page) AS a, repeat('x', 100) AS b, replace(page, 'a', 'bcd') AS c FROM visits",
  `SELECT ${Array<string>(900).fill('page').join(', ')} FROM visits`,
])('R-9 what is not long runs: %#', async (sql) => {
  await room.read(await room.statementOf(sql, CUSTOM));
});
