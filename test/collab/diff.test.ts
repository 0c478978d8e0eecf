import { describe, expect, test } from 'vitest';
import { adviseOnManifest, diffManifests, draftManifest, listGrants, listLimits, parseManifest } from 'sealroom/collab';
import { type Json, manifestOfContext, withValue } from '../support/manifests.ts';

type Path = readonly (string | number)[];

const AGGREGATION = manifestOfContext('agg');
const ANY_QUERY = manifestOfContext('customAny');
const RULE: Path = ['tables', 0, 'analysisRule', 'policy', 'v1', 'aggregation'];
const CUSTOM_RULE: Path = ['tables', 4, 'analysisRule', 'policy', 'v1', 'custom'];
const THRESHOLD = { identityColumns: ['email_fingerprint'], minimumIdentityCount: 20, type: 'COUNT_DISTINCT' };
const PERSONS = withValue(ANY_QUERY, [...CUSTOM_RULE, 'aggregationThresholds'], [THRESHOLD]);

function diff(before: Json, after: Json): readonly string[] {
  const changes = diffManifests(parseManifest(JSON.stringify(before)), parseManifest(JSON.stringify(after)));
  return changes.map(({ effect, subject, text }) => `${effect} ${subject}: ${text}`);
}

/** What is changed, in which manifest, and what is said of it; the other way round the effect is the opposite. */
const CHANGES: readonly (readonly [base: Json, path: Path, value: unknown, words: readonly string[]])[] = [
  [
    AGGREGATION,
    ['settings', 'preserveNulls'],
    true,
    ['allows the collaboration: nulls that stay visible in protected columns'],
  ],
  [
    AGGREGATION,
    ['x-signedTables'],
    'required',
    ['forbids the collaboration: tables without a signature over their rows'],
  ],
  [AGGREGATION, ['members', 1, 'abilities'], ['CAN_QUERY'], ['allows member pub: asking queries']],
  [
    AGGREGATION,
    [...RULE, 'outputConstraints', 0, 'minimum'],
    100,
    [
      'forbids table impressions: minimum number of different values of `email_fingerprint` in a row of output: 100, was 10',
    ],
  ],
  [
    AGGREGATION,
    [...RULE, 'dimensionColumns'],
    ['campaign', 'region', 'age_band', 'frequency_cap'],
    ['forbids table impressions: showing, grouping by and filtering by `impression_date`'],
  ],
  [
    AGGREGATION,
    [...RULE, 'aggregateColumns', 2, 'function'],
    'SUM_DISTINCT',
    ['allows table impressions: SUM_DISTINCT of `spend`', 'forbids table impressions: AVG of `spend`'],
  ],
  [
    AGGREGATION,
    [...RULE, 'joinRequired'],
    undefined,
    ['allows table impressions: queries that join no table of the querying member'],
  ],
  [
    AGGREGATION,
    [...RULE, 'allowedJoinOperators'],
    ['OR'],
    ['allows table impressions: OR between the equalities of a join'],
  ],
  [
    AGGREGATION,
    [...RULE, 'x-foreignMeasures'],
    'deny',
    ["forbids table impressions: sums and averages of other members' columns in the same query"],
  ],
  [
    AGGREGATION,
    [...RULE, 'x-suppression'],
    'summary',
    ['allows table impressions: a row that sums up the rows that were held back'],
  ],
  [
    AGGREGATION,
    [...RULE, 'x-round'],
    { counts: 10 },
    [
      "forbids table impressions: sums and averages of other members' columns in the same query",
      'forbids table impressions: step that counts are rounded to: 10, was without limit',
    ],
  ],
  [
    AGGREGATION,
    ['tables', 0, 'accessBudgets'],
    [{ type: 'LIFETIME', budget: 3 }],
    ['forbids table impressions: queries in a LIFETIME: 3, was without limit'],
  ],
  [
    AGGREGATION,
    ['tables', 0, 'associationRule'],
    { policy: { v1: { aggregation: { allowedResultReceivers: [] } } } },
    ['forbids table impressions: results to brand'],
  ],
  [
    ANY_QUERY,
    [...CUSTOM_RULE, 'disallowedOutputColumns'],
    [],
    ['allows table visits: output derived from `income_band`'],
  ],
  [
    ANY_QUERY,
    [...CUSTOM_RULE, 'allowedAnalysisProviders'],
    ['brand', 'pub'],
    ['allows table visits: any query of pub'],
  ],
  [
    ANY_QUERY,
    [...CUSTOM_RULE, 'comparisonControls'],
    {
      allowedLiteralComparisonColumns: ['page', 'seconds', 'visit_date'],
      allowedColumnComparisonColumns: ['email_fingerprint'],
    },
    [
      ...['page', 'visit_date', 'seconds'].map(
        (name) => `forbids table visits: comparing \`${name}\` with other columns, and grouping by it`,
      ),
      'forbids table visits: comparing `income_band` with constants',
      'forbids table visits: comparing `income_band` with other columns, and grouping by it',
    ],
  ],
  [
    PERSONS,
    [...CUSTOM_RULE, 'aggregationThresholds', 0, 'allowedAggregateExpressionType'],
    'ANY_EXPRESSION',
    ['allows table visits: expressions as arguments of aggregates'],
  ],
  [
    PERSONS,
    [...CUSTOM_RULE, 'aggregationThresholds', 0, 'outputColumnThresholds'],
    [{ outputColumnName: 'page', minimumIdentityCount: 0 }],
    [
      'allows table visits: minimum number of different values of `email_fingerprint` in a row of output that shows `page`: 0, was 20',
    ],
  ],
  [
    PERSONS,
    [...CUSTOM_RULE, 'aggregationThresholds', 0, 'minimumIdentityCount'],
    30,
    [
      'forbids table visits: minimum number of different values of `email_fingerprint` in a row of output: 30, was 20',
      ...['page', 'visit_date', 'seconds'].map(
        (name) =>
          `forbids table visits: minimum number of different values of \`email_fingerprint\` in a row of output that shows \`${name}\`: 30, was 20`,
      ),
    ],
  ],
  [
    ANY_QUERY,
    [...CUSTOM_RULE, 'allowedAnalyses'],
    ['ANY_QUERY', 'tmpl-reach'],
    ['allows table visits: the template tmpl-reach'],
  ],
];

