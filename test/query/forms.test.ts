import fc from 'fast-check';
import type { CheckContext } from 'sealroom/query';
import { describe, expect, test } from 'vitest';
import { runs } from '../support/runs.ts';
import { changed, personsOf, visitsWith, withPolicies } from './contexts.ts';
import { useRoom } from './room.ts';

const room = useRoom();
const CUSTOM = withPolicies('customAny');
const PERSONS = withPolicies('persons');

/** A query, and the plain SQL that says what its answer is. */
type Meaning = readonly [sql: string, same: string, context?: CheckContext];

/** A query, and the code that refuses it. */
type Refusal = readonly [sql: string, code: string, context?: CheckContext];

function means(cases: readonly Meaning[]): void {
  for (const [sql, same, context = CUSTOM] of cases) {
    test(`means what it says: ${sql}`, async () => {
      const statement = await room.statementOf(sql, context);
      expect(await room.rowsOf(statement)).toEqual(await room.rowsOf(same));
    });
  }
}

function refuses(cases: readonly Refusal[]): void {
  for (const [sql, code, context = CUSTOM] of cases) {
    test(`refuses with ${code}: ${sql}`, async () => {
      expect(await room.codesOf(sql, context)).toContain(code);
    });
  }
}

const ON = 'v.email_fingerprint = o.email_fingerprint';

