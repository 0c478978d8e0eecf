import { createHash } from 'node:crypto';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { type Manifest, parseManifest } from 'sealroom/collab';
import { checkQuery, QueryParser, type SnapshotFacts, type Verdict } from 'sealroom/query';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runs } from '../support/runs.ts';
import { Choices } from './model/choices.ts';
import { type Value } from './model/functions.ts';
import { type Answer, type ModelQuery, queryOf } from './model/queries.ts';
import { type ColumnKind, COLUMNS, type Database, type Row } from './model/rows.ts';

// Random queries over random small tables, answered twice: by the statement that the checker writes, in the engine, and by an evaluator
// that knows neither, and goes through rows one by one with Spark's meaning of each function.
const SEED = 20261129;
const MINIMUM = 3;

const TYPES: Readonly<Record<ColumnKind, string>> = {
  text: 'VARCHAR',
  person: 'VARCHAR',
  date: 'DATE',
  time: 'TIMESTAMP',
  number: 'DECIMAL(9,2)',
  truth: 'BOOLEAN',
};

/** The columns of a table with their kinds, and a number for each row. */
function columnsOf(name: keyof Database): readonly (readonly [string, ColumnKind])[] {
  return [...Object.entries(COLUMNS[name]), ['id', 'number']];
}

function tableOf(name: keyof Database, owner: string, rule: object): object {
  const columns = columnsOf(name).map(([column, type]) => ({
    name: column,
    protection: type === 'person' ? 'fingerprint' : 'cleartext',
    type: TYPES[type],
  }));
  const custom = { allowedAnalyses: ['ANY_QUERY'], allowedAnalysisProviders: ['brand'], ...rule };
  return { name, owner, columns, analysisRule: { type: 'CUSTOM', policy: { v1: { custom } } } };
}

function manifestWith(rule: object): Manifest {
  const settings = {
    allowCleartext: true,
    allowDuplicates: true,
    allowJoinsOnColumnsWithDifferentNames: false,
    preserveNulls: true,
  };
  const members = ['publisher', 'brand'].map((id) => ({ id, abilities: ['CAN_QUERY', 'CAN_RECEIVE_RESULTS'] }));
  const tables = [tableOf('ads', 'publisher', rule), tableOf('sales', 'brand', {})];
  const id = '7a2c1e9e-3f5b-4b1e-9f0e-0d6a1d1c2b33';
  return parseManifest(JSON.stringify({ version: 1, id, name: 'model', settings, members, tables }));
}

const THRESHOLD = { identityColumns: ['person'], minimumIdentityCount: MINIMUM, type: 'COUNT_DISTINCT' };
const FREE = manifestWith({});
const BARE = manifestWith({
  aggregationThresholds: [{ ...THRESHOLD, allowedAggregateExpressionType: 'COLUMNS_ONLY' }],
});
const ANY = manifestWith({
  aggregationThresholds: [{ ...THRESHOLD, allowedAggregateExpressionType: 'ANY_EXPRESSION' }],
});

let parser: QueryParser;
let engine: DuckDBConnection;

beforeAll(async () => {
  parser = await QueryParser.open();
  engine = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
  // As in a room: see src/engine/locked-database.ts.
  await engine.run("SET disabled_optimizers = 'column_lifetime'");
  await engine.run('CREATE SCHEMA publisher; CREATE SCHEMA brand');
});

afterAll(() => {
  parser.close();
  engine.closeSync();
});

const NAMES: Readonly<Record<keyof Database, string>> = { ads: 'publisher.ads', sales: 'brand.sales' };

/** The type of a column as a room stores it: fingerprints are numbers, by the first half of them. */
function storedType(kind: ColumnKind): string {
  return kind === 'person' ? 'UHUGEINT' : TYPES[kind];
}

function print(value: Value, kind: ColumnKind): string {
  if (kind !== 'person' || value === null) return typeof value === 'string' ? `'${value}'` : String(value);
  const digest = createHash('sha256').update(String(value)).digest('hex');
  return `'${String(BigInt(`0x${digest.slice(0, 32)}`))}'::UHUGEINT`;
}

