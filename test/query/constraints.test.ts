import type { CheckContext } from 'sealroom/query';
import { describe, expect, test } from 'vitest';
import { checkContextOf, FILE } from '../adversarial/adversarial-file.ts';
import { changed, personsOf, visitsWith, withPolicies } from './contexts.ts';
import { useRoom } from './room.ts';

// What custom rules ask of a query besides the thresholds themselves: `aggregationThresholds`, `comparisonControls`, `x-round`.
const room = useRoom();

const PERSONS = visitsWith(personsOf());
const OLDER = visitsWith({
  'x-outputConstraints': [{ columnName: 'email_fingerprint', minimum: 20, type: 'COUNT_DISTINCT' }],
});
const ANY = visitsWith(personsOf({ allowedAggregateExpressionType: 'ANY_EXPRESSION' }));
const ROUNDED = visitsWith({ ...personsOf(), 'x-round': { counts: 100 } });
const ROUNDED_ANY = visitsWith({
  ...personsOf({ allowedAggregateExpressionType: 'ANY_EXPRESSION' }),
  'x-round': { counts: 100 },
});

async function expectCodes(sql: string, context: CheckContext, ...codes: readonly string[]): Promise<void> {
  expect([sql, [...new Set(await room.codesOf(sql, context))]]).toEqual([sql, codes]);
}

/** The rows of an allowed query, numbers as numbers. */
async function answerOf(sql: string, context: CheckContext): Promise<readonly (readonly unknown[])[]> {
  const rows = (await room.read(await room.statementOf(sql, context))).getRowsJson();
  return rows.map((row) =>
    row.map((value) => (typeof value === 'string' && /^-?\d/.test(value) ? Number(value) : value)),
  );
}

/** `SELECT key, COUNT(DISTINCT email_fingerprint)` over a sub-query that computes the key. */
function byKey(key: string): string {
  return `SELECT k, COUNT(DISTINCT email_fingerprint) AS n FROM (SELECT email_fingerprint, ${key} AS k FROM visits) t GROUP BY k`;
}

/** Each takes a value of one person, or an exact count, into the rows of all others, as a key of groups. */
const MIXED = [
  byKey('MAX(CASE WHEN seconds = 699 THEN page END) OVER ()'),
  byKey('COUNT(*) OVER ()'),
  byKey('SUM(seconds) OVER ()'),
  byKey('FIRST_VALUE(page) OVER (ORDER BY seconds DESC)'),
  byKey('LAST_VALUE(page) OVER (PARTITION BY visit_date ORDER BY seconds)'),
  byKey('LAG(seconds) OVER (ORDER BY seconds)'),
  byKey('ROW_NUMBER() OVER (ORDER BY seconds)'),
  byKey('RANK() OVER (PARTITION BY page ORDER BY seconds)'),
  byKey('COUNT(*) OVER (PARTITION BY lower(page))'),
  byKey('COUNT(*) OVER (PARTITION BY page ORDER BY seconds ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)'),
  // Not the key, but which rows are left, depends on others.
  'SELECT page, COUNT(DISTINCT email_fingerprint) AS n FROM (SELECT email_fingerprint, page FROM visits QUALIFY ROW_NUMBER() OVER (ORDER BY seconds DESC) <= 20) t GROUP BY page',
  'SELECT page, COUNT(DISTINCT email_fingerprint) AS n FROM (SELECT email_fingerprint, page, seconds FROM visits ORDER BY seconds DESC LIMIT 20) t GROUP BY page',
  'SELECT page, COUNT(DISTINCT email_fingerprint) AS n FROM (SELECT email_fingerprint, page FROM visits OFFSET 20) t GROUP BY page',
  // By a WITH query, in two steps, over groups of persons, and behind a join.
  'WITH a AS (SELECT email_fingerprint, page FROM visits), b AS (SELECT email_fingerprint, COUNT(*) OVER (PARTITION BY page) AS k FROM a) SELECT k, COUNT(*) AS n FROM b GROUP BY k',
  'WITH a AS (SELECT email_fingerprint, SUM(seconds) AS s FROM visits GROUP BY email_fingerprint) SELECT k, COUNT(*) AS n FROM (SELECT email_fingerprint, MAX(s) OVER () AS k FROM a) t GROUP BY k',
  'WITH a AS (SELECT email_fingerprint, RANK() OVER (ORDER BY SUM(seconds)) AS k FROM visits GROUP BY email_fingerprint) SELECT k, COUNT(*) AS n FROM a GROUP BY k',
  'SELECT k, COUNT(*) AS n FROM (SELECT v.email_fingerprint, COUNT(*) OVER (PARTITION BY o.email_fingerprint) AS k FROM visits v LEFT JOIN orders o ON v.email_fingerprint = o.email_fingerprint) t GROUP BY k',
  'SELECT k, COUNT(*) AS n FROM (SELECT v.email_fingerprint, COUNT(*) OVER (PARTITION BY o.email_fingerprint) AS k FROM visits v FULL JOIN orders o ON v.email_fingerprint = o.email_fingerprint) t GROUP BY k',
  'SELECT k, COUNT(*) AS n FROM (SELECT v.email_fingerprint, COUNT(*) OVER (PARTITION BY o.email_fingerprint) AS k FROM visits v JOIN orders o ON v.page = o.coupon) t GROUP BY k',
  // Two persons in a row: one of them is not what the window is partitioned by.
  'SELECT k, COUNT(*) AS n FROM (SELECT a.email_fingerprint AS p, b.email_fingerprint AS q, MAX(b.seconds) OVER (PARTITION BY a.email_fingerprint) AS k FROM visits a JOIN visits b ON a.page = b.page) t GROUP BY k',
];

