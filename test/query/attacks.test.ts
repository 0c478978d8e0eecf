import type { CheckContext } from 'sealroom/query';
import { describe, expect, test } from 'vitest';
import { checkContextOf } from '../adversarial/adversarial-file.ts';
import { changed, personsOf, visitsWith } from './contexts.ts';
import { useRoom } from './room.ts';

// Each of these once got around a rule, by a form that came with Spark's SQL.
const room = useRoom();

/** The minimum of each row of an allowed query; `null` if rows have none. */
async function minimumOf(sql: string, context: CheckContext): Promise<number | null> {
  const verdict = await room.ask(sql, context);
  expect([sql, verdict.findings]).toEqual([sql, []]);
  const [threshold = null] = verdict.obligations.flatMap((each) => (each.kind === 'threshold' ? [each.minimum] : []));
  return threshold;
}

describe('constants that no query writes', () => {
  const none = visitsWith({
    ...personsOf({ minimumIdentityCount: 5, allowedAggregateExpressionType: 'ANY_EXPRESSION' }),
    comparisonControls: { allowedLiteralComparisonColumns: [], allowedColumnComparisonColumns: ['email_fingerprint'] },
  });

  test.each([
    'seconds / (seconds - seconds / seconds - seconds / seconds) IS NULL',
    'seconds / (seconds - seconds / seconds - seconds / seconds) IS NOT DISTINCT FROM NULL',
    'CAST(seconds AS TINYINT) IS NULL',
    'CAST(page AS INT) IS NOT NULL',
    'LN(seconds) IS NULL',
    'SQRT(seconds - seconds / seconds) IS NULL',
    'seconds % seconds IS NULL',
    'NVL2(LN(seconds), TRUE, FALSE)',
    'MAKE_DATE(seconds, seconds DIV seconds, seconds DIV seconds) IS NULL',
    'LAST_DAY(visit_date) IS NULL',
  ])('R-52 what is NULL for some values is a comparison with a constant: %s', async (condition) => {
    const sql = `SELECT COUNT(DISTINCT email_fingerprint) AS n FROM visits WHERE ${condition}`;
    expect(await room.codesOf(sql, none)).toEqual(['COMPARISON_NOT_ALLOWED']);
  });

  test.each([
    'SELECT COUNT(seconds / (seconds - seconds / seconds)) AS n FROM visits',
    'SELECT COUNT(x) AS n FROM (SELECT email_fingerprint, CAST(seconds AS TINYINT) AS x FROM visits) v',
    'SELECT k, COUNT(*) AS n FROM (SELECT email_fingerprint, COUNT(LN(seconds)) AS k FROM visits GROUP BY email_fingerprint) v GROUP BY k',
    'SELECT k, COUNT(*) AS n FROM (SELECT email_fingerprint, COUNT(LN(seconds)) OVER (PARTITION BY email_fingerprint) AS k FROM visits) v GROUP BY k',
  ])('R-52 and so is a count of it: %s', async (sql) => {
    expect(await room.codesOf(sql, none)).toEqual(['COMPARISON_NOT_ALLOWED']);
  });

  test('R-52 values that are NULL only where their columns are, are not compared', async () => {
    for (const condition of [
      'seconds IS NULL',
      'COALESCE(page, LOWER(page)) IS NOT NULL',
      'UPPER(CAST(seconds AS VARCHAR(9))) IS NOT NULL',
      'YEAR(visit_date) IS NOT NULL',
    ]) {
      const sql = `SELECT COUNT(DISTINCT email_fingerprint) AS n, COUNT(seconds) AS s FROM visits WHERE ${condition}`;
      expect([condition, await room.codesOf(sql, none)]).toEqual([condition, ['allowed']]);
    }
  });

  test('R-52 persons in cleartext are not told apart by what can be converted', async () => {
    const context = changed('customAny', (table) =>
      table === 'visits' ? personsOf({ identityColumns: ['page'] }) : {},
    );
    const sql = 'SELECT COUNT(DISTINCT page) AS n FROM visits WHERE CAST(page AS INT) IS NOT NULL';
    expect(await room.codesOf(sql, context)).toEqual(['COMPARISON_NOT_ALLOWED']);
  });
});

