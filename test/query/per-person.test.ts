import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { parseManifest, printPublicKey, type Manifest } from 'sealroom/collab';
import { checkQuery, QueryParser, type Verdict } from 'sealroom/query';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { keyOf, type Json } from '../support/manifests.ts';
import { ROOT } from '../tooling/run-tool.ts';

// Queries that count, group and exclude persons, over the tables that AWS Clean Rooms' users have: an ad log of a publisher, and the
// sales of a brand, which asks. Nearly all of them are asked where nulls are preserved, and where they are not.

const FINGERPRINTS = ['person', 'phone_key'].map((name) => ({ name, protection: 'fingerprint', type: 'VARCHAR' }));

function clear(name: string, type = 'VARCHAR'): Json {
  return { name, protection: 'cleartext', type };
}

const ADS = [...FINGERPRINTS, clear('campaign'), clear('channel'), clear('seen_at', 'TIMESTAMP'), clear('zip')];
const SALES = [...FINGERPRINTS, clear('product'), clear('bought_at', 'TIMESTAMP'), clear('amount', 'BIGINT')];

const THRESHOLD = { identityColumns: ['person'], minimumIdentityCount: 2, type: 'COUNT_DISTINCT' };

function custom(more: Json = {}): Json {
  const rule = { allowedAnalyses: ['ANY_QUERY'], allowedAnalysisProviders: ['brand'], ...more };
  return { type: 'CUSTOM', policy: { v1: { custom: rule } } };
}

function aggregation(dimensionColumns: readonly string[]): Json {
  const rule = {
    aggregateColumns: [{ columnNames: ['person'], function: 'COUNT_DISTINCT' }],
    joinColumns: ['person', 'phone_key'],
    dimensionColumns,
    scalarFunctions: [],
    outputConstraints: [{ columnName: 'person', minimum: 2, type: 'COUNT_DISTINCT' }],
  };
  return { type: 'AGGREGATION', policy: { v1: { aggregation: rule } } };
}

function list(listColumns: readonly string[]): Json {
  return { type: 'LIST', policy: { v1: { list: { joinColumns: ['person', 'phone_key'], listColumns } } } };
}

/** `_c`: custom rules; `_x`: with two persons behind each row; `_a`: aggregation rules; `_l`: list rules. */
function manifestWith(preserveNulls: boolean): Manifest {
  const table = (name: string, owner: string, columns: readonly Json[], analysisRule: Json): Json => ({
    ...{ name, owner, columns, analysisRule },
  });
  const members = ['publisher', 'brand'].map((id) => ({
    id,
    abilities: ['CAN_QUERY', 'CAN_RECEIVE_RESULTS'],
    publicKeys: { sign: printPublicKey(keyOf(id)) },
  }));
  const settings = { allowCleartext: true, allowDuplicates: true, allowJoinsOnColumnsWithDifferentNames: false };
  return parseManifest(
    JSON.stringify({
      version: 1,
      id: '7a2c1e9e-3f5b-4b1e-9f0e-0d6a1d1c2b33',
      name: 'Persons',
      settings: { ...settings, preserveNulls },
      members,
      tables: [
        table('ads_c', 'publisher', ADS, custom()),
        table('sales_c', 'brand', SALES, custom()),
        table('ads_x', 'publisher', ADS, custom({ aggregationThresholds: [THRESHOLD] })),
        table('sales_x', 'brand', SALES, custom()),
        table('own_x', 'brand', SALES, custom({ aggregationThresholds: [THRESHOLD] })),
        table('ads_a', 'publisher', ADS, aggregation(['campaign', 'channel'])),
        table('sales_a', 'brand', SALES, aggregation(['product'])),
        table('ads_l', 'publisher', ADS, list(['campaign'])),
        table('sales_l', 'brand', SALES, list(['product'])),
      ],
      templates: [],
    }),
  );
}

const MANIFESTS = { true: manifestWith(true), false: manifestWith(false) };
type Preserved = keyof typeof MANIFESTS;

let parser: QueryParser;
let engine: DuckDBConnection;