/** Aggregates over several persons cannot be keys either: the persons do not come out of such a sub-query. */
const LOST = [
  'SELECT k, COUNT(*) AS n FROM (SELECT page, COUNT(*) AS k FROM visits GROUP BY page) t GROUP BY k',
  'SELECT k, COUNT(DISTINCT v.email_fingerprint) AS n FROM visits v JOIN (SELECT page, MAX(seconds) AS k FROM visits GROUP BY page) t ON v.page = t.page GROUP BY k',
  'SELECT (SELECT COUNT(*) FROM visits) AS k, COUNT(DISTINCT email_fingerprint) AS n FROM visits GROUP BY k',
  'SELECT page, COUNT(*) AS n FROM visits WHERE seconds >= (SELECT MAX(seconds) FROM visits) GROUP BY page',
  'SELECT page, COUNT(DISTINCT email_fingerprint) AS n FROM visits WHERE seconds IN (SELECT MAX(seconds) FROM visits) GROUP BY page',
];

describe('what is computed before the last SELECT', () => {
  test.each(MIXED)('R-50 sees one person at a time: %s', async (sql) => {
    for (const context of [PERSONS, OLDER, ANY]) {
      expect([sql, await room.codesOf(sql, context)]).toEqual([sql, expect.arrayContaining(['PERSONS_MIXED'])]);
    }
    // Without a constraint the owner lets single rows out anyhow.
    await expectCodes(sql, visitsWith({}), 'allowed');
  });

  test.each(LOST)('R-33 keeps its persons: %s', async (sql) => {
    for (const context of [PERSONS, OLDER, ANY]) {
      expect(await room.codesOf(sql, context)).toContain('THRESHOLD_UNREACHABLE');
    }
  });

  test('R-50 windows and groups of a person run, in the shapes that reports have', async () => {
    for (const sql of [
      // How often, first touch, last touch.
      'WITH f AS (SELECT email_fingerprint, COUNT(*) AS n FROM visits GROUP BY email_fingerprint) SELECT n, COUNT(*) AS people FROM f GROUP BY n',
      "WITH f AS (SELECT email_fingerprint, COUNT(*) AS n FROM visits GROUP BY email_fingerprint) SELECT CASE WHEN n = 1 THEN '1' WHEN n BETWEEN 2 AND 5 THEN '2-5' ELSE '6+' END AS b, COUNT(email_fingerprint) AS people FROM f GROUP BY 1",
      'SELECT page, COUNT(DISTINCT email_fingerprint) AS n FROM (SELECT email_fingerprint, page FROM visits QUALIFY ROW_NUMBER() OVER (PARTITION BY email_fingerprint ORDER BY visit_date) = 1) t GROUP BY page',
      'WITH t AS (SELECT v.email_fingerprint, v.page, o.amount, ROW_NUMBER() OVER (PARTITION BY o.email_fingerprint, o.order_date ORDER BY v.visit_date DESC) AS rn FROM visits v JOIN orders o ON v.email_fingerprint = o.email_fingerprint AND v.visit_date <= o.order_date) SELECT page, SUM(amount) AS revenue FROM t WHERE rn = 1 GROUP BY page',
      // Per person, then over persons.
      'WITH t AS (SELECT email_fingerprint, page, COUNT(*) AS n, SUM(seconds) AS s FROM visits GROUP BY email_fingerprint, page) SELECT page, AVG(n) AS frequency, SUM(s) AS total, COUNT(*) AS people FROM t GROUP BY page',
      // Over what passes the threshold, and over tables without one.
      'SELECT page, COUNT(*) AS n, SUM(COUNT(*)) OVER (ORDER BY page) AS cumulated, RANK() OVER (ORDER BY COUNT(*) DESC) AS r FROM visits GROUP BY page',
      'SELECT v.page, COUNT(*) AS n FROM visits v JOIN (SELECT email_fingerprint, amount FROM orders ORDER BY amount DESC LIMIT 50) o ON v.email_fingerprint = o.email_fingerprint GROUP BY v.page',
      'SELECT o.r, COUNT(DISTINCT v.email_fingerprint) AS n FROM visits v JOIN (SELECT email_fingerprint, RANK() OVER (ORDER BY coupon) AS r FROM orders) o ON v.email_fingerprint = o.email_fingerprint GROUP BY o.r',
    ]) {
      await expectCodes(sql, PERSONS, 'allowed');
      await expectCodes(sql, OLDER, 'allowed');
    }
  });

  test.each([
    'SELECT k, COUNT(DISTINCT email_fingerprint) AS n FROM (SELECT v.email_fingerprint, RANK() OVER (PARTITION BY o.email_fingerprint ORDER BY v.seconds) AS k FROM orders o LEFT JOIN visits v ON v.email_fingerprint = o.email_fingerprint) t GROUP BY k',
    'SELECT k, COUNT(DISTINCT email_fingerprint) AS n FROM (SELECT v.email_fingerprint, RANK() OVER (PARTITION BY o.email_fingerprint ORDER BY v.seconds) AS k FROM visits v RIGHT JOIN orders o ON v.email_fingerprint = o.email_fingerprint) t GROUP BY k',
  ])('R-50 a partition by what determines the person, as an equality does, sees one person: %s', async (sql) => {
    // The key depends on a table of the asking member too, which the owner allows here.
    await expectCodes(sql, visitsWith({ ...personsOf(), 'x-maxGroups': 10 }), 'allowed');
    await expectCodes(sql, PERSONS, 'FAN_OUT');
  });

  test('R-50 a key of one person is shown where enough persons share it', async () => {
    const per = 'SELECT email_fingerprint, COUNT(*) AS n FROM visits GROUP BY email_fingerprint';
    const rows = await answerOf(`WITH f AS (${per}) SELECT n, COUNT(*) AS people FROM f GROUP BY n`, PERSONS);
    const all = (await room.read(`SELECT n, COUNT(*)::INTEGER FROM (${per}) f GROUP BY n ORDER BY n`)).getRowsJson();
    expect(rows).toEqual(all.filter(([, people]) => Number(people) >= 20).map((row) => row.map(Number)));
    expect(rows.length).toBeGreaterThan(0);
  });

  test('R-33 SELECT DISTINCT is grouped by what it shows', async () => {
    const sql = "SELECT DISTINCT page, month(visit_date) AS m, 'x' AS k FROM visits WHERE seconds > 400";
    const rows = await answerOf(sql, PERSONS);
    const kept = await room.read(
      "SELECT page, month(visit_date)::INTEGER AS m, 'x' AS k FROM visits WHERE seconds > 400 GROUP BY ALL HAVING count(DISTINCT email_fingerprint) >= 20 ORDER BY ALL",
    );
    expect(rows).toEqual(kept.getRowsJson());
    expect(rows.length).toBeGreaterThan(0);
    await expectCodes(
      'SELECT DISTINCT RANK() OVER (ORDER BY seconds) AS r FROM visits',
      PERSONS,
      'THRESHOLD_UNREACHABLE',
    );
  });
});

