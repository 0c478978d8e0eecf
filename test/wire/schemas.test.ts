import { describe, expect, expectTypeOf, test } from 'vitest';
import * as z from 'zod';
import type { Finding, Obligation, Suggestion, TableKey } from '#src/query/light';
import {
  askBody,
  checkBody,
  hasEnded,
  jobBody,
  jobPageBody,
  manifestUpdateBody,
  problemBody,
  roomBody,
  rowsRemovedBody,
  uploadBody,
  uploadCompletionBody,
  uploadRequestBody,
} from '#src/wire/index';
import type { finding, obligation, suggestion, tableKey } from '#src/wire/parts';

const ID = '0d3a6f7e-6f1c-4a52-9d35-3a1f4f5c8f10';
const HASH = 'ab'.repeat(32);
const TIME = '2026-11-30T12:00:00.000Z';

const budgets = [
  { table: 'sales', owner: 'shop', type: 'LIFETIME', period: 'lifetime', budget: 10, before: 10, after: 9 },
] as const;

const found = {
  code: 'SELF_JOIN',
  span: { start: 0, end: 4 },
  message: 'a',
  help: 'A.',
  rule: { table: 'sales', key: 'joinColumns' },
  fix: { edits: [{ span: { start: 0, end: 1 }, text: 'b' }], changes: null },
} as const;

const common = { id: ID, member: 'shop', person: null, created: TIME };
const query = { ...common, kind: 'query', receivers: ['shop'] };
const load = { ...common, kind: 'load', table: 'sales' };
const attempted = { attempt: ID, salt: HASH, receipt: { index: 3, checkpoint: 'sealroom/a\n4\nAAAA\n' } };
const failure = { code: 'QUERY_FAILED', detail: 'the query could not be completed' };

/** A body that is right, with the schema that reads it. */
const BODIES: readonly (readonly [what: string, schema: z.ZodType, body: unknown])[] = [
  ['a question', askBody, { sql: 'SELECT 1', receivers: ['shop'], maxRows: 10 }],
  ['a template', askBody, { template: 'reach', parameters: { day: '2026-11-30' } }],
  [
    'a verdict that allows',
    checkBody,
    {
      sql: 'SELECT 1',
      parameters: {},
      allowed: true,
      findings: [],
      obligations: [
        { kind: 'threshold', table: 'sales', column: 'person', minimum: 10 },
        { kind: 'round', of: 'counts', step: 5 },
        { kind: 'order' },
        { kind: 'rowLimit', maxRows: 1_000_000 },
      ],
      assumed: [{ table: 'sales', columns: ['person'] }],
      tables: ['sales'],
      statement: {
        sql: 'SELECT 1',
        parameters: ['a'],
        isSalted: false,
        columns: [{ name: 'n', protection: 'cleartext' }],
        limit: 11,
        ir: '{}',
      },
      budgets,
    },
  ],
  [
    'a verdict that refuses',
    checkBody,
    {
      sql: 'SELECT 1',
      parameters: {},
      allowed: false,
      findings: [found],
      obligations: [],
      tables: [],
      suggestion: { sql: 'SELECT 2', changes: [] },
      budgets: [],
    },
  ],
  ['a queued query', jobBody, { ...query, state: 'queued', queuePosition: 1 }],
  ['a running query', jobBody, { ...query, state: 'running', attempt: ID }],
  [
    'a released query',
    jobBody,
    { ...query, state: 'released', ...attempted, rows: 3, isCut: false, budgets, resultBytes: 100, expires: TIME },
  ],
  ['a refused query', jobBody, { ...query, state: 'refused', ...attempted, sql: 'SELECT 1', findings: [found] }],
  ['a failed query', jobBody, { ...query, state: 'failed', attempt: ID, failure }],
  ['a cancelled query', jobBody, { ...query, state: 'cancelled' }],
  ['a queued load', jobBody, { ...load, state: 'queued', queuePosition: 2 }],
  ['a running load', jobBody, { ...load, state: 'running' }],
  [
    'a load that is done',
    jobBody,
    {
      ...load,
      state: 'done',
      rows: 3,
      sourceSha256: HASH,
      snapshotSha256: HASH,
      replacedSha256: null,
      leftOut: [],
      signedBy: null,
      notes: [],
      warnings: [],
    },
  ],
  [
    'a failed load',
    jobBody,
    { ...load, state: 'failed', failure: { code: 'DATA_VALUE', detail: 'a', where: { row: 3, column: 'day' } } },
  ],
  ['a page of jobs', jobPageBody, { jobs: [{ ...load, state: 'cancelled' }], next: null }],
  [
    'a room',
    roomBody,
    {
      collaboration: ID,
      name: 'Reach',
      manifestSha256: HASH,
      origin: 'https://room.example',
      you: { member: 'shop', person: 'ann', roles: ['QUERY_MEMBER'] },
      tables: [
        {
          name: 'sales',
          owner: 'shop',
          columns: [{ name: 'person', protection: 'fingerprint', type: 'VARCHAR' }],
          isLoaded: true,
          snapshot: { rows: 3, sha256: HASH, loadedAt: TIME },
        },
      ],
      templates: [{ id: 'reach', parameters: [{ name: 'day', type: 'DATE', default: null }], approvedBy: ['shop'] }],
      limits: { maxRows: 10, partBytes: 10, uploadBytes: 10, resultBytes: 10 },
      checkpoint: 'a',
    },
  ],
  ['a new manifest', manifestUpdateBody, { manifestSha256: HASH, removed: ['sales'], withdrawn: [] }],
  ['rows that are gone', rowsRemovedBody, { snapshotSha256: HASH }],
  ['a file to come', uploadRequestBody, { bytes: 10, format: 'csv', csvInputNull: ['-'], sha256: HASH }],
  [
    'an upload',
    uploadBody,
    { id: ID, table: 'sales', bytes: 10, offset: 3, format: 'csv', expires: TIME, maxPartBytes: 10 },
  ],
  ['the end of an upload', uploadCompletionBody, { sha256: HASH }],
  [
    'a problem',
    problemBody,
    { type: 'about:blank', title: 'Not Found', status: 404, code: 'SERVER_NOT_FOUND', detail: 'a', requestId: ID },
  ],
];