describe('R-60 commas and CROSS JOIN are joined by WHERE', () => {
  means([
    [`SELECT COUNT(*) FROM visits v, orders o WHERE ${ON}`, `SELECT COUNT(*) FROM visits v JOIN orders o ON ${ON}`],
    [
      `SELECT COUNT(*) FROM visits v CROSS JOIN orders o WHERE o.amount > 20 AND ${ON}`,
      `SELECT COUNT(*) FROM visits v JOIN orders o ON ${ON} WHERE o.amount > 20`,
    ],
    [
      `SELECT COUNT(*) FROM visits v, visits w, orders o WHERE w.email_fingerprint = o.email_fingerprint AND ${ON}`,
      `SELECT COUNT(*) FROM visits v JOIN orders o ON ${ON} JOIN visits w ON w.email_fingerprint = o.email_fingerprint`,
    ],
    [
      `SELECT COUNT(*), COUNT(w.page) FROM visits v, orders o LEFT JOIN visits w ON w.email_fingerprint = o.email_fingerprint AND w.seconds < 9 WHERE ${ON}`,
      `SELECT COUNT(*), COUNT(w.page) FROM visits v JOIN (orders o LEFT JOIN visits w ON w.email_fingerprint = o.email_fingerprint AND w.seconds < 9) ON ${ON}`,
    ],
    [
      'WITH total AS (SELECT COUNT(*) AS n FROM visits) SELECT v.page, COUNT(*) * 1.0 / MAX(t.n) AS share FROM visits v CROSS JOIN total t GROUP BY v.page',
      'SELECT page, COUNT(*) * 1e0 / (SELECT COUNT(*) FROM visits) FROM visits GROUP BY page',
    ],
    [
      'SELECT COUNT(*) FROM visits v, (VALUES (7)) x(a) WHERE v.seconds > x.a',
      'SELECT COUNT(*) FROM visits WHERE seconds > 7',
    ],
    [
      'SELECT COUNT(*) FROM visits v NATURAL JOIN orders o',
      'SELECT COUNT(*) FROM visits v JOIN orders o USING (email_fingerprint)',
    ],
  ]);
  refuses([
    ['SELECT COUNT(*) FROM visits v, orders o', 'JOIN_TYPE'],
    ['SELECT COUNT(*) FROM visits v, orders o WHERE v.seconds > o.amount', 'JOIN_TYPE'],
    ['SELECT COUNT(*) FROM visits v, orders o WHERE v.page = o.coupon OR v.seconds = 1', 'JOIN_TYPE'],
    [
      `SELECT COUNT(*) FROM visits w LEFT JOIN (visits v CROSS JOIN orders o) ON w.page = v.page WHERE ${ON}`,
      'JOIN_TYPE',
    ],
    ['SELECT (SELECT COUNT(*) FROM visits v CROSS JOIN orders o) AS n, COUNT(*) FROM visits', 'JOIN_TYPE'],
    ['SELECT COUNT(*) FROM visits v CROSS JOIN (SELECT MAX(seconds) AS m FROM visits GROUP BY page) t', 'JOIN_TYPE'],
    [
      'SELECT COUNT(*) FROM visits v CROSS JOIN (SELECT MAX(seconds) AS m FROM visits HAVING COUNT(*) > 3) t',
      'JOIN_TYPE',
    ],
    ['SELECT COUNT(*) FROM visits v CROSS JOIN (SELECT MAX(seconds) AS m FROM visits LIMIT 0) t', 'JOIN_TYPE'],
    ['SELECT COUNT(*) FROM visits v CROSS JOIN (VALUES (1), (2)) t(a)', 'JOIN_TYPE'],
    ['SELECT COUNT(*) FROM (SELECT page FROM visits) v NATURAL JOIN (SELECT coupon FROM orders) o', 'JOIN_TYPE'],
    [
      'SELECT COUNT(*) FROM (SELECT ip_sealed FROM visits) v NATURAL JOIN (SELECT ip_sealed FROM visits) o',
      'SEALED_USE',
    ],
    [
      'SELECT COUNT(DISTINCT a.email_fingerprint) FROM visits a, (SELECT COUNT(*) AS n FROM visits) t',
      'THRESHOLD_UNREACHABLE',
      PERSONS,
    ],
    ['SELECT COUNT(DISTINCT i.email_fingerprint) FROM impressions i, purchases p', 'JOIN_TYPE', withPolicies('agg')],
    [
      'SELECT COUNT(DISTINCT i.email_fingerprint) FROM impressions i, purchases p WHERE i.email_fingerprint = p.email_fingerprint',
      'JOIN_TYPE',
      withPolicies('agg'),
    ],
    [
      'SELECT COUNT(DISTINCT i.email_fingerprint) FROM impressions i NATURAL JOIN purchases p',
      'JOIN_TYPE',
      withPolicies('agg'),
    ],
    [
      'SELECT DISTINCT s.segment FROM segments s, audience a WHERE s.email_fingerprint = a.email_fingerprint',
      'JOIN_TYPE',
      withPolicies('list'),
    ],
    [
      'SELECT COUNT(DISTINCT i.email_fingerprint) FROM impressions i, purchases p WHERE i.region = p.store_region',
      'JOIN_COLUMN',
      withPolicies('agg'),
    ],
  ]);
});

const MAPPED = (rows: string): string =>
  `SELECT m.label, COUNT(DISTINCT v.email_fingerprint) AS n FROM (VALUES ${rows}) AS m(page, label) JOIN visits v ON v.page = m.page GROUP BY m.label`;