describe('columns with minimums of their own', () => {
  const own = (columnName: string, minimum: number): CheckContext =>
    visitsWith(
      personsOf({ outputColumnThresholds: [{ outputColumnName: columnName, minimumIdentityCount: minimum }] }),
    );
  const persons = (value: string): string =>
    `SELECT v, COUNT(DISTINCT p) AS n FROM (SELECT email_fingerprint AS p, ${value} AS v FROM visits GROUP BY email_fingerprint, page) GROUP BY v`;

  test.each([
    'page || CAST(COUNT(*) AS VARCHAR(9))',
    'page || CAST(SUM(1) AS VARCHAR(9))',
    "page || CASE WHEN COUNT(*) > 3 THEN 'a' ELSE 'b' END",
    'page || CAST(ROW_NUMBER() OVER (PARTITION BY email_fingerprint ORDER BY page) AS VARCHAR(9))',
  ])('R-54 an exempt column does not exempt a number of one person beside it: %s', async (value) => {
    expect(await minimumOf(persons(value), own('page', 0))).toBe(20);
    expect(await minimumOf(persons('page'), own('page', 0))).toBeNull();
    expect(await minimumOf(persons("'at ' || MAX(page)"), own('page', 0))).toBeNull();
  });

  test('R-54 a column has its minimum in a condition with a list, too', async () => {
    const inList = 'seconds IN (SELECT amount FROM orders)';
    const sql = `SELECT ${inList} AS b, COUNT(DISTINCT email_fingerprint) AS n FROM visits GROUP BY ${inList}`;
    expect(await minimumOf(sql, own('seconds', 100))).toBe(100);
    expect(await minimumOf(sql, own('seconds', 0))).toBe(20);
  });

  test('R-54 outputs that are made of others many times over are looked at once', async () => {
    const levels = Array.from({ length: 12 }, (_, index) => `a${String(index)}`);
    const inner = levels.reduce(
      (from, name) => `(SELECT p, x || x AS x FROM ${from} ${name})`,
      '(SELECT email_fingerprint AS p, page AS x FROM visits)',
    );
    expect(await minimumOf(`SELECT x, COUNT(DISTINCT p) AS n FROM ${inner} z GROUP BY x`, own('page', 0))).toBeNull();
  });
});

describe('constants in FROM', () => {
  test('R-60 one time that is written in two ways is one value, and counts no row twice', async () => {
    const context = visitsWith(personsOf());
    const sum = (times: readonly string[]): string =>
      `SELECT SUM(v.seconds) AS s FROM (SELECT email_fingerprint, seconds, CAST(visit_date AS TIMESTAMP) AS t FROM visits) v
       JOIN (VALUES ${times.map((time) => `(TIMESTAMP '${time}')`).join(', ')}) x(t) ON v.t = x.t`;
    const day = '2024-03-01 00:00:00';
    expect(await room.codesOf(sum([day]), context)).toEqual(['allowed']);
    expect(await room.codesOf(sum([day, '2024-03-02 00:00:00.000001']), context)).toEqual(['allowed']);
    for (const same of ['2024-03-01 00:00:00.0', '2024-03-01 00:00:00.000000', '2024-03-01', '2024-03-01T00:00']) {
      expect([same, await room.codesOf(sum([day, same]), context)]).toEqual([same, ['FAN_OUT']]);
    }
  });
});

test('R-35 QUALIFY sees rounded numbers, as HAVING does', async () => {
  const context = visitsWith({ ...personsOf(), 'x-round': { counts: 100, sums: 1000 } });
  const ask = async (qualify: string): Promise<readonly string[]> =>
    room.rowsOf(
      await room.statementOf(
        `SELECT page FROM visits WHERE seconds > 333 GROUP BY page QUALIFY ROW_NUMBER() OVER (ORDER BY page) > 0 AND ${qualify}`,
        context,
      ),
    );
  const pages = await room.rowsOf('SELECT DISTINCT page FROM visits');
  const [exact] = await room.rowsOf('SELECT count(*) FROM visits WHERE seconds > 333 GROUP BY page');
  expect(exact).not.toMatch(/00\]$/);
  expect(await ask('COUNT(*) % 100 = 0 AND SUM(seconds) % 1000 = 0')).toEqual(pages);
  expect(await ask('COUNT(*) % 100 <> 0')).toEqual([]);
  expect(await ask('RANK() OVER (PARTITION BY COUNT(*) % 100 = 0 ORDER BY page) = 1')).toEqual(pages.slice(0, 1));
});

