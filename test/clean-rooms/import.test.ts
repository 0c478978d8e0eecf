import { describe, expect, test } from 'vitest';
import { type Outcome, Session } from '../support/cli.ts';
import {
  AGGREGATION,
  BRAND,
  COLLABORATION,
  PUB,
  recorded,
  REACH_ARN,
  routesOf,
  schemaOf,
  StandIn,
} from './stand-in.ts';
import type { Recorded, StandInAnswer } from './stand-in.ts';
import { parseManifest } from 'sealroom/collab';

const IMPORT = ['collab', 'import-clean-rooms', '--id', COLLABORATION, '--output', 'spring.yaml'];

interface Imported extends Outcome {
  readonly text: string;
  readonly requests: readonly string[];
}

/** Imports a collaboration that is the recorded one but for a change. */
async function importChanged(change: (aws: Recorded) => void, more: readonly string[] = []): Promise<Imported> {
  const collaboration = recorded();
  change(collaboration);
  await using aws = await StandIn.start(routesOf(collaboration));
  await using session = await Session.start();
  const outcome = await session.run([...IMPORT, ...more]);
  const text = (await session.names()).includes('spring.yaml') ? await session.text('spring.yaml') : '';
  return { ...outcome, text, requests: aws.requests.map(({ method, path }) => `${method} ${path}`) };
}