async function load(database: Database): Promise<void> {
  for (const name of ['ads', 'sales'] as const) {
    const columns = columnsOf(name);
    const types = columns.map(([column, kind]) => `"${column}" ${storedType(kind)}`);
    await engine.run(`CREATE OR REPLACE TABLE ${NAMES[name]}(${types.join(', ')})`);
    const rows = database[name].map(
      (row) => `(${columns.map(([column, kind]) => print(row[column] ?? null, kind)).join(', ')})`,
    );
    if (rows.length > 0) await engine.run(`INSERT INTO ${NAMES[name]} VALUES ${rows.join(', ')}`);
  }
}

/** What a room knows of the asking member's table. */
function factsOf({ sales }: Database): ReadonlyMap<string, SnapshotFacts> {
  const most = (column: string): number => {
    const values = sales.map((row) => row[column]).filter((value) => value !== null);
    return Math.max(0, ...values.map((value) => values.filter((each) => each === value).length));
  };
  const multiplicity = new Map([...Object.keys(COLUMNS.sales), 'id'].map((column) => [column, most(column)]));
  return new Map([['sales', { rows: sales.length, multiplicity }]]);
}

function maybe(value: fc.Arbitrary<Value>): fc.Arbitrary<Value> {
  return fc.option(value, { freq: 8 });
}

const DAYS = ['2023-12-31', '2024-01-31', '2024-02-29', '2024-03-01', '2024-03-31'];

const BY_TYPE: Readonly<Record<ColumnKind, fc.Arbitrary<Value>>> = {
  person: fc.nat(5).map((each) => `p${String(each)}`),
  text: fc.constantFrom('c0', 'c1', 'c2', ''),
  number: fc.integer({ min: -8, max: 12 }).map((each) => each / 4),
  date: fc.constantFrom(...DAYS),
  time: fc.constantFrom(...DAYS.flatMap((day) => [`${day} 00:00:00`, `${day} 13:45:10`])),
  truth: fc.boolean(),
};

function recordsOf(name: keyof Database, maxLength: number): fc.Arbitrary<Database['ads']> {
  const columns = Object.fromEntries(
    Object.entries(COLUMNS[name]).map(([column, type]) => [column, maybe(BY_TYPE[type])]),
  );
  const rows = fc.array(fc.record(columns), { minLength: 1, maxLength });
  return rows.map((all) => all.map((row, id) => ({ ...row, id })));
}

/** Half of the time, persons are there once in `sales`. */
const DATABASE: fc.Arbitrary<Database> = fc
  .record({ ads: recordsOf('ads', 14), sales: recordsOf('sales', 8), isUnique: fc.boolean() })
  .map(({ ads, sales, isUnique }) => {
    const isFirst = (column: string, at: number): boolean =>
      sales[at]?.[column] === null || sales.findIndex((row) => row[column] === sales[at]?.[column]) === at;
    return { ads, sales: isUnique ? sales.filter((_, at) => isFirst('person', at) && isFirst('phone', at)) : sales };
  });

const QUERIES = fc.array(fc.array(fc.noBias(fc.nat(999_999)), { minLength: 60, maxLength: 60 }), {
  minLength: 25,
  maxLength: 25,
});

function comparable(value: unknown): unknown {
  const number = typeof value === 'number' || typeof value === 'string' ? Number(value) : Number.NaN;
  if (!Number.isFinite(number) || value === '') return value;
  return Math.abs(number) < 1e-9 ? 0 : Number(number.toPrecision(9));
}

/** What HAVING leaves. */
function havingOf({ having }: ModelQuery, rows: readonly (readonly Value[])[]): readonly (readonly Value[])[] {
  return rows.filter((row) => having === null || row[having] !== null);
}

function sorted(rows: readonly (readonly unknown[])[]): readonly string[] {
  return rows.map((row) => JSON.stringify(row.map(comparable))).sort();
}

async function read(verdict: Extract<Verdict, { readonly allowed: true }>): Promise<readonly string[]> {
  const { sql, parameters } = verdict.statement;
  return sorted((await engine.runAndReadAll(sql, [...parameters])).getRowsJson());
}

