import fc from 'fast-check';
import { checkQuery, renderFindings, type Verdict } from 'sealroom/query';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkContextOf, contextOf, FILE } from '../adversarial/adversarial-file.ts';
import { inDuckDb } from '../query/contexts.ts';
import { CUSTOM_QUERIES } from '../query/corpus.ts';
import { ReadsParser } from '../query/executed.ts';
import { useRoom } from '../query/room.ts';

const SEED = 20240131;
const MUTATIONS = 10_000;
/** Queries that are read at the same time: half of the work is done on the engine's threads. */
const CONCURRENT = 8;

const room = useRoom();
let reads: ReadsParser;

beforeAll(async () => {
  reads = await ReadsParser.open();
});

afterAll(() => {
  reads.close();
});

const TOKEN = /"[^"]*"|'[^']*'|\w+|[<>=!|:]+|\S/g;
const WORDS = [
  ...['notes', 'i.notes', 's.internal_rank', 'raw_users', 'i', 'p', 'v', '*', '(', ')', ',', '.', '$1', '?', '#1'],
  ...['rowid', 'SELECT', 'FROM', 'WHERE', 'GROUP BY', 'HAVING', 'ORDER BY', 'LIMIT 1', 'DISTINCT', 'UNION', 'WITH'],
  ...['AS', 'ON true', 'LEFT', 'CROSS JOIN', 'NATURAL', 'FILTER', 'OVER ()', 'CASE', 'CAST', 'NULL', "''", '1e999'],
  ...['max', 'query', 'COLUMNS', 'income_band', 'v.income_band', 'email_fingerprint', 'i.email_fingerprint'],
  ...['TABLESAMPLE 10%', 'ALL', 'EXISTS', '::INT', '--', '/*', '"', "'", ';', '\u0000', '\u00a0', '𝒳', '\ud800'],
];
/** What leaves open which rows are taken, where several have the same place. */
const CHOOSING = /limit|offset|over|qualify|_by|_agg|first|last|any_value/i;
const OPERATORS = ['=', '<>', '<', '<=', '>', '>=', '!='];
/** Every column that there is: a rename of one into another still parses. */
const COLUMNS = Object.values(FILE.tables).flatMap((table) => Object.keys(table.columns));
const CASES = FILE.cases.filter(({ context, template }) => context !== 'dp' && template === undefined);
const ALLOWED = [
  ...CASES.filter(({ expected }) => expected === 'allow'),
  ...CUSTOM_QUERIES.map((sql) => ({ sql, context: 'customAny' })),
];

const edit = fc.record({
  at: fc.nat(200),
  kind: fc.constantFrom(
    ...['rename', 'rename', 'rename', 'rename', 'borrow', 'borrow', 'number', 'operator'],
    ...['drop', 'double', 'swap', 'replace', 'insert', 'cut'],
  ),
  other: fc.nat(200),
  word: fc.constantFrom(...WORDS),
  column: fc.constantFrom(...COLUMNS),
});

// Those that are allowed are close to others that are.
const mutation = fc.record({
  source: fc.constantFrom(...CASES, ...ALLOWED, ...ALLOWED, ...ALLOWED),
  edits: fc.array(edit, { minLength: 1, maxLength: 2 }),
});

type Mutation = typeof mutation extends fc.Arbitrary<infer Value> ? Value : never;

function mutate({ source, edits }: Mutation): string {
  const tokens = source.sql.match(TOKEN) ?? [];
  for (const { at, kind, word, column, other } of edits) {
    const place = at % Math.max(tokens.length, 1);
    const [token = '', next = ''] = tokens.slice(place, place + 2);
    const placeOf = (isIt: (token: string) => boolean): number => {
      const places = tokens.flatMap((each, index) => (isIt(each) ? [index] : []));
      return places[at % Math.max(places.length, 1)] ?? place;
    };
    if (kind === 'rename')
      tokens.splice(
        placeOf((each) => COLUMNS.includes(each)),
        1,
        column,
      );
    else if (kind === 'borrow')
      tokens.splice(
        placeOf((each) => /^[a-z]/.test(each)),
        1,
        tokens[other % Math.max(tokens.length, 1)] ?? '',
      );
    else if (kind === 'number')
      tokens.splice(
        placeOf((each) => /^\d/.test(each)),
        1,
        String(other),
      );
    else if (kind === 'operator')
      tokens.splice(
        placeOf((each) => /^[<>=!]+$/.test(each)),
        1,
        OPERATORS[other % OPERATORS.length] ?? '',
      );
    else if (kind === 'drop') tokens.splice(place, 1);
    else if (kind === 'double') tokens.splice(place, 0, token);
    else if (kind === 'swap') tokens.splice(place, 2, next, token);
    else if (kind === 'replace') tokens.splice(place, 1, word);
    else if (kind === 'cut') tokens.splice(place);
    else tokens.splice(place, 0, word);
  }
  return tokens.join(' ').replaceAll(' . ', '.');
}

/** What the rules of a context name, read from its policies and not from a manifest. */
interface Named {
  readonly tables: ReadonlySet<string>;
  readonly columns: ReadonlySet<string>;
  /** Columns whose values no output may have. */
  readonly hidden: ReadonlySet<string>;
  /** Whether each table must have its threshold. */
  readonly isAggregation: boolean;
}

type Rule = Readonly<Record<string, readonly string[]>> & {
  readonly aggregateColumns?: readonly { readonly columnNames: readonly string[] }[];
  readonly outputConstraints?: readonly { readonly columnName: string }[];
};

