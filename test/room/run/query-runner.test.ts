import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { inspect } from 'node:util';
import type { DuckDBConnection } from '@duckdb/node-api';
import { parseVerifiers, verifyLog } from 'sealroom/audit';
import { claimedCaller, type QueryOutcome, QueryRunner } from 'sealroom/query';
import { openRoom } from 'sealroom/room';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { SECRET } from '../../support/cli.ts';
import { ROOT } from '../../tooling/run-tool.ts';
import { ask, cleartextRows, enginesOf, NOW, openCleartext, rowsOf, SampleRoom, waitFor } from './support.ts';

let room: SampleRoom;
let runner: QueryRunner;
let cleartext: DuckDBConnection;

beforeAll(async () => {
  room = await SampleRoom.start();
  runner = await room.runner();
  cleartext = await openCleartext();
});

afterAll(async () => {
  await runner[Symbol.asyncDispose]();
  await room[Symbol.asyncDispose]();
  cleartext.closeSync();
});

const BY_REGION = `SELECT i.region, COUNT(DISTINCT i.email) AS people, SUM(i.spend) AS spend, SUM(i.clicks) AS clicks
  FROM impressions i WHERE i.email IN (SELECT email FROM purchases) GROUP BY i.region`;

/** 900 rows of three pages, each joined with all rows of its page five times over: 10^13 rows. */
const RUNAWAY = `SELECT COUNT(*) AS n FROM visits a JOIN visits b ON a.page = b.page JOIN visits c ON a.page = c.page
  JOIN visits d ON a.page = d.page JOIN visits e ON a.page = e.page WHERE a.seconds + b.seconds + c.seconds + d.seconds + e.seconds > 1`;

/** More different values than a small memory has room for. */
const HUNGRY = `SELECT COUNT(DISTINCT a.seconds * 1000000 + b.seconds * 1000 + c.seconds) AS n
  FROM visits a JOIN visits b ON a.page = b.page JOIN visits c ON a.page = c.page`;

/** What is only in the data. */
const DATA = /secret-mail|hidden-note|confidential|Bavaria|02:(enc|hmac):/;

interface Ended {
  readonly kind: string;
  readonly attempt: string;
  readonly outcome: { readonly kind: string; readonly code?: string; readonly rows?: number };
  readonly findings: readonly { readonly code: string }[];
  readonly budgets: readonly { readonly before: number; readonly after: number }[];
}

async function lastRecord(): Promise<Ended> {
  const lines = (await room.log()).trimEnd().split('\n');
  return (JSON.parse(lines.at(-1) ?? '') as { event: Ended }).event;
}

/** Attempts that have started, as far as the log is signed. */
async function countStarts(): Promise<number> {
  const [, size] = (await room.session.text('room/audit/checkpoint')).split('\n');
  const signed = (await room.log()).split('\n').slice(0, Number(size));
  return signed.filter((line) => line.includes('"kind":"start"')).length;
}

/** Does something, and waits until a query of it has begun to run. */
async function untilStarted<T>(work: () => T): Promise<T> {
  const before = await countStarts();
  const result = work();
  await waitFor(async () => (await countStarts()) > before);
  return result;
}

/** The error of a query that must fail. */
async function failureOf(work: Promise<unknown>): Promise<Error> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('the query did not fail');
}

/** Whatever was done, the log is whole, and no attempt in it is without its end but those that are told. */
async function requireWholeLog(unfinished = 0): Promise<void> {
  const opened = await openRoom(room.directory);
  const verifiers = parseVerifiers(await readFile(opened.verifierFile, 'utf8'));
  const report = await verifyLog({ directory: opened.auditDirectory, verifiers, seen: [] });
  expect(report.problems).toEqual([]);
  expect(report.unfinished).toHaveLength(unfinished);
}

