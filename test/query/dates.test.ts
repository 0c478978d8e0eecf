import { expect, test } from 'vitest';
import { checkContextOf } from '../adversarial/adversarial-file.ts';
import { visitsWith } from './contexts.ts';
import { useRoom } from './room.ts';

const room = useRoom();
const CUSTOM = checkContextOf({ context: 'customAny' });
const DUCKDB = { ...CUSTOM, manifest: { ...CUSTOM.manifest, dialect: 'duckdb' as const } };

/** What an expression is, in a row of its own. */
async function valueOf(expression: string): Promise<unknown> {
  const sql = await room.statementOf(`SELECT ${expression} AS x FROM visits LIMIT 1`, CUSTOM);
  const [row] = (await room.read(sql)).getRowsJson();
  return row?.[0] ?? null;
}

async function findingsOf(expression: string): Promise<readonly string[]> {
  const verdict = await room.ask(`SELECT ${expression} AS x FROM visits`, CUSTOM);
  return verdict.allowed ? [] : verdict.findings.map(({ code }) => code);
}

// What Spark answers is in test/vectors/spark-meaning.json. These are AWS's own words, and what has no counterpart there.
test.each([
  ["TO_CHAR(DATE '2024-03-05', 'YYYY-MM')", '2024-03'],
  ["TO_CHAR(DATE '2024-03-05', 'Mon DD, YY')", 'Mar 05, 24'],
  ["TO_CHAR(DATE '2024-03-05', 'MONTH|Day')", 'MARCH    |Tuesday  '],
  ["TO_CHAR(DATE '2024-03-05', 'FMMonth FMDD')", 'March 5'],
  ["TO_CHAR(DATE '2024-03-05', 'YYYY\"-Q\"Q WW W D')", '2024-Q1 10 1 3'],
  ["TO_CHAR(TIMESTAMP '2024-03-05 13:04:05.678', 'HH24:MI:SS.MS HH12 am')", '13:04:05.678 01 pm'],
  ["TO_CHAR(DATE '2024-03-05', 'dy%DY')", 'tue%TUE'],
  ["TO_DATE('05.03.2024', 'DD.MM.YYYY')", '2024-03-05'],
  ["TO_DATE('20240305', 'YYYYMMDD')", '2024-03-05'],
  ["TO_DATE('05 mar 2024', 'DD Mon YYYY')", '2024-03-05'],
  ["TO_TIMESTAMP('2024-03-05 01:02 PM', 'YYYY-MM-DD HH12:MI AM')", '2024-03-05 13:02:00'],
  ["TRUNC(TIMESTAMP '2024-03-05 13:04:05')", '2024-03-05'],
  ["TO_NUMBER('1,234.5', '9,999.99')", '1234.50'],
  ["TO_NUMBER('12-', '99S')", '-12'],
  ["DATE_ADD(DATE '9999-12-31', 1)", null],
  ["DATEADD(YEAR, (seconds + 1) * 1000000, DATE '2024-03-05')", null],
  ['MAKE_DATE(2024, 2, 30)', null],
  ["DATE '2024-03-05' - DATE '2024-03-01'", '4'],
] as const)('R-57 %s', async (expression, expected) => {
  expect(await valueOf(expression)).toBe(expected);
});

test('R-57 TO_DATE without a format is CAST', async () => {
  for (const type of ['DATE', 'TIMESTAMP']) {
    const statements = [`TO_${type}(page)`, `CAST(page AS ${type})`].map((each) =>
      room.statementOf(`SELECT ${each} AS x FROM visits`, CUSTOM),
    );
    const [read, cast] = await Promise.all(statements);
    expect(read).toBe(cast);
  }
});