const AD_ROWS = [
  "('p1', 'h1', 'spring', 'web', TIMESTAMP '2026-01-01 10:00:00', '101')",
  "('p1', 'h1', 'fall', 'app', TIMESTAMP '2026-01-03 10:00:00', '101')",
  "('p2', 'h2', 'spring', 'web', TIMESTAMP '2026-01-02 10:00:00', '102')",
  "('p3', 'h3', 'fall', 'web', TIMESTAMP '2026-01-05 10:00:00', '103')",
  "('p4', 'h4', 'fall', 'app', TIMESTAMP '2026-01-06 10:00:00', '101')",
];
const SALE_ROWS = [
  "('p1', 'h1', 'shoes', TIMESTAMP '2026-01-04 12:00:00', 10)",
  "('p2', 'h2', 'shirt', TIMESTAMP '2026-01-01 12:00:00', 20)",
  "('p5', 'h5', 'shoes', TIMESTAMP '2026-01-09 12:00:00', 30)",
];

beforeAll(async () => {
  parser = await QueryParser.open();
  engine = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
  await engine.run('CREATE SCHEMA publisher; CREATE SCHEMA brand');
  const define = (columns: readonly Json[]): string =>
    columns.map(({ name, type }) => `${String(name)} ${String(type)}`).join(', ');
  for (const name of ['ads_c', 'ads_x']) {
    await engine.run(`CREATE TABLE publisher.${name}(${define(ADS)})`);
    await engine.run(`INSERT INTO publisher.${name} VALUES ${AD_ROWS.join(', ')}`);
  }
  for (const name of ['sales_c', 'sales_x', 'own_x']) {
    await engine.run(`CREATE TABLE brand.${name}(${define(SALES)})`);
    await engine.run(`INSERT INTO brand.${name} VALUES ${SALE_ROWS.join(', ')}`);
  }
});

afterAll(() => {
  parser.close();
  engine.closeSync();
});

async function ask(sql: string, preserved: Preserved): Promise<Verdict> {
  const manifest = MANIFESTS[preserved];
  const parsed = await parser.parse(sql, manifest.dialect);
  return checkQuery(parsed, { manifest, member: 'brand', receivers: ['brand'] });
}

async function codesOf(sql: string, preserved: Preserved): Promise<readonly string[]> {
  const verdict = await ask(sql, preserved);
  return verdict.allowed ? ['allowed'] : [...new Set(verdict.findings.map(({ code }) => code))];
}

async function rowsOf(sql: string, preserved: Preserved): Promise<readonly string[]> {
  const verdict = await ask(sql, preserved);
  if (!verdict.allowed) throw new Error(verdict.findings.map(({ code, message }) => `${code} ${message}`).join('; '));
  return readRows(verdict.statement.sql);
}

async function readRows(sql: string): Promise<readonly string[]> {
  const rows = (await engine.runAndReadAll(sql)).getRowsJson();
  return rows.map((row) => row.map((value) => (typeof value === 'string' ? value : JSON.stringify(value))).join(' '));
}

const BOTH = ['true', 'false'] as const;