describe('an import from AWS Clean Rooms', () => {
  test('takes members, tables, rules, templates and settings', async () => {
    const { code, err, out, text, requests } = await importChanged(() => undefined);
    expect({ code, err }).toEqual({ code: 0, err: expect.not.stringContaining('left out') });
    expect(out).toBe('wrote `spring.yaml`: 2 members, 3 tables, 1 template\n');
    expect(text).toMatch(new RegExp(`^# source: clean-rooms, the collaboration ${COLLABORATION}\n`));
    const manifest = parseManifest(text);
    expect(manifest).toMatchObject({
      id: COLLABORATION,
      name: 'Spring campaign',
      settings: recorded().collaboration['dataEncryptionMetadata'],
      dialect: 'spark',
      signatures: [],
    });
    expect(manifest.members).toMatchObject([
      { id: `a${BRAND}`, displayName: 'Northwind Shoes', abilities: ['CAN_QUERY', 'CAN_RECEIVE_RESULTS'], payer: true },
      { id: `a${PUB}`, displayName: 'Daily Planet', abilities: [], payer: false },
    ]);
    expect(manifest.tables).toMatchObject([
      {
        name: 'impressions',
        owner: `a${PUB}`,
        columns: [
          { name: 'person_fingerprint', protection: 'fingerprint', type: 'VARCHAR' },
          { name: 'region', protection: 'cleartext', type: 'VARCHAR' },
          { name: 'cost', protection: 'cleartext', type: 'DECIMAL(18,2)' },
          { name: 'day', protection: 'cleartext', type: 'DATE' },
        ],
        rule: { kind: 'aggregation', joinRequired: true, scalarFunctions: ['TRUNC', 'UPPER'] },
      },
      { name: 'purchases', owner: `a${BRAND}`, receivers: [`a${BRAND}`] },
      {
        name: 'visits',
        // The SDK drops keys that it does not know, and these are thresholds.
        rule: {
          kind: 'custom',
          allowedTemplates: ['reach_since'],
          anyQueryProviders: [`a${BRAND}`],
          outputConstraints: [{ columnName: 'person_fingerprint', minimum: 50 }],
        },
      },
    ]);
    expect(manifest.templates).toMatchObject([{ id: 'reach_since', parameters: [] }]);
    // Every list has pages, and everything is asked for once.
    expect(requests.filter((each) => each.endsWith('/members'))).toHaveLength(2);
    expect(requests.filter((each) => each.endsWith('/schemas'))).toHaveLength(3);
  });

  test('keeps the policies as AWS has them', async () => {
    const { parse } = await import('yaml');
    const { text } = await importChanged(() => undefined);
    expect(parse(text)).toMatchObject({
      'x-principals': { [BRAND]: `a${BRAND}`, [PUB]: `a${PUB}`, [REACH_ARN]: 'reach_since' },
      tables: [{ analysisRule: { type: 'AGGREGATION', policy: AGGREGATION } }, {}, {}],
    });
  });

  test('leaves a manifest under which queries are checked, and which no room takes', async () => {
    await using aws = await StandIn.start(routesOf(recorded()));
    await using session = await Session.start();
    expect(await session.run(IMPORT)).toMatchObject({ code: 0 });
    const check = ['check', '--manifest', 'spring.yaml', '--as', `a${BRAND}`];
    const sum =
      'SELECT i.region, COUNT(DISTINCT i.person_fingerprint) AS n FROM impressions i JOIN purchases p ON i.person_fingerprint = p.person_fingerprint GROUP BY i.region';
    expect(await session.run([...check, '--unsigned', sum])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^allowed/),
    });
    expect(await session.run([...check, '--unsigned', 'SELECT person_fingerprint FROM impressions'])).toMatchObject({
      code: 3,
      out: expect.stringMatching(/FINGERPRINT_USE[^]*AGG_REQUIRED|AGG_REQUIRED[^]*FINGERPRINT_USE/),
    });
    expect(await session.run([...check, sum])).toMatchObject({
      code: 1,
      err: expect.stringContaining('expected the signatures of all members'),
    });
    expect(await session.run(['room', 'init', 'room', '--manifest', 'spring.yaml'])).toMatchObject({ code: 1 });
    expect(aws.requests.every(({ method, path }) => method === 'GET' || path.includes('/batch-'))).toBe(true);
  });

  test('takes what is protected from the schemas of C3R', async () => {
    await using aws = await StandIn.start(routesOf(recorded()));
    await using session = await Session.start({
      'c3r.json': JSON.stringify({
        headerRow: true,
        columns: [
          { sourceHeader: 'email', targetHeader: 'person_fingerprint', type: 'fingerprint' },
          { sourceHeader: 'region', targetHeader: 'region', type: 'sealed', pad: { type: 'NONE' } },
          { sourceHeader: 'cost', targetHeader: 'cost', type: 'cleartext' },
          { sourceHeader: 'day', targetHeader: 'day', type: 'cleartext' },
        ],
      }),
    });
    const outcome = await session.run([...IMPORT, '--schema', 'impressions=c3r.json']);
    expect(outcome).toMatchObject({
      code: 0,
      // The rule groups by a column that is sealed: AWS does not know that, and no query could run.
      err: expect.stringMatching(/left out: table `impressions`: .*dimensionColumns.*sealed/),
    });
    expect(await session.run([...IMPORT, '--overwrite', '--schema', 'none=c3r.json'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('the collaboration has no table `none`'),
    });
    const asked = aws.requests.length;
    expect(await session.run([...IMPORT, '--overwrite', '--schema', 'c3r.json'])).toMatchObject({ code: 2 });
    expect(aws.requests).toHaveLength(asked);
  });

  test.each<[string, Record<string, unknown>, RegExp]>([
    [
      'an array',
      { columns: [{ name: 'tags', type: 'array<string>' }] },
      /its column `tags` has the type `array<string>`/,
    ],
    [
      'no readiness',
      {
        schemaStatusDetails: [
          {
            status: 'NOT_READY',
            analysisType: 'DIRECT_ANALYSIS',
            reasons: [{ code: 'ANALYSIS_RULE_MISSING', message: 'x' }],
          },
        ],
      },
      /not ready: ANALYSIS_RULE_MISSING/,
    ],
    ['mapped ids', { type: 'ID_MAPPING_TABLE' }, /id mapping tables/],
    ['jobs only', { analysisMethod: 'DIRECT_JOB' }, /jobs in PySpark/],
    [
      'differential privacy',
      {
        schemaStatusDetails: [
          { status: 'READY', analysisType: 'DIRECT_ANALYSIS', configurations: ['DIFFERENTIAL_PRIVACY'] },
        ],
      },
      /differential privacy/,
    ],
    [
      'a protected number',
      { columns: [{ name: 'a_sealed', type: 'int' }] },
      /`a_sealed` is protected and not text, but INTEGER/,
    ],
    ['no rule', { analysisRuleTypes: [] }, /has no analysis rule/],
    ['another owner', { creatorAccountId: '999999999999' }, /owner/],
  ])('leaves out a table with %s, by name', async (_, part, reason) => {
    const outcome = await importChanged((aws) => {
      aws.schemas[0] = schemaOf('impressions', part);
      if (part['analysisRuleTypes'] !== undefined) aws.rules.shift();
    });
    expect(outcome.code).toBe(0);
    expect(outcome.out).toContain('2 tables');
    expect(outcome.err).toMatch(new RegExp(`left out: table \`impressions\`: .*${reason.source}`));
    expect(outcome.text).toMatch(reason);
    expect(parseManifest(outcome.text).tables.map(({ name }) => name)).toEqual(['purchases', 'visits']);
  });

  test('leaves out rules with differential privacy, abilities and templates of PySpark, and members who left', async () => {
    const outcome = await importChanged(
      (aws) => {
        Object.assign(aws.rules[2] ?? {}, {
          policy: { v1: { custom: { allowedAnalyses: [], differentialPrivacy: { columns: [{ name: 'region' }] } } } },
        });
        Object.assign(aws.members[1] ?? {}, { abilities: ['CAN_RUN_JOB'] });
        aws.members.push({ accountId: '777788889999', status: 'LEFT', displayName: 'x', abilities: [] });
        Object.assign(aws.templates[0] ?? {}, { format: 'PYSPARK_1_0' });
      },
      ['--json'],
    );
    const answer: unknown = JSON.parse(outcome.out);
    expect(answer).toMatchObject({ manifest: 'spring.yaml', members: 2, tables: 2, templates: 0, isComplete: false });
    expect(answer).toMatchObject({
      leftOut: [
        { kind: 'ability', name: `CAN_RUN_JOB of a${PUB}` },
        { kind: 'member', name: 'a777788889999', reason: 'its status is LEFT' },
        { kind: 'template', name: 'Reach since', reason: 'its format is `PYSPARK_1_0`, not SQL' },
        { kind: 'table', name: 'visits', reason: expect.stringContaining('differential privacy') },
      ],
    });
  });

  test('takes no analysis that it does not know: fewer queries are allowed, and that is said', async () => {
    const outcome = await importChanged((aws) => {
      Object.assign(aws.templates[0] ?? {}, { source: undefined });
    });
    expect(outcome.err).toContain('template `Reach since`: AWS does not show its text to this account');
    expect(outcome.err).toContain(`analysis \`${REACH_ARN}\`: the rule of \`visits\` allows it`);
    expect(parseManifest(outcome.text).tables[2]?.rule).toMatchObject({ allowedTemplates: [] });
  });

  test('takes no table whose rule has keys beside those that are known, also where an analysis is taken out', async () => {
    const outcome = await importChanged((aws) => {
      Object.assign(aws.templates[0] ?? {}, { source: undefined });
      const rule = aws.rules[2] ?? {};
      rule['policy'] = { ...Object(rule['policy']), v2: { custom: { minimum: 1000 } } };
    });
    expect(outcome.err).toMatch(/table `visits`: `analysisRule\.policy\.v2`: unknown key/);
    expect(parseManifest(outcome.text).tables.map(({ name }) => name)).toEqual(['impressions', 'purchases']);
  });

  test('takes no table that has a rule which is not known or not shown beside one that is', async () => {
    const outcome = await importChanged((aws) => {
      Object.assign(aws.schemas[0] ?? {}, { analysisRuleTypes: ['AGGREGATION', 'STRICTER\u001b'] });
      Object.assign(aws.schemas[1] ?? {}, { analysisRuleTypes: ['LIST', 'CUSTOM', 'AGGREGATION'] });
    });
    expect(outcome.err).toContain('table `impressions`: AWS does not show its rule: the type `STRICTER\\u{1b}`');
    expect(outcome.err).toContain('table `purchases`: AWS does not show its rule: not in the answer');
    expect(parseManifest(outcome.text).tables.map(({ name }) => name)).toEqual(['visits']);
  });

  test('takes none of the tables whose names differ only in case, and no view', async () => {
    const outcome = await importChanged((aws) => {
      aws.schemas.push(schemaOf('Impressions'), schemaOf('view', { type: 'VIEW', analysisRuleTypes: [] }));
    });
    expect(outcome).toMatchObject({ code: 0, err: expect.stringContaining('table `view`: it is not a table, but') });
    for (const name of ['impressions', 'Impressions']) {
      expect(outcome.text).toContain(`# - table \`${name}\`: another table has the same name`);
    }
    expect(parseManifest(outcome.text).tables.map(({ name }) => name)).toEqual(['purchases', 'visits']);
  });

  test('takes the parameters of templates with their types', async () => {
    const outcome = await importChanged((aws) => {
      Object.assign(aws.templates[0] ?? {}, {
        analysisParameters: [
          { name: 'since', type: 'DATE', defaultValue: '2026-01-31' },
          { name: 'times', type: 'LONG' },
        ],
      });
    });
    expect(parseManifest(outcome.text).templates[0]?.parameters).toMatchObject([
      { name: 'since', type: 'DATE', default: '2026-01-31' },
      { name: 'times', type: 'BIGINT' },
    ]);
  });

  test('without encryption, every column is cleartext', async () => {
    const outcome = await importChanged((aws) => {
      delete aws.collaboration['dataEncryptionMetadata'];
      aws.schemas = aws.schemas.slice(0, 1);
      const columns = [
        { name: 'person', type: 'string' },
        { name: 'region', type: 'string' },
      ];
      aws.schemas[0] = schemaOf('impressions', { columns, partitionKeys: [] });
      const text = JSON.stringify(AGGREGATION)
        .replaceAll('person_fingerprint', 'person')
        .replace(',{"columnNames":["cost"],"function":"SUM"}', '')
        .replace(',"day"', '');
      aws.rules = [{ name: 'impressions', type: 'AGGREGATION', policy: JSON.parse(text) as unknown }];
      aws.templates = [];
    });
    expect(outcome.out).toContain('1 table');
    expect(parseManifest(outcome.text).tables[0]?.columns.map(({ protection }) => protection)).toEqual([
      'cleartext',
      'cleartext',
    ]);
  });

  test('names from AWS cannot break out of the comments and texts of the manifest', async () => {
    const evil = 'x\ndialect: duckdb\n# \u001b[31m';
    const outcome = await importChanged((aws) => {
      Object.assign(aws.collaboration, { name: evil });
      Object.assign(aws.members[0] ?? {}, { displayName: evil });
      aws.schemas.push(schemaOf(evil, { type: 'ID_MAPPING_TABLE', analysisRuleTypes: [] }));
      const schemaStatusDetails = [{ status: 'NOT_READY', analysisType: 'DIRECT_ANALYSIS', reasons: [{ code: evil }] }];
      aws.schemas.push(schemaOf('broken', { schemaStatusDetails, analysisRuleTypes: [] }));
    });
    expect(outcome.code).toBe(0);
    const manifest = parseManifest(outcome.text);
    expect(manifest.dialect).toBe('spark');
    expect(manifest.name).toBe('x dialect: duckdb #  [31m');
    expect(outcome.err + outcome.text).not.toContain('\u001b');
  });
});