describe('arguments of aggregates', () => {
  const EXPRESSIONS = [
    "SELECT SUM(CASE WHEN page = '/p/1' THEN seconds END) AS s FROM visits",
    'SELECT SUM(seconds * 2) AS s FROM visits',
    'SELECT AVG(CAST(seconds AS DOUBLE)) AS s FROM visits',
    'SELECT COUNT(nullif(seconds, 699)) AS n FROM visits',
    'SELECT COUNT(DISTINCT lower(page)) AS n FROM visits',
    'SELECT page, COUNT(*) AS n FROM visits GROUP BY page HAVING SUM(seconds + 1) > 5',
    // The same, through sub-queries.
    'SELECT SUM(x) AS s FROM (SELECT email_fingerprint, CASE WHEN seconds = 699 THEN seconds END AS x FROM visits) t',
    'WITH a AS (SELECT email_fingerprint, seconds * 2 AS x FROM visits), b AS (SELECT * FROM a) SELECT SUM(x) AS s FROM b',
    'WITH a AS (SELECT email_fingerprint, SUM(CASE WHEN seconds = 699 THEN seconds END) AS x FROM visits GROUP BY email_fingerprint) SELECT SUM(x) AS s FROM a',
    'WITH a AS (SELECT email_fingerprint, MAX(seconds * 2) OVER (PARTITION BY email_fingerprint) AS x FROM visits) SELECT SUM(x) AS s FROM a',
    'WITH a AS (SELECT email_fingerprint, seconds % 2 AS x FROM visits GROUP BY email_fingerprint, seconds % 2) SELECT SUM(x) AS s FROM a',
    'SELECT SUM(v.seconds + o.amount) AS s FROM visits v JOIN orders o ON v.email_fingerprint = o.email_fingerprint',
  ];

  test.each(EXPRESSIONS)('R-51 are columns unless the owner says so: %s', async (sql) => {
    await expectCodes(sql, PERSONS, 'AGG_ARG');
    await expectCodes(sql, OLDER, 'AGG_ARG');
    await expectCodes(sql, ANY, 'allowed');
  });

  test('R-51 can be columns, constants, and values of own tables that were computed before', async () => {
    for (const sql of [
      'SELECT COUNT(*) AS a, COUNT(1) AS b, COUNT(DISTINCT page) AS c, SUM(seconds) AS d, AVG(DISTINCT seconds) AS e FROM visits',
      'SELECT SUM(o.x) AS s FROM visits v JOIN (SELECT email_fingerprint, amount * 2 AS x FROM orders) o ON v.email_fingerprint = o.email_fingerprint',
    ]) {
      await expectCodes(sql, PERSONS, 'allowed');
    }
  });

  test('R-51 the older name has an extension for it', async () => {
    const context = visitsWith({
      'x-outputConstraints': [{ columnName: 'email_fingerprint', minimum: 20, type: 'COUNT_DISTINCT' }],
      'x-allowedAggregateExpressionType': 'ANY_EXPRESSION',
    });
    await expectCodes('SELECT SUM(seconds * 2) AS s FROM visits', context, 'allowed');
  });
});

