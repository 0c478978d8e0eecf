import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { AGGREGATES, findAggregate, findScalar } from '#src/query/ast/functions';
import { beforeAll, describe, expect, test } from 'vitest';
import { checkContextOf, FILE } from '../adversarial/adversarial-file.ts';
import { useRoom } from './room.ts';
import { runs } from '../support/runs.ts';

const SEED = 20240131;

const room = useRoom();

const CUSTOM = checkContextOf({ context: 'customAny' });
const AGGREGATION = checkContextOf({ context: 'agg' });

describe('functions of the engine', () => {
  /** Names by kind, as the engine lists them. */
  async function functionsOf(kinds: readonly string[]): Promise<string[]> {
    const engine = await (await DuckDBInstance.create(':memory:')).connect();
    const list = kinds.map((kind) => `'${kind}'`).join(', ');
    const reader = await engine.runAndReadAll(
      `SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_type IN (${list}) ORDER BY 1`,
    );
    engine.closeSync();
    return reader.getRows().map(([name]) => String(name));
  }

  /** Functions of times, which a query can name with other arguments than these. */
  const TIMES = new Set([
    ...['year', 'quarter', 'month', 'week', 'day', 'hour', 'minute', 'second', 'dayofweek', 'dayofyear', 'dayofmonth'],
    ...['weekday', 'weekofyear', 'date_add', 'date_sub', 'date_diff', 'datediff', 'now', 'get_current_timestamp'],
    ...['current_timestamp', 'current_date', 'timezone', 'to_timestamp'],
    // What the parser makes of intervals.
    ...['to_years', 'to_quarters', 'to_months', 'to_weeks', 'to_days', 'to_hours', 'to_minutes', 'to_seconds'],
    ...['to_milliseconds', 'to_microseconds'],
  ]);

  /** Functions that are written in another way than what they mean. */
  const WRITTEN = new Set([
    ...[
      'nvl2',
      'isnull',
      'isnotnull',
      'zeroifnull',
      'nullifzero',
      'equal_null',
      'decode',
      'mod',
      'log',
      'concat',
      'locate',
    ],
    ...['position', 'charindex', 'btrim', 'sha2', 'regexp_like', 'regexp', 'rlike', 'regexp_replace', 'regexp_extract'],
    ...['regexp_substr', 'convert'],
  ]);

  /** Names that stand for other aggregates; `forms.test.ts` says what each is. */
  const FORMS: ReadonlySet<string> = new Set([
    ...['any_value', 'approx_count_distinct', 'approx_quantile', 'arbitrary', 'arg_max', 'arg_min', 'argmax', 'argmin'],
    ...['bool_and', 'bool_or', 'count_if', 'countif', 'first', 'group_concat', 'last', 'listagg', 'max_by', 'min_by'],
    ...['quantile', 'quantile_cont', 'quantile_disc', 'string_agg', 'first_value', 'last_value'],
    ...['any', 'every', 'some', 'percentile', 'percentile_cont', 'percentile_disc', 'approx_percentile'],
  ]);

  function isKnown(name: string): boolean {
    const isScalar = findScalar(name) !== null && name !== '||';
    return isScalar || WRITTEN.has(name) || findAggregate(name) !== null || name === 'count_star' || TIMES.has(name);
  }

  test('every scalar, macro and aggregate is known or refused by name, whatever its arguments', async () => {
    const names = await functionsOf(['scalar', 'macro', 'aggregate']);
    expect(names.length).toBeGreaterThan(700);
    for (const name of names.filter((each) => !isKnown(each) && !FORMS.has(each))) {
      const call = `"${name.replaceAll('"', '""')}"`;
      const sql = `SELECT ${call}() AS a, ${call}(page) AS b, ${call}(seconds, 1) AS c FROM visits`;
      const verdict = await room.ask(sql, CUSTOM);
      const refused = verdict.findings.filter(({ code }) => code === 'FUNCTION_NOT_ALLOWED' || code === 'AGG_FUNCTION');
      expect([name, refused.length]).toEqual([name, 3]);
    }
  });

  test('every table function is refused', async () => {
    const names = await functionsOf(['table', 'table_macro']);
    expect(names.length).toBeGreaterThan(50);
    for (const name of names) {
      expect(await room.codesOf(`SELECT * FROM "${name}"('x')`, CUSTOM)).toContain('TABLE_FUNCTION');
    }
  });

  test('every aggregate that is allowed exists in the engine', async () => {
    const names = await functionsOf(['aggregate']);
    expect(Object.keys(AGGREGATES).filter((name) => !names.includes(name))).toEqual([]);
  });
});