/** Every object within a value, as a path to it. */
function objectsIn(value: unknown, path: readonly (string | number)[] = []): readonly (readonly (string | number)[])[] {
  if (typeof value !== 'object' || value === null) return [];
  const entries: readonly (readonly [string | number, unknown])[] = Array.isArray(value)
    ? value.map((each, index) => [index, each] as const)
    : Object.entries(value);
  const here = Array.isArray(value) ? [] : [path];
  return [...here, ...entries.flatMap(([key, each]) => objectsIn(each, [...path, key]))];
}

/** The value with the object at a path changed. */
function changeAt(value: unknown, path: readonly (string | number)[], change: (object: object) => object): unknown {
  const [key, ...rest] = path;
  if (typeof value !== 'object' || value === null) return value;
  if (key === undefined) return change(value);
  const entries = Object.entries(value).map(([name, each]) => [
    name,
    name === String(key) ? changeAt(each, rest, change) : (each as unknown),
  ]);
  return Array.isArray(value) ? entries.map(([, each]) => each) : Object.fromEntries(entries);
}

describe.each(BODIES)('%s', (what, schema, body) => {
  test('is read as it was written', () => {
    const read: unknown = schema.parse(JSON.parse(JSON.stringify(body)));
    expect(read).toEqual(body);
    // Also in the order in which `--json` prints it.
    expect(Object.keys(read as object).toSorted()).toEqual(Object.keys(body as object).toSorted());
  });

  test('has no member that is not known, at any depth', () => {
    for (const path of objectsIn(body)) {
      // What a template is given has the names of its parameters.
      if (path.at(-1) === 'parameters') continue;
      const more = changeAt(body, path, (object) => ({ ...object, extra: 1 }));
      expect(schema.safeParse(more).success, `${what}: ${path.join('.')}`).toBe(false);
    }
  });

  test('can be described as JSON Schema', () => {
    expect(z.toJSONSchema(schema, { io: 'input' })).toHaveProperty('$schema');
  });
});

test('a question is a text or a template, and not both or none', () => {
  const wrong = [
    {},
    { sql: 'SELECT 1', template: 'reach' },
    { sql: 'SELECT 1', parameters: {} },
    { template: 'reach', parameters: { 'a b': '' } },
    { template: 'reach', parameters: { a: 1 } },
    { sql: 'SELECT 1', receivers: [] },
    { sql: 'SELECT 1', receivers: ['Shop'] },
    { sql: 'SELECT 1', maxRows: 0 },
    { sql: 'a'.repeat(100_001) },
    [],
    null,
  ];
  for (const body of wrong) expect(askBody.safeParse(body).success).toBe(false);
});

test('a job in one state has nothing of another', () => {
  expect(jobBody.safeParse({ ...query, state: 'queued', queuePosition: 1, rows: 3 }).success).toBe(false);
  expect(jobBody.safeParse({ ...query, state: 'done' }).success).toBe(false);
  expect(jobBody.safeParse({ ...load, state: 'released' }).success).toBe(false);
  expect(jobBody.safeParse({ ...query, state: 'queued' }).success).toBe(false);
});

test('a job has ended when it neither waits nor runs', () => {
  const states = BODIES.filter(([, schema]) => schema === jobBody).map(([, , body]) => jobBody.parse(body));
  expect(states.filter((each) => !hasEnded(each)).map(({ state }) => state)).toEqual([
    'queued',
    'running',
    'queued',
    'running',
  ]);
});

test('what the modules of queries say, the wire says too', () => {
  expectTypeOf<z.infer<typeof finding>>().toEqualTypeOf<Finding>();
  expectTypeOf<z.infer<typeof obligation>>().toEqualTypeOf<Obligation>();
  expectTypeOf<z.infer<typeof suggestion>>().toEqualTypeOf<Suggestion>();
  expectTypeOf<z.infer<typeof tableKey>>().toEqualTypeOf<TableKey>();
});
