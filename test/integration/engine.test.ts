import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { openRoom } from 'sealroom/room';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EngineProcess, type EngineResult } from '#src/room/run/engine-process';
import { ProcessFailure } from '#src/engine/limited-process';
import { SampleRoom } from '../room/run/support.ts';

// Below the wall of checked queries: what SQL could do in an engine process if any came that far.

const LIMITS = { memoryMiB: 128, threads: 2, timeoutMs: 10_000, maxResultBytes: 1 << 20 };

let room: SampleRoom;
let snapshots: readonly { readonly path: string; readonly owner: string }[];

beforeAll(async () => {
  room = await SampleRoom.start();
  const { tables } = await openRoom(room.directory);
  snapshots = tables.flatMap(({ owner, snapshot }) => (snapshot === null ? [] : [{ owner, path: snapshot.path }]));
});

afterAll(async () => {
  await room[Symbol.asyncDispose]();
});

async function run(sql: string, limits = LIMITS): Promise<EngineResult> {
  const engine = new EngineProcess(limits);
  try {
    await engine.open(snapshots);
    return await engine.run({ sql, parameters: [], maxRows: 10 });
  } finally {
    await engine.kill();
  }
}

async function failureOf(sql: string): Promise<ProcessFailure> {
  const caught = await run(sql).then(
    () => null,
    (error: unknown) => error,
  );
  if (caught instanceof ProcessFailure) return caught;
  throw new Error(`it ran: ${sql}`);
}

describe('a process', () => {
  test.runIf(process.platform === 'linux')('has no environment and may write no file', async () => {
    const engine = new EngineProcess(LIMITS);
    try {
      await engine.open(snapshots);
      const pid = String(engine.pid);
      const names = readFileSync(`/proc/${pid}/environ`, 'utf8')
        .split('\0')
        .map((entry) => entry.split('=', 1)[0]);
      // What the shell sets by itself, what Node needs for the channel, and a number of threads.
      const channel = ['NODE_CHANNEL_FD', 'NODE_CHANNEL_SERIALIZATION_MODE'];
      const known = ['', 'PWD', 'OLDPWD', 'SHLVL', '_', ...channel, 'UV_THREADPOOL_SIZE'];
      expect(names.filter((name) => !known.includes(name ?? ''))).toEqual([]);
      const limits = readFileSync(`/proc/${pid}/limits`, 'utf8');
      expect(limits).toMatch(/Max file size +0 +0 /);
      expect(limits).toMatch(/Max core file size +0 +0 /);
      // What Node reserves for code comes on top of it, at most 512 MiB and a little.
      const data = Number(/Max data size +(\d+) /.exec(limits)?.[1]);
      expect(data).toBeGreaterThanOrEqual(1_207_959_552);
      expect(data).toBeLessThan(1_207_959_552 + (520 << 20));
    } finally {
      await engine.kill();
    }
  });

  test('finds the tables of all snapshots by schema and name', async () => {
    for (const name of ['pub"."impressions', 'brand"."purchases', 'pub"."visits', 'brand"."single']) {
      const { rows } = await run(`SELECT 1 FROM "${name}" LIMIT 3`);
      expect(rows).toBe(3);
    }
  });

  test('gives out no fingerprint, whatever runs', async () => {
    await expect(run('SELECT email FROM pub.impressions LIMIT 3')).rejects.toMatchObject({ kind: 'ENGINE' });
  });

  test('fails where a snapshot is missing or none', async () => {
    for (const path of ['/nowhere/x.duckdb', room.session.path('manifest.json')]) {
      const engine = new EngineProcess(LIMITS);
      await expect(engine.open([{ path, owner: 'pub' }])).rejects.toMatchObject({ kind: 'ENGINE' });
      await engine.kill();
      expect(engine.isAlive).toBe(false);
    }
  });
});

describe('the lock', () => {
  test.each([
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM glob('/*')",
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM read_blob('/proc/self/environ')",
    "COPY (SELECT 1) TO '/tmp/sealroom-escape.csv'",
    "ATTACH '/tmp/sealroom-escape.duckdb'",
    "ATTACH ':memory:' AS m",
    'CREATE TABLE "pub"."t" (a INTEGER)',
    'DELETE FROM "pub"."visits"',
    'INSERT INTO "pub"."visits" SELECT * FROM "pub"."visits"',
    'DROP TABLE "pub"."visits"',
    'INSTALL httpfs',
    'LOAD httpfs',
    'SET enable_external_access = true',
    "SET memory_limit = '10GB'",
    "SET temp_directory = '/tmp'",
    'RESET lock_configuration',
    "SELECT * FROM enable_logging(storage = 'file')",
    "SELECT * FROM 'https://example.org/x.csv'",
    "EXPORT DATABASE '/tmp/sealroom-escape'",
  ])('refuses %s', async (sql) => {
    expect(await failureOf(sql)).toMatchObject({ kind: 'ENGINE' });
  });
});

describe('a failure', () => {
  test.each([
    'SELECT CAST("page" AS INTEGER) FROM "pub"."visits"',
    'SELECT error("page") FROM "pub"."visits"',
    'SELECT "page"::DATE FROM "pub"."visits"',
    'SELECT "seconds" * 9223372036854775807 FROM "pub"."visits"',
    'SELECT (SELECT "page" FROM "pub"."visits") FROM "pub"."visits"',
    'SELECT "page" + 1 FROM "pub"."visits"',
    'SELECT confidential FROM "pub"."visits"',
    'SELECT strptime("page", \'%Y\') FROM "pub"."visits"',
    'SELECT "page"::JSON FROM "pub"."visits"',
    'SELECT unnest("page") FROM "pub"."visits"',
  ])('tells its kind and nothing of the data: %s', async (sql) => {
    const failure = await failureOf(sql);
    expect(failure).toMatchObject({ kind: 'ENGINE' });
    expect(failure.cause).toBeUndefined();
    expect(inspect(failure, { depth: 10 })).not.toMatch(/confidential|secret-mail|hidden|Error:/);
  });

  test
    .runIf(process.platform === 'linux')
    .each([
      "SELECT length(repeat('x', 1500000000))",
      "SELECT length(repeat(repeat('x', 100000000), 30))",
      "SELECT length(string_agg(repeat('x', 50000000), '')) FROM range(60)",
    ])('comes from the system where the engine does not count its memory: %s', async (sql) => {
    expect(['MEMORY', 'ENGINE', 'CRASH', 'TIMEOUT']).toContain((await failureOf(sql)).kind);
  });

  test('comes in time, also from functions that cannot be interrupted', async () => {
    const startedAt = performance.now();
    const sql = 'SELECT list_reduce(range(100000000), (x, y) -> (x + y) % 7)';
    await expect(run(sql, { ...LIMITS, memoryMiB: 4096, timeoutMs: 1200 })).rejects.toMatchObject({ kind: 'TIMEOUT' });
    expect(performance.now() - startedAt).toBeLessThan(6000);
  });
});
