import { FINDINGS, type FindingCode } from 'sealroom/query';
import { expect, test } from 'vitest';
import { checkContextOf } from '../adversarial/adversarial-file.ts';
import { useRoom } from './room.ts';
import { withPolicies } from './contexts.ts';

const room = useRoom();

const J = 'FROM impressions i JOIN purchases p ON i.email_fingerprint = p.email_fingerprint';
const L = 'FROM segments s JOIN audience a ON s.email_fingerprint = a.email_fingerprint';

/** Each code with queries that provoke it, and the part of the text that is marked. */
const PROVOKED: readonly (readonly [code: FindingCode, context: string, sql: string, marked: string])[] = [
  ['PARSE_ERROR', 'agg', 'SELECT foo( FROM', 'FROM'],
  ['PARSE_ERROR', 'agg', '', ''],
  ['PARSE_ERROR', 'agg', 'SELECT 1\0', '\0'],
  ['TOO_LARGE', 'customAny', `SELECT ${'1+'.repeat(9000)}1 AS n FROM visits`, ''],
  ['TOO_LARGE', 'customAny', `SELECT ${'NOT '.repeat(400)}true AS n FROM visits`, ''],
  ['TOO_LARGE', 'customAny', `SELECT ${'(SELECT '.repeat(900)}1${')'.repeat(900)} AS n FROM visits`, ''],
  ['TOO_LARGE', 'customAny', `${'SELECT page FROM ('.repeat(500)}SELECT page FROM visits${') z'.repeat(500)}`, ''],
  ['TOO_LARGE', 'customAny', `SELECT page FROM visits${' JOIN orders USING (email_fingerprint)'.repeat(400)}`, ''],
  ['TOO_LARGE', 'customAny', `SELECT page FROM visits WHERE seconds IN (${'1,'.repeat(1000)}1)`, 'IN'],
  ['TOO_LARGE', 'customAny', ' '.repeat(20_001), ' '.repeat(20_001)],
  ['MULTI_STATEMENT', 'agg', 'SELECT 1; SELECT 2', 'SELECT 1; SELECT 2'],
  ['NOT_SELECT', 'agg', 'DELETE FROM impressions', 'DELETE FROM impressions'],
  ['UNSUPPORTED_NODE', 'customAny', 'SELECT page COLLATE nocase FROM visits', ''],
  ['PARSE_ERROR', 'customAny', 'SELECT #1 FROM visits', '#'],
  ['UNSUPPORTED_NODE', 'customAny', 'SELECT CAST(page AS BLOB) FROM visits', 'CAST'],
  [
    'UNSUPPORTED_NODE',
    'customAny',
    'SELECT sum(seconds) OVER (ORDER BY seconds RANGE BETWEEN 1 PRECEDING AND CURRENT ROW) FROM visits',
    'sum',
  ],
  ['NO_TABLE', 'customAny', 'SELECT 1 AS one', '1'],
  ['UNKNOWN_TABLE', 'customAny', 'SELECT page FROM brand.visits', 'brand.visits'],
  ['UNKNOWN_TABLE', 'customAny', 'SELECT page FROM room.pub.visits', 'room.pub.visits'],
  ['NO_RULE', 'agg', 'SELECT country FROM raw_users', 'raw_users'],
  [
    'RULE_TYPE_MIX',
    'mixed',
    'SELECT COUNT(DISTINCT i.email_fingerprint) AS n FROM impressions i JOIN audience a USING (email_fingerprint)',
    'COUNT',
  ],
  ['TABLE_FUNCTION', 'customAny', 'SELECT * FROM range(5)', 'range'],
  ['SUBQUERY', 'agg', 'SELECT SUM(s) AS s FROM (SELECT spend AS s FROM impressions) z', ''],
  [
    'SUBQUERY',
    'customAny',
    'SELECT page FROM visits v WHERE seconds > (SELECT avg(amount) FROM orders WHERE amount > v.seconds)',
    'v.seconds',
  ],
  ['SUBQUERY', 'customAny', 'SELECT page FROM visits WHERE EXISTS (SELECT 1 FROM orders)', 'EXISTS'],
  ['SUBQUERY_MULTIROW', 'customAny', 'SELECT page FROM visits WHERE seconds = (SELECT seconds FROM visits)', '('],
  ['CTE', 'agg', 'WITH x AS (SELECT region FROM impressions) SELECT region FROM x', 'region'],
  [
    'CTE_RECURSIVE',
    'customAny',
    'WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT n FROM r',
    '',
  ],
  ['CTE_SHADOWS_TABLE', 'customAny', 'WITH visits AS (SELECT coupon FROM orders) SELECT coupon FROM visits', 'coupon'],
  ['SETOP', 'agg', `SELECT SUM(i.spend) AS s ${J} UNION SELECT SUM(i.clicks) AS s ${J}`, ''],
  [
    'SETOP_KIND',
    'customAny',
    'SELECT page FROM visits UNION SELECT amount FROM orders',
    'page FROM visits UNION SELECT amount',
  ],
  [
    'SETOP_KIND',
    'customAny',
    'SELECT page FROM visits UNION SELECT coupon, amount FROM orders',
    'page FROM visits UNION SELECT coupon, amount',
  ],
  ['SETOP_KIND', 'customAny', 'SELECT page FROM visits UNION BY NAME SELECT coupon AS page FROM orders', ''],
  ['WINDOW', 'agg', `SELECT i.region, SUM(i.spend) AS s, rank() OVER () AS r ${J} GROUP BY i.region`, 'rank'],
  ['STAR', 'customAny', 'SELECT * EXCLUDE (page) FROM visits', '*'],
  ['STAR', 'agg', `SELECT i.* ${J}`, 'i.*'],
  ['SAMPLE', 'customAny', 'SELECT page FROM visits USING SAMPLE 5', ''],
  ['AT_CLAUSE', 'customAny', 'SELECT page FROM visits AT (VERSION => 1)', 'visits'],
  ['COLUMN_ALIAS_LIST', 'customAny', 'SELECT a FROM visits AS v(a, b)', 'visits'],
  ['COLUMN_ALIAS_LIST', 'customAny', 'WITH x(a, b) AS (SELECT page FROM visits) SELECT a FROM x', ''],
  ['UNKNOWN_COLUMN', 'customAny', 'SELECT pages FROM visits', 'pages'],
  ['UNKNOWN_COLUMN', 'customAny', 'SELECT w.page FROM visits v', 'w.page'],
  ['UNKNOWN_COLUMN', 'customAny', 'SELECT seconds AS q FROM visits WHERE q > 3', 'q'],
  [
    'AMBIGUOUS_COLUMN',
    'customAny',
    'SELECT count(email_fingerprint) AS n FROM visits v JOIN orders o ON v.email_fingerprint = o.email_fingerprint',
    'email_fingerprint',
  ],
  [
    'AMBIGUOUS_COLUMN',
    'customAny',
    'SELECT v.page FROM visits v JOIN orders v ON v.email_fingerprint = v.email_fingerprint',
    'JOIN',
  ],
  ['ALIAS_SHADOWS_COLUMN', 'agg', `SELECT SUM(i.spend) AS region ${J} WHERE region = 'EU'`, 'region'],
  ['ROW_REF', 'customAny', 'SELECT visits FROM visits', 'visits'],
  ['ROWID', 'customAny', 'SELECT rowid FROM visits', 'rowid'],
  ['STRUCT_ACCESS', 'customAny', "SELECT page['x'] AS x FROM visits", ''],
  ['STRUCT_ACCESS', 'customAny', 'SELECT page.x FROM visits', 'page.x'],
  ['ORDINAL_RANGE', 'customAny', 'SELECT page FROM visits ORDER BY 2', '2'],
  ['ORDINAL_RANGE', 'customAny', 'SELECT page FROM visits GROUP BY 2', '2'],
  ['JOIN_TYPE', 'list', `SELECT DISTINCT s.segment ${L.replace('JOIN', 'LEFT JOIN')}`, 'LEFT'],
  ['JOIN_TYPE', 'customAny', 'SELECT v.page FROM visits v, orders o', ''],
  ['JOIN_CONDITION', 'customAny', 'SELECT v.page FROM visits v JOIN orders o ON v.seconds < o.amount', '<'],
  [
    'JOIN_COLUMN',
    'list',
    'SELECT DISTINCT s.segment FROM segments s JOIN audience a ON s.segment = a.tier',
    's.segment',
  ],
  [
    'JOIN_OPERATOR',
    'agg',
    'SELECT SUM(i.spend) AS s FROM impressions i JOIN purchases p ON i.email_fingerprint = p.email_fingerprint OR p.email_fingerprint = i.email_fingerprint',
    'OR',
  ],
  [
    'JOIN_NAMES',
    'list',
    'SELECT DISTINCT s.segment FROM segments s JOIN audience a ON s.household_fingerprint = a.email_fingerprint',
    's.household_fingerprint',
  ],
  [
    'JOIN_KIND',
    'customAny',
    'SELECT v.page FROM visits v JOIN orders o ON v.email_fingerprint = o.coupon',
    'v.email_fingerprint',
  ],
  ['JOIN_REQUIRED', 'list', 'SELECT DISTINCT tier FROM audience', 'audience'],
  [
    'SELF_JOIN',
    'list',
    `SELECT DISTINCT s.segment ${L} JOIN segments t ON t.email_fingerprint = a.email_fingerprint`,
    'segments',
  ],
  ['COLUMN_NOT_ALLOWED', 'list', `SELECT DISTINCT s.segment ${L} WHERE s.internal_rank > 3`, 's.internal_rank'],
  ['FINGERPRINT_USE', 'customAny', 'SELECT page FROM visits WHERE email_fingerprint NOT IN (1)', 'email_fingerprint'],
  [
    'FINGERPRINT_USE',
    'customAny',
    'WITH x AS (SELECT email_fingerprint FROM visits) SELECT DISTINCT email_fingerprint FROM x',
    'email_fingerprint',
  ],
  [
    'FINGERPRINT_USE',
    'customAny',
    'SELECT v.page FROM visits v JOIN orders o ON v.page = o.coupon AND (v.email_fingerprint = o.email_fingerprint OR v.page IS NULL)',
    'v.email_fingerprint',
  ],
  ['SEALED_USE', 'customAny', 'SELECT upper(ip_sealed) AS u FROM visits', 'ip_sealed'],
  [
    'SEALED_USE',
    'customAny',
    'SELECT ip_sealed FROM visits UNION SELECT ip_sealed FROM visits',
    'ip_sealed FROM visits UNION SELECT ip_sealed',
  ],
  ['AGG_REQUIRED', 'agg', `SELECT i.region ${J} GROUP BY i.region`, 'i.region'],
  ['AGG_FUNCTION', 'agg', `SELECT MAX(i.spend) AS m ${J}`, 'MAX'],
  ['AGG_FUNCTION', 'customAny', 'SELECT list(page) AS l FROM visits', 'list'],
  ['AGG_NOT_ALLOWED', 'agg', `SELECT SUM(DISTINCT i.spend) AS s ${J}`, 'SUM'],
  ['AGG_ARG', 'agg', `SELECT COUNT(1) AS n ${J}`, '1'],
  ['AGG_POSITION', 'customAny', 'SELECT sum(count(*)) AS s FROM visits', 'count'],
  ['AGG_POSITION', 'customAny', 'SELECT page FROM visits WHERE count(*) > 1', 'count'],
  ['AGG_ORDER_BY', 'customAny', 'SELECT sum(seconds ORDER BY page) AS s FROM visits', 'sum'],
  ['FILTER_CLAUSE', 'agg', `SELECT SUM(i.spend) FILTER (WHERE i.region = 'EU') AS s ${J}`, 'SUM'],
  [
    'FUNCTION_NOT_ALLOWED',
    'agg',
    `SELECT LOWER(p.product) AS l, TRIM(p.product) AS t, SUM(i.spend) AS s ${J} GROUP BY 1, 2`,
    'TRIM',
  ],
  ['FUNCTION_NOT_ALLOWED', 'customAny', 'SELECT current_user FROM visits', 'current_user'],
  ['FUNCTION_NOT_ALLOWED', 'customAny', "SELECT regexp_matches(page, 'x') AS m FROM visits", 'regexp_matches'],
  [
    'CASE_NOT_ALLOWED',
    'agg',
    `SELECT SUM(i.spend) AS s ${J} WHERE CASE WHEN i.region = 'EU' THEN true ELSE false END`,
    'CASE',
  ],
  ['IN_NOT_LITERAL', 'customAny', 'SELECT page FROM visits WHERE seconds IN (1, seconds)', 'seconds'],
  ['ARGUMENT_NOT_LITERAL', 'customAny', 'SELECT substring(page, seconds, 1) AS s FROM visits', 'seconds'],
  ['ARGUMENT_NOT_LITERAL', 'agg', `SELECT SUM(i.spend) AS s ${J} WHERE i.region LIKE p.store_region`, 'p.store_region'],
  ['TYPE_MISMATCH', 'customAny', "SELECT page FROM visits WHERE seconds = 'x'", "'x'"],
  ['TYPE_MISMATCH', 'customAny', 'SELECT page FROM visits WHERE page', 'page'],
  ['TYPE_MISMATCH', 'customAny', 'SELECT stddev(CAST(seconds AS DOUBLE)) AS s FROM visits', 'seconds'],
  ['PATTERN', 'customAny', "SELECT page FROM visits WHERE page RLIKE '(?=a)'", "'(?=a)'"],
  ['LITERAL_FORMAT', 'customAny', "SELECT page FROM visits WHERE visit_date = '2024-02-30'", "'2024-02-30'"],
  ['LITERAL_RANGE', 'customAny', 'SELECT page FROM visits WHERE seconds < 1e999', '1e999'],
  ['LITERAL_RANGE', 'customAny', 'SELECT round(seconds, 99999999) AS r FROM visits', '99999999'],
  ['PARSE_ERROR', 'customAny', "SELECT page FROM visits WHERE page = 'a\\0b'", "'a\\0b'"],
  ['LITERAL_OUTPUT', 'agg', `SELECT 1 AS one, SUM(i.spend) AS s ${J}`, '1'],
  ['GROUP_BY', 'list', `SELECT DISTINCT s.segment ${L} GROUP BY s.segment`, 's.segment'],
  ['GROUP_BY_ALL', 'customAny', 'SELECT page, count(*) AS n FROM visits GROUP BY ALL', ''],
  ['GROUP_BY_LITERAL', 'customAny', "SELECT count(*) AS n FROM visits GROUP BY 'x'", "'x'"],
  ['GROUPING_SETS', 'customAny', 'SELECT email_fingerprint FROM visits GROUP BY CUBE (email_fingerprint)', ''],
  ['NOT_GROUPED', 'customAny', 'SELECT page, count(*) AS n FROM visits', 'page'],
  ['DISTINCT', 'agg', `SELECT DISTINCT SUM(i.spend) AS s ${J}`, ''],
  ['DISTINCT_ON', 'customAny', 'SELECT DISTINCT ON (page) seconds FROM visits', ''],
  ['DISTINCT_REQUIRED', 'list', `SELECT s.segment ${L}`, 's.segment'],
  ['LIST_EXPRESSION', 'list', `SELECT DISTINCT s.segment || 'x' AS x ${L}`, '||'],
  ['ORDER_NOT_OUTPUT', 'customAny', 'SELECT page FROM visits ORDER BY seconds', 'seconds'],
  ['ORDER_NOT_OUTPUT', 'customAny', 'SELECT page FROM visits ORDER BY ALL', ''],
  ['LIMIT_EXPR', 'customAny', 'SELECT page FROM visits LIMIT 10%', ''],
  ['LIMIT_EXPR', 'list', `SELECT DISTINCT s.segment ${L} LIMIT 5 OFFSET 1`, ''],
  ['PARAMETER', 'customAny', 'SELECT page FROM visits WHERE seconds > ?', ''],
  ['PROVIDER_NOT_ALLOWED', 'providers', 'SELECT page FROM visits', 'visits'],
  ['OUTPUT_DISALLOWED', 'customAny', 'SELECT page, rank() OVER (ORDER BY income_band) AS r FROM visits', 'rank'],
  ['OUTPUT_DISALLOWED', 'customAny', 'SELECT page FROM visits UNION ALL SELECT income_band FROM visits', 'page'],
  ['OUTPUT_DISALLOWED', 'customAny', 'SELECT page, (SELECT max(income_band) FROM visits) AS m FROM visits', '('],
  ['FOREIGN_MEASURE', 'aggStrict', `SELECT COUNT(p.quantity) AS n ${J}`, 'COUNT'],
  ['THRESHOLD_UNREACHABLE', 'thresholds', 'SELECT page FROM visits', 'visits'],
  [
    'THRESHOLD_UNREACHABLE',
    'thresholds',
    'SELECT z.page, sum(z.n) AS n FROM (SELECT page, count(*) AS n FROM visits GROUP BY page) z GROUP BY z.page',
    'visits',
  ],
  [
    'FAN_OUT',
    'thresholds',
    'SELECT count(*) AS n FROM visits a JOIN visits b ON a.email_fingerprint = b.email_fingerprint',
    'count',
  ],
  ['THRESHOLD_UNREACHABLE', 'thresholds', 'SELECT page, median(seconds) AS m FROM visits GROUP BY page', 'median'],
  [
    'ROLE_CANNOT_QUERY',
    'pubRuns',
    'SELECT product, SUM(quantity) AS q FROM purchases GROUP BY product',
    'SELECT product, SUM(quantity) AS q FROM purchases GROUP BY product',
  ],
  [
    'PERSONS_MIXED',
    'persons',
    'SELECT k, COUNT(*) AS n FROM (SELECT email_fingerprint, MAX(page) OVER () AS k FROM visits) t GROUP BY k',
    'MAX',
  ],
  ['COMPARISON_NOT_ALLOWED', 'compared', 'SELECT page FROM visits WHERE 3 < seconds + 1', '<'],
  [
    'RECEIVER_NOT_ALLOWED',
    'wrongReceiver',
    'SELECT product, SUM(quantity) AS q FROM purchases GROUP BY product',
    'purchases',
  ],
];