describe('an allowed query', () => {
  test('gives what the cleartext gives, without the groups that are too small', async () => {
    const outcome = await runner.run(ask(BY_REGION));
    const expected = await cleartextRows(cleartext, `${BY_REGION} HAVING COUNT(DISTINCT i.email) >= 10 ORDER BY ALL`);
    expect(await rowsOf(outcome)).toEqual(expected);
    expect(expected.map(([region]) => region)).toEqual(['Bavaria', 'Carinthia', 'Tyrol']);
    expect(await cleartextRows(cleartext, 'SELECT DISTINCT region FROM impressions')).toHaveLength(4);
  });

  test('of a template has its values', async () => {
    const question = { kind: 'template', id: 'pages-since', parameters: { since: '1500' } } as const;
    const outcome = await runner.run({ caller: claimedCaller('brand'), receivers: ['brand'], query: question });
    const sql = 'SELECT page, COUNT(*) AS n FROM visits WHERE seconds >= 1500 GROUP BY page ORDER BY ALL';
    expect(await rowsOf(outcome)).toEqual(await cleartextRows(cleartext, sql));
  });

  test('gives the same bytes each time', async () => {
    const results = [];
    for (let time = 0; time < 3; time += 1) results.push(await runner.run(ask(BY_REGION)));
    const hashes = results.map((outcome) =>
      outcome.kind === 'released' ? outcome.result.statement.result.sha256 : '',
    );
    expect(new Set(hashes).size).toBe(1);
    expect(hashes[0]).toHaveLength(64);
  });

  test('releases the first rows if there are more than may be released, and says so', async () => {
    const run = async (sql: string, maxRows: number): Promise<QueryOutcome> => {
      await using strict = await room.runner({}, { maxRows });
      return await strict.run(ask(sql));
    };
    const outcome = await run('SELECT v.seconds FROM visits v', 2);
    expect(await rowsOf(outcome)).toEqual([['1000'], ['1001']]);
    expect(outcome).toMatchObject({ result: { statement: { rows: 2, isCut: true } } });
    const all = await run('SELECT v.seconds FROM visits v', 900);
    expect(all).toMatchObject({ result: { statement: { rows: 900, isCut: false } } });
    // More than one chunk of the engine.
    const many = await run('SELECT a.seconds FROM visits a JOIN visits b ON a.page = b.page', 5000);
    expect(await rowsOf(many)).toHaveLength(5000);
  });

  test('keeps every type that a result can have', async () => {
    const sql = `SELECT v.page, CAST(v.seconds AS TINYINT) AS tiny, CAST(v.seconds AS SMALLINT) AS small,
      CAST(v.seconds AS INTEGER) AS whole, v.seconds AS big, SUM(v.seconds) AS huge, CAST(v.seconds AS DOUBLE) / 7 AS d,
      CAST(v.seconds AS DECIMAL(9,3)) AS dec, v.seconds > 1001 AS yes, CAST('2026-02-03' AS DATE) AS day, NULL AS none,
      CAST('2026-02-03 04:05:06.789' AS TIMESTAMP) AS t FROM visits v WHERE v.seconds < 1003 GROUP BY v.page, v.seconds`;
    const rows = await rowsOf(await runner.run(ask(sql)));
    expect(rows[1]?.slice(0, 6)).toEqual(['confidential-page-1', null, '1001', '1001', '1001', '1001']);
    expect(rows[1]?.slice(7)).toEqual([
      '1001.000',
      'false',
      '2026-02-03',
      null,
      expect.stringMatching(/^2026-02-03.04:05:06.789/),
    ]);
  });

  test('is recorded with what it cost and what was released, before the result is there', async () => {
    const outcome = await runner.run(ask(BY_REGION));
    const record = await lastRecord();
    expect(record).toMatchObject({ kind: 'attempt', attempt: outcome.attempt, outcome: { kind: 'released', rows: 3 } });
    expect(record.budgets).toHaveLength(1);
    expect((record.budgets[0]?.before ?? 0) - (record.budgets[0]?.after ?? 0)).toBe(1);
    await requireWholeLog();
  });

  test('says of which tables, rules and rows its result is made', async () => {
    const outcome = await runner.run(ask(BY_REGION));
    const { manifest, tables } = await openRoom(room.directory);
    const named = tables.filter(({ name }) => name === 'impressions' || name === 'purchases');
    expect(outcome).toMatchObject({
      result: {
        statement: {
          manifestSha256: manifest.sha256,
          question: { sql: BY_REGION, template: null },
          tables: named.map(({ name, owner, snapshot }) => ({
            table: name,
            owner,
            ruleSha256: manifest.tables.find((table) => table.name === name)?.sha256,
            snapshotSha256: snapshot?.sha256,
          })),
        },
      },
    });
  });
});

