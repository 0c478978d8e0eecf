import type { DuckDBConnection } from '@duckdb/node-api';
import fc from 'fast-check';
import { checkQuery, type CheckContext, QueryParser, type Statement } from 'sealroom/query';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkContextOf, FILE, SUITE } from '../adversarial/adversarial-file.ts';
import { openFixture } from '../adversarial/kit/run.ts';
import { runs } from '../support/runs.ts';
import { inDuckDb, visitsWith } from './contexts.ts';
import { CUSTOM_QUERIES } from './corpus.ts';

// A room stores the first half of each fingerprint as a number. Queries must answer as they would over the cells.

const SEED = 20261129;

/** The first 16 bytes of a column's fingerprints as a number, by the engine and no code of ours. */
function firstHalf(column: string): string {
  const word = (from: number): string =>
    `('0x' || hex(from_base64(substr(${column}, 9)))[${String(from)}:${String(from + 15)}])::UBIGINT::UHUGEINT`;
  return `(${word(1)} << 64) + ${word(17)} AS ${column}`;
}

/** Replaces the cells of fingerprint columns by what a room stores. */
async function storeHalves(data: DuckDBConnection): Promise<void> {
  for (const [name, { owner, columns }] of Object.entries(FILE.tables)) {
    const halvesOf = Object.keys(columns).filter((column) => columns[column]?.kind === 'fingerprint');
    const table = `${owner}.${name}`;
    await data.run(
      `CREATE OR REPLACE TABLE ${table} AS SELECT * REPLACE (${halvesOf.map(firstHalf).join(', ')}) FROM ${table}`,
    );
  }
}

let parser: QueryParser;
let cells: DuckDBConnection;
let halves: DuckDBConnection;

beforeAll(async () => {
  [parser, cells, halves] = await Promise.all([QueryParser.open(), openFixture(SUITE), openFixture(SUITE)]);
  await storeHalves(halves);
});

afterAll(() => {
  parser.close();
  cells.closeSync();
  halves.closeSync();
});

/** The statement for an allowed query, or `null`. */
async function statementOf(sql: string, context: CheckContext): Promise<Statement | null> {
  const verdict = checkQuery(await parser.parse(sql, context.manifest.dialect), context);
  return verdict.allowed ? verdict.statement : null;
}

/** How a fingerprint is ordered as its cell is; a cell itself is. */
const AS_CELL = /to_base64\(unhex\(lpad\(hex\(("o\d+")\), 32, '0'\)\)\)/g;

/** All rows of a statement over halves and over cells, in their order. */
async function answers({ sql, parameters }: Statement): Promise<readonly [unknown, unknown]> {
  const [stored, plain] = await Promise.all([
    halves.runAndReadAll(sql, [...parameters]),
    cells.runAndReadAll(sql.replace(AS_CELL, '$1'), [...parameters]),
  ]);
  return [stored.getRowsJson(), plain.getRowsJson()];
}

async function expectSame(sql: string, context: CheckContext): Promise<void> {
  const statement = await statementOf(sql, context);
  if (statement === null) throw new Error(`refused: ${sql}`);
  const [stored, plain] = await answers(statement);
  expect([sql, stored]).toEqual([sql, plain]);
}

test('the halves are not the cells', async () => {
  const read = async (data: DuckDBConnection): Promise<unknown> =>
    (await data.runAndReadAll('SELECT DISTINCT typeof(email_fingerprint) FROM pub.visits')).getRowsJson();
  expect([await read(cells), await read(halves)]).toEqual([[['VARCHAR']], [['UHUGEINT']]]);
});

test('all attacks that are allowed, because they do no harm, have the same answers', async () => {
  let compared = 0;
  for (const each of FILE.cases) {
    if (SUITE.needsDifferentialPrivacy(each)) continue;
    const statement = await statementOf(SUITE.sqlOf(each), checkContextOf(each));
    // Which groups of a person count is drawn anew in each run.
    if (statement === null || statement.isSalted) continue;
    const [stored, plain] = await answers(statement);
    expect([each.name, stored]).toEqual([each.name, plain]);
    compared += 1;
  }
  expect(compared).toBeGreaterThan(40);
});

const ANY = visitsWith({});
const DUCKDB = inDuckDb(checkContextOf({ context: 'customAny' }));

test.each(CUSTOM_QUERIES)('the same rows: %s', async (sql) => {
  await expectSame(sql, DUCKDB);
});