test.each([
  ['DATEADD(fortnight, 1, visit_date)', 'ARGUMENT_NOT_LITERAL'],
  ['DATEADD(seconds + 1, 1, visit_date)', 'ARGUMENT_NOT_LITERAL'],
  ['DATE_ADD(visit_date, 1.5)', 'TYPE_MISMATCH'],
  ['DATE_ADD(page, 1)', 'TYPE_MISMATCH'],
  ['CAST(visit_date AS TIMESTAMP) + 1', 'TYPE_MISMATCH'],
  ["visit_date + INTERVAL '1 month 3 days'", 'LITERAL_FORMAT'],
  ["visit_date + INTERVAL '1.5' DAY", 'LITERAL_FORMAT'],
  ['visit_date + INTERVAL (seconds) DAY', 'LITERAL_FORMAT'],
  ["visit_date + INTERVAL '10001' YEAR", 'LITERAL_RANGE'],
  ['CAST(visit_date AS TIMESTAMP) - visit_date', 'TYPE_MISMATCH'],
  ['CAST(CAST(visit_date AS TIMESTAMP) - visit_date AS VARCHAR)', 'TYPE_MISMATCH'],
  ['sum(CAST(visit_date AS TIMESTAMP) - visit_date)', 'TYPE_MISMATCH'],
  ["CAST(visit_date AS TIMESTAMP) - visit_date < INTERVAL '1' MONTH", 'TYPE_MISMATCH'],
  ['TO_CHAR(visit_date, page)', 'ARGUMENT_NOT_LITERAL'],
  ["TO_CHAR(visit_date, 'yyyy-mm-dd')", 'LITERAL_FORMAT'],
  ["TO_CHAR(visit_date, 'HH')", 'LITERAL_FORMAT'],
  ["TO_CHAR(seconds, '999')", 'TYPE_MISMATCH'],
  ["DATE_FORMAT(visit_date, 'YYYY')", 'LITERAL_FORMAT'],
  ['TO_DATE(page, \'"secret"YYYY\')', 'LITERAL_FORMAT'],
  ["TO_DATE(page, 'YYYYYYYY')", 'LITERAL_FORMAT'],
  ["TO_NUMBER(page, 'L9')", 'LITERAL_FORMAT'],
  ['EXTRACT(CENTURY FROM visit_date)', 'ARGUMENT_NOT_LITERAL'],
  ["FROM_UTC_TIMESTAMP(visit_date, 'Europe/Berlin')", 'FUNCTION_NOT_ALLOWED'],
  ["add_time('day', 1, visit_date)", 'FUNCTION_NOT_ALLOWED'],
] as const)('R-57 refuses %s', async (expression, code) => {
  expect(await findingsOf(expression)).toContain(code);
});

test('R-57 nested months and formats are counted with their copies, and what is allowed runs at once', async () => {
  let nested = 'visit_date';
  for (let depth = 0; depth < 6; depth += 1) {
    nested = `DATEADD(MONTH, DATEDIFF(MONTH, ${nested}, visit_date), visit_date)`;
  }
  expect(await findingsOf(nested)).toEqual(['TOO_LARGE']);
  let days = 'visit_date';
  for (let depth = 0; depth < 15; depth += 1) days = `DATE_ADD(${days}, 1)`;
  await room.read(await room.statementOf(`SELECT ${days} AS x FROM visits`, CUSTOM));
});

test('R-57 in the dialect duckdb, dates mean what the engine means', async () => {
  const answers = async (expression: string): Promise<unknown> => {
    const sql = await room.statementOf(`SELECT ${expression} AS x FROM visits LIMIT 1`, DUCKDB);
    return (await room.read(sql)).getRowsJson()[0]?.[0];
  };
  expect(await answers("dayofweek(DATE '2024-03-03')")).toBe('0');
  expect(await answers("datediff('month', DATE '2024-01-31', DATE '2024-02-01')")).toBe('1');
  expect(await answers("DATE '2024-01-31' + INTERVAL 1 MONTH")).toBe('2024-02-29 00:00:00');
  expect(await answers("extract(second FROM TIMESTAMP '2024-01-31 00:00:01.5')")).toBe('1');
});

// Amounts, units and formats are no constants that a column is compared with, unless what they make NULL is asked for.
test('R-52 constant amounts and formats are compared with nothing, except where NULL is told apart', async () => {
  const limited = visitsWith({ comparisonControls: { allowedLiteralComparisonColumns: [] } });
  const codesOf = (condition: string): Promise<readonly string[]> =>
    room.codesOf(
      `SELECT v.page FROM visits v JOIN orders o ON v.email_fingerprint = o.email_fingerprint WHERE ${condition}`,
      limited,
    );
  for (const condition of [
    'o.order_date <= v.visit_date + 14',
    "o.order_date >= v.visit_date - INTERVAL '1' MONTH",
    'DATEADD(day, 30, v.visit_date) >= o.order_date',
    "TO_CHAR(v.visit_date, 'YYYY-MM') = TO_CHAR(o.order_date, 'YYYY-MM')",
    'DATEADD(day, v.seconds, v.visit_date) >= o.order_date',
  ]) {
    expect([condition, await codesOf(condition)]).toEqual([condition, ['allowed']]);
  }
  for (const condition of [
    'o.order_date - v.visit_date <= 14',
    "CAST(o.order_date AS TIMESTAMP) - v.visit_date <= INTERVAL '7' DAY",
    'v.visit_date + 2912345 IS NULL',
    'v.visit_date + 2912345 IS DISTINCT FROM NULL',
    "TO_DATE(v.page, 'YYYY-MM-DD') IS NOT NULL",
    'DATEADD(day, v.seconds * 2, v.visit_date) >= o.order_date',
    "DATEADD(day, v.seconds, DATE '2024-01-01') >= v.visit_date",
    'TO_CHAR(v.visit_date, \'"vip"\') = v.page',
  ]) {
    expect([condition, await codesOf(condition)]).toEqual([condition, ['COMPARISON_NOT_ALLOWED']]);
  }
});