/** Imports the recorded collaboration, where one address answers something else. */
async function importWith(address: string, answer: StandInAnswer): Promise<Outcome> {
  const routes = routesOf(recorded());
  await using aws = await StandIn.start((request) =>
    `${request.method} ${request.path}`.endsWith(address) ? answer : routes(request),
  );
  await using session = await Session.start();
  const outcome = await session.run(IMPORT);
  expect(await session.names()).toEqual([]);
  expect(outcome.err).not.toMatch(/AKIAFAKE|fake-secret/);
  expect(aws.requests.length).toBeGreaterThan(0);
  return outcome;
}

describe('an import that fails', () => {
  test.each([
    [`GET /collaborations/${COLLABORATION}`, 'GetCollaboration'],
    ['/members', 'ListMembers'],
    ['GET /collaborations/' + COLLABORATION + '/schemas', 'ListSchemas'],
    ['/batch-schema', 'BatchGetSchema'],
    ['/batch-schema-analysis-rule', 'BatchGetSchemaAnalysisRule'],
    ['/analysistemplates', 'ListCollaborationAnalysisTemplates'],
    ['/batch-analysistemplates', 'BatchGetCollaborationAnalysisTemplate'],
  ])('at %s names the permission', async (address, operation) => {
    const message = 'User: arn:aws:sts::1:assumed-role/x is not authorized, key AKIAFAKEFAKEFAKEFAKE';
    const outcome = await importWith(address, { status: 403, error: 'AccessDeniedException', body: { message } });
    expect(outcome).toMatchObject({ code: 1, err: expect.stringContaining(`\`cleanrooms:${operation}\``) });
    expect(outcome.err).not.toContain('assumed-role');
  });

  test.each<[string, StandInAnswer, RegExp]>([
    ['throttling', { status: 429, error: 'ThrottlingException', body: {} }, /throttling/],
    [
      'a key in the message',
      { status: 500, error: 'OddException', body: { message: 'key AKIAFAKEFAKEFAKEFAKE' } },
      /`OddException`: key …/,
    ],
    ['no JSON', { status: 200, body: '<html>' }, /AWS Clean Rooms/],
    ['a list', { status: 200, body: '[]' }, /AWS Clean Rooms/],
    ['no list of tables', { body: {} }, /the answer to `ListSchemas` has no list `schemaSummaries`/],
    ['tables without names', { body: { schemaSummaries: [{}] } }, /has no text `name`/],
    [
      'pages without end',
      { body: { schemaSummaries: [], nextToken: 'again' } },
      /the answer to `ListSchemas` has no end/,
    ],
    ['no tables', { body: { schemaSummaries: [] } }, /no table that a manifest can hold/],
  ])('with %s says so', async (_, answer, message) => {
    const outcome = await importWith(`GET /collaborations/${COLLABORATION}/schemas`, answer);
    expect(outcome).toMatchObject({ code: 1, err: expect.stringMatching(message) });
  });

  test('tables that AWS does not describe are left out by name', async () => {
    const routes = routesOf(recorded());
    await using aws = await StandIn.start((request) => {
      if (!request.path.endsWith('/batch-schema')) return routes(request);
      const schemas = recorded().schemas.slice(0, 1);
      return { body: { schemas, errors: [{ name: 'purchases', code: 'AccessDeniedException', message: 'x' }] } };
    });
    await using session = await Session.start();
    const { err } = await session.run(IMPORT);
    expect(err).toContain('table `purchases`: AWS does not describe it: AccessDeniedException');
    expect(err).toContain('table `visits`: AWS does not describe it: not in the answer');
    expect(aws.requests.filter(({ path }) => path.endsWith('/batch-schema'))).toHaveLength(1);
  });
});