function columnsOf(kind: string, rule: Rule, all: readonly string[]): readonly string[] {
  const own = ['joinColumns', 'dimensionColumns', 'listColumns'].flatMap((list) => rule[list] ?? []);
  const counted = (rule.outputConstraints ?? []).map(({ columnName }) => columnName);
  const aggregated = (rule.aggregateColumns ?? []).flatMap(({ columnNames }) => columnNames);
  return kind === 'custom' ? all : [...own, ...counted, ...aggregated];
}

function namedIn(context: string): Named {
  const [tables, columns, hidden] = [new Set<string>(), new Set<string>(), new Set<string>()];
  const kinds = new Set<string>();
  for (const [name, { v1 }] of Object.entries(contextOf(context).policies)) {
    const table = FILE.tables[name];
    const [kind = '', rule] = Object.entries(v1)[0] ?? [];
    const place = `${table?.owner ?? ''}.${name}`;
    kinds.add(kind);
    tables.add(place);
    for (const column of columnsOf(kind, rule as Rule, Object.keys(table?.columns ?? {})))
      columns.add(`${place}.${column}`);
    for (const column of (rule as Rule)['disallowedOutputColumns'] ?? []) hidden.add(`${place}.${column}`);
  }
  return { tables, columns, hidden, isAggregation: kinds.has('aggregation') && kinds.size === 1 };
}

const NAMED = new Map(Object.keys(FILE.contexts).map((name) => [name, namedIn(name)]));

function requireFindings(text: string, { findings }: Verdict): void {
  expect(findings.length).toBeGreaterThan(0);
  expect(typeof renderFindings(text, findings)).toBe('string');
  for (const { span } of findings) {
    expect(span.start >= 0 && span.start <= span.end && span.end <= text.length).toBe(true);
  }
}

async function requireSound(sql: string, { tables, columns, hidden, isAggregation }: Named): Promise<void> {
  const read = await reads.read(sql);
  expect([...read.tables].filter((each) => !tables.has(each))).toEqual([]);
  expect([...read.columns].filter((each) => !columns.has(each))).toEqual([]);
  expect(read.outputs.flatMap((output) => [...output].filter((each) => hidden.has(each)))).toEqual([]);
  if (isAggregation) expect(sql).toMatch(/HAVING .*count\(DISTINCT/);
}

describe('what a statement reads, as the parser of the engine sees it', () => {
  test.each([
    ['SELECT v.page FROM pub.visits AS v WHERE v.seconds > 1', ['page', 'seconds'], ['page']],
    [
      'SELECT r.a FROM (SELECT v.page AS a, v.seconds AS b FROM pub.visits AS v) AS r ORDER BY 1',
      ['page', 'seconds'],
      ['page'],
    ],
    ['SELECT count(DISTINCT v.page) AS n, max(v.seconds) AS m FROM pub.visits AS v', ['page', 'seconds'], ['seconds']],
    ['WITH a AS (SELECT v.page AS p FROM pub.visits AS v) SELECT upper(x.p) AS u FROM a AS x', ['page'], ['page']],
    [
      "SELECT CASE WHEN v.page = 'a' THEN 1 END AS c FROM pub.visits AS v UNION SELECT v.seconds FROM pub.visits AS v",
      ['page', 'seconds'],
      ['page', 'seconds'],
    ],
    ['SELECT 1 AS a FROM pub.visits AS v JOIN pub.visits AS w ON v.page = w.page', ['page'], []],
    ['SELECT (SELECT max(v.page) FROM pub.visits AS v) AS m', ['page'], ['page']],
  ])('%s', async (sql, columns, shown) => {
    const read = await reads.read(sql);
    const place = (names: readonly string[]): string[] => names.map((name) => `pub.visits.${name}`);
    expect([...read.tables]).toEqual(['pub.visits']);
    expect([...read.columns].sort()).toEqual(place(columns));
    expect([...new Set(read.outputs.flatMap((output) => [...output]))].sort()).toEqual(place(shown));
  });
});

describe('ten thousand mutated queries', () => {
  test('never throw, and what is allowed reads nothing outside the rules, and gives the rows of the text', async () => {
    const mutations = fc.sample(mutation, { seed: SEED, numRuns: MUTATIONS });
    let next = 0;
    let allowed = 0;
    let compared = 0;
    const work = async (): Promise<void> => {
      for (let index = next++; index < mutations.length; index = next++) {
        const each = mutations[index];
        if (each === undefined) return;
        const text = mutate(each);
        try {
          const spark = checkContextOf({ context: each.source.context });
          const context = index % 2 === 0 ? spark : inDuckDb(spark);
          const verdict = checkQuery(await room.parse(text, context.manifest.dialect), context);
          if (!verdict.allowed) {
            requireFindings(text, verdict);
            continue;
          }
          allowed += 1;
          const { sql, parameters } = verdict.statement;
          await requireSound(sql, NAMED.get(each.source.context) ?? namedIn(''));
          const rows = await room.rowsOf(sql, parameters);
          // Without thresholds nothing is added that changes rows. The text itself may fail where ours does not.
          if (context === spark) continue;
          if (each.source.context !== 'customAny' || CHOOSING.test(text)) continue;
          const own = await room.rowsOf(text).catch(() => null);
          if (own === null) continue;
          compared += 1;
          expect(rows).toEqual(own);
        } catch (error) {
          const place = `seed ${String(SEED)}, mutation ${String(index)}, ${each.source.context}: ${text}`;
          throw new Error(place, { cause: error });
        }
      }
    };
    await Promise.all(Array.from({ length: CONCURRENT }, work));
    // Enough of them are allowed to mean something.
    expect(allowed).toBeGreaterThan(400);
    expect(compared).toBeGreaterThan(50);
  }, 120_000);
});