describe('R-60 VALUES are constants with names', () => {
  means([
    [
      MAPPED("('/p/1', 'a'), ('/p/2', 'a')"),
      "SELECT 'a', COUNT(DISTINCT email_fingerprint) FROM visits WHERE page IN ('/p/1', '/p/2')",
    ],
    [
      MAPPED("('/p/1', 'a'), ('/p/2', 'a')"),
      "SELECT 'a', COUNT(DISTINCT email_fingerprint) FROM visits WHERE page IN ('/p/1', '/p/2')",
      PERSONS,
    ],
    [
      "WITH m(page, weight) AS (VALUES ('/p/1', 1), ('/p/2', 2.5)) SELECT SUM(m.weight) FROM m JOIN visits v ON v.page = m.page",
      "SELECT SUM(CASE page WHEN '/p/1' THEN 1 WHEN '/p/2' THEN 2.5 END) FROM visits",
    ],
    [
      "WITH m AS (VALUES ('/p/1', NULL)) SELECT m.col1, m.col2 FROM m JOIN visits v ON v.page = m.col1",
      "SELECT '/p/1', NULL FROM visits WHERE page = '/p/1'",
    ],
    [
      'SELECT t.p FROM (SELECT page, seconds FROM visits) AS t(p, s) WHERE t.s < 5',
      'SELECT page FROM visits WHERE seconds < 5',
    ],
    ['WITH x AS (SELECT page FROM visits) SELECT y.p FROM x AS y(p)', 'SELECT page FROM visits'],
  ]);
  refuses([
    // A label of the asking member that puts a person into several groups.
    [MAPPED("('/p/1', 'a'), ('/p/1', 'b')"), 'FAN_OUT', PERSONS],
    [
      "SELECT m.l, COUNT(DISTINCT v.email_fingerprint) FROM (SELECT '/p/1' AS p, 'a' AS l UNION ALL SELECT '/p/1', 'b') m JOIN visits v ON v.page = m.p GROUP BY m.l",
      'FAN_OUT',
      PERSONS,
    ],
    [
      "SELECT d.l, COUNT(DISTINCT d.email_fingerprint) FROM (SELECT v.email_fingerprint, m.l FROM (VALUES ('/p/1', 'a'), ('/p/1', 'b')) m(p, l) JOIN visits v ON v.page = m.p) d GROUP BY d.l",
      'FAN_OUT',
      PERSONS,
    ],
    [
      "SELECT v.page, SUM(v.seconds) FROM (VALUES ('/p/1'), ('/p/1')) m(p) JOIN visits v ON v.page = m.p GROUP BY v.page",
      'FAN_OUT',
      PERSONS,
    ],
    [
      "SELECT COUNT(DISTINCT v.email_fingerprint) FROM (VALUES ('x')) m(p) JOIN visits v ON v.email_fingerprint = m.p",
      'JOIN_KIND',
    ],
    [
      "SELECT COUNT(DISTINCT v.email_fingerprint) FROM (VALUES ('/p/1')) m(p) JOIN visits v ON v.page = m.p",
      'COMPARISON_NOT_ALLOWED',
      withPolicies('compared'),
    ],
    ["SELECT COUNT(*) FROM (VALUES ('/p/1'), (7)) m(p) JOIN visits v ON v.page = m.p", 'TYPE_MISMATCH'],
    ['SELECT COUNT(*) FROM (VALUES (upper(page))) m(p) JOIN visits v ON v.page = m.p', 'UNKNOWN_COLUMN'],
    ["SELECT COUNT(*) FROM (VALUES (upper('a'))) m(p) JOIN visits v ON v.page = m.p", 'ARGUMENT_NOT_LITERAL'],
    ['SELECT t.p FROM (SELECT page, seconds FROM visits) AS t(p)', 'COLUMN_ALIAS_LIST'],
    ['SELECT t.p FROM visits AS t(p)', 'COLUMN_ALIAS_LIST'],
    ['SELECT t.p FROM (SELECT income_band FROM visits) AS t(p)', 'OUTPUT_DISALLOWED'],
    ['SELECT 1 AS n FROM (VALUES (1)) t(a)', 'NO_TABLE'],
  ]);
});