describe('a refused query', () => {
  test.each([
    ['SELECT i.email FROM impressions i', 'FINGERPRINT_USE'],
    ['SELEC', 'PARSE_ERROR'],
    ["SELECT * FROM read_csv('/etc/passwd')", 'TABLE_FUNCTION'],
    ['', 'PARSE_ERROR'],
  ])('%j is recorded and costs nothing', async (sql, code) => {
    const outcome = await runner.run(ask(sql));
    expect(outcome).toMatchObject({
      kind: 'refused',
      findings: expect.arrayContaining([expect.objectContaining({ code })]),
    });
    const record = await lastRecord();
    expect(record).toMatchObject({ attempt: outcome.attempt, outcome: { kind: 'refused' }, budgets: [] });
    expect(record.findings.map((finding) => finding.code)).toContain(code);
  });

  test('of a member that may not ask is recorded under its name', async () => {
    const sql = 'SELECT COUNT(DISTINCT i.email) AS n FROM impressions i';
    await runner.run(ask(sql, { caller: claimedCaller('pub') }));
    expect(await lastRecord()).toMatchObject({ member: 'pub', findings: [{ code: 'ROLE_CANNOT_QUERY' }] });
  });

  test('with a value that nothing can take is none', async () => {
    const wrong: readonly Readonly<Record<string, string>>[] = [
      { since: '1\0' },
      { since: '\ud800' },
      { since: '1'.repeat(30_000) },
      { 'a b': '1' },
      { constructor: '1' },
    ];
    const asked = wrong.map((parameters) => ask('', { query: { kind: 'template', id: 'pages-since', parameters } }));
    const refusal = { status: 'rejected', reason: { code: 'USAGE_OPTION' } };
    expect(await Promise.allSettled(asked.map((request) => runner.run(request)))).toMatchObject([
      ...[refusal, refusal, refusal, refusal],
      { status: 'fulfilled', value: { kind: 'refused' } },
    ]);
  });

  test('of somebody unknown is none', async () => {
    await expect(runner.run(ask(BY_REGION, { caller: claimedCaller('stranger') }))).rejects.toMatchObject({
      code: 'USAGE_OPTION',
    });
    await expect(runner.run(ask(BY_REGION, { receivers: ['x'.repeat(999)] }))).rejects.toMatchObject({
      code: 'USAGE_OPTION',
    });
  });
});