describe('columns outside the rules', () => {
  const NAMES = /\b[a-z][a-z0-9]*\.[a-z_]+\b/g;
  const NAME = /[a-z][a-z0-9]*\.[a-z_]+/;

  /** A query with one of its columns replaced. */
  const mutant = fc
    .constantFrom(
      ...FILE.cases.filter(({ expected, context }) => expected === 'allow' && ['agg', 'list'].includes(context)),
    )
    .chain((each) => {
      const places = [...each.sql.matchAll(NAMES)].map((match) => match.index);
      return fc.record({ each: fc.constant(each), place: fc.constantFrom(...(places.length === 0 ? [0] : places)) });
    });

  test('an allowed query with any of its columns replaced by an unlisted one is refused', async () => {
    const property = fc.asyncProperty(mutant, async ({ each, place }) => {
      const forbidden = each.context === 'agg' ? 'i.notes' : 's.internal_rank';
      const changed = `${each.sql.slice(0, place)}${each.sql.slice(place).replace(NAME, forbidden)}`;
      fc.pre(changed.includes(forbidden));
      const verdict = await room.ask(changed, checkContextOf({ context: each.context }));
      expect([changed, verdict.allowed]).toEqual([changed, false]);
    });
    await fc.assert(property, { seed: SEED, numRuns: runs(200) });
  });
});

describe('random aggregation queries', () => {
  type Row = Readonly<Record<string, unknown>>;

  const DIMENSIONS = ['i.campaign', 'i.region', 'i.age_band', 'i.frequency_cap', 'p.product', 'p.store_region'];
  const FILTERS: readonly { readonly sql: string; readonly keeps: (row: Row) => boolean }[] = [
    { sql: "i.region = 'EU'", keeps: (row) => row['i.region'] === 'EU' },
    {
      sql: "i.region <> 'AQ' AND p.product IN ('boot', 'sandal')",
      keeps: (row) => row['i.region'] !== 'AQ' && row['p.product'] !== 'runner',
    },
    {
      sql: 'i.frequency_cap BETWEEN 1 AND 3',
      keeps: (row) => Number(row['i.frequency_cap']) >= 1 && Number(row['i.frequency_cap']) <= 3,
    },
    {
      sql: "NOT (i.campaign LIKE '%1' OR i.age_band = '55+')",
      keeps: (row) => row['i.campaign'] !== 'camp1' && row['i.age_band'] !== '55+',
    },
  ];

  let joined: Row[] = [];

  beforeAll(async () => {
    const columns = [...DIMENSIONS, 'i.email_fingerprint', 'i.clicks'].map((name) => `${name} AS "${name}"`).join(', ');
    const sql = `SELECT ${columns} FROM pub.impressions i JOIN brand.purchases p ON i.email_fingerprint = p.email_fingerprint`;
    joined = (await room.read(sql)).getRowObjectsJson();
  });

  const query = fc.record({
    dimensions: fc.uniqueArray(fc.constantFrom(...DIMENSIONS), { maxLength: 3 }),
    filter: fc.option(fc.constantFrom(...FILTERS)),
    minimum: fc.option(fc.integer({ min: 0, max: 60 })),
  });

  test('give exactly the groups that a naive count of persons lets through', async () => {
    const property = fc.asyncProperty(query, async ({ dimensions, filter, minimum }) => {
      const items = [...dimensions, 'COUNT(DISTINCT i.email_fingerprint) AS persons', 'SUM(i.clicks) AS total'];
      const sql = [
        `SELECT ${items.join(', ')} FROM impressions i JOIN purchases p ON i.email_fingerprint = p.email_fingerprint`,
        filter === null ? '' : `WHERE ${filter.sql}`,
        dimensions.length === 0 ? '' : `GROUP BY ${dimensions.join(', ')}`,
        minimum === null ? '' : `HAVING COUNT(DISTINCT i.email_fingerprint) >= ${String(minimum)}`,
      ].join(' ');
      const groups = new Map<string, { readonly persons: Set<unknown>; total: number }>();
      for (const row of joined.filter((each) => filter === null || filter.keeps(each))) {
        const key = JSON.stringify(dimensions.map((name) => String(row[name])));
        const group = groups.get(key) ?? { persons: new Set(), total: 0 };
        group.persons.add(row['i.email_fingerprint']);
        group.total += Number(row['i.clicks']);
        groups.set(key, group);
      }
      const expected = [...groups]
        .filter(([, { persons }]) => persons.size >= Math.max(10, minimum ?? 0))
        .map(([key, { persons, total }]) => `${key} ${String(persons.size)} ${String(total)}`);
      const reader = await room.read(await room.statementOf(sql, AGGREGATION));
      const rows = reader.getRowsJson().map((row) => {
        const key = JSON.stringify(row.slice(0, dimensions.length).map(String));
        return `${key} ${row.slice(dimensions.length).map(String).join(' ')}`;
      });
      expect(rows.sort()).toEqual(expected.sort());
    });
    await fc.assert(property, { seed: SEED, numRuns: runs(60) });
  });
});