describe('R-61 GROUPING SETS, ROLLUP and CUBE are the UNION ALL of their groupings', () => {
  means(
    [
      'page, visit_date, GROUPING(page) AS g, COUNT(*) AS n FROM visits GROUP BY ROLLUP (page, visit_date)',
      'page, GROUPING_ID(page, visit_date) AS g, SUM(seconds) AS s FROM visits GROUP BY CUBE (page, visit_date)',
      'page, visit_date, MAX(seconds) AS m FROM visits GROUP BY GROUPING SETS ((page), (visit_date), (visit_date))',
      'page FROM visits GROUP BY ROLLUP (page) HAVING GROUPING(page) = 1 OR COUNT(*) > 3',
      'upper(page) AS p, SUM(seconds) AS s, COUNT(page) AS n FROM visits WHERE seconds > 5 GROUP BY ROLLUP (upper(page))',
    ].map((sql): Meaning => [`SELECT ${sql}`, `SELECT ${sql}`]),
  );
  means([
    ['SELECT page, COUNT(*) AS n FROM visits WHERE seconds < 0 GROUP BY ROLLUP (page)', 'SELECT 1 WHERE false'],
    [
      'SELECT x.n FROM (SELECT page, COUNT(*) AS n FROM visits GROUP BY CUBE (page)) x WHERE x.page IS NULL',
      'SELECT COUNT(*) FROM visits',
    ],
    ['SELECT page, GROUPING(page) AS g FROM visits GROUP BY page', 'SELECT DISTINCT page, 0 FROM visits'],
  ]);
  const rounded = visitsWith({ ...personsOf(), 'x-round': { counts: 10 } });
  const sums = visitsWith({ ...personsOf(), 'x-suppression': 'summary' });
  refuses([
    ['SELECT email_fingerprint, COUNT(*) AS n FROM visits GROUP BY ROLLUP (email_fingerprint)', 'GROUPING_SETS'],
    ['SELECT income_band, COUNT(*) AS n FROM visits GROUP BY ROLLUP (income_band)', 'OUTPUT_DISALLOWED'],
    ['SELECT page, SUM(COUNT(*)) OVER () AS s FROM visits GROUP BY ROLLUP (page)', 'GROUPING_SETS'],
    ['SELECT page FROM visits WHERE GROUPING(page) = 1 GROUP BY ROLLUP (page)', 'GROUPING_SETS'],
    ['SELECT SUM(GROUPING(page)) AS s FROM visits GROUP BY ROLLUP (page)', 'GROUPING_SETS'],
    ['SELECT GROUPING(page) AS g, COUNT(*) AS n FROM visits', 'GROUPING_SETS'],
    ['SELECT GROUPING(seconds) AS g FROM visits GROUP BY ROLLUP (page)', 'NOT_GROUPED'],
    [
      'SELECT COUNT(*) FROM visits GROUP BY CUBE (page, visit_date, seconds, page || 1, page || 2, page || 3, page || 4)',
      'TOO_LARGE',
    ],
    ['SELECT page, COUNT(*) AS n FROM visits GROUP BY GROUPING SETS ((page), (visit_date))', 'GROUPING_SETS', PERSONS],
    ['SELECT page, COUNT(*) AS n FROM visits GROUP BY ROLLUP (page)', 'GROUPING_SETS', rounded],
    ['SELECT page, COUNT(*) AS n FROM visits GROUP BY ROLLUP (page)', 'GROUPING_SETS', sums],
  ]);
});

function valuesOf(row: string): readonly unknown[] {
  const values: unknown = JSON.parse(row);
  return Array.isArray(values) ? values : [];
}

const KEYS = ['page', 'seconds % 3', 'visit_date', 'income_band', 'seconds % 2'] as const;

const cube = fc.record({
  keys: fc.uniqueArray(fc.constantFrom(...KEYS), { minLength: 1, maxLength: 3 }),
  kind: fc.constantFrom('ROLLUP', 'CUBE'),
  minimum: fc.integer({ min: 2, max: 40 }),
  measure: fc.constantFrom('COUNT(*)', 'SUM(seconds)', 'COUNT(DISTINCT email_fingerprint)', 'AVG(seconds)'),
  least: fc.integer({ min: 0, max: 690 }),
});

