import { spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { copyFile, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openRoom, verifySnapshot } from 'sealroom/room';
import { readRows } from '#src/actions/member/read-result';
import { fileExists } from '#src/files/index';
import { type Ask, jobBody } from '#src/wire/index';
import type { LoadOrder } from '#src/server/index';
import { NOW, SampleRoom } from '../../room/run/support.ts';
import { ROOT } from '../../tooling/run-tool.ts';
import { callerOf, COUNT, endOf, openJobs, openResultOf, problemsOf, REFUSED, traceOf } from './support.ts';

const BRAND = callerOf('brand');

let room: SampleRoom;

beforeAll(async () => {
  room = await SampleRoom.start(['impressions', 'purchases']);
});

afterAll(async () => {
  await room[Symbol.asyncDispose]();
});

/** Asks in a process that kills itself at a point. */
async function crashAt(point: string, ask: Ask | LoadOrder, key: string): Promise<void> {
  const args = [room.directory, point, JSON.stringify(BRAND), JSON.stringify(ask), key, NOW().toISOString()];
  const child = spawn(process.execPath, ['test/server/jobs/crash-child.mjs', ...args], {
    cwd: ROOT,
    env: {},
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
  expect(signal).toBe('SIGKILL');
}

/** The id and the attempt of the only job whose file has this text, such as its idempotency key. */
async function jobOf(key: string): Promise<{ readonly id: string; readonly attempt: string }> {
  for (const name of await readdir(join(room.directory, 'jobs'))) {
    const text = await readFile(join(room.directory, 'jobs', name), 'utf8').catch(() => '');
    if (!text.includes(key)) continue;
    const { head } = JSON.parse(text) as { head: { id: string; attempt: string } };
    return head;
  }
  throw new Error('the job is not on the disk');
}

/** How often the log says that a query was about to run. */
async function countStarts(): Promise<number> {
  return (await room.log()).split('\n').filter((line) => line.includes('"kind":"start"')).length;
}

const forBrand = { sql: COUNT, receivers: ['brand'] };

/** The point, whether its budget was spent before, and how the job ends. */
const POINTS = [
  ['submitted', 0, 'released'],
  ['started', 1, 'failed'],
  ['kept', 1, 'failed'],
  ['released', 1, 'released'],
  ['packed', 1, 'released'],
  ['placed', 1, 'released'],
  ['ended', 1, 'released'],
] as const;

describe('a room that is killed', () => {
  test.each(POINTS)(
    'at `%s` spends a budget once, and loses no answer that was paid for',
    async (point, spent, state) => {
      const key = randomUUID();
      const before = await countStarts();
      await crashAt(point, forBrand, key);
      expect((await countStarts()) - before).toBe(spent);
      const { id, attempt } = await jobOf(key);
      await using open = await openJobs(room);
      const job = await endOf(open.jobs, BRAND, id);
      expect(jobBody.parse(job)).toMatchObject({ state, attempt });
      // It is the same job for whoever asks again, and nothing runs for it.
      expect(await open.jobs.submitQuery(BRAND, forBrand, key)).toEqual(job);
      expect((await countStarts()) - before).toBe(1);
      const trace = await traceOf(room, attempt);
      expect(trace?.start?.event).toMatchObject({ attempt, member: 'brand' });
      if (job.state === 'released') {
        const { statement, table, checkpoint } = await openResultOf(room, open.jobs, 'brand', id);
        expect(statement).toMatchObject({ attempt, salt: job.salt });
        expect(checkpoint.length).toBeGreaterThan(0);
        expect((await readRows(table, 10)).rows).toEqual([['160']]);
        expect(job.budgets).toMatchObject([{ table: 'impressions', type: 'LIFETIME' }]);
        expect(job.budgets.map((change) => change.before - change.after)).toEqual([1]);
        expect(trace?.end?.receipt.index).toBe(job.receipt.index);
      } else {
        expect(job).toMatchObject({ failure: { code: 'QUERY_FAILED' } });
        expect(trace?.end?.event).toMatchObject({
          outcome: { kind: 'failed', code: 'CRASH' },
          question: { sql: COUNT },
          receivers: ['brand'],
          obligations: expect.arrayContaining([expect.objectContaining({ kind: 'threshold' })]),
          budgets: trace?.start?.event.budgets,
        });
        expect(trace?.end?.event.ir).not.toBeNull();
      }
      const left = (await readdir(join(room.directory, 'results'))).filter((name) => name.startsWith(attempt));
      expect(left).toEqual(state === 'released' ? [`${attempt}.age`] : []);
      expect(await problemsOf(room)).toEqual([]);
    },
  );

  test('after a refusal still has its findings, in the places where they were', async () => {
    const key = randomUUID();
    await crashAt('released', { sql: REFUSED }, key);
    const { id } = await jobOf(key);
    await using open = await openJobs(room);
    const job = await endOf(open.jobs, BRAND, id);
    const { id: other } = await open.jobs.submitQuery(BRAND, { sql: REFUSED }, randomUUID());
    const told = await endOf(open.jobs, BRAND, other);
    if (job.state !== 'refused' || told.state !== 'refused') throw new Error(job.state);
    const of = ({ findings }: typeof job): unknown =>
      findings.map(({ code, span, message }) => ({ code, span, message }));
    expect(jobBody.parse(job)).toMatchObject({ sql: REFUSED });
    expect(of(job)).toEqual(of(told));
  });

  test('has what waited waiting, in its order, and clears away what was not finished', async () => {
    const key = randomUUID();
    await crashAt('submitted', forBrand, key);
    const stray = [join(room.directory, 'results', '.x.age.0.tmp'), join(room.directory, 'jobs', '.x.json.0.tmp')];
    for (const path of stray) await writeFile(path, 'x');
    const unknown = join(room.directory, 'results', `${randomUUID()}.kept`);
    await writeFile(unknown, 'x');
    const { id } = await jobOf(key);
    await using open = await openJobs(room);
    expect(await endOf(open.jobs, BRAND, id)).toMatchObject({ state: 'released' });
    const names = [
      ...(await readdir(join(room.directory, 'results'))),
      ...(await readdir(join(room.directory, 'jobs'))),
    ];
    expect(names.filter((name) => name.endsWith('.tmp') || name.endsWith('.kept'))).toEqual([]);
  });

  test('and lost what it kept says that the result was released, and that it has it no more', async () => {
    const key = randomUUID();
    await crashAt('released', forBrand, key);
    const { id, attempt } = await jobOf(key);
    await rm(join(room.directory, 'results', `${attempt}.kept`));
    await using open = await openJobs(room);
    expect(await endOf(open.jobs, BRAND, id)).toMatchObject({ state: 'released', rows: 1, resultBytes: null });
    await expect(open.jobs.openResult(BRAND, id)).rejects.toMatchObject({ code: 'RESULT_EXPIRED' });
  });

  test('keeps nothing that another key opens, or that says in clear what it is', async () => {
    const key = randomUUID();
    await crashAt('released', forBrand, key);
    const { attempt } = await jobOf(key);
    const kept = await readFile(join(room.directory, 'results', `${attempt}.kept`));
    expect(kept.subarray(0, 21).toString()).toBe('age-encryption.org/v1');
    expect(kept.includes(attempt)).toBe(false);
    const own = join(room.directory, 'results.key');
    const identity = await readFile(own, 'utf8');
    await rm(own);
    {
      // Another key is made; the job is not lost, but stays as it is.
      await using open = await openJobs(room);
      expect(await open.jobs.list(BRAND, { state: 'running' })).toMatchObject({ jobs: [{ attempt }] });
    }
    await writeFile(own, identity, { mode: 0o600 });
    await using open = await openJobs(room);
    const { id } = await jobOf(key);
    expect(await endOf(open.jobs, BRAND, id)).toMatchObject({ state: 'released' });
    expect((await openResultOf(room, open.jobs, 'brand', id)).statement.attempt).toBe(attempt);
  });

  test('leaves an attempt alone that no job names', async () => {
    const runner = await room.runner();
    const attempt = randomUUID();
    try {
      await expect(
        runner.run(
          {
            caller: { member: 'brand', person: null, proof: { kind: 'claimed', by: 'operator' } },
            receivers: [],
            query: { kind: 'text', sql: COUNT },
          },
          { attempt, beforeRelease: () => Promise.reject(new Error('full')) },
        ),
      ).rejects.toMatchObject({ code: 'QUERY_FAILED' });
      const before = await room.log();
      await using open = await openJobs(room);
      expect(open.ends).toEqual([]);
      expect(await room.log()).toBe(before);
    } finally {
      await runner[Symbol.asyncDispose]();
    }
  });
});

describe('a room that is killed while it loads a table', () => {
  test.each([1, 2, 3, 4])('loads it when it is opened again: step %d', async (step) => {
    const path = join(room.directory, `${String(step)}.part`);
    await copyFile(room.session.path('purchases.parquet'), path);
    const sha256 = createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
    await crashAt(
      `load ${String(step)}`,
      { job: randomUUID(), table: 'purchases', format: 'parquet', path, sha256 },
      randomUUID(),
    );
    const { id } = await jobOf(`"${String(step)}.part"`);
    await using open = await openJobs(room);
    expect(await endOf(open.jobs, BRAND, id)).toMatchObject({ kind: 'load', state: 'done', rows: 400 });
    expect(await fileExists(path)).toBe(false);
    const { tables } = await openRoom(room.directory);
    const { snapshot = null } = tables.find(({ name }) => name === 'purchases') ?? {};
    expect(snapshot?.sourceSha256).toBe(sha256);
    if (snapshot !== null) await verifySnapshot(snapshot);
    expect(await problemsOf(room)).toEqual([]);
  });
});

test('a crash under another manifest is recorded by what its start says', async () => {
  const key = randomUUID();
  await crashAt('started', forBrand, key);
  const { id, attempt } = await jobOf(key);
  await room.update((text) => text.replace('"Spring campaign"', '"Summer campaign"'));
  await using open = await openJobs(room);
  expect(await endOf(open.jobs, BRAND, id)).toMatchObject({ state: 'failed' });
  const trace = await traceOf(room, attempt);
  expect(trace?.end?.event).toMatchObject({
    manifestSha256: trace?.start?.event.manifestSha256,
    outcome: { kind: 'failed', code: 'CRASH' },
    question: { sql: COUNT },
    ir: null,
    tables: trace?.start?.event.tables,
  });
  expect(await problemsOf(room)).toEqual([]);
});

test('a file whose load kills the room twice is not loaded again, and is gone', async () => {
  const path = join(room.directory, 'twice.part');
  await copyFile(room.session.path('purchases.parquet'), path);
  const sha256 = createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
  const before = await openRoom(room.directory);
  const order = { job: randomUUID(), table: 'purchases', format: 'parquet', path, sha256 } as const;
  await crashAt('load 1', order, randomUUID());
  const { id } = await jobOf('"twice.part"');
  // What another process is told to load comes after what it finds.
  await crashAt('load 1', order, randomUUID());
  await using open = await openJobs(room);
  const first = await open.jobs.read(open.jobs.find(BRAND, id));
  expect(jobBody.parse(first)).toMatchObject({ kind: 'load', state: 'failed', failure: { code: 'SERVER_INTERNAL' } });
  expect(JSON.stringify(first)).toContain('killed twice');
  expect(await fileExists(path)).toBe(false);
  expect((await openRoom(room.directory)).tables).toEqual(before.tables);
});