async function ask(sql: string, manifest: Manifest, database: Database): Promise<Verdict> {
  const context = { manifest, member: 'brand', receivers: ['brand'], facts: factsOf(database) };
  return checkQuery(await parser.parse(sql, manifest.dialect), context);
}

/** What was tried, and how often it ran. */
class Tally {
  readonly #allowed = new Map<string, number>();
  readonly #refused = new Map<string, number>();

  add(name: string, verdict: Verdict): void {
    const counts = verdict.allowed ? this.#allowed : this.#refused;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }

  get allowed(): number {
    return [...this.#allowed.values()].reduce((sum, each) => sum + each, 0);
  }

  get refused(): number {
    return [...this.#refused.values()].reduce((sum, each) => sum + each, 0);
  }

  /** Names of what never ran. */
  get never(): readonly string[] {
    return [...this.#refused.keys()].filter((name) => !this.#allowed.has(name));
  }
}

/** Tries queries on a database each, and lets a judge look at those that are allowed. */
async function tryQueries(
  manifest: Manifest,
  depth: number,
  tally: Tally,
  judge: (
    query: ModelQuery,
    verdict: Extract<Verdict, { readonly allowed: true }>,
    database: Database,
  ) => Promise<void>,
  count: number,
): Promise<void> {
  const property = fc.asyncProperty(DATABASE, QUERIES, async (database, queries) => {
    await load(database);
    for (const numbers of queries) {
      const query = queryOf(new Choices(numbers), depth);
      const verdict = await ask(query.sql, manifest, database);
      tally.add(query.source, verdict);
      if (verdict.allowed) await judge(query, verdict, database);
    }
  });
  await fc.assert(property, { seed: SEED, numRuns: runs(count), endOnFailure: true });
}

test('a query without thresholds means what Spark says', async () => {
  const tally = new Tally();
  await tryQueries(
    FREE,
    2,
    tally,
    async (query, verdict, database) => {
      const rows = query.answer(database).map(({ values }) => values);
      expect([query.sql, await read(verdict)]).toEqual([query.sql, sorted(havingOf(query, rows))]);
    },
    400,
  );
  expect(tally.never).toEqual([]);
  expect(tally.refused).toBe(0);
});

/** Persons of `ads` behind a row of an answer, in the scan with the fewest. */
function fewestPersons(rows: readonly Row[], scans: readonly number[]): number {
  const counts = scans.map((scan) => new Set(rows.flatMap((row) => [...(row.persons.get(scan) ?? [])])).size);
  return counts.length === 0 ? Number.POSITIVE_INFINITY : Math.min(...counts);
}

/** The values of MIN and MAX, which show only if enough persons have them. */
function withExtremes({ measures, keys, scans }: ModelQuery, answer: Answer): readonly Value[] {
  return answer.values.map((value, place) => {
    const extreme = measures[place - keys]?.extreme;
    if (extreme === undefined) return value;
    const rows = answer.rows.filter((row) => extreme.at(row) === value);
    return fewestPersons(rows, scans) >= MINIMUM ? value : null;
  });
}

describe.each([
  { name: 'bare columns', manifest: BARE, depth: 1 },
  { name: 'any expression', manifest: ANY, depth: 1 },
])('under a threshold, $name', ({ manifest, depth }) => {
  test('R-34 exactly the rows with enough persons are shown, each with the answer of plain SQL', async () => {
    const tally = new Tally();
    await tryQueries(
      manifest,
      depth,
      tally,
      async (query, verdict, database) => {
        const shown = await read(verdict);
        const hasEnough = (rows: readonly Row[]): boolean => fewestPersons(rows, query.scans) >= MINIMUM;
        const enough = query.answer(database, hasEnough).filter(({ rows }) => hasEnough(rows));
        const expected = sorted(
          havingOf(
            query,
            enough.map((answer) => withExtremes(query, answer)),
          ),
        );
        expect([query.sql, shown]).toEqual([query.sql, expected]);
      },
      200,
    );
    expect(tally.never).toEqual([]);
    expect(tally.allowed).toBeGreaterThan(tally.refused / 2);
  });
});