describe('R-63 a fingerprint column stands for persons, whether nulls are preserved or not', () => {
  const FREQUENCY = 'WITH f AS (SELECT a.person, COUNT(*) AS n FROM ads_c a GROUP BY a.person)';
  const BUCKET = "CASE WHEN n = 1 THEN '1' WHEN n BETWEEN 2 AND 5 THEN '2-5' ELSE '6+' END";
  const BUYERS = 'COUNT(DISTINCT CASE WHEN s.person IS NOT NULL THEN a.person END)';
  const JOINED = 'FROM ads_c a LEFT JOIN sales_c s ON a.person = s.person';

  test.each([
    ['frequency histogram', `${FREQUENCY} SELECT n, COUNT(*) AS people FROM f GROUP BY n`, ['1 3', '2 1']],
    [
      'frequency buckets with CASE',
      `${FREQUENCY} SELECT ${BUCKET} AS bucket, COUNT(person) AS people FROM f GROUP BY ${BUCKET}`,
      ['1 3', '2-5 1'],
    ],
    [
      'last touch with ROW_NUMBER',
      'WITH t AS (SELECT s.amount, a.campaign, ROW_NUMBER() OVER (PARTITION BY s.person, s.bought_at ORDER BY a.seen_at DESC) AS rn FROM ads_c a JOIN sales_c s ON a.person = s.person AND a.seen_at <= s.bought_at) SELECT campaign, SUM(amount) AS revenue FROM t WHERE rn = 1 GROUP BY campaign',
      ['fall 10'],
    ],
    [
      'first touch, QUALIFY',
      'SELECT campaign, COUNT(DISTINCT person) AS n FROM (SELECT person, campaign FROM ads_c QUALIFY ROW_NUMBER() OVER (PARTITION BY person ORDER BY seen_at) = 1) t GROUP BY campaign',
      ['fall 2', 'spring 2'],
    ],
    [
      'conversion rate with CASE and division',
      `SELECT a.campaign, COUNT(DISTINCT a.person) AS reach, ${BUYERS} AS buyers, 1.0 * ${BUYERS} / NULLIF(COUNT(DISTINCT a.person), 0) AS rate ${JOINED} GROUP BY a.campaign ORDER BY 1 DESC`,
      ['spring 2 2 1', 'fall 3 1 0.3333333333333333'],
    ],
    ['COUNT DISTINCT of IF', `SELECT COUNT(DISTINCT IF(s.person IS NULL, a.person, NULL)) AS n ${JOINED}`, ['2']],
    ['COUNT of a CASE', "SELECT COUNT(CASE WHEN channel = 'web' THEN person END) AS n FROM ads_c", ['3']],
    [
      'COUNT of a CASE with branches',
      "SELECT COUNT(DISTINCT CASE WHEN channel = 'web' THEN person WHEN campaign = 'fall' THEN person ELSE NULL END) AS n FROM ads_c",
      ['4'],
    ],
    [
      'COUNT of a CASE in which a branch takes rows away',
      "SELECT COUNT(DISTINCT CASE WHEN channel = 'web' THEN NULL WHEN campaign = 'fall' THEN person END) AS n FROM ads_c",
      ['2'],
    ],
    [
      'COUNT of a CASE with ELSE',
      "SELECT COUNT(DISTINCT CASE WHEN channel = 'web' THEN NULL ELSE person END) AS n FROM ads_c",
      ['2'],
    ],
    [
      'COUNT of a CASE with FILTER',
      "SELECT COUNT(DISTINCT CASE WHEN channel = 'web' THEN person END) FILTER (WHERE campaign = 'fall') AS n FROM ads_c",
      ['1'],
    ],
    [
      'persons of an outer join, through a WITH query',
      `WITH t AS (SELECT a.person, s.person AS buyer ${JOINED}) SELECT COUNT(DISTINCT person) AS n, COUNT(DISTINCT CASE WHEN buyer IS NOT NULL THEN person END) AS b FROM t`,
      ['4 2'],
    ],
    [
      'groups of an outer join',
      'SELECT CASE WHEN s.person IS NULL THEN 0 ELSE 1 END AS hit, COUNT(DISTINCT a.person) AS n FROM ads_c a LEFT JOIN sales_c s ON a.person = s.person GROUP BY 1',
      ['0 2', '1 2'],
    ],
    ['SELECT DISTINCT', 'SELECT COUNT(*) AS n FROM (SELECT DISTINCT person FROM ads_c) t', ['4']],
    ...(
      [
        ['UNION', '5'],
        ['INTERSECT', '2'],
        ['EXCEPT', '2'],
      ] as const
    ).map(([operator, n]): [string, string, string[]] => [
      operator,
      `SELECT COUNT(*) AS n FROM (SELECT person FROM ads_c ${operator} SELECT person FROM sales_c) t`,
      [n],
    ]),
    [
      'thresholded custom: CTE per person, then campaign',
      'WITH p AS (SELECT person, campaign, COUNT(*) AS n FROM ads_x GROUP BY person, campaign) SELECT campaign, COUNT(DISTINCT person) AS reach, SUM(n) AS seen FROM p GROUP BY campaign',
      ['fall 3 3', 'spring 2 2'],
    ],
    [
      'thresholded custom: frequency histogram',
      'WITH f AS (SELECT person, COUNT(*) AS n FROM ads_x GROUP BY person) SELECT n, COUNT(DISTINCT person) AS people FROM f GROUP BY n',
      ['1 3'],
    ],
    [
      'a column in cleartext in a CASE',
      "SELECT COUNT(DISTINCT CASE WHEN channel = 'web' THEN zip END) AS n FROM ads_c",
      ['3'],
    ],
  ] satisfies readonly (readonly [string, string, readonly string[]])[])('runs: %s', async (_name, sql, rows) => {
    for (const preserved of BOTH) expect([preserved, await rowsOf(sql, preserved)]).toEqual([preserved, rows]);
  });

  test.each([
    ['in the last SELECT', 'SELECT person, COUNT(*) AS n FROM ads_c GROUP BY person', 'FINGERPRINT_USE'],
    ['in the order of a window', 'SELECT RANK() OVER (ORDER BY person) AS r FROM ads_c', 'FINGERPRINT_USE'],
    [
      'with another column in the CASE',
      'SELECT COUNT(CASE WHEN zip IS NULL THEN person ELSE phone_key END) AS n FROM ads_c',
      'FINGERPRINT_USE',
    ],
    [
      'with a constant in the CASE',
      "SELECT COUNT(CASE WHEN zip IS NULL THEN person ELSE 'x' END) AS n FROM ads_c",
      'FINGERPRINT_USE',
    ],
    [
      'in the condition of a CASE',
      "SELECT COUNT(CASE WHEN person = 'x' THEN person END) AS n FROM ads_c",
      'FINGERPRINT_USE',
    ],
    [
      'in a CASE that is no argument of a count',
      'SELECT MAX(CASE WHEN zip IS NULL THEN person END) AS n FROM ads_c',
      'FINGERPRINT_USE',
    ],
    [
      'under thresholds, in a part of the group',
      "SELECT COUNT(DISTINCT CASE WHEN zip = '1' THEN person END) AS n FROM ads_x",
      'THRESHOLD_UNREACHABLE',
    ],
    [
      'under an aggregation rule, in a part of the group',
      "SELECT COUNT(DISTINCT CASE WHEN a.channel = 'web' THEN a.person END) AS n FROM ads_a a JOIN sales_a s ON a.person = s.person",
      'FILTER_CLAUSE',
    ],
    [
      'under an aggregation rule, as a group',
      'SELECT COUNT(DISTINCT a.person) AS n FROM ads_a a JOIN sales_a s ON a.person = s.person GROUP BY a.person',
      'FINGERPRINT_USE',
    ],
  ])('refuses a person %s', async (_name, sql, code) => {
    for (const preserved of BOTH) expect(await codesOf(sql, preserved)).toContain(code);
  });

  test('IS NULL asks for a missing row of an outer join, and not for a fingerprint', async () => {
    const isNull = (from: string): string => `SELECT COUNT(*) AS n FROM ${from}`;
    for (const from of [
      'ads_c a WHERE a.person IS NULL',
      'ads_c a LEFT JOIN sales_c s ON a.person = s.person WHERE a.person IS NULL',
      'sales_c s RIGHT JOIN ads_c a ON a.person = s.person WHERE a.person IS NULL',
      '(SELECT a.person FROM ads_c a LEFT JOIN sales_c s ON a.person = s.person) t WHERE t.person IS NULL',
      '(SELECT person AS p FROM ads_c UNION ALL SELECT person FROM sales_c) t WHERE t.p IS NULL',
    ]) {
      expect([from, await codesOf(isNull(from), 'false')]).toEqual([from, ['FINGERPRINT_USE']]);
      expect([from, await codesOf(isNull(from), 'true')]).toEqual([from, ['allowed']]);
    }
    for (const [from, n] of [
      ['ads_c a LEFT JOIN sales_c s ON a.person = s.person WHERE s.person IS NULL', '2'],
      ['sales_c s RIGHT JOIN ads_c a ON a.person = s.person WHERE s.person IS NULL', '2'],
      ['sales_c s FULL JOIN ads_c a ON a.person = s.person WHERE a.person IS NULL', '1'],
      ['(SELECT s.person FROM ads_c a LEFT JOIN sales_c s ON a.person = s.person) t WHERE t.person IS NULL', '2'],
      [
        '(SELECT person AS p FROM ads_c UNION ALL SELECT s.person FROM ads_c a LEFT JOIN sales_c s ON a.person = s.person) t WHERE t.p IS NULL',
        '2',
      ],
    ] as const) {
      expect([from, await rowsOf(isNull(from), 'false')]).toEqual([from, [n]]);
    }
  });

  test('a refusal says what to write', async () => {
    const helps = async (sql: string): Promise<readonly string[]> =>
      (await ask(sql, 'false')).findings.map(({ help }) => help);
    expect(await helps("SELECT COUNT(DISTINCT CASE WHEN zip = '1' THEN person END) AS n FROM ads_x")).toEqual([
      expect.stringContaining('Group by the condition'),
    ]);
    expect(await helps('SELECT COUNT(*) AS n FROM ads_c GROUP BY person')).toEqual([
      expect.stringContaining('in a sub-query'),
    ]);
  });
});

