import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { approveTemplate, type Manifest, parseManifest, printPublicKey } from 'sealroom/collab';
import { checkQuery, QueryParser, type Verdict } from 'sealroom/query';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Json, keyOf } from '../support/manifests.ts';

// What users of AWS Clean Rooms ask, in the settings of C3R that preserve nulls and in those that do not.

interface Shape {
  readonly name: string;
  /** `yes`, `no`, `not checked`, or in words. */
  readonly aws: string;
  readonly sql: string;
  /** The values of its parameters; it is then a template. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** The codes of the refusal; without it the shape runs. */
  readonly refused?: readonly string[];
  /** Why it is refused. */
  readonly why?: string;
  /** The text that the finding or `docs/queries.md` advises instead, and that runs. */
  readonly instead?: string;
}

interface ShapesFile {
  readonly manifest: { readonly settings: Json; readonly tables: readonly Json[] };
  readonly cases: readonly Shape[];
}

const FILE = JSON.parse(readFileSync(join(import.meta.dirname, '../vectors/aws-shapes.json'), 'utf8')) as ShapesFile;

const TEMPLATES = FILE.cases.filter(({ parameters }) => parameters !== undefined);

/** The tables of the file, with the shapes that have parameters as templates; `approvals` are those of the first one, and so on. */
function contentOf(preserveNulls: boolean, approvals: readonly (readonly object[])[]): string {
  const members = ['publisher', 'brand'].map((id) => ({
    id,
    abilities: ['CAN_QUERY', 'CAN_RECEIVE_RESULTS'],
    publicKeys: { sign: printPublicKey(keyOf(id)) },
  }));
  const templates = TEMPLATES.map(({ sql, parameters = {} }, index) => ({
    id: idOf(index),
    sql,
    parameters: Object.keys(parameters).map((name) => ({ name, type: 'VARCHAR' })),
    approvals: approvals[index] ?? [],
  }));
  const tables = FILE.manifest.tables.map((table) => {
    const text = JSON.stringify(table);
    const ids = templates.map(({ id }) => `"${id}"`).join(',');
    return JSON.parse(text.replace('"ANY_QUERY"', `"ANY_QUERY",${ids}`)) as Json;
  });
  const settings = { ...FILE.manifest.settings, preserveNulls };
  const id = '7a2c1e9e-3f5b-4b1e-9f0e-0d6a1d1c2b33';
  return JSON.stringify({ version: 1, id, name: 'shapes', settings, members, tables, templates });
}

function idOf(index: number): string {
  return `shape-${String(index)}`;
}

function manifestWith(preserveNulls: boolean): Manifest {
  const unsigned = parseManifest(contentOf(preserveNulls, []));
  const approve = (index: number, member: string): object =>
    approveTemplate(unsigned, idOf(index), member, keyOf(member), new Date(0));
  const approvals = TEMPLATES.map((_, index) => ['publisher', 'brand'].map((member) => approve(index, member)));
  return parseManifest(contentOf(preserveNulls, approvals));
}

const MANIFESTS = { 'nulls preserved': manifestWith(true), 'high assurance': manifestWith(false) };

let parser: QueryParser;
let engine: DuckDBConnection;

/** A value for each row, by the column's type. */
const VALUES: Readonly<Record<string, string>> = {
  VARCHAR: "'v' || (i % 5)",
  DATE: "DATE '2025-01-01' + CAST(i % 300 AS INTEGER)",
  TIMESTAMP: "TIMESTAMP '2025-01-01 12:30:00' + to_hours(i * 7)",
  BIGINT: 'i % 9',
  BOOLEAN: 'i % 2 = 0',
};

beforeAll(async () => {
  parser = await QueryParser.open();
  engine = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
  await engine.run('CREATE SCHEMA publisher; CREATE SCHEMA brand');
  for (const { name, owner, columns } of MANIFESTS['nulls preserved'].tables) {
    const values = columns.map(({ name: column, type, protection }) => {
      const value =
        protection === 'fingerprint' ? 'CAST(i % 120 AS UHUGEINT)' : (VALUES[type] ?? `CAST(i % 50 AS ${type})`);
      return `${value} AS ${column}`;
    });
    await engine.run(`CREATE TABLE ${owner}.${name} AS SELECT ${values.join(', ')} FROM range(400) t(i)`);
  }
});

afterAll(() => {
  parser.close();
  engine.closeSync();
});

async function ask(sql: string, manifest: Manifest): Promise<Verdict> {
  const parsed = await parser.parse(sql, manifest.dialect);
  const index = TEMPLATES.findIndex((shape) => shape.sql === sql);
  const bound = index < 0 ? {} : { template: idOf(index), parameters: TEMPLATES[index]?.parameters };
  return checkQuery(parsed, { manifest, member: 'brand', receivers: ['brand'], ...bound });
}

/** The codes of a refusal; an allowed query runs in the engine and has none. */
async function codesOf(sql: string, manifest: Manifest): Promise<readonly string[]> {
  const verdict = await ask(sql, manifest);
  if (!verdict.allowed) return [...new Set(verdict.findings.map(({ code }) => code))];
  await engine.runAndReadAll(verdict.statement.sql, [...verdict.statement.parameters]);
  return [];
}

describe.each(Object.entries(MANIFESTS))('%s', (_, manifest) => {
  test.each(FILE.cases)('$name', async ({ sql, refused = [], instead }) => {
    expect(await codesOf(sql, manifest)).toEqual(refused);
    if (instead !== undefined) expect(await codesOf(instead, manifest)).toEqual([]);
  });
});

test('what runs is most of what is asked, and the rest has a reason', () => {
  const runs = FILE.cases.filter(({ refused, instead }) => refused === undefined || instead !== undefined);
  expect(FILE.cases).toHaveLength(72);
  expect(runs.length).toBeGreaterThanOrEqual(64);
  expect(FILE.cases.filter(({ refused, why }) => (refused === undefined) !== (why === undefined))).toEqual([]);
});