const OPPOSITE: Readonly<Record<string, string>> = { allows: 'forbids', forbids: 'allows' };

describe('a difference is told in words:', () => {
  test.each(CHANGES)('%#', (base, path, value, words) => {
    const other = withValue(base, path, value);
    expect(diff(base, other)).toEqual(words);
    const effects = (lines: readonly string[]): readonly string[] =>
      lines.map((line) => line.split(' ', 1).join()).sort();
    expect(effects(diff(other, base))).toEqual(words.map((line) => OPPOSITE[line.split(' ', 1).join()]).sort());
  });

  test('a budget that grows allows more', () => {
    const budgets = (budget: number): Json =>
      withValue(AGGREGATION, ['tables', 0, 'accessBudgets'], [{ type: 'CALENDAR_DAY', budget }]);
    expect(diff(budgets(3), budgets(5))).toEqual(['allows table impressions: queries in a CALENDAR_DAY: 5, was 3']);
    expect(diff(budgets(5), budgets(3))).toEqual(['forbids table impressions: queries in a CALENDAR_DAY: 3, was 5']);
  });

  test('what neither allows nor forbids is changed', () => {
    const key = `ed25519:${'A'.repeat(43)}=`;
    const before = withValue(AGGREGATION, ['members', 1, 'publicKeys', 'sign'], key);
    const after = withValue(before, ['members', 1, 'publicKeys'], {});
    expect(diff(before, after)).toEqual([`changes member pub: signing key: none, was ${key}`]);
    expect(diff(AGGREGATION, withValue(AGGREGATION, ['tables', 0, 'columns', 6, 'type'], 'BIGINT'))).toEqual([
      'changes table impressions: column `frequency_cap`: cleartext BIGINT, was cleartext INTEGER',
    ]);
    expect(diff(AGGREGATION, withValue(AGGREGATION, ['templates', 1, 'sql'], 'SELECT 1 FROM visits'))).toEqual([
      expect.stringMatching(/^changes template tmpl-pending: query: SHA-256 [0-9a-f]{64}, was SHA-256 [0-9a-f]{64}$/),
    ]);
  });

  test('another secret is changed', () => {
    const naming = (secretIds: object): Json => ({ ...AGGREGATION, secretIds });
    const [one, two] = ['ab'.repeat(32), 'cd'.repeat(32)];
    expect(diff(naming({ 1: one }), naming({ 1: two, 2: one }))).toEqual([
      `changes the collaboration: secret of generation 1: ${two}, was ${one}`,
      `changes the collaboration: secret of generation 2: ${one}, was none`,
    ]);
  });

  test('a table that comes or goes does so with all its rule allows', () => {
    const without = { ...AGGREGATION, tables: (AGGREGATION['tables'] as Json[]).slice(1) };
    expect(diff(without, AGGREGATION)).toContain('changes table impressions: is new');
    expect(diff(without, AGGREGATION)).toContain('allows table impressions: SUM of `spend`');
    expect(diff(AGGREGATION, without)).toContain('changes table impressions: is gone');
    expect(diff(AGGREGATION, without)).toContain('forbids table impressions: SUM of `spend`');
  });

  test('a rule of another kind is told, with what each allows', () => {
    const list = {
      type: 'LIST',
      policy: { v1: { list: { joinColumns: ['email_fingerprint'], listColumns: ['region'] } } },
    };
    expect(diff(AGGREGATION, withValue(AGGREGATION, ['tables', 0, 'analysisRule'], list))).toEqual(
      expect.arrayContaining([
        'allows table impressions: showing and filtering by `region`, row by row of the overlap',
        'allows table impressions: minimum number of different values of `email_fingerprint` in a row of output: without limit, was 10',
        'changes table impressions: analysis rule: list, was aggregation',
      ]),
    );
  });

  test('the same manifest has none, however it is written', () => {
    expect(
      diff(AGGREGATION, { ...AGGREGATION, log: { queryText: 'owners', chain: true }, 'x-principals': {} }),
    ).toEqual([]);
  });
});

