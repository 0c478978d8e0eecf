import { expect, test } from 'vitest';
import { parseManifest } from 'sealroom/collab';
import { SCALAR_FUNCTIONS, type ScalarFunction } from '#src/collab/rules/aggregation';
import { manifestOfContext, withValue } from '../support/manifests.ts';
import { changed } from './contexts.ts';
import { useRoom } from './room.ts';

const room = useRoom();

/** A call of each function that a rule can list, over dimension columns. */
const CALLS: Readonly<Record<ScalarFunction, string>> = {
  ABS: 'ABS(i.frequency_cap)',
  CAST: 'CAST(i.frequency_cap AS VARCHAR)',
  CEILING: 'CEILING(i.frequency_cap / 2)',
  COALESCE: "COALESCE(i.region, 'none')",
  CONVERT: 'CONVERT(VARCHAR, i.frequency_cap)',
  CURRENT_DATE: 'i.impression_date < CURRENT_DATE',
  DATEADD: 'DATEADD(day, 1, i.impression_date)',
  EXTRACT: 'EXTRACT(month FROM i.impression_date)',
  FLOOR: 'FLOOR(i.frequency_cap / 2)',
  GETDATE: 'EXTRACT(day FROM i.impression_date) < EXTRACT(day FROM GETDATE())',
  LN: 'LN(i.frequency_cap)',
  LOG: 'LOG(i.frequency_cap)',
  LOWER: 'LOWER(i.region)',
  ROUND: 'ROUND(i.frequency_cap / 2)',
  RTRIM: 'RTRIM(i.region)',
  SQRT: 'SQRT(i.frequency_cap)',
  SUBSTRING: 'SUBSTRING(i.region, 1, 3)',
  TO_CHAR: "TO_CHAR(i.impression_date, 'YYYY-MM')",
  TO_DATE: "TO_DATE(i.region, 'yyyy-MM-dd')",
  TO_NUMBER: "TO_NUMBER(i.region, '999')",
  TO_TIMESTAMP: "TO_TIMESTAMP(i.region, 'yyyy-MM-dd HH:mm:ss')",
  TRIM: 'TRIM(i.region)',
  TRUNC: 'TRUNC(i.frequency_cap / 2)',
  UPPER: 'UPPER(i.region)',
};

/** What else the call of a function needs. */
const WITH: Readonly<Partial<Record<ScalarFunction, readonly ScalarFunction[]>>> = { GETDATE: ['EXTRACT'] };

function queryOf(call: string): string {
  return `SELECT ${call} AS x, COUNT(DISTINCT i.email_fingerprint) AS n FROM impressions i
    JOIN purchases p ON i.email_fingerprint = p.email_fingerprint GROUP BY ${call}`;
}

/** Whether a function of the list is a cast: either of the two allows both. */
const isCast = (name: string): boolean => name === 'CAST' || name === 'CONVERT';

const listing = (scalarFunctions: readonly string[]): ReturnType<typeof changed> =>
  changed('agg', (table) => (['impressions', 'purchases'].includes(table) ? { scalarFunctions } : {}));

test.each(SCALAR_FUNCTIONS)('R-25 %s runs if a rule lists it, and only then', async (name) => {
  const sql = queryOf(CALLS[name]);
  const others = SCALAR_FUNCTIONS.filter((other) => other !== name && !(isCast(name) && isCast(other)));
  expect(await room.codesOf(sql, listing(others))).toContain('FUNCTION_NOT_ALLOWED');
  await expect(
    room.rowsOf(await room.statementOf(sql, listing([name, ...(WITH[name] ?? [])]))),
  ).resolves.toBeInstanceOf(Array);
});

/** A call of each function whose name a rule cannot list, but that a function of the list allows. */
const OTHERS: readonly (readonly [name: string, listed: ScalarFunction, call: string])[] = [
  ['YEAR', 'EXTRACT', 'YEAR(i.impression_date)'],
  ['QUARTER', 'EXTRACT', 'QUARTER(i.impression_date)'],
  ['MONTH', 'EXTRACT', 'MONTH(i.impression_date)'],
  ['WEEK', 'EXTRACT', 'WEEK(i.impression_date)'],
  ['WEEKOFYEAR', 'EXTRACT', 'WEEKOFYEAR(i.impression_date)'],
  ['DAY', 'EXTRACT', 'DAY(i.impression_date)'],
  ['DAYOFMONTH', 'EXTRACT', 'DAYOFMONTH(i.impression_date)'],
  ['DAYOFWEEK', 'EXTRACT', 'DAYOFWEEK(i.impression_date)'],
  ['DAYOFYEAR', 'EXTRACT', 'DAYOFYEAR(i.impression_date)'],
  ['HOUR', 'EXTRACT', 'HOUR(i.impression_date)'],
  ['MINUTE', 'EXTRACT', 'MINUTE(i.impression_date)'],
  ['SECOND', 'EXTRACT', 'SECOND(i.impression_date)'],
  ['DATE_PART', 'EXTRACT', "DATE_PART('month', i.impression_date)"],
  ['DATEPART', 'EXTRACT', "DATEPART('month', i.impression_date)"],
  ['CEIL', 'CEILING', 'CEIL(i.frequency_cap / 2)'],
  ['NVL', 'COALESCE', "NVL(i.region, 'none')"],
  ['IFNULL', 'COALESCE', "IFNULL(i.region, 'none')"],
  ['SUBSTR', 'SUBSTRING', 'SUBSTR(i.region, 1, 3)'],
  ['LCASE', 'LOWER', 'LCASE(i.region)'],
  ['UCASE', 'UPPER', 'UCASE(i.region)'],
  ['LTRIM', 'TRIM', 'LTRIM(i.region)'],
  ['BTRIM', 'TRIM', 'BTRIM(i.region)'],
  ['LOG10', 'LOG', 'LOG10(i.frequency_cap)'],
  ['DATE_ADD', 'DATEADD', 'DATE_ADD(i.impression_date, 1)'],
  ['ADD_MONTHS', 'DATEADD', 'ADD_MONTHS(i.impression_date, 1)'],
  ['NOW', 'GETDATE', 'EXTRACT(day FROM i.impression_date) < EXTRACT(day FROM NOW())'],
  ['CURRENT_TIMESTAMP', 'GETDATE', 'EXTRACT(day FROM i.impression_date) < EXTRACT(day FROM CURRENT_TIMESTAMP)'],
  ['TRY_CAST', 'CAST', 'TRY_CAST(i.frequency_cap AS VARCHAR)'],
];

test.each(OTHERS)('R-25 %s is allowed by %s in the list, and the manifest says so', async (name, listed, call) => {
  const text = JSON.stringify(
    withValue(
      manifestOfContext('agg'),
      ['tables', 0, 'analysisRule', 'policy', 'v1', 'aggregation', 'scalarFunctions'],
      [name],
    ),
  );
  expect(() => parseManifest(text)).toThrow(`AWS Clean Rooms has no ${name} in this list`);
  const sql = queryOf(call);
  expect(await room.codesOf(sql, listing([listed, ...(WITH[listed] ?? [])]))).toEqual(['allowed']);
  expect(await room.codesOf(sql, listing([]))).not.toEqual(['allowed']);
});