describe('totals', () => {
  const free = changed('customAny', (table) => (table === 'orders' ? personsOf() : {}));

  test('R-61 of an own table without persons to count are those of plain SQL, and no error', async () => {
    const sql =
      'SELECT coupon, COUNT(*) AS n FROM (SELECT DISTINCT coupon, amount FROM orders) GROUP BY ROLLUP(coupon)';
    const rows = await room.rowsOf(await room.statementOf(sql, free));
    expect(rows).toEqual(await room.rowsOf(sql.replace('SELECT coupon, COUNT(*) AS n', 'SELECT coupon, COUNT(*)')));
    expect(rows).toHaveLength(3);
  });

  test('R-61 of SELECT DISTINCT are not shown beside equal parts', async () => {
    const sql =
      "SELECT DISTINCT COUNT(DISTINCT email_fingerprint) AS n FROM visits WHERE page = '/p/1' GROUP BY ROLLUP(page)";
    expect(await room.rowsOf(await room.statementOf(sql, visitsWith(personsOf())))).toEqual(['[30]']);
  });
});

describe('rounded counts', () => {
  const rounded = visitsWith({ ...personsOf(), 'x-round': { counts: 100 } });
  const J = 'FROM visits v JOIN orders o ON v.email_fingerprint = o.email_fingerprint';

  // Of a person with a thousand rows here, each would have counted a thousand times.
  test.each([
    `SELECT COUNT(o.amount) AS n ${J}`,
    `SELECT COUNT(o.email_fingerprint) AS n ${J}`,
    `SELECT COUNT(DISTINCT o.order_date) AS n ${J}`,
    `SELECT COUNT(DISTINCT x.d) AS n FROM (SELECT v.email_fingerprint, o.order_date AS d ${J}) x`,
    `SELECT SUM(x.k) AS n FROM (SELECT v.email_fingerprint, COUNT(o.amount) AS k ${J} GROUP BY v.email_fingerprint) x`,
    `SELECT AVG(x.k) AS n FROM (SELECT v.email_fingerprint, COUNT(DISTINCT o.amount) AS k ${J} GROUP BY v.email_fingerprint) x`,
    ...['COUNT(*)', 'SUM(1)', 'COUNT(amount)'].map(
      (count) =>
        `SELECT SUM(x.k) AS n FROM visits v JOIN (SELECT email_fingerprint, ${count} AS k FROM orders GROUP BY email_fingerprint) x ON v.email_fingerprint = x.email_fingerprint`,
    ),
  ])('R-53 numbers of own rows are not exact counts of others: %s', async (sql) => {
    const codes = await room.codesOf(sql, rounded);
    expect([sql, codes.some((code) => code === 'FOREIGN_MEASURE' || code === 'AGG_ARG')]).toEqual([sql, true]);
  });

  test('R-53 rows, columns of the owner, and persons that are the same are counted', async () => {
    for (const sql of [
      `SELECT COUNT(*) AS n, COUNT(v.seconds) AS s, COUNT(DISTINCT v.page) AS p ${J}`,
      `SELECT COUNT(DISTINCT o.email_fingerprint) AS n ${J}`,
      'SELECT COUNT(1) AS n FROM visits',
      'SELECT SUM(x.k) AS n FROM (SELECT email_fingerprint, COUNT(*) AS k FROM visits GROUP BY email_fingerprint) x',
      `SELECT COUNT(DISTINCT u.p) AS n FROM (SELECT email_fingerprint AS p FROM visits UNION ALL SELECT o.email_fingerprint ${J}) u`,
    ]) {
      expect([sql, await room.codesOf(sql, rounded)]).toEqual([sql, ['allowed']]);
    }
  });

  test('R-53 under an aggregation rule too', async () => {
    const join = 'FROM impressions i JOIN purchases p ON i.email_fingerprint = p.email_fingerprint';
    const context = changed('agg', (table) => (table === 'impressions' ? { 'x-round': { counts: 100 } } : {}));
    const own = `SELECT COUNT(p.quantity) AS n ${join}`;
    expect(await room.codesOf(own, checkContextOf({ context: 'agg' }))).toEqual(['allowed']);
    expect(await room.codesOf(own, context)).toEqual(['FOREIGN_MEASURE']);
    const persons = `SELECT COUNT(DISTINCT p.email_fingerprint) AS n, COUNT(i.clicks) AS c ${join}`;
    expect(await room.codesOf(persons, context)).toEqual(['allowed']);
  });
});