describe('what a manifest leaves open', () => {
  const adviceOn = (value: Json): readonly string[] =>
    adviseOnManifest(parseManifest(JSON.stringify(value))).map(({ subject, text }) => `${subject} ${text}`);

  test('is told of each table, and what nothing stops of all', () => {
    const advice = adviceOn(AGGREGATION).join('\n');
    expect(advice).toMatch(/table impressions lets a member with weights of 1, 2, 4/);
    expect(advice).toMatch(/table impressions has no access budget/);
    expect(advice).toMatch(/the collaboration brand can take the difference of two answers/);
    expect(advice).toMatch(/the collaboration brand can choose the rows of a table and find out/);
    expect(advice).toMatch(/the collaboration the size of an overlap/);
    expect(adviceOn(ANY_QUERY).join('\n')).toMatch(/table visits lets brand see individual rows/);
    expect(adviceOn(manifestOfContext('list')).join('\n')).toMatch(
      /table segments releases individual rows of the overlap/,
    );
  });

  test('is less with the extensions that close it', () => {
    const strict = adviceOn(withValue(AGGREGATION, [...RULE, 'x-foreignMeasures'], 'deny')).join('\n');
    expect(strict).not.toMatch(/table impressions lets a member with weights/);
    expect(strict).toMatch(/brand can choose the rows/);
    const constraint = { columnName: 'email_fingerprint', minimum: 5, type: 'COUNT_DISTINCT' };
    const closed = adviceOn(withValue(ANY_QUERY, [...CUSTOM_RULE, 'x-outputConstraints'], [constraint])).join('\n');
    expect(closed).not.toMatch(/table visits lets brand/);
    expect(closed).toMatch(/table visits lets a member with weights/);
  });

  test('is told in numbers: what one tested person costs, and how many a budget pays for', () => {
    const deny = withValue(AGGREGATION, [...RULE, 'x-foreignMeasures'], 'deny');
    const table = ['tables', 0];
    const onImpressions = (value: Json): string =>
      adviceOn(value)
        .filter((text) => text.startsWith('table impressions lets'))
        .join();
    // A minimum of 10.
    expect(onImpressions(deny)).toBe(
      'table impressions lets a member test one person at the price of 9 who are known to be in it; one that knows 1,000 of its ' +
        'persons tests 111 others with each query; exact counts of several at once tell more; `x-round` stops that',
    );
    const budgets = [
      { type: 'LIFETIME', budget: 5 },
      { type: 'CALENDAR_DAY', budget: 40, 'x-unit': 'ROWS' },
    ];
    const paid = onImpressions(withValue(deny, [...table, 'accessBudgets'], budgets));
    expect(paid).toMatch(/tests 555 others in a LIFETIME; it finds at most 40 persons in a CALENDAR_DAY;/);
    const many = onImpressions(withValue(deny, [...RULE, 'x-maxGroups'], 3));
    expect(many).toMatch(/who are known to be in it, each of whom counts in 3 groups; .* tests 333 others/);
    const rounded = onImpressions(withValue(deny, [...RULE, 'x-round'], { counts: 10 }));
    expect(rounded).not.toMatch(/exact counts/);
    expect(adviceOn(AGGREGATION).join()).toMatch(/one query tests all of the persons that it can name/);
  });

  test('is told of custom rules with constraints: what remains of one person, and of exact counts', () => {
    const withKeys = (threshold: object, more: object): Json => {
      const rule = { ...THRESHOLD, ...threshold };
      const both = { allowedAnalyses: ['ANY_QUERY'], allowedAnalysisProviders: ['brand'] };
      return withValue(ANY_QUERY, CUSTOM_RULE, { ...both, aggregationThresholds: [rule], ...more });
    };
    const closed = adviceOn(withKeys({}, { 'x-round': { counts: 10, sums: 10 } })).join('\n');
    expect(closed).not.toMatch(/table visits (lets brand|allows|rounds)/);
    expect(adviceOn(withKeys({}, { 'x-round': { counts: 10 } })).join('\n')).toMatch(
      /table visits rounds counts and not sums/,
    );
    const open = { allowedAggregateExpressionType: 'ANY_EXPRESSION' };
    expect(adviceOn(withKeys(open, {})).join('\n')).toMatch(/table visits allows any expression/);
    const exempt = { outputColumnThresholds: [{ outputColumnName: 'page', minimumIdentityCount: 0 }] };
    expect(adviceOn(withKeys(exempt, {})).join('\n')).toMatch(
      /table visits lets brand see rows of single persons that show only `page` and counts/,
    );
  });

  test('is nothing where nothing can be queried', () => {
    expect(adviceOn({ ...AGGREGATION, tables: [] })).toEqual([]);
  });
});

