import { describe, expect, test } from 'vitest';
import { checkContextOf, FILE } from '../adversarial/adversarial-file.ts';
import { changed, inDuckDb, withPolicies } from './contexts.ts';
import { CUSTOM_QUERIES } from './corpus.ts';
import { useRoom } from './room.ts';

const room = useRoom();

const CUSTOM = checkContextOf({ context: 'customAny' });
const DUCKDB = inDuckDb(CUSTOM);

// Without a threshold nothing is added that changes rows, so the SQL that runs gives what the text would have given.
test.each(CUSTOM_QUERIES)('the SQL that runs gives the rows of the text: %s', async (sql) => {
  const statement = await room.statementOf(sql, DUCKDB);
  expect(await room.rowsOf(statement)).toEqual(await room.rowsOf(sql));
});

const BY_REGION =
  'SELECT i.region, COUNT(DISTINCT i.email_fingerprint) AS n, SUM(i.spend) AS s, AVG(i.spend) AS a FROM impressions i JOIN purchases p ON i.email_fingerprint = p.email_fingerprint GROUP BY i.region';

describe('obligations in the rows', () => {
  test('R-35 rounds counts and sums, also where HAVING compares them', async () => {
    const context = changed('agg', () => ({ 'x-round': { counts: 10, sums: 0.1 } }));
    const exact = await room.rowsOf(await room.statementOf(BY_REGION, checkContextOf({ context: 'agg' })));
    const rounded = await room.rowsOf(await room.statementOf(BY_REGION, context));
    const round = (value: number, step: number): number => Math.round(value / step) * step;
    const expected = exact.map((row) => {
      const [region, n, s, a] = JSON.parse(row) as [string, number, number, number];
      return [region, round(n, 10), Number(round(s, 0.1).toFixed(1)), Number(round(a, 0.1).toFixed(1))];
    });
    expect(rounded.map((row) => JSON.parse(row) as unknown)).toEqual(expected);
    const having = `${BY_REGION} HAVING COUNT(DISTINCT i.email_fingerprint) > 30`;
    const kept = await room.rowsOf(await room.statementOf(having, context));
    expect(kept).toEqual(rounded.filter((row) => Number((JSON.parse(row) as unknown[])[1]) > 30));
  });

  test('R-36 sums up suppressed groups in one row, if it passes the thresholds itself', async () => {
    const context = changed('agg', () => ({ 'x-suppression': 'summary' }));
    const byMany = BY_REGION.replace('i.region, COUNT', 'i.region, i.impression_date, COUNT').replace(
      'GROUP BY i.region',
      'GROUP BY i.region, i.impression_date',
    );
    // The region AQ has four persons, so nothing may be said of it, alone or summed up.
    const alone = await room.rowsOf(await room.statementOf(BY_REGION, context));
    expect(alone).toHaveLength(3);
    const rows = await room.rowsOf(await room.statementOf(byMany, context));
    const all = await room.rowsOf(byMany);
    const shown = rows.filter((row) => !row.startsWith('[null,null'));
    const hidden = all
      .filter((row) => !shown.includes(row))
      .map((row) => JSON.parse(row) as [string, number, number, number]);
    expect(hidden.length).toBeGreaterThan(1);
    const summary = rows.filter((row) => row.startsWith('[null,null')).map((row) => JSON.parse(row) as unknown[]);
    expect(summary).toHaveLength(1);
    expect(summary[0]?.[3]).toBeCloseTo(
      hidden.reduce((sum, [, , , s]) => sum + s, 0),
      6,
    );
  });

  test('a custom rule with output constraints suppresses small groups of the last aggregate', async () => {
    const context = withPolicies('thresholds');
    const sql =
      'WITH v AS (SELECT email_fingerprint AS who, page FROM visits WHERE seconds > 500) SELECT page, count(*) AS n FROM v GROUP BY page';
    const ids =
      'SELECT page, count(*) AS n FROM visits WHERE seconds > 500 GROUP BY page HAVING count(DISTINCT email_fingerprint) >= 100';
    expect(await room.rowsOf(await room.statementOf(sql, context))).toEqual(await room.rowsOf(ids));
  });
});

test('R-36 a custom rule sums up suppressed groups too, without windows and groups', async () => {
  const constraint = { columnName: 'email_fingerprint', minimum: 20, type: 'COUNT_DISTINCT' };
  const context = changed('customAny', (table) =>
    table === 'visits' ? { 'x-outputConstraints': [constraint], 'x-suppression': 'summary' } : {},
  );
  const sql = `WITH v AS (SELECT * FROM visits) SELECT upper(page) AS p, seconds, rank() OVER (ORDER BY count(*)) AS r,
    count(*) AS n FROM v GROUP BY page, seconds QUALIFY count(*) > 0`;
  expect(await room.rowsOf(await room.statementOf(sql, context))).toEqual(['[null,null,null,900]']);
});

// Each would fail, or tell a value, if it ran as it is written.
test.each([
  'SELECT CAST(page AS INTEGER) AS x FROM visits',
  'SELECT sqrt(seconds - 500) AS x FROM visits',
  'SELECT ln(seconds - seconds) AS x FROM visits',
  'SELECT seconds * 2000000000 * 2000000000 * 2000000000 * 2000000000 * 2000000000 AS x FROM visits',
  'SELECT seconds % 0 AS x FROM visits',
  'SELECT abs(CAST(-9223372036854775808 AS BIGINT)) AS x FROM visits',
  'SELECT 99999999999999999999999999999999999999 + seconds AS x FROM visits',
])('nothing fails on a value: %s', async (sql) => {
  const statement = await room.statementOf(sql, CUSTOM);
  await expect(room.rowsOf(statement)).resolves.toBeDefined();
});

test('the fixture has a group under its threshold', async () => {
  const [row] = await room.rowsOf("SELECT count(DISTINCT email_fingerprint) FROM pub.impressions WHERE region = 'AQ'");
  expect(row).toBe('[4]');
  expect(FILE.cases.length).toBeGreaterThan(100);
});
