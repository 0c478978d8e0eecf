import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseManifest } from 'sealroom/collab';
import { checkQuery, QueryParser, type Verdict } from 'sealroom/query';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Json } from '../support/manifests.ts';
import { ROOT } from '../tooling/run-tool.ts';

const TEXT = readFileSync(join(ROOT, 'docs/queries.md'), 'utf8');
const MANIFEST = parseManifest(readFileSync(join(ROOT, 'samples/room/manifest.json'), 'utf8'));

/** The SQL between two headings, by block. */
function blocksOf(from: string, to: string): readonly (readonly string[])[] {
  const section = TEXT.slice(TEXT.indexOf(`\n## ${from}`), TEXT.indexOf(`\n## ${to}`));
  return [...section.matchAll(/^ *```sql\n([^]*?)^ *```$/gm)].map(([, block = '']) =>
    block
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== ''),
  );
}

const BLOCKS = blocksOf('Reports', 'Persons');

let parser: QueryParser;

beforeAll(async () => {
  parser = await QueryParser.open();
});

afterAll(() => {
  parser.close();
});

/** As the shoe maker asks, whose customers buy up to five times. */
async function ask(sql: string): Promise<Verdict> {
  const facts = new Map([['purchases', { rows: 300, multiplicity: new Map([['person', 5]]) }]]);
  return checkQuery(await parser.parse(sql), { manifest: MANIFEST, member: 'shoes', receivers: ['shoes'], facts });
}

function codesOf(verdict: Verdict): readonly string[] {
  return verdict.allowed ? ['allowed'] : verdict.findings.map(({ code }) => code);
}

describe('docs/queries.md: reports whose rows count once', () => {
  const pairs = BLOCKS.filter((block) => block.length === 2);
  const others = BLOCKS.filter((block) => block.length > 2).flat();

  test('has reports in both forms, and others', () => {
    expect([pairs.length, others.length]).toEqual([3, 4]);
  });

  test.each(pairs)('refused: %s, runs: %s', async (refused, runs) => {
    expect(codesOf(await ask(refused))).toContain('FAN_OUT');
    expect(codesOf(await ask(runs))).toEqual(['allowed']);
  });

  test.each(others)('runs: %s', async (sql) => {
    expect(codesOf(await ask(sql))).toEqual(['allowed']);
  });

  test('a group of which a person has several values is refused in either form', async () => {
    const grouped = 'GROUP BY p.product';
    expect(
      codesOf(
        await ask(
          `SELECT p.product, COUNT(DISTINCT p.person) AS n FROM impressions i JOIN purchases p USING (person) ${grouped}`,
        ),
      ),
    ).toEqual(['FAN_OUT']);
    expect(
      codesOf(
        await ask(
          `SELECT p.product, COUNT(DISTINCT p.person) AS n FROM purchases p WHERE p.person IN (SELECT person FROM impressions) ${grouped}`,
        ),
      ),
    ).toEqual(['FAN_OUT']);
  });
});

const PERSON = { name: 'person', protection: 'fingerprint', type: 'VARCHAR' };

function clear(name: string, type = 'VARCHAR'): Json {
  return { name, protection: 'cleartext', type };
}

const ADS = [
  ...[PERSON, clear('campaign'), clear('channel'), clear('seen_at', 'TIMESTAMP')],
  ...[clear('converted', 'BOOLEAN'), clear('cost', 'DECIMAL(18,2)')],
];
const SALES = [PERSON, clear('store'), clear('bought_at', 'TIMESTAMP'), clear('amount', 'DECIMAL(18,2)')];

const CUSTOM = { allowedAnalyses: ['ANY_QUERY'], allowedAnalysisProviders: ['brand'] };

/** The rule of a table under each kind of rule that the document names. */
const RULES = {
  aggregation: (columns: readonly Json[]): Json => ({
    aggregateColumns: [{ columnNames: ['person'], function: 'COUNT_DISTINCT' }],
    joinColumns: ['person'],
    dimensionColumns: columns.map(({ name }) => name).filter((name) => name !== 'person'),
    scalarFunctions: ['DATEADD', 'TO_CHAR'],
    outputConstraints: [{ columnName: 'person', minimum: 25, type: 'COUNT_DISTINCT' }],
  }),
  custom: (): Json => CUSTOM,
  minimum: (): Json => ({
    ...CUSTOM,
    aggregationThresholds: [{ identityColumns: ['person'], minimumIdentityCount: 25, type: 'COUNT_DISTINCT' }],
  }),
};

/** The codes under one kind of rule, for a brand that asks an ad log of a publisher, and its own sales. */
async function codesUnder(kind: keyof typeof RULES, sql: string): Promise<readonly string[]> {
  const table = (name: string, owner: string, columns: readonly Json[]): Json => {
    const type = kind === 'aggregation' ? kind : 'custom';
    const analysisRule = { type: type.toUpperCase(), policy: { v1: { [type]: RULES[kind](columns) } } };
    return { name, owner, columns, analysisRule };
  };
  const member = (id: string): Json => ({ id, abilities: ['CAN_QUERY', 'CAN_RECEIVE_RESULTS'] });
  const manifest = parseManifest(
    JSON.stringify({
      version: 1,
      id: '7a2c1e9e-3f5b-4b1e-9f0e-0d6a1d1c2b33',
      name: 'Ads and sales',
      settings: MANIFEST.settings,
      members: [member('publisher'), member('brand')],
      tables: [table('ads', 'publisher', ADS), table('sales', 'brand', SALES)],
    }),
  );
  const facts = new Map([['sales', { rows: 300, multiplicity: new Map([['person', 5]]) }]]);
  return codesOf(checkQuery(await parser.parse(sql), { manifest, member: 'brand', receivers: ['brand'], facts }));
}

describe('docs/queries.md: forms', () => {
  const [forms = [], ...more] = blocksOf('Forms', 'Coming');

  test('has one block of six', () => {
    expect([forms.length, more.length]).toEqual([6, 0]);
  });

  test.each(forms)('runs under a custom rule: %s', async (sql) => {
    expect(await codesUnder('custom', sql)).toEqual(['allowed']);
  });

  test('the first, the third and the fourth run where the owner wants a minimum, and the last two do not', async () => {
    const runs = await Promise.all(forms.map(async (sql) => (await codesUnder('minimum', sql)).includes('allowed')));
    expect(runs).toEqual([true, false, true, true, false, false]);
  });
});

describe('docs/queries.md: coming from AWS Clean Rooms', () => {
  const blocks = blocksOf('Coming', 'Asking');
  const as = (kind: keyof typeof RULES, index: number): [keyof typeof RULES, string][] =>
    (blocks[index] ?? []).map((sql) => [kind, sql]);
  const pairs = blocks.slice(3).map(([refused = '', runs = '']) => [refused, runs] as const);

  test('has three queries for each kind of rule, and four in both forms', () => {
    expect(blocks.map((block) => block.length)).toEqual([3, 3, 3, 2, 2, 2, 2]);
  });

  test.each([...as('aggregation', 0), ...as('custom', 1), ...as('minimum', 2)])('%s: %s', async (kind, sql) => {
    expect(await codesUnder(kind, sql)).toEqual(['allowed']);
  });

  test.each(pairs)('refused: %s, runs: %s', async (refused, runs) => {
    expect(await codesUnder('minimum', refused)).not.toContain('allowed');
    expect(await codesUnder('minimum', runs)).toEqual(['allowed']);
  });
});