describe('comparisons', () => {
  const controls = (literal?: readonly string[], column?: readonly string[]): CheckContext =>
    visitsWith({
      comparisonControls: {
        ...(literal === undefined ? {} : { allowedLiteralComparisonColumns: literal }),
        ...(column === undefined ? {} : { allowedColumnComparisonColumns: column }),
      },
    });

  /** Each compares `seconds` with a constant. */
  const LITERAL = [
    'SELECT page FROM visits WHERE seconds = 699',
    'SELECT page FROM visits WHERE 699 <> seconds',
    'SELECT page FROM visits WHERE seconds IS NOT DISTINCT FROM 699',
    'SELECT page FROM visits WHERE seconds BETWEEN 698 AND 700',
    'SELECT page FROM visits WHERE seconds IN (1, 699)',
    "SELECT page FROM visits WHERE CAST(seconds AS VARCHAR) LIKE '69%'",
    "SELECT page FROM visits WHERE starts_with(CAST(seconds AS VARCHAR), '69')",
    'SELECT page FROM visits WHERE NOT (abs(seconds) + 1 > 700)',
    'SELECT SUM(CASE WHEN seconds > 698 THEN 1 ELSE 0 END) AS n FROM visits',
    'SELECT CASE seconds WHEN 699 THEN 1 END AS n FROM visits',
    'SELECT count(*) FILTER (WHERE seconds > 5) AS n FROM visits',
    'SELECT page, count(*) AS n FROM visits GROUP BY page HAVING max(seconds) = 699',
    'SELECT page FROM visits QUALIFY lag(seconds) OVER (ORDER BY page) = 699',
    'SELECT nullif(seconds, 699) AS x, page FROM visits',
    'SELECT greatest(seconds, 698) AS x FROM visits',
    'SELECT page FROM visits WHERE 1 / (seconds - 699) IS NULL',
    'SELECT page FROM visits WHERE seconds - 699 = 0 * seconds',
    'SELECT count(*) AS n FROM visits GROUP BY floor(seconds / 699)',
    'SELECT count(*) OVER (PARTITION BY seconds - 699) AS n FROM visits',
    'SELECT t.page FROM (SELECT page, seconds + 0 AS x FROM visits) t WHERE t.x = 699',
    'WITH a AS (SELECT page AS p, seconds AS x FROM visits), b AS (SELECT p, x AS y FROM a) SELECT p FROM b WHERE y > 698',
    'WITH a AS (SELECT page AS p, max(seconds) AS x FROM visits GROUP BY page) SELECT p FROM a WHERE x > 698',
    'SELECT v.page FROM visits v JOIN orders o ON v.email_fingerprint = o.email_fingerprint AND v.seconds > 698',
    'SELECT v.page FROM visits v JOIN (SELECT 699 AS k, coupon FROM orders) o ON v.seconds = o.k',
    'SELECT page FROM visits WHERE seconds = (SELECT count(*) FROM orders)',
    'SELECT page FROM visits WHERE seconds IN (SELECT count(*) FROM orders GROUP BY coupon)',
    'SELECT page FROM (SELECT page, seconds > 698 AS late FROM visits) t WHERE late',
    'SELECT page FROM (SELECT page, seconds FROM visits UNION ALL SELECT coupon, 1 FROM orders) t WHERE seconds > 698',
  ];

  test.each(LITERAL)('R-52 with constants are for listed columns: %s', async (sql) => {
    expect(await room.codesOf(sql, controls(['page']))).toContain('COMPARISON_NOT_ALLOWED');
    expect(await room.codesOf(sql, controls([]))).toContain('COMPARISON_NOT_ALLOWED');
    await expectCodes(sql, controls(['seconds', 'page']), 'allowed');
    await expectCodes(sql, controls(undefined, ['seconds', 'page', 'email_fingerprint']), 'allowed');
  });

  /** Each compares `seconds` with a column. */
  const COLUMN = [
    'SELECT v.page FROM visits v JOIN orders o ON v.email_fingerprint = o.email_fingerprint AND v.seconds < o.amount',
    'SELECT v.page FROM visits v JOIN orders o ON v.seconds = o.amount',
    'SELECT v.page FROM visits v JOIN orders o USING (email_fingerprint) WHERE v.seconds = o.amount',
    'SELECT page FROM visits WHERE seconds = length(page)',
    'SELECT page FROM visits WHERE seconds IN (SELECT amount FROM orders)',
    'SELECT page FROM visits WHERE seconds > (SELECT avg(amount) FROM orders)',
    'SELECT count(*) AS n FROM visits GROUP BY seconds',
    'SELECT s, count(*) AS n FROM (SELECT seconds AS s FROM visits) t GROUP BY s',
    'SELECT DISTINCT seconds FROM visits',
    'SELECT seconds FROM visits UNION SELECT 1 FROM orders',
    'SELECT seconds FROM visits EXCEPT SELECT 1 FROM orders',
    'SELECT rank() OVER (PARTITION BY seconds) AS r FROM visits',
    'SELECT rank() OVER (ORDER BY seconds) AS r FROM visits',
    'SELECT page FROM (SELECT page, seconds FROM visits ORDER BY seconds DESC LIMIT 1) t',
    'SELECT nullif(seconds, length(page)) AS x FROM visits',
    'SELECT CASE WHEN seconds = o.amount THEN 1 END AS x FROM visits v JOIN orders o USING (email_fingerprint)',
  ];

  test.each(COLUMN)('R-52 with columns are for listed columns: %s', async (sql) => {
    expect(await room.codesOf(sql, controls(undefined, ['email_fingerprint']))).toContain('COMPARISON_NOT_ALLOWED');
    expect(await room.codesOf(sql, controls(undefined, []))).toContain('COMPARISON_NOT_ALLOWED');
    await expectCodes(sql, controls(undefined, ['email_fingerprint', 'seconds', 'page']), 'allowed');
  });

  test('R-52 NULL, counts, constants on their own and labels are not comparisons', async () => {
    for (const sql of [
      'SELECT count(*) AS n FROM visits WHERE seconds IS NOT NULL AND page IS NULL',
      'SELECT count(DISTINCT seconds) AS n, sum(seconds) AS s, max(page) AS m FROM visits',
      "SELECT CASE WHEN seconds IS NULL THEN 'none' ELSE 'some' END AS k, count(*) AS n FROM visits GROUP BY 1",
      'SELECT substring(page, 1, 2) AS p, round(seconds, 1) AS r FROM visits',
      "SELECT o.coupon FROM orders o WHERE o.amount > 5 AND o.coupon <> 'x'",
    ]) {
      await expectCodes(sql, controls([], []), 'allowed');
    }
  });

  test('R-52 persons are compared with columns only, also without controls', async () => {
    const context = changed(
      'customAny',
      (table) => (table === 'visits' ? personsOf({ identityColumns: ['page'] }) : {}),
      { settings: { preserveNulls: true } },
    );
    for (const sql of [
      "SELECT COUNT(DISTINCT page) AS n FROM visits WHERE page = '/p/1'",
      "SELECT COUNT(DISTINCT page) AS n FROM visits WHERE page IN ('/p/1', '/p/2') OR seconds > 5",
      "SELECT COUNT(DISTINCT page) AS n FROM visits WHERE lower(page) LIKE '%1'",
      "SELECT COUNT(DISTINCT page) AS n FROM (SELECT page, upper(page) AS u FROM visits) t WHERE u <> 'X'",
      "SELECT page < '/p/5' AS half, COUNT(DISTINCT page) AS n FROM visits GROUP BY 1",
    ]) {
      await expectCodes(sql, context, 'COMPARISON_NOT_ALLOWED');
    }
    await expectCodes(
      'SELECT COUNT(DISTINCT page) AS n FROM visits v JOIN orders o ON v.page = o.coupon',
      context,
      'allowed',
    );
    await expectCodes(
      'SELECT visit_date, COUNT(DISTINCT page) AS n FROM visits GROUP BY 1 HAVING COUNT(DISTINCT page) > 25',
      context,
      'allowed',
    );
  });

  test('R-52 an aggregate that passed its threshold can be compared with what it likes', async () => {
    const strict = { comparisonControls: { allowedLiteralComparisonColumns: ['visit_date'] } };
    const sql = 'SELECT page, COUNT(*) AS n FROM visits GROUP BY page HAVING SUM(seconds) > 100 AND COUNT(*) > 5';
    await expectCodes(sql, visitsWith({ ...personsOf(), ...strict }), 'allowed');
    await expectCodes(sql, visitsWith(strict), 'COMPARISON_NOT_ALLOWED');
    const inner =
      'WITH t AS (SELECT email_fingerprint, SUM(seconds) AS s FROM visits GROUP BY email_fingerprint HAVING SUM(seconds) > 100) SELECT COUNT(*) AS n FROM t';
    await expectCodes(inner, visitsWith({ ...personsOf(), ...strict }), 'COMPARISON_NOT_ALLOWED');
  });

  test('R-52 templates are compared like any query, and their parameters are constants', async () => {
    const sql = FILE.templates['tmpl-reach']?.sql ?? '';
    const asked = (literal: readonly string[]): CheckContext => ({
      ...changed('customTemplates', (table) =>
        table === 'visits' ? { comparisonControls: { allowedLiteralComparisonColumns: literal } } : {},
      ),
      template: 'tmpl-reach',
      parameters: { since: '2024-03-05' },
    });
    expect(sql).toContain('v.visit_date >= $since');
    await expectCodes(sql, asked(['visit_date']), 'allowed');
    await expectCodes(sql, asked(['page']), 'COMPARISON_NOT_ALLOWED');
  });

  test('R-52 conditions that are true or false are compared with a constant', async () => {
    const context = controls([]);
    await expectCodes('SELECT page FROM visits WHERE CAST(page AS BOOLEAN)', context, 'COMPARISON_NOT_ALLOWED');
    await expectCodes(
      'SELECT CASE WHEN CAST(page AS BOOLEAN) THEN 1 END AS x FROM visits',
      context,
      'COMPARISON_NOT_ALLOWED',
    );
    await expectCodes(
      'SELECT page FROM visits WHERE NOT CAST(page AS BOOLEAN) OR seconds IS NULL',
      context,
      'COMPARISON_NOT_ALLOWED',
    );
  });
});