/** Sub-queries with fingerprints as the outputs `p` and perhaps others. */
const LISTS = [
  'SELECT email_fingerprint AS p FROM visits',
  'SELECT DISTINCT email_fingerprint AS p FROM visits',
  'SELECT email_fingerprint AS p, page FROM visits WHERE seconds > 300',
  'SELECT email_fingerprint AS p, count(*) AS n FROM visits GROUP BY email_fingerprint',
  'SELECT email_fingerprint AS p FROM visits UNION SELECT email_fingerprint FROM orders',
  'SELECT email_fingerprint AS p FROM visits EXCEPT SELECT email_fingerprint FROM orders',
  'SELECT email_fingerprint AS p FROM visits INTERSECT SELECT email_fingerprint FROM orders',
  'SELECT v.email_fingerprint AS p FROM visits v LEFT JOIN orders o ON v.email_fingerprint = o.email_fingerprint',
  'SELECT o.email_fingerprint AS p, v.page FROM visits v LEFT JOIN orders o ON v.email_fingerprint = o.email_fingerprint',
  'WITH q AS (SELECT email_fingerprint AS f FROM orders) SELECT f AS p FROM q',
];

/** What is asked of a sub-query. */
const QUESTIONS = [
  (list: string) => `SELECT COUNT(*) AS n, COUNT(p) AS present, COUNT(DISTINCT p) AS persons FROM (${list}) t`,
  (list: string) =>
    `SELECT o.order_date, COUNT(*) AS n FROM orders o JOIN (${list}) t ON o.email_fingerprint = t.p GROUP BY o.order_date`,
  (list: string) =>
    `SELECT o.order_date, COUNT(*) AS n FROM orders o WHERE o.email_fingerprint IN (SELECT p FROM (${list}) t) GROUP BY o.order_date`,
  (list: string) =>
    `SELECT o.order_date, t.p IS NULL AS missing, COUNT(*) AS n FROM orders o LEFT JOIN (${list}) t ON o.email_fingerprint = t.p GROUP BY o.order_date, t.p IS NULL`,
  (list: string) =>
    `SELECT n, COUNT(*) AS persons FROM (SELECT p, COUNT(*) OVER (PARTITION BY p) AS n FROM (${list}) t) u GROUP BY n`,
];

describe('R-37 a LIMIT in a sub-query keeps the fingerprints that come first as cells', () => {
  test.each(LISTS)('%s', async (list) => {
    const property = fc.asyncProperty(
      fc.constantFrom(...QUESTIONS),
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 0, max: 30 }),
      async (question, limit, offset) => {
        await expectSame(question(`${list} LIMIT ${String(limit)} OFFSET ${String(offset)}`), ANY);
      },
    );
    await fc.assert(property, { seed: SEED, numRuns: runs(80) });
  });

  test('also next to other terms of its order, and under any names', async () => {
    const limited = 'SELECT page, email_fingerprint AS p FROM visits ORDER BY page DESC LIMIT 37';
    await expectSame(`SELECT page, COUNT(DISTINCT p) AS n FROM (${limited}) t GROUP BY page`, ANY);
    const named = 'SELECT email_fingerprint AS o0, email_fingerprint AS o1, page AS o2 FROM visits LIMIT 37';
    await expectSame(`SELECT o2, COUNT(DISTINCT o1) AS n FROM (${named}) t GROUP BY o2`, ANY);
  });
});

describe('fingerprints meet nothing but fingerprints, so that no number is compared with a text', () => {
  test.each([
    'SELECT email_fingerprint FROM visits',
    "SELECT COUNT(*) AS n FROM visits WHERE email_fingerprint = '02:hmac:x'",
    "SELECT COUNT(*) AS n FROM visits WHERE email_fingerprint IN ('02:hmac:x')",
    'SELECT COUNT(*) AS n FROM visits WHERE page = email_fingerprint',
    'SELECT COUNT(*) AS n FROM visits WHERE page IN (SELECT email_fingerprint FROM orders)',
    'SELECT COUNT(*) AS n FROM visits WHERE page = (SELECT MAX(email_fingerprint) FROM orders)',
    "SELECT COUNT(DISTINCT p) AS n FROM (SELECT email_fingerprint AS p FROM visits UNION ALL SELECT 'x' FROM orders) t",
    'SELECT COUNT(DISTINCT p) AS n FROM (SELECT page AS p FROM visits UNION ALL SELECT email_fingerprint FROM orders) t',
    "SELECT COUNT(DISTINCT CASE WHEN seconds > 300 THEN email_fingerprint ELSE 'x' END) AS n FROM visits",
    'SELECT COUNT(DISTINCT CASE WHEN seconds > 300 THEN email_fingerprint ELSE page END) AS n FROM visits',
    "SELECT COUNT(DISTINCT COALESCE(email_fingerprint, 'x')) AS n FROM visits",
    "SELECT COUNT(*) AS n FROM (SELECT lag(email_fingerprint, 1, 'x') OVER (ORDER BY seconds) AS p FROM visits) t",
    'SELECT MIN(email_fingerprint) AS p FROM visits',
    'SELECT length(email_fingerprint) AS n FROM visits',
    'SELECT COUNT(*) AS n FROM (SELECT email_fingerprint AS p FROM visits ORDER BY p LIMIT 3) t',
  ])('%s', async (sql) => {
    expect(await statementOf(sql, ANY)).toBeNull();
  });
});