/** Codes that depend on more than a text and a context of the file. */
const ELSEWHERE: readonly FindingCode[] = [
  'PARAMETER_TYPE',
  'TEMPLATE_UNKNOWN',
  'TEMPLATE_NOT_APPROVED',
  'ACCESS_BUDGET',
  'CHECK_STOPPED',
  'JOIN_SIZE',
];

test.each(PROVOKED)('%s under %s: %s', async (code, context, sql, marked) => {
  const verdict = await room.ask(sql, withPolicies(context));
  const found = verdict.findings.filter((finding) => finding.code === code);
  expect(verdict.findings.map((finding) => finding.code)).toContain(code);
  const texts = found.map(({ span }) => sql.slice(span.start, span.end));
  if (marked !== '') expect(texts).toContain(marked);
});

test('every code is provoked here or in a test of its own', () => {
  const provoked = new Set<string>([...PROVOKED.map(([code]) => code), ...ELSEWHERE]);
  expect(Object.keys(FINDINGS).filter((code) => !provoked.has(code))).toEqual([]);
});

test('all findings come at once, in the order of the text', async () => {
  const sql =
    'SELECT MAX(i.spend) AS m, nothing FROM impressions i JOIN purchases p ON true WHERE i.notes = 1 ORDER BY 7';
  const verdict = await room.ask(sql, checkContextOf({ context: 'agg' }));
  const codes = verdict.findings.map(({ code }) => code);
  expect(codes).toEqual([
    'AGG_FUNCTION',
    'UNKNOWN_COLUMN',
    'JOIN_TYPE',
    'COLUMN_NOT_ALLOWED',
    'TYPE_MISMATCH',
    'ORDINAL_RANGE',
  ]);
});