test('R-61 under thresholds, no row depends on persons of groups that are left out, and the finest rows are those of one grouping', async () => {
  await fc.assert(
    fc.asyncProperty(cube, async ({ keys, kind, minimum, measure, least }) => {
      const context = visitsWith({ ...personsOf({ minimumIdentityCount: minimum }), disallowedOutputColumns: [] });
      const outputs = keys.map((key, index) => `${key} AS k${String(index)}`).join(', ');
      const list = keys.join(', ');
      const where = `WHERE seconds >= ${String(least)}`;
      const statement = await room.statementOf(
        `SELECT ${outputs}, GROUPING(${list}) AS g, ${measure} AS m FROM visits ${where} GROUP BY ${kind} (${list})`,
        context,
      );
      const groups = `FROM visits ${where} GROUP BY ${list} HAVING COUNT(DISTINCT email_fingerprint) >= ${String(minimum)}`;
      const shown = `(SELECT ${outputs} ${groups})`;
      const same = keys.map((key, index) => `(${key}) IS NOT DISTINCT FROM s.k${String(index)}`).join(' AND ');
      // What the answer would be if nobody were in the groups that are left out.
      const less = `(SELECT v.* FROM visits v WHERE EXISTS (SELECT 1 FROM ${shown} s WHERE ${same}))`;
      const answer = await room.rowsOf(statement);
      expect(await room.rowsOf(statement.replaceAll('"pub"."visits"', less))).toEqual(answer);
      const plain = await room.rowsOf(`SELECT ${outputs}, 0 AS g, ${measure} AS m ${groups}`);
      expect(answer.filter((row) => valuesOf(row).at(-2) === 0)).toEqual(plain);
      const persons = await room.rowsOf(
        `SELECT COUNT(DISTINCT email_fingerprint) FROM ${less} WHERE seconds >= ${String(least)}`,
      );
      expect(answer.length > 0).toBe(plain.length > 0 && Number(valuesOf(persons[0] ?? '[0]')[0]) >= minimum);
    }),
    { seed: 20260131, numRuns: runs(12) },
  );
});

