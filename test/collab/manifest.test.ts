import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { SealroomError } from '#src/errors/sealroom-error';
import { listGrants, listLimits, parseManifest, settingsOf } from 'sealroom/collab';
import { listProblems } from 'sealroom/schema';
import { ROOT } from '../tooling/run-tool.ts';
import { ADVERSARIAL, manifestOfContext, withValue } from '../support/manifests.ts';

type Path = readonly (string | number)[];

const AGGREGATION = manifestOfContext('agg');
const LIST = manifestOfContext('list');
const CUSTOM = manifestOfContext('customTemplates');
const ANY_QUERY = manifestOfContext('customAny');

const IMPRESSIONS: Path = ['tables', 0];
const SEGMENTS: Path = ['tables', 2];
const VISITS: Path = ['tables', 4];
const POLICY: Path = [...IMPRESSIONS, 'analysisRule', 'policy', 'v1'];
const RULE: Path = [...POLICY, 'aggregation'];
const LIST_RULE: Path = [...SEGMENTS, 'analysisRule', 'policy', 'v1', 'list'];
const CUSTOM_RULE: Path = [...VISITS, 'analysisRule', 'policy', 'v1', 'custom'];
const PERSON = { identityColumns: ['email_fingerprint'], minimumIdentityCount: 20, type: 'COUNT_DISTINCT' };
const PERSONS = withValue(ANY_QUERY, [...CUSTOM_RULE, 'aggregationThresholds'], [PERSON]);
const THRESHOLD: Path = [...CUSTOM_RULE, 'aggregationThresholds', 0];

function read(value: unknown): ReturnType<typeof parseManifest> {
  return parseManifest(JSON.stringify(value, null, 1), { file: 'spring.json' });
}

function problemsOf(text: string): readonly SealroomError[] {
  try {
    parseManifest(text, { file: 'spring.json' });
  } catch (error) {
    if (error instanceof SealroomError) return listProblems(error);
    throw error;
  }
  return expect.fail('expected problems, got none');
}

function messagesOf(value: unknown): readonly string[] {
  return problemsOf(JSON.stringify(value, null, 1)).map(({ message }) => message);
}

function isDeeplyFrozen(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return Object.isFrozen(value) && Object.values(value).every(isDeeplyFrozen);
}

const CONTEXTS = Object.keys(ADVERSARIAL.contexts).filter((name) => name !== 'dp');