test('places count characters and not bytes', async () => {
  const sql = "SELECT page FROM visits WHERE page = 'Zürich 🙂' AND pages = 1";
  const verdict = await room.ask(sql, checkContextOf({ context: 'customAny' }));
  expect(verdict.findings.map(({ span }) => sql.slice(span.start, span.end))).toEqual(['pages']);
});

const SUGGESTED: readonly (readonly [claim: string, sql: string, help: string])[] = [
  ['a column', 'SELECT pgae FROM visits', 'Did you mean `page`?'],
  ['a column behind an alias', 'SELECT v.secnods FROM visits v', 'Did you mean `seconds`?'],
  ['an alias', 'SELECT vist.page FROM visits visit', 'Did you mean `visit`?'],
  ['a table', 'SELECT page FROM vistis', 'Did you mean `visits`?'],
  ['a table of another owner', 'SELECT page FROM brand.visits', 'Did you mean `visits`?'],
  ['a WITH query', 'WITH recent AS (SELECT page FROM visits) SELECT page FROM recnet', 'Did you mean `recent`?'],
];

test.each(SUGGESTED)('suggests the name that was meant: %s', async (_claim, sql, help) => {
  const { findings } = await room.ask(sql, checkContextOf({ context: 'customAny' }));
  expect(findings.map((finding) => finding.help)).toContain(help);
});

test('lists the columns and tables where no name is near', async () => {
  const context = checkContextOf({ context: 'customAny' });
  const columns = await room.ask('SELECT o.whatever FROM visits v JOIN orders o USING (email_fingerprint)', context);
  expect(columns.findings.map(({ help }) => help)).toContain(
    'The columns are `email_fingerprint`, `order_date`, `amount`, `coupon`.',
  );
  const tables = await room.ask('SELECT page FROM whatever', context);
  expect(tables.findings[0]?.help).toMatch(/^Its tables are `impressions`, .*`visits`/);
});