describe('a query that does not end well', () => {
  afterEach(async () => {
    // Whatever happened to one query, the next one has its answer, and the ledger its record.
    expect(await runner.run(ask(BY_REGION))).toMatchObject({ kind: 'released' });
    await requireWholeLog();
  });

  test('is killed when its time is over, while others have their answers', async () => {
    await using slow = await room.runner({ timeoutMs: 1500, processes: 2 });
    const startedAt = performance.now();
    const runaway = failureOf(slow.run(ask(RUNAWAY)));
    const others = await Promise.all([slow.run(ask(BY_REGION)), slow.run(ask(BY_REGION))]);
    expect(others.map(({ kind }) => kind)).toEqual(['released', 'released']);
    expect(await runaway).toMatchObject({ code: 'QUERY_FAILED' });
    expect(performance.now() - startedAt).toBeLessThan(20_000);
    // Which of the three ends last is not said.
    expect(await room.log()).toContain('"code":"TIMEOUT"');
  });

  test('is over when its process is killed', async () => {
    await using other = await room.runner();
    const { failure } = await untilStarted(() => ({ failure: failureOf(other.run(ask(RUNAWAY))) }));
    // The one that runs has no sibling: a pool keeps as many as run at once.
    for (const pid of enginesOf(process.pid)) process.kill(pid, 'SIGKILL');
    expect(await failure).toMatchObject({ code: 'QUERY_FAILED' });
    expect(await lastRecord()).toMatchObject({ outcome: { kind: 'failed', code: 'CRASH' } });
  });

  test('is over when it wants more memory than it may have', async () => {
    await using small = await room.runner({ memoryMiB: 48 });
    expect(await failureOf(small.run(ask(HUNGRY)))).toMatchObject({ code: 'QUERY_FAILED' });
    expect(await lastRecord()).toMatchObject({ outcome: { kind: 'failed', code: 'MEMORY' } });
  });

  test('is over when its result is too large', async () => {
    await using small = await room.runner({ maxResultBytes: 5000 });
    expect(await failureOf(small.run(ask('SELECT v.page, v.seconds FROM visits v')))).toMatchObject({
      code: 'QUERY_FAILED',
    });
    expect(await lastRecord()).toMatchObject({ outcome: { kind: 'failed', code: 'RESULT_SIZE' } });
  });

  test('is over when the caller stops it', async () => {
    const abort = new AbortController();
    const { failure } = await untilStarted(() => ({
      failure: failureOf(runner.run(ask(RUNAWAY), { signal: abort.signal })),
    }));
    abort.abort();
    expect(await failure).toMatchObject({ code: 'IO_ABORTED' });
    expect(await lastRecord()).toMatchObject({ outcome: { kind: 'failed', code: 'ABORTED' } });
  });

  test('costs nothing if it is stopped before its turn', async () => {
    const failure = failureOf(runner.run(ask(BY_REGION), { signal: AbortSignal.abort() }));
    expect(await failure).toMatchObject({ code: 'IO_ABORTED' });
    expect(await lastRecord()).toMatchObject({ outcome: { kind: 'refused' }, budgets: [] });
  });

  test('tells one sentence with its id, and nothing of the data', async () => {
    const cases = [
      [{ memoryMiB: 48 }, HUNGRY],
      [{ timeoutMs: 500 }, RUNAWAY],
      [{ maxResultBytes: 10 }, 'SELECT v.page, v.note FROM visits v'],
      [{ maxResultBytes: 10 }, BY_REGION],
    ] as const;
    const texts: string[] = [];
    for (const [limits, sql] of cases) {
      await using strict = await room.runner(limits);
      const error = await failureOf(strict.run(ask(sql)));
      expect(error.message).toMatch(/^the query could not be completed; its id is [-0-9a-f]{36}$/);
      texts.push(inspect(error, { depth: 10 }));
    }
    expect(texts.join('\n')).not.toMatch(DATA);
    expect(await room.log()).not.toMatch(DATA);
  });
});

test('two queries that race for the last unit of a budget: one has it', async () => {
  await using first = await room.runner();
  await using second = await room.runner();
  const sql = 'SELECT s.tier, COUNT(*) AS n FROM single s GROUP BY s.tier';
  const outcomes = await Promise.all([first, second, first, second].map((each) => each.run(ask(sql))));
  expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['refused', 'refused', 'refused', 'released']);
  const codes = outcomes.flatMap((outcome) =>
    outcome.kind === 'refused' ? outcome.findings.map(({ code }) => code) : [],
  );
  expect(codes).toEqual(['ACCESS_BUDGET', 'ACCESS_BUDGET', 'ACCESS_BUDGET']);
  expect((await runner.check(ask(sql))).verdict).toMatchObject({
    allowed: false,
    findings: [{ code: 'ACCESS_BUDGET' }],
  });
  await requireWholeLog();
});

test('an idle process that dies is replaced', async () => {
  await using other = await room.runner();
  expect(enginesOf(process.pid)).toHaveLength(2);
  for (const pid of enginesOf(process.pid)) process.kill(pid, 'SIGKILL');
  await waitFor(() => Promise.resolve(enginesOf(process.pid).length === 0));
  expect(await other.run(ask(BY_REGION))).toMatchObject({ kind: 'released' });
  expect(await runner.run(ask(BY_REGION))).toMatchObject({ kind: 'released' });
});

test('a runner does not start with the shared secret in its environment', async () => {
  const open = QueryRunner.open({ directory: room.directory, env: { C3R_SHARED_SECRET: SECRET }, now: NOW });
  await expect(open).rejects.toMatchObject({ code: 'SECRET_PRESENT' });
});