describe('the manifests of the adversarial vectors', () => {
  test.each(CONTEXTS)('%s loads and is frozen', (name) => {
    const manifest = read(manifestOfContext(name));
    expect(isDeeplyFrozen(manifest)).toBe(true);
    expect(manifest.tables.map((table) => table.name)).toEqual(Object.keys(ADVERSARIAL.tables));
    const queried = manifest.tables.filter(({ rule }) => rule !== null).map((table) => table.name);
    expect(new Set(queried)).toEqual(new Set(Object.keys(ADVERSARIAL.contexts[name]?.policies ?? {})));
  });

  test('the one with differential privacy is refused by name', () => {
    expect(problemsOf(JSON.stringify(manifestOfContext('dp')))).toMatchObject([
      {
        code: 'MANIFEST_UNSUPPORTED',
        message: expect.stringMatching(/differentialPrivacy`: this release does not support differential privacy/),
      },
    ]);
  });

  test("AWS's defaults are filled in", () => {
    const [impressions, purchases] = read(AGGREGATION).tables;
    expect(impressions?.rule).toMatchObject({
      joinRequired: true,
      foreignMeasures: 'allow',
      suppression: 'silent',
      round: null,
    });
    expect(purchases?.rule).toMatchObject({ joinRequired: false, allowedJoinOperators: ['AND'] });
    expect(impressions?.receivers).toEqual(['brand']);
    expect(read(manifestOfContext('aggStrict')).tables[0]?.rule).toMatchObject({ foreignMeasures: 'deny' });
    expect(read(manifestOfContext('aggBudget')).tables[0]?.accessBudgets).toEqual([
      { type: 'LIFETIME', unit: 'QUERIES', budget: 3, autoRefresh: false },
    ]);
  });

  test('a budget counts queries or released rows, and a table may have both for a period', () => {
    const budgets = [
      { type: 'CALENDAR_DAY', budget: 5, autoRefresh: 'ENABLED' },
      { type: 'CALENDAR_DAY', 'x-unit': 'ROWS', budget: 1_000_000_000, autoRefresh: 'ENABLED' },
      { type: 'LIFETIME', 'x-unit': 'QUERIES', budget: 9 },
    ];
    const manifest = read(withValue(AGGREGATION, [...IMPRESSIONS, 'accessBudgets'], budgets));
    expect(manifest.tables[0]?.accessBudgets).toEqual([
      { type: 'CALENDAR_DAY', unit: 'QUERIES', budget: 5, autoRefresh: true },
      { type: 'CALENDAR_DAY', unit: 'ROWS', budget: 1_000_000_000, autoRefresh: true },
      { type: 'LIFETIME', unit: 'QUERIES', budget: 9, autoRefresh: false },
    ]);
    expect(listLimits(manifest)).toContainEqual({
      subject: 'table impressions',
      text: 'released rows in a CALENDAR_DAY',
      value: 1_000_000_000,
      moreIsLooser: true,
    });
    expect(listGrants(manifest)).toContainEqual({
      subject: 'table impressions',
      text: 'a new budget of rows each CALENDAR_DAY',
    });
  });

  test('a custom rule says who may ask what', () => {
    expect(read(ANY_QUERY).tables[4]?.rule).toMatchObject({
      allowedTemplates: [],
      anyQueryProviders: ['brand'],
      disallowedOutputColumns: ['income_band'],
    });
    expect(read(CUSTOM).tables[4]?.rule).toMatchObject({ allowedTemplates: ['tmpl-reach'], anyQueryProviders: [] });
  });
});

describe('what else a manifest can say', () => {
  test('account ids and ARNs stand for members and templates', () => {
    const arn = 'arn:aws:cleanrooms:eu-west-1:123456789012:membership/1/analysistemplate/2';
    const principals = { '012345678901': 'brand', [arn]: 'tmpl-reach' };
    const rule = { allowedAnalyses: [arn, 'ANY_QUERY'], allowedAnalysisProviders: ['012345678901'] };
    const manifest = read({ ...withValue(CUSTOM, CUSTOM_RULE, rule), 'x-principals': principals });
    expect(manifest.tables[4]?.rule).toMatchObject({ allowedTemplates: ['tmpl-reach'], anyQueryProviders: ['brand'] });
    expect(messagesOf(withValue(CUSTOM, CUSTOM_RULE, rule)).join()).toMatch(
      /is not the id of a template.*is not the id of a member/,
    );
  });

  test('receivers are those of the rule, or else all that can receive', () => {
    const rule = { policy: { v1: { aggregation: { allowedResultReceivers: [] } } } };
    expect(read(withValue(AGGREGATION, [...IMPRESSIONS, 'associationRule'], rule)).tables[0]?.receivers).toEqual([]);
  });

  test.each([
    ['in the rule', [...RULE, 'x-round']],
    ['beside the rule', [...IMPRESSIONS, 'x-round']],
  ])('extensions stand %s', (_, path) => {
    expect(read(withValue(AGGREGATION, path, { counts: 5, sums: 0.01 })).tables[0]?.rule).toMatchObject({
      round: { counts: 5, sums: 0.01 },
    });
  });

  test('custom rules take output constraints', () => {
    const constraint = { columnName: 'email_fingerprint', minimum: 5, type: 'COUNT_DISTINCT' };
    const manifest = read(withValue(ANY_QUERY, [...CUSTOM_RULE, 'x-outputConstraints'], [constraint]));
    expect(manifest.tables[4]?.rule).toMatchObject({
      outputConstraints: [{ columnName: 'email_fingerprint', minimum: 5 }],
    });
  });

  test('it names the secret of each generation, which is signed', () => {
    expect(read(AGGREGATION).secretIds).toBeNull();
    const secretIds = { 1: 'ab'.repeat(32), 2: 'cd'.repeat(32) };
    expect(read({ ...AGGREGATION, secretIds }).secretIds).toEqual(secretIds);
    expect(read({ ...AGGREGATION, secretIds }).sha256).not.toBe(read(AGGREGATION).sha256);
  });

  test('tables need a signature over their rows only if it says so', () => {
    expect(read(AGGREGATION).signedTables).toBe('optional');
    expect(read({ ...AGGREGATION, 'x-signedTables': 'required' }).signedTables).toBe('required');
    expect(read({ ...AGGREGATION, 'x-signedTables': 'required' }).sha256).not.toBe(read(AGGREGATION).sha256);
    expect(messagesOf({ ...AGGREGATION, 'x-signedTables': true })).toEqual([
      expect.stringMatching(/^`x-signedTables`: expected one of required, optional, got `true`$/),
    ]);
  });

  test('custom rules take the thresholds and comparison controls of AWS Clean Rooms as they are', () => {
    const rule = {
      allowedAnalyses: ['ANY_QUERY'],
      allowedAnalysisProviders: ['brand'],
      disallowedOutputColumns: [],
      aggregationThresholds: [
        {
          identityColumns: ['email_fingerprint'],
          minimumIdentityCount: 100,
          type: 'COUNT_DISTINCT',
          allowedAggregateExpressionType: 'COLUMNS_ONLY',
          outputColumnThresholds: [
            { outputColumnName: 'page', minimumIdentityCount: 5 },
            { outputColumnName: 'visit_date', minimumIdentityCount: 0 },
          ],
        },
      ],
      comparisonControls: {
        allowedLiteralComparisonColumns: ['page'],
        allowedColumnComparisonColumns: ['email_fingerprint'],
      },
    };
    expect(read(withValue(ANY_QUERY, CUSTOM_RULE, rule)).tables[4]?.rule).toMatchObject({
      outputConstraints: [{ columnName: 'email_fingerprint', minimum: 100 }],
      constraintKey: 'aggregationThresholds',
      expressionType: 'COLUMNS_ONLY',
      outputColumnThresholds: [
        { columnName: 'page', minimum: 5 },
        { columnName: 'visit_date', minimum: 0 },
      ],
      comparisonControls: { literalColumns: ['page'], columnColumns: ['email_fingerprint'] },
    });
  });

  test('columns only is what a custom rule says if it says nothing, in both forms', () => {
    const threshold = { identityColumns: ['page'], minimumIdentityCount: 2, type: 'COUNT_DISTINCT' };
    const older = { columnName: 'seconds', minimum: 5, type: 'COUNT_DISTINCT' };
    const open = withValue(ANY_QUERY, [...CUSTOM_RULE, 'x-outputConstraints'], [older]);
    expect(
      read(withValue(ANY_QUERY, [...CUSTOM_RULE, 'aggregationThresholds'], [threshold])).tables[4]?.rule,
    ).toMatchObject({
      expressionType: 'COLUMNS_ONLY',
      comparisonControls: { literalColumns: null, columnColumns: null },
    });
    expect(read(open).tables[4]?.rule).toMatchObject({ expressionType: 'COLUMNS_ONLY' });
    const stated = withValue(open, [...VISITS, 'x-allowedAggregateExpressionType'], 'ANY_EXPRESSION');
    expect(read(stated).tables[4]?.rule).toMatchObject({ expressionType: 'ANY_EXPRESSION' });
  });

  test('encryption takes id and settings from it', () => {
    expect(settingsOf(read(AGGREGATION))).toEqual({
      collaborationId: '7a2c1e9e-3f5b-4b1e-9f0e-0d6a1d1c2b33',
      settings: ADVERSARIAL.settings,
    });
  });

  test('the hash of a table leaves its source out and nothing else', () => {
    const hashOf = (value: unknown): string | undefined => read(value).tables[0]?.sha256;
    const source = { kind: 'parquet', sha256: 'a'.repeat(64), rows: 600 };
    expect(hashOf(withValue(AGGREGATION, [...IMPRESSIONS, 'source'], source))).toBe(hashOf(AGGREGATION));
    expect(hashOf(withValue(AGGREGATION, [...RULE, 'outputConstraints', 0, 'minimum'], 11))).not.toBe(
      hashOf(AGGREGATION),
    );
  });
});

/** Where a mistake is made, in which manifest, what is written there, and what is said of it. */
const MISTAKES: readonly (readonly [title: string, base: object, path: Path, value: unknown, message: RegExp])[] = [
  ['another version', AGGREGATION, ['version'], 2, /`version`: expected `1`, got `2`/],
  ['no id', AGGREGATION, ['id'], undefined, /`id`: expected a UUID of 36 characters in lower case, got nothing/],
  ['an id in capitals', AGGREGATION, ['id'], '7A2C1E9E-3F5B-4B1E-9F0E-0D6A1D1C2B33', /`id`: expected a UUID/],
  ['a name of two lines', AGGREGATION, ['name'], 'a\nb', /`name`: expected 1 to 200 characters on one line/],
  ['an unknown key', AGGREGATION, ['colour'], 'red', /`colour`: unknown key, expected one of version/],
  ['an unknown extension', AGGREGATION, ['x-colour'], 'red', /`x-colour`: unknown key/],
  ['a key named like a method', AGGREGATION, ['toString'], 1, /`toString`: unknown key/],
  ['a missing setting', AGGREGATION, ['settings', 'preserveNulls'], undefined, /expected true or false, got nothing/],
  ['a setting that is a text', AGGREGATION, ['settings', 'preserveNulls'], 'yes', /expected true or false, got `yes`/],
  ['no members', AGGREGATION, ['members'], [], /`members`: expected at least 1 item/],
  [
    'a member id that is no schema',
    AGGREGATION,
    ['members', 0, 'id'],
    'Brand',
    /`members\[0\]\.id`: expected 1 to 63 of/,
  ],
  [
    'a member named as a schema of the engine',
    AGGREGATION,
    ['members', 0, 'id'],
    'main',
    /`main` is the name of a schema of the engine/,
  ],
  [
    'two members of one id',
    AGGREGATION,
    ['members', 1, 'id'],
    'brand',
    /`members\[1\]\.id`: the id `brand` is used twice/,
  ],
  [
    'an unknown ability',
    AGGREGATION,
    ['members', 0, 'abilities', 0],
    'CAN_FLY',
    /expected one of CAN_QUERY, .*CAN_FLY/,
  ],
  ['two payers', AGGREGATION, ['members', 1, 'payer'], true, /only one member can be the payer, and brand already is/],
  [
    'a signing key of another kind',
    AGGREGATION,
    ['members', 0, 'publicKeys', 'sign'],
    'rsa:AAAA',
    /an Ed25519 public key/,
  ],
  [
    'a signing key with loose bits',
    AGGREGATION,
    ['members', 0, 'publicKeys', 'sign'],
    `ed25519:${'A'.repeat(42)}B=`,
    /an Ed25519/,
  ],
  [
    'a broken key for results',
    AGGREGATION,
    ['members', 0, 'publicKeys', 'receive'],
    'age2abc',
    /expected an age recipient/,
  ],
  ['no tables', AGGREGATION, ['tables'], undefined, /`tables`: expected an array, got nothing/],
  [
    'a table name that leads elsewhere',
    AGGREGATION,
    [...IMPRESSIONS, 'name'],
    '../impressions',
    /`tables\[0\]\.name`: expected 1 to 127 letters of A to Z/,
  ],
  [
    'two tables whose names differ in case only',
    AGGREGATION,
    [...IMPRESSIONS, 'name'],
    'Purchases',
    /the name `purchases` differs from `Purchases` only in upper and lower case/,
  ],
  ['two tables of one name', AGGREGATION, [...IMPRESSIONS, 'name'], 'purchases', /the name `purchases` is used twice/],
  [
    'an owner that is no member',
    AGGREGATION,
    [...IMPRESSIONS, 'owner'],
    'news',
    /expected one of brand, pub, got `news`/,
  ],
  [
    'a source of another kind',
    AGGREGATION,
    [...IMPRESSIONS, 'source'],
    { kind: 'xls', sha256: 'a'.repeat(64), rows: 1 },
    /`tables\[0\]\.source\.kind`: expected one of csv/,
  ],
  [
    'a source with half a hash',
    AGGREGATION,
    [...IMPRESSIONS, 'source'],
    { kind: 'csv', sha256: 'abc', rows: 1 },
    /64 hexadecimal digits/,
  ],
  [
    'a table without columns',
    AGGREGATION,
    ['tables', 6, 'columns'],
    [],
    /`tables\[6\]\.columns`: expected at least 1 item/,
  ],
  [
    'a column name that no header has',
    AGGREGATION,
    ['tables', 6, 'columns', 1, 'name'],
    'coun.try',
    /not a valid header: /,
  ],
  ['a column name in capitals', AGGREGATION, ['tables', 6, 'columns', 1, 'name'], 'Country', /in lower case/],
  [
    'two columns of one name',
    AGGREGATION,
    ['tables', 6, 'columns', 1, 'name'],
    'email_fingerprint',
    /the column `\w+` is listed twice/,
  ],
  [
    'an unknown protection',
    AGGREGATION,
    ['tables', 6, 'columns', 1, 'protection'],
    'hashed',
    /expected one of sealed, fingerprint, cleartext/,
  ],
  ['an unknown SQL type', AGGREGATION, ['tables', 6, 'columns', 1, 'type'], 'BLOP', /unknown SQL type `BLOP`/],
  [
    'a decimal that is too long',
    AGGREGATION,
    ['tables', 6, 'columns', 1, 'type'],
    'DECIMAL(39,2)',
    /DECIMAL has a precision of 1 to 38 digits/,
  ],
  [
    'a protected column that is no text',
    AGGREGATION,
    ['tables', 6, 'columns', 0, 'type'],
    'BIGINT',
    /expected VARCHAR for a fingerprint column/,
  ],
  [
    'a clear type of a cleartext column',
    AGGREGATION,
    ['tables', 6, 'columns', 1, 'clearType'],
    'STRING',
    /only a protected column has a `clearType`/,
  ],
  ['an unknown clear type', AGGREGATION, ['tables', 6, 'columns', 0, 'clearType'], 'TEXT', /expected one of STRING/],
  [
    'cleartext where it is forbidden',
    AGGREGATION,
    ['settings', 'allowCleartext'],
    false,
    /`tables\[0\]\.columns\[3\]\.protection`: the column must be protected/,
  ],
  [
    'a rule of one type with the policy of another',
    AGGREGATION,
    [...IMPRESSIONS, 'analysisRule', 'type'],
    'LIST',
    /`.*v1\.aggregation`: unknown key, expected one of list/,
  ],
  [
    'a policy of another version',
    AGGREGATION,
    [...IMPRESSIONS, 'analysisRule', 'policy'],
    { v2: {} },
    /`.*policy\.v2`: unknown key/,
  ],
  [
    'an aggregation rule without aggregates',
    AGGREGATION,
    [...RULE, 'aggregateColumns'],
    [],
    /expected at least 1 item/,
  ],
  [
    'an unknown aggregate',
    AGGREGATION,
    [...RULE, 'aggregateColumns', 0, 'function'],
    'MAX',
    /expected one of SUM, .*MAX/,
  ],
  ['an unknown column', AGGREGATION, [...RULE, 'dimensionColumns', 0], 'city', /the table has no column `city`/],
  ['a column twice', AGGREGATION, [...RULE, 'dimensionColumns', 1], 'campaign', /`campaign` is listed twice/],
  [
    'a fingerprint column as dimension',
    AGGREGATION,
    [...RULE, 'dimensionColumns', 0],
    'email_fingerprint',
    /can be joined and counted, not shown/,
  ],
  [
    'a sealed column as dimension',
    AGGREGATION,
    [...RULE, 'dimensionColumns', 0],
    'device_sealed',
    /can be shown and counted, not compared/,
  ],
  [
    'a sealed column to join on',
    AGGREGATION,
    [...RULE, 'joinColumns', 0],
    'device_sealed',
    /can be shown and counted, not compared/,
  ],
  [
    'a sealed column counted once per value',
    AGGREGATION,
    [...RULE, 'aggregateColumns', 0, 'columnNames', 0],
    'device_sealed',
    /COUNT_DISTINCT cannot be taken of `device_sealed`, which is sealed/,
  ],
  [
    'a sum of a fingerprint column',
    AGGREGATION,
    [...RULE, 'aggregateColumns', 1, 'columnNames', 0],
    'email_fingerprint',
    /SUM cannot be taken of `email_fingerprint`, which is fingerprint/,
  ],
  [
    'a sum of texts',
    AGGREGATION,
    [...RULE, 'aggregateColumns', 1, 'columnNames', 0],
    'campaign',
    /a column of numbers for SUM, got `campaign` of type VARCHAR/,
  ],
  [
    'an average of dates',
    AGGREGATION,
    [...RULE, 'aggregateColumns', 2, 'columnNames', 0],
    'impression_date',
    /a column of numbers for AVG/,
  ],
  ['an unknown function', AGGREGATION, [...RULE, 'scalarFunctions', 0], 'GETENV', /expected one of ABS/],
  [
    'an unknown join operator',
    AGGREGATION,
    [...RULE, 'allowedJoinOperators'],
    ['XOR'],
    /expected one of AND, OR, got `XOR`/,
  ],
  ['another join requirement', AGGREGATION, [...RULE, 'joinRequired'], 'ANYBODY', /expected `QUERY_RUNNER`/],
  [
    'no output constraint',
    AGGREGATION,
    [...RULE, 'outputConstraints'],
    [],
    /`.*outputConstraints`: expected at least 1 item/,
  ],
  [
    'a minimum of one',
    AGGREGATION,
    [...RULE, 'outputConstraints', 0, 'minimum'],
    1,
    /a whole number from 2 to 100,000, got `1`/,
  ],
  [
    'a minimum and a half',
    AGGREGATION,
    [...RULE, 'outputConstraints', 0, 'minimum'],
    2.5,
    /a whole number from 2 to 100,000/,
  ],
  [
    'a constraint of another type',
    AGGREGATION,
    [...RULE, 'outputConstraints', 0, 'type'],
    'COUNT',
    /expected `COUNT_DISTINCT`/,
  ],
  [
    'a constraint on a dimension',
    AGGREGATION,
    [...RULE, 'outputConstraints', 0, 'columnName'],
    'region',
    /a join column or an aggregate column, got `region`/,
  ],
  [
    'a constraint on a sealed column',
    AGGREGATION,
    [...RULE, 'outputConstraints', 0, 'columnName'],
    'device_sealed',
    /not compared/,
  ],
  [
    'two constraints on a column',
    AGGREGATION,
    [...RULE, 'outputConstraints'],
    [10, 20].map((minimum) => ({ columnName: 'email_fingerprint', minimum, type: 'COUNT_DISTINCT' })),
    /there is already a constraint on `email_fingerprint`/,
  ],
  [
    'another word for foreign measures',
    AGGREGATION,
    [...RULE, 'x-foreignMeasures'],
    'no',
    /expected one of allow, deny/,
  ],
  [
    'another word for suppression',
    AGGREGATION,
    [...IMPRESSIONS, 'x-suppression'],
    'loud',
    /expected one of silent, summary/,
  ],
  ['a rounding step of nothing', AGGREGATION, [...RULE, 'x-round'], { sums: 0 }, /expected a number over 0/],
  [
    'a fingerprint column in a list',
    LIST,
    [...LIST_RULE, 'listColumns', 0],
    'email_fingerprint',
    /not shown or grouped by/,
  ],
  ['a list rule without join columns', LIST, [...LIST_RULE, 'joinColumns'], [], /expected at least 1 item/],
  [
    'an extension of a list rule',
    LIST,
    [...SEGMENTS, 'x-round'],
    { counts: 10 },
    /does not apply to a table with a list rule/,
  ],
  [
    'an extension without rule',
    AGGREGATION,
    ['tables', 6, 'x-suppression'],
    'silent',
    /does not apply to a table with no analysis rule/,
  ],
  [
    'a template that is not there',
    CUSTOM,
    [...CUSTOM_RULE, 'allowedAnalyses', 0],
    'tmpl-none',
    /is not the id of a template/,
  ],
  [
    'ANY_QUERY of nobody in particular',
    ANY_QUERY,
    [...CUSTOM_RULE, 'allowedAnalysisProviders'],
    undefined,
    /required with `ANY_QUERY`/,
  ],
  [
    'a provider that is no member',
    ANY_QUERY,
    [...CUSTOM_RULE, 'allowedAnalysisProviders', 0],
    'news',
    /is not the id of a member/,
  ],
  [
    'a hidden column that is not there',
    ANY_QUERY,
    [...CUSTOM_RULE, 'disallowedOutputColumns', 0],
    'age',
    /the table has no column/,
  ],
  [
    'rounding without constraints',
    ANY_QUERY,
    [...CUSTOM_RULE, 'x-round'],
    { counts: 10 },
    /a custom rule with this also needs `x-outputConstraints`/,
  ],
  ['a threshold of nobody', PERSONS, [...THRESHOLD, 'identityColumns'], [], /expected at least 1 item, got 0/],
  [
    'a threshold of two columns',
    PERSONS,
    [...THRESHOLD, 'identityColumns'],
    ['email_fingerprint', 'page'],
    /expected one identity column, got 2/,
  ],
  [
    'persons that are numbers',
    PERSONS,
    [...THRESHOLD, 'identityColumns', 0],
    'seconds',
    /expected a column of text, got `seconds` of type INTEGER/,
  ],
  [
    'persons in a sealed column',
    PERSONS,
    [...THRESHOLD, 'identityColumns', 0],
    'ip_sealed',
    /`ip_sealed` cannot be used here: a sealed column/,
  ],
  ['a threshold of one person', PERSONS, [...THRESHOLD, 'minimumIdentityCount'], 1, /from 2 to 100,000, got `1`/],
  ['a threshold above all', PERSONS, [...THRESHOLD, 'minimumIdentityCount'], 100_001, /from 2 to 100,000/],
  ['a threshold of another type', PERSONS, [...THRESHOLD, 'type'], 'COUNT', /expected `COUNT_DISTINCT`/],
  [
    'expressions that no owner can allow',
    PERSONS,
    [...THRESHOLD, 'allowedAggregateExpressionType'],
    'SOME',
    /expected one of COLUMNS_ONLY, ANY_EXPRESSION/,
  ],
  [
    'an unknown key of a threshold',
    PERSONS,
    [...THRESHOLD, 'minimum'],
    5,
    /unknown key, expected one of identityColumns/,
  ],
  [
    'two thresholds',
    PERSONS,
    [...CUSTOM_RULE, 'aggregationThresholds'],
    [PERSON, PERSON],
    /expected one threshold, got 2/,
  ],
  ['no threshold', PERSONS, [...CUSTOM_RULE, 'aggregationThresholds'], [], /expected at least 1 item, got 0/],
  [
    'an own minimum of one person',
    PERSONS,
    [...THRESHOLD, 'outputColumnThresholds'],
    [{ outputColumnName: 'page', minimumIdentityCount: 1 }],
    /expected 0 or a whole number from 2 to 100,000, got `1`/,
  ],
  [
    'an own minimum of a column that is not there',
    PERSONS,
    [...THRESHOLD, 'outputColumnThresholds'],
    [{ outputColumnName: 'pgae', minimumIdentityCount: 5 }],
    /the table has no column `pgae`/,
  ],
  [
    'two minimums of one column',
    PERSONS,
    [...THRESHOLD, 'outputColumnThresholds'],
    [0, 5].map((minimumIdentityCount) => ({ outputColumnName: 'page', minimumIdentityCount })),
    /there is already a threshold for `page`/,
  ],
  [
    'both names of constraints',
    PERSONS,
    [...CUSTOM_RULE, 'x-outputConstraints'],
    [{ columnName: 'page', minimum: 5, type: 'COUNT_DISTINCT' }],
    /a rule has either this or `aggregationThresholds`/,
  ],
  [
    'the extension of the older name beside the new one',
    PERSONS,
    [...CUSTOM_RULE, 'x-allowedAggregateExpressionType'],
    'COLUMNS_ONLY',
    /this belongs to `x-outputConstraints`/,
  ],
  [
    'expressions without constraints',
    ANY_QUERY,
    [...VISITS, 'x-allowedAggregateExpressionType'],
    'ANY_EXPRESSION',
    /a custom rule with this also needs `x-outputConstraints`/,
  ],
  [
    'an unknown control of comparisons',
    ANY_QUERY,
    [...CUSTOM_RULE, 'comparisonControls'],
    { allowedComparisonColumns: [] },
    /unknown key, expected one of allowedLiteralComparisonColumns/,
  ],
  [
    'persons compared with constants',
    PERSONS,
    [...CUSTOM_RULE, 'comparisonControls'],
    { allowedLiteralComparisonColumns: ['email_fingerprint'] },
    /`email_fingerprint` cannot be used here: a fingerprint column cannot be compared with constants/,
  ],
  [
    'persons in cleartext compared with constants',
    withValue(PERSONS, [...THRESHOLD, 'identityColumns'], ['page']),
    [...CUSTOM_RULE, 'comparisonControls'],
    { allowedLiteralComparisonColumns: ['page'] },
    /`page` identifies persons and is never compared with constants/,
  ],
  [
    'sealed columns compared with columns',
    ANY_QUERY,
    [...CUSTOM_RULE, 'comparisonControls'],
    { allowedColumnComparisonColumns: ['ip_sealed'] },
    /`ip_sealed` cannot be used here: a sealed column can be shown and counted, not compared/,
  ],
  [
    'a receiver that cannot receive',
    AGGREGATION,
    [...IMPRESSIONS, 'associationRule'],
    { policy: { v1: { aggregation: { allowedResultReceivers: ['pub'] } } } },
    /pub cannot receive results/,
  ],
  [
    'an association rule of another type',
    AGGREGATION,
    [...IMPRESSIONS, 'associationRule'],
    { policy: { v1: { list: {} } } },
    /`.*v1\.list`: unknown key/,
  ],
  [
    'an association rule alone',
    AGGREGATION,
    ['tables', 6, 'associationRule'],
    { policy: { v1: { list: {} } } },
    /this needs a valid `analysisRule`/,
  ],
  [
    'a budget of nothing',
    AGGREGATION,
    [...IMPRESSIONS, 'accessBudgets'],
    [{ type: 'LIFETIME', budget: 0 }],
    /from 1 to 1,000,000/,
  ],
  [
    'a budget for another period',
    AGGREGATION,
    [...IMPRESSIONS, 'accessBudgets'],
    [{ type: 'HOUR', budget: 1 }],
    /expected one of CALENDAR_DAY/,
  ],
  [
    'a lifetime that comes back',
    AGGREGATION,
    [...IMPRESSIONS, 'accessBudgets'],
    [{ type: 'LIFETIME', budget: 1, autoRefresh: 'ENABLED' }],
    /must be DISABLED for LIFETIME/,
  ],
  [
    'two budgets for a period',
    AGGREGATION,
    [...IMPRESSIONS, 'accessBudgets'],
    [1, 2].map((budget) => ({ type: 'LIFETIME', budget })),
    /there is already a budget for LIFETIME/,
  ],
  [
    'two budgets of rows for a period',
    AGGREGATION,
    [...IMPRESSIONS, 'accessBudgets'],
    [1, 2].map((budget) => ({ type: 'LIFETIME', 'x-unit': 'ROWS', budget })),
    /there is already a budget for rows in LIFETIME/,
  ],
  [
    'a budget of something else',
    AGGREGATION,
    [...IMPRESSIONS, 'accessBudgets'],
    [{ type: 'LIFETIME', 'x-unit': 'GROUPS', budget: 1 }],
    /expected one of QUERIES, ROWS/,
  ],
  [
    'more queries than a budget can have',
    AGGREGATION,
    [...IMPRESSIONS, 'accessBudgets'],
    [{ type: 'LIFETIME', 'x-unit': 'QUERIES', budget: 1_000_001 }],
    /`tables\[0\]\.accessBudgets\[0\]\.budget`/,
  ],
  ['a template id with blanks', CUSTOM, ['templates', 1, 'id'], 'tmpl 2', /`templates\[1\]\.id`: expected 1 to 63/],
  ['two templates of one id', CUSTOM, ['templates', 1, 'id'], 'tmpl-reach', /the id `tmpl-reach` is used twice/],
  ['a template without SQL', CUSTOM, ['templates', 1, 'sql'], ' ', /`templates\[1\]\.sql`: expected SQL/],
  [
    'a template that is too long',
    CUSTOM,
    ['templates', 1, 'sql'],
    'ä'.repeat(10_001),
    /at most 20,000 bytes of SQL, got 20,002/,
  ],
  ['a parameter of another type', CUSTOM, ['templates', 0, 'parameters', 0, 'type'], 'day', /unknown SQL type/],
  [
    'a parameter twice',
    CUSTOM,
    ['templates', 0, 'parameters', 1],
    { name: 'since', type: 'DATE' },
    /the parameter `since` is declared twice/,
  ],
  [
    'an approval of nobody',
    CUSTOM,
    ['templates', 0, 'approvals'],
    [{ member: 'news', sha256: 'a'.repeat(64), signature: `${'A'.repeat(86)}==` }],
    /expected one of brand, pub/,
  ],
  [
    'a signature that is too short',
    CUSTOM,
    ['signatures'],
    [{ member: 'pub', sha256: 'a'.repeat(64), signature: 'AAAA' }],
    /a signature of 64 bytes in Base64/,
  ],
  [
    'two signatures of one member',
    CUSTOM,
    ['signatures'],
    [1, 2].map(() => ({ member: 'pub', sha256: 'a'.repeat(64), signature: `${'A'.repeat(86)}==` })),
    /there is already a signature of pub/,
  ],
  [
    'a principal under a name',
    CUSTOM,
    ['x-principals'],
    { Brand: 'brand' },
    /the key must be an account id of 12 digits or an ARN/,
  ],
  [
    'a principal that is nobody',
    CUSTOM,
    ['x-principals'],
    { '123456789012': 'news' },
    /expected one of brand, pub, tmpl-reach/,
  ],
  ['no secret at all', CUSTOM, ['secretIds'], {}, /expected the secret of at least one generation, got none/],
  ['secrets in an array', CUSTOM, ['secretIds'], ['ab'.repeat(32)], /expected an object/],
  ['a secret of no generation', CUSTOM, ['secretIds'], { '01': 'ab'.repeat(32) }, /the key must be a generation/],
  [
    'a short id of a secret',
    CUSTOM,
    ['secretIds'],
    { 1: 'ab'.repeat(16) },
    /expected 64 hexadecimal digits in lower case$/,
  ],
  [
    'one secret in two generations',
    CUSTOM,
    ['secretIds'],
    { 1: 'ab'.repeat(32), 2: 'ab'.repeat(32) },
    /another generation already has this secret/,
  ],
  ['a log without chain', AGGREGATION, ['log'], { chain: false }, /the audit log is always a chain/],
  ['another word for the query text', AGGREGATION, ['log'], { queryText: 'all' }, /expected one of owners, hash/],
];

/** Where something is asked for that is not there yet, and what it is called. */
const UNSUPPORTED: readonly (readonly [what: string, base: object, path: Path, value: unknown])[] = [
  ['differential privacy', AGGREGATION, [...IMPRESSIONS, 'privacyBudget'], { epsilon: 4 }],
  ['differential privacy', ANY_QUERY, [...CUSTOM_RULE, 'differentialPrivacy'], { columns: [] }],
  ['a difference guard', AGGREGATION, [...IMPRESSIONS, 'x-guard'], { differencing: 'refuse' }],
  [
    'additive columns',
    AGGREGATION,
    [...IMPRESSIONS, 'columns', 10],
    { name: 'm', protection: 'x-additive', type: 'UBIGINT', scale: 2 },
  ],
  ['analyses in PySpark', ANY_QUERY, [...CUSTOM_RULE, 'allowedAnalyses', 0], 'ANY_JOB'],
  ['analyses in PySpark', AGGREGATION, ['members', 0, 'abilities', 0], 'CAN_RUN_JOB'],
  ['machine learning', AGGREGATION, ['members', 0, 'abilities', 0], 'CAN_RECEIVE_MODEL_OUTPUT'],
  ['additional analyses', ANY_QUERY, [...CUSTOM_RULE, 'additionalAnalyses'], 'REQUIRED'],
  ['id mapping tables', AGGREGATION, [...IMPRESSIONS, 'analysisRule', 'type'], 'ID_MAPPING_TABLE'],
];

describe('a mistake keeps a manifest from loading:', () => {
  test.each(MISTAKES)('%s', (_, base, path, value, message) => {
    const problems = problemsOf(JSON.stringify(withValue(base, path, value), null, 1));
    expect(problems.map((problem) => problem.message)).toContainEqual(expect.stringMatching(message));
    for (const { code, where } of problems) {
      expect(code).toBe('MANIFEST_INVALID');
      expect(where).toMatchObject({ file: 'spring.json', line: expect.any(Number), character: expect.any(Number) });
    }
  });

  test.each(UNSUPPORTED)('it asks for %s', (what, base, path, value) => {
    expect(problemsOf(JSON.stringify(withValue(base, path, value)))).toContainEqual(
      expect.objectContaining({
        code: 'MANIFEST_UNSUPPORTED',
        message: expect.stringContaining(`: this release does not support ${what}`),
      }),
    );
  });

  test('two members have one signing key', () => {
    const key = (AGGREGATION['members'] as { publicKeys: unknown }[])[0]?.publicKeys;
    expect(messagesOf(withValue(AGGREGATION, ['members', 1, 'publicKeys'], key))).toEqual([
      '`members[1].publicKeys.sign`: this key already belongs to another member',
    ]);
  });

  test('an extension stands in both of its places', () => {
    const once = withValue(AGGREGATION, [...RULE, 'x-suppression'], 'silent');
    expect(messagesOf(withValue(once, [...IMPRESSIONS, 'x-suppression'], 'summary'))).toEqual([
      '`tables[0].x-suppression`: given twice: here and in the rule',
    ]);
  });

  test('it is no object', () => {
    expect(messagesOf([])).toContain('the manifest: expected an object, got an array');
    expect(problemsOf('').map(({ message }) => message)).toContain('the manifest: expected an object, got null');
  });
});

describe('mistakes', () => {
  test('are all told at once, in the order of the text, each with its place', () => {
    const text = `version: 1
id: 7a2c1e9e-3f5b-4b1e-9f0e-0d6a1d1c2b33
name: Spring
settings: { allowCleartext: true, allowDuplicates: true, allowJoinsOnColumnsWithDifferentNames: false, preserveNulls: no }
members:
  - { id: pub, abilities: [CAN_FLY] }
tables:
  - name: visits
    owner: brand
    columns:
      - { name: id, protection: fingerprint, type: VARCHAR }
    analysisRule: { type: LIST, policy: { v1: { list: { joinColumns: [id], listColumns: [id, page] } } } }
    x-guard: {}
`;
    const places = problemsOf(text).map(
      ({ where }) => `${String(where.line)}:${String(where.character)} ${where.path ?? ''}`,
    );
    expect(places).toEqual([
      '4:104 settings.preserveNulls',
      '6:28 members[0].abilities[0]',
      '9:5 tables[0].owner',
      '12:90 tables[0].analysisRule.policy.v1.list.listColumns[0]',
      '12:94 tables[0].analysisRule.policy.v1.list.listColumns[1]',
      '13:5 tables[0].x-guard',
    ]);
  });

  test('of a key come with what was meant', () => {
    const [problem] = problemsOf(JSON.stringify(withValue(AGGREGATION, [...IMPRESSIONS, 'x-foreignMeasure'], 'deny')));
    expect(problem).toMatchObject({ hint: 'did you mean `x-foreignMeasures`?' });
  });

  test('that are secrets are not repeated', () => {
    const secret = 'AGE-SECRET-KEY-1QQQQQQQQQQQQQQQQQQQQ';
    for (const path of [['members', 0, 'abilities', 0], ['name'], ['templates', 0, 'sql']]) {
      const problems = problemsOf(JSON.stringify(withValue(CUSTOM, path, secret), null, 1));
      expect(problems.map(({ message }) => message)).toEqual(['the manifest contains a private key']);
    }
    const [problem] = problemsOf(JSON.stringify({ ...AGGREGATION, sharedSecret: 'AAECAw==' }));
    expect(problem).toMatchObject({
      message: expect.stringMatching(/`sharedSecret`: unknown key/),
      hint: expect.stringMatching(/holds no secret/),
    });
    expect(`${problem?.message ?? ''}${problem?.hint ?? ''}`).not.toContain('AAECAw==');
  });
});

test('the example of docs/manifest.md is a manifest', () => {
  const [, yaml = ''] =
    /## A complete example\n\n```yaml\n(.*?)```/s.exec(readFileSync(`${ROOT}/docs/manifest.md`, 'utf8')) ?? [];
  const manifest = parseManifest(yaml);
  expect(manifest.tables.map(({ rule }) => rule?.kind)).toEqual(['aggregation', 'aggregation', 'custom']);
  expect(manifest.templates[0]?.sql).toBe(
    'SELECT page, COUNT(DISTINCT email_fingerprint) AS reach FROM visits WHERE visit_date >= $since GROUP BY page',
  );
});

test('the custom rule of docs/manifest.md is one', () => {
  const text = readFileSync(`${ROOT}/docs/manifest.md`, 'utf8');
  const [, yaml = ''] = /```yaml\ncustom:\n(.*?)```/s.exec(text) ?? [];
  const manifest = read(withValue(ANY_QUERY, CUSTOM_RULE, parse(yaml)));
  expect(manifest.tables[4]?.rule).toMatchObject({ constraintKey: 'aggregationThresholds' });
});