test('another dialect is a difference, and saying the default is none', () => {
  const duckdb = { ...AGGREGATION, dialect: 'duckdb' };
  expect(diff(AGGREGATION, duckdb)).toEqual([
    "changes the collaboration: SQL of queries: DuckDB's SQL, was Spark SQL",
    // An approval of a template is for one SQL.
    expect.stringMatching(/^changes template tmpl-reach: query: /),
    expect.stringMatching(/^changes template tmpl-pending: query: /),
  ]);
  expect(diff(AGGREGATION, { ...AGGREGATION, dialect: 'spark' })).toEqual([]);
  expect(parseManifest(JSON.stringify(duckdb)).sha256).not.toBe(parseManifest(JSON.stringify(AGGREGATION)).sha256);
  expect(() => parseManifest(JSON.stringify({ ...AGGREGATION, dialect: 'Spark' }))).toThrow(
    /`dialect`: expected one of spark, duckdb, got `Spark`/,
  );
});

test('a draft is a manifest that allows nothing but its first member', () => {
  const text = draftManifest({
    id: '7a2c1e9e-3f5b-4b1e-9f0e-0d6a1d1c2b33',
    name: 'a: "b" # c',
    members: ['brand', 'pub'],
  });
  const manifest = parseManifest(text);
  expect(manifest).toMatchObject({
    name: 'a: "b" # c',
    tables: [],
    settings: { allowCleartext: false },
    dialect: 'spark',
  });
  expect(listLimits(manifest)).toEqual([]);
  expect(listGrants(manifest).map(({ subject, text: words }) => `${subject}: ${words}`)).toEqual([
    'member brand: asking queries',
    'member brand: receiving results',
  ]);
});

test('the example in a draft is a table as it should be', () => {
  const text = draftManifest({ id: '7a2c1e9e-3f5b-4b1e-9f0e-0d6a1d1c2b33', name: 'x', members: ['brand', 'pub'] });
  const filled = text
    .replace('tables: []\n', '')
    .replace(/^#( {2})/gm, '$1')
    .replace('  - name: impressions', 'tables:\n  - name: impressions');
  const manifest = parseManifest(filled.replace('allowCleartext: false', 'allowCleartext: true'));
  expect(manifest.tables[0]).toMatchObject({ name: 'impressions', rule: { kind: 'aggregation' } });
});
