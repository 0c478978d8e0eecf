import { existsSync } from 'node:fs';
import duckdb from '@duckdb/node-bindings';
import { beforeAll, describe, expect, test } from 'vitest';
import { Database, type EngineProfile } from '#src/engine/database';
import { readSmallResult, type SmallRow } from '#src/engine/small-result';
import { quoteText } from '#src/engine/sql';
import { Folder } from '../tabular/support.ts';

const folder = new Folder();
const FILE = folder.newPath('.duckdb');
const TEXT = folder.write('.csv', 'a\n1\n');
const LIMITS = { memoryMiB: 256, threads: 1 };

const PROFILES: Readonly<Record<EngineProfile['kind'], EngineProfile>> = {
  parse: { kind: 'parse' },
  tables: { kind: 'tables', limits: { ...LIMITS, spillDirectory: null } },
  locked: { kind: 'locked', path: FILE, limits: LIMITS, prepare: [] },
};
const KINDS = ['parse', 'tables', 'locked'] as const;
/** Those that text from outside reaches. */
const CLOSED = ['parse', 'locked'] as const;

async function run(kind: EngineProfile['kind'], sql: string): Promise<readonly SmallRow[]> {
  using database = await Database.open(PROFILES[kind]);
  return await readSmallResult(await duckdb.query(database.connection, sql));
}

beforeAll(async () => {
  const database = await duckdb.open(FILE);
  const connection = await duckdb.connect(database);
  await duckdb.query(connection, 'CREATE TABLE t AS SELECT 1 AS a');
  duckdb.disconnect_sync(connection);
  duckdb.close_sync(database);
});

describe.each(KINDS)('an instance for %s', (kind) => {
  test('has no way to extensions, secrets or a place to spill to', async () => {
    const settings = await run(kind, 'SELECT name, value FROM duckdb_settings()');
    const valueOf = (name: string): unknown => settings.find((setting) => setting['name'] === name)?.['value'];
    expect({
      load: valueOf('autoload_known_extensions'),
      install: valueOf('autoinstall_known_extensions'),
      community: valueOf('allow_community_extensions'),
      secrets: valueOf('allow_persistent_secrets'),
      spill: valueOf('temp_directory'),
    }).toEqual({ load: 'false', install: 'false', community: 'false', secrets: 'false', spill: '' });
  });
});

describe.each(CLOSED)('an instance for %s, which text from outside reaches', (kind) => {
  test('is locked', async () => {
    const names = [
      'enable_external_access',
      'enable_external_file_cache',
      'lock_configuration',
      'max_expression_depth',
    ];
    const settings = await run(kind, 'SELECT name, value FROM duckdb_settings() ORDER BY name');
    expect(settings.filter(({ name }) => names.includes(String(name))).map(({ value }) => value)).toEqual([
      'false',
      'false',
      'true',
      '250',
    ]);
  });

  test.each([
    `SELECT * FROM read_csv(${quoteText(TEXT)})`,
    `SELECT content FROM read_text(${quoteText(TEXT)})`,
    `SELECT * FROM glob(${quoteText(`${folder.path}/*`)})`,
    `COPY (SELECT 1) TO ${quoteText(`${TEXT}.out`)}`,
    `ATTACH ${quoteText(`${FILE}.other`)}`,
    `EXPORT DATABASE ${quoteText(`${TEXT}.export`)}`,
    'SET enable_external_access = true',
    'SET lock_configuration = false',
    "SET memory_limit = '8GiB'",
    "SET disabled_filesystems = ''",
    'INSTALL httpfs',
    'LOAD httpfs',
    "SELECT * FROM read_text('https://example.com/')",
  ])('refuses %s', async (sql) => {
    await expect(run(kind, sql)).rejects.toThrow();
    expect([`${TEXT}.out`, `${FILE}.other`, `${TEXT}.export`].filter(existsSync)).toEqual([]);
  });
});

test('a locked instance reads its file and changes nothing in it', async () => {
  expect(await run('locked', 'SELECT a FROM t')).toEqual([{ a: 1 }]);
  await expect(run('locked', 'INSERT INTO t VALUES (2)')).rejects.toThrow('read-only');
  await expect(run('locked', 'DROP TABLE t')).rejects.toThrow('read-only');
});

test('an instance that cannot be prepared is closed, and fails', async () => {
  const profile: EngineProfile = { kind: 'locked', path: FILE, limits: LIMITS, prepare: ['SELECT * FROM missing'] };
  await expect(Database.open(profile)).rejects.toThrow('missing');
  expect(await run('locked', 'SELECT a FROM t')).toEqual([{ a: 1 }]);
});