test('R-63, R-64 the queries of docs/queries.md run', async () => {
  const text = readFileSync(join(ROOT, 'docs/queries.md'), 'utf8');
  const section = text.slice(text.indexOf('## Persons'), text.indexOf('## Forms'));
  const queries = [...section.matchAll(/^ *```sql\n([^]*?)^ *```$/gm)].flatMap(([, block = '']) =>
    block.trim().split('\n'),
  );
  expect(queries).toHaveLength(5);
  for (const query of queries) {
    const sql = query.trim().replaceAll(/\b(FROM|JOIN) (ads|sales)\b/g, '$1 $2_c');
    expect([sql, await codesOf(sql, 'false')]).toEqual([sql, ['allowed']]);
  }
});

describe('R-64 rows that are not in another table', () => {
  const REACH = 'SELECT COUNT(DISTINCT a.person) AS n FROM ads_c a';
  const LATER = 's.person = a.person AND s.bought_at > a.seen_at';

  test.each([
    ['suppression with NOT IN', `${REACH} WHERE a.person NOT IN (SELECT s.person FROM sales_c s)`, ['2']],
    ['NOT (… IN …)', `${REACH} WHERE NOT (a.person IN (SELECT s.person FROM sales_c s))`, ['2']],
    [
      'suppression with LEFT JOIN and IS NULL',
      `${REACH} LEFT JOIN sales_c s ON a.person = s.person WHERE s.person IS NULL`,
      ['2'],
    ],
    ['anti join', `${REACH} ANTI JOIN sales_c s ON a.person = s.person`, ['2']],
    ['Spark LEFT ANTI JOIN', `${REACH} LEFT ANTI JOIN sales_c s ON a.person = s.person`, ['2']],
    ['Spark LEFT SEMI JOIN', `${REACH} LEFT SEMI JOIN sales_c s ON a.person = s.person`, ['2']],
    ['anti join with USING', 'SELECT COUNT(DISTINCT person) AS n FROM ads_c ANTI JOIN sales_c USING (person)', ['2']],
    [
      'lookalike seed: NOT EXISTS',
      'SELECT a.campaign, COUNT(DISTINCT a.person) AS n FROM ads_c a WHERE NOT EXISTS (SELECT 1 FROM sales_c s WHERE s.person = a.person) GROUP BY a.campaign',
      ['fall 2'],
    ],
    ['semi-join by IN', `${REACH} WHERE a.person IN (SELECT person FROM sales_c)`, ['2']],
    [
      'EXISTS correlated',
      `SELECT COUNT(*) AS n FROM ads_c a WHERE EXISTS (SELECT 1 FROM sales_c s WHERE ${LATER})`,
      ['2'],
    ],
    [
      'NOT EXISTS correlated',
      `SELECT COUNT(*) AS n FROM ads_c a WHERE NOT EXISTS (SELECT 1 FROM sales_c s WHERE ${LATER})`,
      ['3'],
    ],
    [
      'IN correlated',
      'SELECT COUNT(*) AS n FROM ads_c a WHERE a.person IN (SELECT s.person FROM sales_c s WHERE s.bought_at > a.seen_at)',
      ['2'],
    ],
    [
      'IN correlated with a set of conditions',
      "SELECT COUNT(*) AS n FROM ads_c a WHERE a.person IN (SELECT person FROM sales_c WHERE phone_key = a.phone_key AND product = 'shoes') AND a.channel = 'web'",
      ['1'],
    ],
    [
      'joins inside EXISTS',
      `${REACH} WHERE EXISTS (SELECT 1 FROM sales_c s JOIN sales_x x ON x.product = s.product WHERE s.person = a.person)`,
      ['2'],
    ],
    [
      'one EXISTS in another',
      `${REACH} WHERE EXISTS (SELECT 1 FROM sales_c s WHERE s.person = a.person AND NOT EXISTS (SELECT 1 FROM sales_x x WHERE x.person = s.person AND x.amount > 15))`,
      ['1'],
    ],
    ['a list in a condition', `${REACH} WHERE a.channel = 'app' OR a.person IN (SELECT person FROM sales_c)`, ['3']],
    [
      'a list in a count',
      'SELECT COUNT(DISTINCT CASE WHEN person IN (SELECT person FROM sales_c) THEN person END) AS n, COUNT(DISTINCT CASE WHEN person NOT IN (SELECT person FROM sales_c) THEN person END) AS m FROM ads_c',
      ['2 2'],
    ],
    [
      'columns in cleartext',
      'SELECT COUNT(*) AS n FROM sales_c WHERE product NOT IN (SELECT campaign FROM ads_c)',
      ['3'],
    ],
    [
      'lift: exposed and control by UNION ALL',
      "SELECT 'exposed' AS grp, COUNT(DISTINCT s.person) AS buyers, SUM(s.amount) AS revenue FROM ads_c a JOIN sales_c s ON a.person = s.person UNION ALL SELECT 'control' AS grp, COUNT(DISTINCT s.person) AS buyers, SUM(s.amount) AS revenue FROM sales_c s LEFT JOIN ads_c a ON a.person = s.person WHERE a.person IS NULL",
      ['control 1 30', 'exposed 2 40'],
    ],
    [
      'thresholded custom: a table of my own excludes',
      'SELECT a.campaign, COUNT(DISTINCT a.person) AS n FROM ads_x a WHERE a.person NOT IN (SELECT person FROM sales_x) GROUP BY a.campaign',
      ['fall 2'],
    ],
    [
      'thresholded custom: what remains has the threshold',
      'SELECT a.channel, COUNT(DISTINCT a.person) AS n FROM ads_x a ANTI JOIN sales_x s ON a.person = s.person GROUP BY a.channel',
      [],
    ],
    [
      'thresholded custom: my own threshold is not in the way',
      'SELECT COUNT(DISTINCT a.person) AS n FROM ads_x a WHERE NOT EXISTS (SELECT 1 FROM own_x s WHERE s.person = a.person)',
      ['2'],
    ],
    [
      'thresholded custom: my own threshold in NOT IN, with a window',
      'SELECT COUNT(DISTINCT person) AS n FROM (SELECT person, ROW_NUMBER() OVER (PARTITION BY person ORDER BY seen_at) AS r FROM ads_x WHERE person NOT IN (SELECT person FROM own_x)) t WHERE r = 1',
      ['2'],
    ],
    ['my own table alone', 'SELECT product FROM sales_c WHERE person NOT IN (SELECT person FROM own_x)', []],
  ] satisfies readonly (readonly [string, string, readonly string[]])[])('runs: %s', async (_name, sql, rows) => {
    for (const preserved of BOTH) expect([preserved, await rowsOf(sql, preserved)]).toEqual([preserved, rows]);
  });

  test('NOT IN and NOT EXISTS differ where a value is null, as in plain SQL', async () => {
    const left = 'FROM sales_c s LEFT JOIN ads_c a ON a.person = s.person';
    for (const sql of [
      `SELECT COUNT(*) AS n ${left} WHERE a.person NOT IN (SELECT person FROM sales_x WHERE product = 'shirt')`,
      `SELECT COUNT(*) AS n ${left} WHERE NOT EXISTS (SELECT 1 FROM sales_x x WHERE x.person = a.person AND x.product = 'shirt')`,
      `SELECT COUNT(*) AS n FROM ads_c c WHERE c.person NOT IN (SELECT a.person ${left})`,
      `SELECT COUNT(*) AS n FROM ads_c c WHERE NOT EXISTS (SELECT 1 ${left} WHERE a.person = c.person)`,
      `SELECT COUNT(*) AS n FROM ads_c c WHERE c.person NOT IN (SELECT a.person ${left} WHERE 1 = 0)`,
    ]) {
      await engine.run("SET search_path = 'publisher,brand'");
      const plain = await readRows(sql);
      expect([sql, await rowsOf(sql, 'false')]).toEqual([sql, plain]);
    }
  });

  const OWN = 'SELECT COUNT(DISTINCT s.person) AS n FROM sales_x s';

  test.each([
    // A count of all, less this one, is an overlap, however small.
    ['NOT IN', `${OWN} WHERE s.person NOT IN (SELECT person FROM ads_x)`, 'THRESHOLD_UNREACHABLE'],
    [
      'NOT EXISTS',
      `${OWN} WHERE NOT EXISTS (SELECT 1 FROM ads_x a WHERE a.person = s.person)`,
      'THRESHOLD_UNREACHABLE',
    ],
    ['ANTI JOIN', `${OWN} ANTI JOIN ads_x a ON a.person = s.person`, 'THRESHOLD_UNREACHABLE'],
    [
      'ANTI JOIN through WITH',
      `WITH w AS (SELECT person FROM ads_x) ${OWN} ANTI JOIN w ON w.person = s.person`,
      'THRESHOLD_UNREACHABLE',
    ],
    [
      'an inner NOT IN',
      `${OWN} WHERE s.person NOT IN (SELECT person FROM sales_c WHERE person NOT IN (SELECT person FROM ads_x))`,
      'THRESHOLD_UNREACHABLE',
    ],
    [
      'an inner IN',
      `${OWN} WHERE s.person NOT IN (SELECT person FROM sales_c WHERE person IN (SELECT person FROM ads_x))`,
      'THRESHOLD_UNREACHABLE',
    ],
    [
      'NOT IN beside IN',
      `${OWN} WHERE s.person IN (SELECT person FROM ads_x) AND s.person NOT IN (SELECT person FROM ads_x WHERE zip = '1')`,
      'THRESHOLD_UNREACHABLE',
    ],
    [
      'IN in a CASE',
      `SELECT COUNT(DISTINCT CASE WHEN s.person IN (SELECT person FROM ads_x) THEN s.person END) AS n FROM sales_x s`,
      'THRESHOLD_UNREACHABLE',
    ],
    [
      'EXCEPT',
      'SELECT COUNT(*) AS n FROM (SELECT person FROM sales_x EXCEPT SELECT person FROM ads_x) t',
      'THRESHOLD_UNREACHABLE',
    ],
    [
      'the same table on both sides',
      "SELECT COUNT(DISTINCT a.person) AS n FROM ads_x a WHERE a.person NOT IN (SELECT person FROM ads_x WHERE zip = '101')",
      'THRESHOLD_UNREACHABLE',
    ],
  ])('refuses a table with a threshold that only excludes: %s', async (_name, sql, code) => {
    for (const preserved of BOTH) expect(await codesOf(sql, preserved)).toContain(code);
  });

  test.each([
    [
      'NOT EXISTS under an aggregation rule',
      'SELECT COUNT(DISTINCT a.person) AS n FROM ads_a a WHERE NOT EXISTS (SELECT 1 FROM sales_a s WHERE s.person = a.person)',
      'JOIN_TYPE',
    ],
    [
      'ANTI JOIN under an aggregation rule',
      'SELECT COUNT(DISTINCT a.person) AS n FROM ads_a a ANTI JOIN sales_a s ON s.person = a.person',
      'JOIN_TYPE',
    ],
    [
      'NOT IN under an aggregation rule',
      'SELECT COUNT(DISTINCT a.person) AS n FROM ads_a a WHERE a.person NOT IN (SELECT person FROM sales_a)',
      'SUBQUERY',
    ],
    [
      'ANTI JOIN under a list rule',
      'SELECT DISTINCT a.campaign FROM ads_l a ANTI JOIN sales_l s ON s.person = a.person',
      'JOIN_TYPE',
    ],
    [
      'NOT EXISTS under a list rule',
      'SELECT DISTINCT a.campaign FROM ads_l a WHERE NOT EXISTS (SELECT 1 FROM sales_l s WHERE s.person = a.person)',
      'JOIN_TYPE',
    ],
    [
      'NOT EXISTS without an equality',
      'SELECT COUNT(*) AS n FROM ads_c a WHERE NOT EXISTS (SELECT 1 FROM sales_c s WHERE s.bought_at > a.seen_at)',
      'JOIN_CONDITION',
    ],
    [
      'NOT EXISTS of nothing outside',
      'SELECT COUNT(*) AS n FROM ads_c a WHERE NOT EXISTS (SELECT 1 FROM sales_c s)',
      'SUBQUERY',
    ],
    [
      'EXISTS under OR',
      "SELECT COUNT(*) AS n FROM ads_c a WHERE a.zip = '1' OR EXISTS (SELECT 1 FROM sales_c s WHERE s.person = a.person)",
      'SUBQUERY',
    ],
    [
      'NOT IN with columns of the query around it',
      'SELECT COUNT(*) AS n FROM ads_c a WHERE a.person NOT IN (SELECT s.person FROM sales_c s WHERE s.bought_at > a.seen_at)',
      'SUBQUERY',
    ],
    [
      'a correlated IN in a CASE',
      'SELECT COUNT(CASE WHEN a.person IN (SELECT s.person FROM sales_c s WHERE s.bought_at > a.seen_at) THEN 1 END) AS n FROM ads_c a',
      'SUBQUERY',
    ],
    [
      'a correlated list with a UNION',
      'SELECT COUNT(*) AS n FROM ads_c a WHERE a.person IN (SELECT s.person FROM sales_c s WHERE s.bought_at > a.seen_at UNION SELECT person FROM sales_x)',
      'SUBQUERY',
    ],
    [
      'a correlated list with a LIMIT',
      'SELECT COUNT(*) AS n FROM ads_c a WHERE a.person IN (SELECT s.person FROM sales_c s WHERE s.bought_at > a.seen_at LIMIT 1)',
      'SUBQUERY',
    ],
    [
      'a correlated list with groups',
      'SELECT COUNT(*) AS n FROM ads_c a WHERE a.person IN (SELECT s.person FROM sales_c s WHERE s.bought_at > a.seen_at GROUP BY s.person)',
      'SUBQUERY',
    ],
    [
      'a correlated value',
      'SELECT COUNT(*) AS n FROM ads_c a WHERE (SELECT MAX(s.product) FROM sales_c s WHERE s.person = a.person) IN (SELECT product FROM sales_x)',
      'SUBQUERY',
    ],
    [
      'a window in a correlated list',
      'SELECT COUNT(*) AS n FROM ads_c a WHERE a.zip IN (SELECT MAX(s.product) OVER () FROM sales_c s WHERE s.person = a.person)',
      'AGG_POSITION',
    ],
    [
      'a fingerprint in a list of cleartext',
      'SELECT COUNT(*) AS n FROM ads_c WHERE person NOT IN (SELECT product FROM sales_c)',
      'JOIN_KIND',
    ],
    [
      'fingerprints of different names',
      'SELECT COUNT(*) AS n FROM ads_c WHERE person NOT IN (SELECT phone_key FROM sales_c)',
      'JOIN_NAMES',
    ],
    [
      'a fingerprint that is compared otherwise',
      'SELECT COUNT(*) AS n FROM ads_c a WHERE NOT EXISTS (SELECT 1 FROM sales_c s WHERE s.person = a.person AND s.phone_key > a.phone_key)',
      'FINGERPRINT_USE',
    ],
    ['a list of constants', "SELECT COUNT(*) AS n FROM ads_c WHERE person NOT IN ('x')", 'FINGERPRINT_USE'],
  ])('refuses %s', async (_name, sql, code) => {
    for (const preserved of BOTH) expect(await codesOf(sql, preserved)).toContain(code);
  });
});