describe('minimums of columns', () => {
  const OWN = visitsWith(
    personsOf({
      minimumIdentityCount: 50,
      outputColumnThresholds: [
        { outputColumnName: 'page', minimumIdentityCount: 5 },
        { outputColumnName: 'visit_date', minimumIdentityCount: 0 },
      ],
    }),
  );

  test.each([
    ['page, COUNT(*) AS n', 'page', 5],
    ['page, COUNT(*) AS n, COUNT(DISTINCT seconds) AS d', 'page', 5],
    ['upper(page) AS p, COUNT(*) AS n', 'upper(page)', 5],
    ['visit_date, COUNT(*) AS n', 'visit_date', 0],
    ['page, visit_date, COUNT(*) AS n', 'page, visit_date', 5],
    ['page, seconds, COUNT(*) AS n', 'page, seconds', 50],
    // The name of an output is nothing: what it is made of counts.
    ['seconds AS page, COUNT(*) AS n', 'seconds', 50],
    ['page, SUM(seconds) AS visit_date', 'page', 50],
    ['page, COUNT(*) AS n', 'page HAVING SUM(seconds) > 0', 50],
    // A key that is not shown still says whose rows these are.
    ['page, COUNT(*) AS n', 'page, seconds', 50],
    ['COUNT(*) AS n, COUNT(DISTINCT email_fingerprint) AS p', null, 50],
    ["COUNT(*) AS n, 'x' AS k", null, 50],
    ['o.coupon, COUNT(*) AS n', 'o.coupon', 50],
  ] as const)('R-54 the highest of what a row shows counts: %s by %s', async (items, groups, minimum) => {
    const from = items.includes('o.') ? 'visits v JOIN orders o USING (email_fingerprint)' : 'visits';
    const sql = `SELECT ${items} FROM ${from}${groups === null ? '' : ` GROUP BY ${groups}`}`;
    const verdict = await room.ask(sql, OWN);
    const found = verdict.obligations.flatMap((each) => (each.kind === 'threshold' ? [each.minimum] : []));
    expect([verdict.allowed, found]).toEqual([true, minimum === 0 ? [] : [minimum]]);
  });

  test('R-54 a number of one person that was counted is not exempt', async () => {
    const sql =
      'WITH f AS (SELECT email_fingerprint, visit_date, COUNT(*) AS n FROM visits GROUP BY 1, 2) SELECT visit_date, n, COUNT(*) AS p FROM f GROUP BY 1, 2';
    expect(await room.statementOf(sql, OWN)).toContain('>= 50');
  });

  test('R-54 rows of the answer have the minimum of their columns', async () => {
    const seldom = "WHERE seconds > 400 AND page <> '/p/1'";
    const few = await answerOf(
      `SELECT page, COUNT(DISTINCT email_fingerprint) AS n FROM visits ${seldom} GROUP BY page`,
      OWN,
    );
    const all = await room.read(
      `SELECT page, COUNT(DISTINCT email_fingerprint)::INTEGER AS n FROM visits ${seldom} GROUP BY page HAVING n >= 5 ORDER BY page`,
    );
    expect(few).toEqual(all.getRowsJson());
  });
});