test('a runner that is killed takes its engine along, and leaves the ledger whole', async () => {
  // The room was made at a time that is long past.
  const argv = ['dist/bin/sealroom.js', 'query', '--room', room.directory, '--clock-jump', '--as', 'brand', RUNAWAY];
  const child = await untilStarted(() => spawn(process.execPath, argv, { cwd: ROOT, env: {}, stdio: 'ignore' }));
  const engines = enginesOf(child.pid ?? 0);
  expect(engines.length).toBeGreaterThan(0);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const isGone = (pid: number): boolean => {
    try {
      return !process.kill(pid, 0);
    } catch {
      return true;
    }
  };
  await waitFor(() => Promise.resolve(engines.every(isGone)));
  expect(await runner.run(ask(BY_REGION))).toMatchObject({ kind: 'released' });
  await requireWholeLog(1);
});

describe('a room that is not as it should be', () => {
  test('has a table that is not loaded: nothing is spent, and it is recorded', async () => {
    await using half = await SampleRoom.start(['impressions', 'purchases'], ['purchases']);
    await using asked = await half.runner();
    expect(await failureOf(asked.run(ask(BY_REGION)))).toMatchObject({
      code: 'QUERY_UNLOADED',
      message: 'not loaded into the room: `purchases`',
    });
    expect(await half.log()).toContain('"code":"NOT_LOADED"');
    expect(await half.log()).not.toContain('"kind":"start"');
  });

  test('has a snapshot that was changed', async () => {
    await using bad = await SampleRoom.start(['impressions', 'purchases']);
    await using asked = await bad.runner();
    const path = (await openRoom(bad.directory)).tables[0]?.snapshot?.path ?? '';
    const bytes = await readFile(path);
    bytes[bytes.length - 100] = (bytes.at(-100) ?? 0) ^ 1;
    await writeFile(path, bytes);
    expect(await failureOf(asked.run(ask(BY_REGION)))).toMatchObject({ code: 'ROOM_SNAPSHOT' });
    expect(await bad.log()).toContain('"code":"ROOM_SNAPSHOT"');
    expect(await bad.log()).not.toContain('"kind":"start"');
  });

  test('has another manifest than when the query began to wait', async () => {
    await using changed = await SampleRoom.start(['impressions', 'purchases', 'visits']);
    await using asked = await changed.runner();
    const abort = new AbortController();
    const first = failureOf(asked.run(ask(RUNAWAY), { signal: abort.signal }));
    await waitFor(async () => (await changed.log()).includes('"kind":"start"'));
    const second = failureOf(asked.run(ask(BY_REGION)));
    // Goes through the same gate, behind it.
    await asked.check(ask(BY_REGION));
    await changed.update((text) => text.replace('"Spring campaign"', '"Summer campaign"'));
    abort.abort();
    expect(await first).toMatchObject({ code: 'IO_ABORTED' });
    expect(await second).toMatchObject({ code: 'QUERY_FAILED' });
    expect(await changed.log()).toContain('"code":"MANIFEST_CHANGED"');
    expect(await asked.run(ask(BY_REGION))).toMatchObject({ kind: 'released' });
  });

  test('has an approval that was withdrawn since the query began to wait', async () => {
    await using changed = await SampleRoom.start(['impressions', 'purchases', 'visits']);
    await using asked = await changed.runner();
    const abort = new AbortController();
    const first = failureOf(asked.run(ask(RUNAWAY), { signal: abort.signal }));
    await waitFor(async () => (await changed.log()).includes('"kind":"start"'));
    const second = failureOf(asked.run(ask(BY_REGION)));
    await asked.check(ask(BY_REGION));
    await changed.withdraw('pub');
    abort.abort();
    expect(await first).toMatchObject({ code: 'IO_ABORTED' });
    expect(await second).toMatchObject({ code: 'QUERY_FAILED' });
    expect(await changed.log()).toContain('"code":"MANIFEST_CHANGED"');
  });

  test('has a manifest that was changed after it was signed', async () => {
    await using bad = await SampleRoom.start(['impressions', 'purchases']);
    await using asked = await bad.runner();
    const path = `${bad.directory}/manifest.yaml`;
    await writeFile(path, (await readFile(path, 'utf8')).replace(/("minimum": *)10/, '$1 2'));
    expect(await failureOf(asked.run(ask(BY_REGION)))).toMatchObject({ code: 'MANIFEST_SIGNATURE' });
  });
});