describe('R-62 aggregates by their other names', () => {
  means([
    [
      'SELECT APPROX_COUNT_DISTINCT(email_fingerprint) AS n FROM visits',
      'SELECT COUNT(DISTINCT email_fingerprint) FROM visits',
    ],
    ['SELECT COUNT_IF(seconds > 5) AS n FROM visits', 'SELECT COUNT(*) FROM visits WHERE seconds > 5'],
    [
      'SELECT page, BOOL_AND(seconds > 1) AS a, EVERY(seconds > 0) AS e, BOOL_OR(seconds > 690) AS o FROM visits GROUP BY page',
      'SELECT page, bool_and(seconds > 1), bool_and(seconds > 0), bool_or(seconds > 690) FROM visits GROUP BY page',
    ],
    [
      'SELECT ANY_VALUE(page) AS a, FIRST(page, true) AS f, LAST(page) AS l FROM visits',
      'SELECT MIN(page), MIN(page), MAX(page) FROM visits',
    ],
    [
      'SELECT MAX_BY(page, seconds) AS a, MIN_BY(page, seconds) AS b FROM visits',
      'SELECT (SELECT page FROM visits ORDER BY seconds DESC, page LIMIT 1), (SELECT page FROM visits ORDER BY seconds, page LIMIT 1)',
    ],
    [
      'SELECT PERCENTILE(seconds, 0.3) AS a, PERCENTILE_CONT(0.3) WITHIN GROUP (ORDER BY seconds DESC) AS b, PERCENTILE_DISC(0.3) WITHIN GROUP (ORDER BY seconds) AS c, PERCENTILE_APPROX(seconds, 0.3, 100) AS d, PERCENTILE_DISC(0) WITHIN GROUP (ORDER BY seconds DESC) AS e FROM visits',
      'SELECT quantile_cont(seconds, 0.3), quantile_cont(seconds, 0.7), quantile_disc(seconds, 0.3), quantile_disc(seconds, 0.3), MAX(seconds) FROM visits',
    ],
    [
      "SELECT visit_date, STRING_AGG(page, '>' ORDER BY seconds DESC) AS p FROM visits GROUP BY visit_date",
      "SELECT visit_date, string_agg(page, '>' ORDER BY seconds DESC, page) FROM visits GROUP BY visit_date",
    ],
    [
      "SELECT ARRAY_JOIN(COLLECT_LIST(page), '-') AS a, CONCAT_WS('-', COLLECT_SET(page)) AS b, ARRAY_JOIN(SORT_ARRAY(COLLECT_SET(page), false), '-') AS c FROM visits",
      "SELECT string_agg(page, '-' ORDER BY page), string_agg(DISTINCT page, '-' ORDER BY page), string_agg(DISTINCT page, '-' ORDER BY page DESC) FROM visits",
    ],
    [
      "SELECT ARRAY_JOIN(COLLECT_LIST(page), '-') AS a, STRING_AGG(page, '-') AS b FROM visits WHERE seconds < 0",
      "SELECT '', NULL",
    ],
    [
      "WITH p AS (SELECT email_fingerprint, STRING_AGG(page, '>' ORDER BY visit_date) AS path FROM visits GROUP BY email_fingerprint) SELECT path, COUNT(*) AS n FROM p GROUP BY path",
      "WITH p AS (SELECT email_fingerprint, string_agg(page, '>' ORDER BY visit_date, page) AS path FROM visits GROUP BY email_fingerprint) SELECT path, COUNT(*) FROM p GROUP BY path",
      visitsWith({}),
    ],
    [
      'SELECT SUM(DISTINCT seconds) AS s, AVG(DISTINCT seconds) AS a FROM visits',
      'SELECT SUM(DISTINCT seconds), AVG(DISTINCT seconds) FROM visits',
    ],
    [
      'SELECT t.tile, COUNT(*) AS n FROM (SELECT NTILE(7) OVER (ORDER BY seconds) AS tile FROM visits) t GROUP BY t.tile',
      'SELECT tile, COUNT(*) FROM (SELECT ntile(7) OVER (ORDER BY seconds) AS tile FROM visits) GROUP BY tile',
    ],
    [
      "SELECT s, LAG(s, 1, -1) OVER (ORDER BY s) AS a, LEAD(d, 1, '2024-01-01') OVER (ORDER BY s) AS b FROM (SELECT seconds AS s, MIN(visit_date) AS d FROM visits GROUP BY seconds) t",
      "SELECT s, lag(s, 1, -1) OVER (ORDER BY s), lead(d, 1, DATE '2024-01-01') OVER (ORDER BY s) FROM (SELECT seconds AS s, MIN(visit_date) AS d FROM visits GROUP BY seconds)",
    ],
    ['SELECT COUNT(*) AS n FROM visits HAVING COUNT(*) > 5', 'SELECT COUNT(*) FROM visits'],
    ['SELECT DISTINCT page FROM visits LIMIT ALL', 'SELECT DISTINCT page FROM visits'],
  ]);
  const rounds = changed('customAny', (table) =>
    table === 'visits' ? { ...personsOf(), 'x-round': { counts: 10 } } : {},
  );
  refuses([
    ['SELECT PERCENTILE(seconds, 1.5) AS p FROM visits', 'LITERAL_RANGE'],
    ['SELECT PERCENTILE(seconds, seconds) AS p FROM visits', 'ARGUMENT_NOT_LITERAL'],
    ['SELECT PERCENTILE(page, 0.5) AS p FROM visits', 'TYPE_MISMATCH'],
    ['SELECT STRING_AGG(page, income_band) AS p FROM visits', 'ARGUMENT_NOT_LITERAL'],
    ["SELECT STRING_AGG(income_band, '>') AS p FROM visits", 'OUTPUT_DISALLOWED'],
    ["SELECT STRING_AGG(page, '>' ORDER BY income_band) AS p FROM visits", 'OUTPUT_DISALLOWED'],
    ['SELECT MAX_BY(page, income_band) AS p FROM visits', 'OUTPUT_DISALLOWED'],
    ["SELECT STRING_AGG(email_fingerprint, '>') AS p FROM visits", 'FINGERPRINT_USE'],
    ['SELECT ANY_VALUE(email_fingerprint) AS p FROM visits', 'FINGERPRINT_USE'],
    ["SELECT STRING_AGG(DISTINCT page, '>' ORDER BY seconds) AS p FROM visits", 'AGG_ORDER_BY'],
    ['SELECT COLLECT_LIST(page) AS p FROM visits', 'AGG_FUNCTION'],
    ['SELECT MAX_BY(page) AS p FROM visits', 'AGG_ARG'],
    ['SELECT FIRST_VALUE(page) AS p, NTILE(0) OVER (ORDER BY page) AS n FROM visits', 'UNSUPPORTED_NODE'],
    ['SELECT LAG(page, 1, income_band) OVER (ORDER BY page) AS p FROM visits', 'ARGUMENT_NOT_LITERAL'],
    [
      "WITH p AS (SELECT email_fingerprint, STRING_AGG(page, '>') AS path FROM visits GROUP BY email_fingerprint) SELECT path, COUNT(*) AS n FROM p GROUP BY path",
      'AGG_FUNCTION',
      PERSONS,
    ],
    [
      'WITH p AS (SELECT email_fingerprint, MAX_BY(page, seconds) AS x FROM visits GROUP BY email_fingerprint) SELECT x, COUNT(*) AS n FROM p GROUP BY x',
      'AGG_FUNCTION',
      PERSONS,
    ],
    ['SELECT PERCENTILE(seconds, 0.5) AS p, COUNT(*) AS n FROM visits', 'THRESHOLD_UNREACHABLE', PERSONS],
    [
      'SELECT t, COUNT(*) AS n FROM (SELECT email_fingerprint, NTILE(3) OVER (ORDER BY seconds) AS t FROM visits) x GROUP BY t',
      'PERSONS_MIXED',
      PERSONS,
    ],
    [
      "SELECT COUNT_IF(page = '/p/1') AS n FROM visits",
      'AGG_ARG',
      visitsWith(personsOf({ allowedAggregateExpressionType: 'COLUMNS_ONLY' })),
    ],
    [
      "WITH p AS (SELECT page, STRING_AGG(CAST(seconds AS VARCHAR), '>') AS path FROM visits GROUP BY page) SELECT COUNT(*) AS n FROM p",
      'AGG_FUNCTION',
      rounds,
    ],
    [
      'SELECT i.campaign, COUNT_IF(i.clicks > 3) AS n FROM impressions i JOIN purchases p ON i.email_fingerprint = p.email_fingerprint GROUP BY i.campaign',
      'AGG_ARG',
      withPolicies('agg'),
    ],
  ]);

  test('R-62 the same approximate count under an aggregation rule is the exact one', async () => {
    const count = (name: string): string =>
      `SELECT ${name} AS n FROM impressions i JOIN purchases p ON i.email_fingerprint = p.email_fingerprint`;
    const statement = await room.statementOf(count('APPROX_COUNT_DISTINCT(i.email_fingerprint)'), withPolicies('agg'));
    expect(statement).toBe(await room.statementOf(count('COUNT(DISTINCT i.email_fingerprint)'), withPolicies('agg')));
  });

  test('R-37 a LIMIT in a sub-query keeps the same rows each time, also where its order leaves a choice', async () => {
    const sql =
      'SELECT COUNT(*) AS n FROM (SELECT page, seconds % 7 AS s, visit_date FROM visits ORDER BY s LIMIT 10) t';
    expect(await room.statementOf(sql, CUSTOM)).toContain(
      'ORDER BY 2 ASC NULLS FIRST, 1 ASC NULLS LAST, 3 ASC NULLS LAST',
    );
  });
});