describe('what rounds counts', () => {
  const exactly = async (sql: string): Promise<number> =>
    Number((await room.read(`SELECT (${sql})::INTEGER`)).getRowsJson()[0]?.[0]);

  test('R-53 a sum of constants is a count, and an average of them a quotient of two', async () => {
    const exact = await exactly('SELECT COUNT(*) FROM visits');
    expect(exact % 7).not.toBe(0);
    const filtered = "WHERE seconds > 311 AND page <> '/p/2'";
    const n = await exactly(`SELECT COUNT(*) FROM visits ${filtered}`);
    expect(n % 100).not.toBe(0);
    const rounded = Math.round(n / 100) * 100;
    const sql = `SELECT COUNT(*) AS a, SUM(1) AS b, SUM(1000) AS c, SUM(-0.25) AS d, AVG(1) AS e FROM visits ${filtered}`;
    expect(await answerOf(sql, ROUNDED)).toEqual([[rounded, rounded, rounded * 1000, rounded / -4, 1]]);
    const flags = `SELECT SUM(CASE WHEN seconds > 500 THEN 1000 ELSE 0 END) AS s, AVG(CASE WHEN seconds > 500 THEN 1 ELSE 0 END) AS q FROM visits ${filtered}`;
    const late = Math.round((await exactly(`SELECT COUNT(*) FROM visits ${filtered} AND seconds > 500`)) / 100) * 100;
    const [[sum, quotient] = []] = await answerOf(flags, ROUNDED_ANY);
    expect([sum, Number(quotient).toFixed(9)]).toEqual([late * 1000, (late / rounded).toFixed(9)]);
  });

  test('R-53 what a sub-query counted is rounded as a count when it is summed, also by average', async () => {
    const per = 'SELECT email_fingerprint, page, COUNT(*) AS n FROM visits WHERE seconds > 311 GROUP BY 1, 2';
    const sql = `WITH t AS (${per}) SELECT page, SUM(n) AS visits, AVG(n) AS frequency, COUNT(*) AS people FROM t GROUP BY page`;
    const plain = await room.read(
      `WITH t AS (${per}) SELECT page, SUM(n)::INTEGER, COUNT(*)::INTEGER FROM t GROUP BY page HAVING COUNT(DISTINCT email_fingerprint) >= 20 ORDER BY page`,
    );
    const expected = plain.getRowsJson().map(([page, visits, people]) => {
      const [a, b] = [Math.round(Number(visits) / 10) * 10, Math.round(Number(people) / 10) * 10];
      return [page, a, a / b, b];
    });
    const context = visitsWith({ ...personsOf(), 'x-round': { counts: 10 } });
    expect(await answerOf(sql, context)).toEqual(expected);
  });

  test.each([
    'SELECT SUM(o.amount) AS s FROM visits v JOIN orders o ON v.email_fingerprint = o.email_fingerprint',
    'SELECT v.page, COUNT(*) AS n, AVG(o.amount) AS a FROM visits v LEFT JOIN orders o ON v.email_fingerprint = o.email_fingerprint GROUP BY 1',
    'SELECT COUNT(*) AS n FROM visits v JOIN orders o ON v.email_fingerprint = o.email_fingerprint HAVING SUM(DISTINCT o.amount) > 5',
    'WITH t AS (SELECT v.email_fingerprint, SUM(o.amount) AS a FROM visits v JOIN orders o ON v.email_fingerprint = o.email_fingerprint GROUP BY 1) SELECT SUM(a) AS s FROM t',
  ])('R-53 own values are not summed over a table that rounds counts: %s', async (sql) => {
    await expectCodes(sql, ROUNDED, 'FOREIGN_MEASURE');
    await expectCodes(sql, PERSONS, 'allowed');
  });

  test.each([
    'WITH t AS (SELECT email_fingerprint, 1000000 AS w FROM visits) SELECT SUM(w) AS s FROM t',
    'WITH t AS (SELECT email_fingerprint, SUM(1000000) AS w FROM visits GROUP BY 1) SELECT SUM(w) AS s FROM t',
    'WITH t AS (SELECT email_fingerprint, MAX(1000000) OVER (PARTITION BY email_fingerprint) AS w FROM visits) SELECT SUM(w) AS s FROM t',
    'SELECT SUM(seconds * 0 + 1000000) AS s FROM visits',
    'SELECT SUM(CASE WHEN seconds > 5 THEN seconds ELSE 1 END) AS s FROM visits',
    'SELECT AVG(round(seconds / 1000)) AS s FROM visits',
    'WITH t AS (SELECT email_fingerprint, CASE WHEN seconds > 5 THEN 1 ELSE 0 END AS w FROM visits) SELECT SUM(w) AS s FROM t',
  ])('R-53 other values that were made for it are not summed, whatever expressions are allowed: %s', async (sql) => {
    await expectCodes(sql, ROUNDED_ANY, 'AGG_ARG');
  });

  test('R-53 under an aggregation rule too: an own column of ones is no count beside a rounded one', async () => {
    const join = 'FROM impressions i JOIN purchases p ON i.email_fingerprint = p.email_fingerprint';
    const context = changed('agg', (table) => (table === 'impressions' ? { 'x-round': { counts: 100 } } : {}));
    const ones = `SELECT COUNT(DISTINCT i.email_fingerprint) AS n, SUM(p.quantity) AS ones ${join}`;
    await expectCodes(ones, checkContextOf({ context: 'agg' }), 'allowed');
    await expectCodes(ones, context, 'FOREIGN_MEASURE');
    await expectCodes(`SELECT AVG(p.amount) AS a ${join}`, context, 'FOREIGN_MEASURE');
    await expectCodes(`SELECT SUM(i.spend) AS s, COUNT(DISTINCT p.email_fingerprint) AS n ${join}`, context, 'allowed');
    // What the asking member's own table says of rounding is not in its own way.
    const own = changed('agg', (table) => (table === 'purchases' ? { 'x-round': { counts: 100 } } : {}));
    await expectCodes(`SELECT SUM(i.spend) AS s, SUM(p.amount) AS a ${join}`, own, 'allowed');
  });
});

test.each([
  "SELECT page FROM visits WHERE page RLIKE 'a'",
  "SELECT page FROM visits WHERE endswith(page, 'a')",
  "SELECT replace(page, '/home', '') AS p FROM visits",
  "SELECT instr(page, '/home') AS p FROM visits",
  "SELECT split_part(page, '/home', 2) AS p FROM visits",
  "SELECT translate(page, 'a', 'b') AS p FROM visits",
  "SELECT regexp_replace(page, '^/home$', '') AS p FROM visits",
  "SELECT regexp_extract(page, '^(/home)$', 1) AS p FROM visits",
  "SELECT decode(page, '/home', 1, 0) AS p FROM visits",
  'SELECT seconds <=> 5 AS p FROM visits',
])('R-52 what looks for a constant compares with it: %s', async (sql) => {
  expect(await room.codesOf(sql, withPolicies('compared'))).toContain('COMPARISON_NOT_ALLOWED');
});
