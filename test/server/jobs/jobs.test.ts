import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Job, jobBody } from '#src/wire/index';
import { readRows } from '#src/actions/member/read-result';
import { NOW, SampleRoom, waitFor } from '../../room/run/support.ts';
import {
  callerOf,
  COUNT,
  endOf,
  openJobs,
  openResultOf,
  problemsOf,
  REFUSED,
  RUNAWAY,
  traceOf,
  untilJob,
} from './support.ts';

const BRAND = callerOf('brand');
const PUB = callerOf('pub');
const AUDITOR = callerOf('auditor');

let room: SampleRoom;

beforeAll(async () => {
  room = await SampleRoom.start();
});

afterAll(async () => {
  await room[Symbol.asyncDispose]();
});

const idOf = ({ id }: Job): string => id;

describe('a query', () => {
  test('is released to its receivers, as a package that they can open', async () => {
    await using open = await openJobs(room);
    const { jobs } = open;
    const asked = await jobs.submitQuery(BRAND, { sql: COUNT, receivers: ['brand'] }, randomUUID());
    expect(jobBody.parse(asked)).toMatchObject({ kind: 'query', member: 'brand', person: null, receivers: ['brand'] });
    const job = await endOf(jobs, BRAND, asked.id);
    expect(jobBody.parse(job)).toMatchObject({ state: 'released', rows: 1, isCut: false });
    if (job.state !== 'released') throw new Error(job.state);
    const { statement, table, checkpoint } = await openResultOf(room, jobs, 'brand', asked.id);
    expect(statement).toMatchObject({ attempt: job.attempt, salt: job.salt, rows: 1, receivers: ['brand'] });
    expect(checkpoint).toBe(job.receipt.checkpoint);
    expect((await readRows(table, 10)).rows).toEqual([['160']]);
    expect((await traceOf(room, job.attempt))?.end?.event).toMatchObject({ outcome: { kind: 'released', rows: 1 } });
    expect(await readdir(join(room.directory, 'results'))).toEqual([`${job.attempt}.age`]);
    expect(await problemsOf(room)).toEqual([]);
  });

  test('that is refused has all findings, and the query that would be allowed', async () => {
    await using open = await openJobs(room);
    const { id } = await open.jobs.submitQuery(BRAND, { sql: REFUSED }, randomUUID());
    const job = await endOf(open.jobs, BRAND, id);
    expect(jobBody.parse(job)).toMatchObject({
      state: 'refused',
      sql: REFUSED,
      findings: [{ code: 'FINGERPRINT_USE' }, { code: 'AGG_REQUIRED' }],
    });
    await expect(open.jobs.openResult(BRAND, id)).rejects.toMatchObject({ code: 'JOB_NOT_RELEASED' });
  });

  test('has no more rows than it asks for', async () => {
    await using open = await openJobs(room);
    const { id } = await open.jobs.submitQuery(
      BRAND,
      { sql: 'SELECT v.seconds FROM visits v', maxRows: 3 },
      randomUUID(),
    );
    expect(await endOf(open.jobs, BRAND, id)).toMatchObject({ state: 'released', rows: 3, isCut: true });
  });

  test('may be a template with values', async () => {
    await using open = await openJobs(room);
    const ask = { template: 'pages-since', parameters: { since: '1890' } };
    const { id } = await open.jobs.submitQuery(BRAND, ask, randomUUID());
    expect(await endOf(open.jobs, BRAND, id)).toMatchObject({ state: 'released', rows: 3 });
  });

  test('tells only whom it concerns', async () => {
    await using open = await openJobs(room);
    const { jobs } = open;
    const { id } = await jobs.submitQuery(BRAND, { sql: COUNT, receivers: ['pub'] }, randomUUID());
    await endOf(jobs, BRAND, id);
    expect(await jobs.read(jobs.find(PUB, id))).toMatchObject({ state: 'released', receivers: ['pub'] });
    expect((await openResultOf(room, jobs, 'pub', id)).statement.receivers).toEqual(['pub']);
    // The member that asked does not receive the result.
    await expect(jobs.openResult(BRAND, id)).rejects.toMatchObject({ code: 'SERVER_NOT_FOUND' });
    await expect(jobs.cancel(PUB, id)).rejects.toMatchObject({ code: 'SERVER_NOT_FOUND' });
    for (const other of [id, randomUUID(), '../jobs', '']) {
      expect(() => jobs.find(AUDITOR, other)).toThrow('there is nothing here');
    }
    expect((await jobs.list(AUDITOR)).jobs).toEqual([]);
    expect((await jobs.list(PUB)).jobs.map(idOf)).toEqual([id]);
  });

  test('costs nothing if nobody could open its result, or nobody of that name is there', async () => {
    await using bare = await SampleRoom.start(['impressions', 'purchases']);
    await bare.update((text) => text.replace(/,"receive":"[^"]*"(?=\}\}\],"tables")/, ''));
    await using open = await openJobs(bare);
    const asks = [
      { sql: COUNT, receivers: ['auditor'] },
      { sql: COUNT, receivers: ['brand', 'auditor'] },
      { sql: COUNT, receivers: ['stranger'] },
    ];
    for (const ask of asks) {
      await expect(open.jobs.submitQuery(BRAND, ask, randomUUID())).rejects.toMatchObject({ code: 'USAGE_OPTION' });
    }
    expect(await bare.log()).not.toContain('"kind":"start"');
    expect(await readdir(join(bare.directory, 'jobs'))).toEqual([]);
  });

  test('is of the key that signed it: with another member or without a role it is none', async () => {
    await using open = await openJobs(room);
    const wrong = [
      { ...BRAND, member: 'pub' },
      { ...BRAND, person: 'kim' },
      { ...BRAND, keyId: `ed25519:${'A'.repeat(43)}=` },
    ];
    for (const caller of wrong) {
      await expect(open.jobs.submitQuery(caller, { sql: COUNT }, randomUUID())).rejects.toMatchObject({
        code: 'RULE_ROLE',
      });
    }
  });

  test('that cannot be completed says so with its id, and nothing else', async () => {
    await using open = await openJobs(room, {}, { maxResultBytes: 10 });
    const { id } = await open.jobs.submitQuery(BRAND, { sql: 'SELECT v.page FROM visits v' }, randomUUID());
    const job = await endOf(open.jobs, BRAND, id);
    expect(jobBody.parse(job)).toMatchObject({ state: 'failed', failure: { code: 'QUERY_FAILED' } });
    expect(JSON.stringify(job)).not.toContain(room.directory);
    expect(open.ends).toMatchObject([{ job: { id }, cause: { code: 'QUERY_FAILED' } }]);
  });
});

describe('a query whose end goes wrong in the room', () => {
  test('is as the log says, if its release was recorded and then something failed', async () => {
    await using open = await openJobs(room);
    const run = open.runner.run.bind(open.runner);
    open.runner.run = async (...args) => {
      await run(...args);
      throw new Error('secret');
    };
    const { id } = await open.jobs.submitQuery(BRAND, { sql: COUNT }, randomUUID());
    expect(await endOf(open.jobs, BRAND, id)).toMatchObject({ state: 'released', rows: 1 });
    expect((await openResultOf(room, open.jobs, 'brand', id)).statement.rows).toBe(1);
    // The operator learns why.
    expect(open.ends).toMatchObject([{ job: { id }, cause: { message: 'secret' } }]);
  });

  test('has failed without cost, if nothing was recorded', async () => {
    await using open = await openJobs(room);
    open.runner.run = () => Promise.reject(new Error('secret'));
    const { id } = await open.jobs.submitQuery(BRAND, { sql: COUNT }, randomUUID());
    const job = await endOf(open.jobs, BRAND, id);
    expect(jobBody.parse(job)).toMatchObject({ state: 'failed', failure: { code: 'SERVER_INTERNAL' } });
    expect(JSON.stringify(job)).not.toContain('secret');
    expect(job.state === 'failed' && JSON.stringify(job.failure)).toContain(id);
  });

  test('still runs for its members until its package is there, while others go on', async () => {
    await using open = await openJobs(room);
    const { jobs, runner } = open;
    const pack = runner.pack.bind(runner);
    let isFull = true;
    runner.pack = async (...args) => {
      if (isFull) throw new Error('no space left');
      return pack(...args);
    };
    const first = await jobs.submitQuery(BRAND, { sql: COUNT }, randomUUID());
    const second = await jobs.submitQuery(BRAND, { sql: REFUSED }, randomUUID());
    await endOf(jobs, BRAND, second.id);
    await jobs.tend();
    expect(await jobs.read(jobs.find(BRAND, first.id))).toMatchObject({ state: 'running' });
    isFull = false;
    await jobs.tend();
    expect(await endOf(jobs, BRAND, first.id)).toMatchObject({ state: 'released' });
    expect((await openResultOf(room, jobs, 'brand', first.id)).statement.rows).toBe(1);
    expect(await problemsOf(room)).toEqual([]);
  });
});

test('whoever lost the key for results is told how their jobs end, and the log is read once for all of them', async () => {
  await using other = await SampleRoom.start(['impressions', 'purchases']);
  {
    await using open = await openJobs(other);
    open.runner.pack = () => Promise.reject(new Error('no space left'));
    for (let count = 0; count < 2; count += 1) await open.jobs.submitQuery(BRAND, { sql: COUNT }, randomUUID());
    await waitFor(() => Promise.resolve(open.ends.length === 2));
  }
  await rm(join(other.directory, 'results.key'));
  await using open = await openJobs(other);
  const { jobs, runner, ends } = open;
  const stuck = (await jobs.list(BRAND, { state: 'running' })).jobs;
  expect(stuck).toHaveLength(2);
  const told = { code: 'SECRET_INVALID', hint: expect.stringContaining('remove this file') };
  expect(ends).toMatchObject([{ cause: told }, { cause: told }]);
  const find = runner.findAttempts.bind(runner);
  const asked: number[] = [];
  runner.findAttempts = async (attempts) => {
    asked.push(attempts.length);
    return find(attempts);
  };
  const results = join(other.directory, 'results');
  for (const name of await readdir(results)) await rm(join(results, name));
  await jobs.tend();
  expect(asked).toEqual([2]);
  for (const { id } of stuck) {
    expect(await jobs.read(jobs.find(BRAND, id))).toMatchObject({ state: 'released', resultBytes: null });
  }
});

describe('an idempotency key', () => {
  test('stands for one question, after a restart as well', async () => {
    const key = randomUUID();
    const ask = { sql: COUNT, maxRows: 5 };
    let first: Job;
    {
      await using open = await openJobs(room);
      const both = await Promise.all([
        open.jobs.submitQuery(BRAND, ask, key),
        open.jobs.submitQuery(BRAND, { maxRows: 5, sql: COUNT }, key),
      ]);
      expect(new Set(both.map(idOf)).size).toBe(1);
      first = await endOf(open.jobs, BRAND, both[0].id);
    }
    await using open = await openJobs(room);
    expect(await open.jobs.submitQuery(BRAND, ask, key)).toEqual(first);
    await expect(open.jobs.submitQuery(BRAND, { sql: COUNT }, key)).rejects.toMatchObject({
      code: 'IDEMPOTENCY_MISMATCH',
    });
    const starts = (await room.log()).split('\n').filter((line) => line.includes('"kind":"start"'));
    expect(starts.filter((line) => first.state === 'released' && line.includes(first.attempt))).toHaveLength(1);
    expect(open.ends).toEqual([]);
  });

  test.each([undefined, '', 'mine', `${randomUUID()}x`])('%j is none', async (key) => {
    await using open = await openJobs(room);
    await expect(open.jobs.submitQuery(BRAND, { sql: COUNT }, key)).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY' });
  });

  test('of one key says nothing about that of another', async () => {
    await using open = await openJobs(room);
    const key = randomUUID();
    const mine = await open.jobs.submitQuery(BRAND, { sql: COUNT }, key);
    const theirs = await open.jobs.submitQuery(PUB, { sql: REFUSED }, key);
    expect(theirs.id).not.toBe(mine.id);
    await Promise.all([endOf(open.jobs, BRAND, mine.id), endOf(open.jobs, PUB, theirs.id)]);
  });
});

describe('the queue', () => {
  test('is fair: who asks once is answered before the second question of who asked five', async () => {
    await using open = await openJobs(room);
    const { jobs } = open;
    const blocker = await jobs.submitQuery(BRAND, { sql: RUNAWAY }, randomUUID());
    const brand: Job[] = [];
    for (let count = 0; count < 3; count += 1)
      brand.push(await jobs.submitQuery(BRAND, { sql: REFUSED }, randomUUID()));
    const pub = await jobs.submitQuery(PUB, { sql: REFUSED }, randomUUID());
    const states = await Promise.all(brand.map(({ id }) => jobs.read(jobs.find(BRAND, id))));
    expect(states).toMatchObject([1, 3, 4].map((queuePosition) => ({ state: 'queued', queuePosition })));
    expect(pub).toMatchObject({ state: 'queued', queuePosition: 2 });
    expect(jobs.counts).toEqual({ waiting: 4, running: 1 });
    await jobs.cancel(BRAND, blocker.id);
    await Promise.all(brand.map(({ id }) => endOf(jobs, BRAND, id)));
    const order = open.ends.map(({ job }) => job.id);
    expect(order).toEqual([blocker.id, brand[0]?.id, pub.id, brand[1]?.id, brand[2]?.id]);
    expect(jobs.counts).toEqual({ waiting: 0, running: 0 });
  });

  test('takes so many jobs of a member and so many in all, and refuses others', async () => {
    await using open = await openJobs(room, { limits: { queuePerMember: 2, queueTotal: 3 } });
    const { jobs } = open;
    const blocker = await jobs.submitQuery(BRAND, { sql: RUNAWAY }, randomUUID());
    const submit = (caller: typeof BRAND): Promise<Job> => jobs.submitQuery(caller, { sql: REFUSED }, randomUUID());
    const both = [await submit(BRAND), await submit(BRAND)];
    await expect(submit(BRAND)).rejects.toMatchObject({ code: 'SERVER_QUEUE_FULL' });
    await submit(PUB);
    await expect(submit(AUDITOR)).rejects.toMatchObject({ code: 'SERVER_QUEUE_FULL' });
    await jobs.cancel(BRAND, blocker.id);
    await Promise.all(both.map(({ id }) => endOf(jobs, BRAND, id)));
    await submit(BRAND);
  });
});

describe('a job that is cancelled', () => {
  test('while it waits has cost nothing, and leaves nothing in the log', async () => {
    await using open = await openJobs(room);
    const { jobs } = open;
    const blocker = await jobs.submitQuery(BRAND, { sql: RUNAWAY }, randomUUID());
    const waiting = await jobs.submitQuery(BRAND, { sql: COUNT }, randomUUID());
    expect(jobBody.parse(await jobs.cancel(BRAND, waiting.id))).toMatchObject({ id: waiting.id, state: 'cancelled' });
    await jobs.cancel(BRAND, blocker.id);
    await endOf(jobs, BRAND, blocker.id);
    expect(await jobs.cancel(BRAND, waiting.id)).toMatchObject({ state: 'cancelled' });
  });

  test('while it runs is stopped, and what it has spent is in the log', async () => {
    await using open = await openJobs(room);
    const { jobs } = open;
    const { id } = await jobs.submitQuery(BRAND, { sql: RUNAWAY }, randomUUID());
    const running = await untilJob(jobs, BRAND, id, ({ state }) => state === 'running');
    const attempt = running.state === 'running' && running.kind === 'query' ? running.attempt : '';
    await waitFor(async () => (await traceOf(room, attempt)) !== undefined);
    await jobs.cancel(BRAND, id);
    expect(await endOf(jobs, BRAND, id)).toMatchObject({ state: 'failed', failure: { code: 'IO_ABORTED' } });
    expect((await traceOf(room, attempt))?.end?.event.outcome).toMatchObject({ kind: 'failed', code: 'ABORTED' });
  });
});

describe('a room that cannot write for a while', () => {
  const fileOf = (id: string): string => join(room.directory, 'jobs', `${id}.json`);

  /** Puts a directory in the place of the file of a job. */
  async function block(id: string): Promise<void> {
    await rename(fileOf(id), `${fileOf(id)}.away`);
    await mkdir(fileOf(id));
  }

  async function unblock(id: string): Promise<void> {
    await rm(fileOf(id), { recursive: true });
    await rename(`${fileOf(id)}.away`, fileOf(id));
  }

  test('tells nobody that a job was cancelled which could still run', async () => {
    await using open = await openJobs(room);
    const { jobs } = open;
    const blocker = await jobs.submitQuery(BRAND, { sql: RUNAWAY }, randomUUID());
    const { id } = await jobs.submitQuery(BRAND, { sql: COUNT }, randomUUID());
    await block(id);
    await expect(jobs.cancel(BRAND, id)).rejects.toMatchObject({ code: 'IO_WRITE' });
    expect(await jobs.read(jobs.find(BRAND, id))).toMatchObject({ state: 'queued', queuePosition: 1 });
    await unblock(id);
    expect(await jobs.cancel(BRAND, id)).toMatchObject({ state: 'cancelled' });
    await jobs.cancel(BRAND, blocker.id);
    await endOf(jobs, BRAND, blocker.id);
  });

  test('tells how a job ended once that is on the disk', async () => {
    await using open = await openJobs(room);
    const { jobs, runner } = open;
    const run = runner.run.bind(runner);
    runner.run = async (...args) => {
      const outcome = await run(...args);
      await block((await asked).id);
      return outcome;
    };
    const asked = jobs.submitQuery(BRAND, { sql: REFUSED }, randomUUID());
    const { id } = await asked;
    await waitFor(() => Promise.resolve(open.ends.length > 0));
    expect(open.ends).toMatchObject([{ job: { id, state: 'running' }, cause: { code: 'IO_WRITE' } }]);
    expect(await jobs.read(jobs.find(BRAND, id))).toMatchObject({ state: 'running' });
    await jobs.tend();
    expect(await jobs.read(jobs.find(BRAND, id))).toMatchObject({ state: 'running' });
    await unblock(id);
    await jobs.tend();
    const job = await jobs.read(jobs.find(BRAND, id));
    expect(job).toMatchObject({ state: 'refused' });
    expect(await readFile(fileOf(id), 'utf8')).toContain('"state":"refused"');
  });
});

describe('a room that stops', () => {
  test('lets what waits wait, ends what runs, and goes on when it is opened again', async () => {
    const key = randomUUID();
    let ids: readonly string[];
    {
      await using open = await openJobs(room);
      const { jobs } = open;
      const running = await jobs.submitQuery(BRAND, { sql: RUNAWAY }, randomUUID());
      await untilJob(jobs, BRAND, running.id, ({ state }) => state === 'running');
      const waiting = await jobs.submitQuery(BRAND, { sql: COUNT }, key);
      await jobs.drain(0);
      expect(jobs.closing.aborted).toBe(true);
      expect(await jobs.read(jobs.find(BRAND, running.id))).toMatchObject({ failure: { code: 'IO_ABORTED' } });
      expect(await jobs.read(jobs.find(BRAND, waiting.id))).toMatchObject({ state: 'queued', queuePosition: 1 });
      await expect(jobs.submitQuery(BRAND, { sql: COUNT }, randomUUID())).rejects.toMatchObject({
        code: 'SERVER_DRAINING',
      });
      // What was asked before is still known.
      expect(await jobs.submitQuery(BRAND, { sql: COUNT }, key)).toMatchObject({ id: waiting.id });
      ids = [running.id, waiting.id];
    }
    await using open = await openJobs(room);
    const [, waiting = ''] = ids;
    expect(await endOf(open.jobs, BRAND, waiting)).toMatchObject({ state: 'released' });
    expect(open.ends).toMatchObject([{ job: { id: waiting } }]);
  });

  test('gives what runs time to end', async () => {
    await using open = await openJobs(room);
    const { id } = await open.jobs.submitQuery(BRAND, { sql: COUNT }, randomUUID());
    await open.jobs.drain(60_000);
    expect(await open.jobs.read(open.jobs.find(BRAND, id))).toMatchObject({ state: 'released' });
  });
});

describe('what is kept', () => {
  test('is removed when all receivers have it', async () => {
    await using open = await openJobs(room);
    const { jobs } = open;
    const { id } = await jobs.submitQuery(BRAND, { sql: COUNT, receivers: ['pub'] }, randomUUID());
    await endOf(jobs, BRAND, id);
    await expect(jobs.takeResult(BRAND, id)).rejects.toMatchObject({ code: 'SERVER_NOT_FOUND' });
    await jobs.takeResult(PUB, id);
    expect(await jobs.read(jobs.find(PUB, id))).toMatchObject({ state: 'released', resultBytes: null });
    await expect(jobs.openResult(PUB, id)).rejects.toMatchObject({ code: 'RESULT_EXPIRED' });
  });

  test('is kept for 7 days as a package and for 30 as a job', async () => {
    let now = NOW().getTime();
    await using old = await SampleRoom.start(['impressions', 'purchases']);
    await using open = await openJobs(old, { now: () => new Date(now) });
    const { jobs } = open;
    const { id } = await jobs.submitQuery(BRAND, { sql: COUNT }, randomUUID());
    const job = await endOf(jobs, BRAND, id);
    expect(job).toMatchObject({ expires: '2026-12-01T12:00:00.000Z' });
    now += 7 * 86_400_000;
    await expect(jobs.openResult(BRAND, id)).rejects.toMatchObject({ code: 'RESULT_EXPIRED' });
    await jobs.tend();
    expect(await readdir(join(old.directory, 'results'))).toEqual([]);
    expect(await jobs.read(jobs.find(BRAND, id))).toEqual({ ...job, resultBytes: null });
    now += 23 * 86_400_000;
    await jobs.tend();
    expect(() => jobs.find(BRAND, id)).toThrow('there is nothing here');
    expect(await readdir(join(old.directory, 'jobs'))).toEqual([]);
  });

  test('is known for as long as its package is kept, if that is longer', async () => {
    let now = NOW().getTime();
    await using old = await SampleRoom.start(['impressions', 'purchases']);
    const limits = { jobDays: 1, resultDays: 7 };
    await using open = await openJobs(old, { now: () => new Date(now), limits });
    const { jobs } = open;
    const { id } = await jobs.submitQuery(BRAND, { sql: COUNT }, randomUUID());
    await endOf(jobs, BRAND, id);
    now += 6 * 86_400_000;
    await jobs.tend();
    expect((await openResultOf(old, jobs, 'brand', id)).statement.rows).toBe(1);
    now += 86_400_000;
    await jobs.tend();
    expect(() => jobs.find(BRAND, id)).toThrow('there is nothing here');
  });

  test('makes space for what is new if it was fetched, or is a day old; otherwise nothing new is taken', async () => {
    let now = NOW().getTime();
    await using full = await SampleRoom.start(['impressions', 'purchases']);
    await using open = await openJobs(full, { now: () => new Date(now), limits: { resultBytes: 1 } });
    const { jobs } = open;
    const ask = (): Promise<Job> => jobs.submitQuery(BRAND, { sql: COUNT }, randomUUID());
    const first = await endOf(jobs, BRAND, (await ask()).id);
    await expect(ask()).rejects.toMatchObject({ code: 'SERVER_TOO_LARGE' });
    const opened = await jobs.openResult(BRAND, first.id);
    await opened.file.close();
    await opened.markFetched();
    const second = await endOf(jobs, BRAND, (await ask()).id);
    await expect(jobs.openResult(BRAND, first.id)).rejects.toMatchObject({ code: 'RESULT_EXPIRED' });
    await expect(ask()).rejects.toMatchObject({ code: 'SERVER_TOO_LARGE' });
    now += 86_400_000;
    await endOf(jobs, BRAND, (await ask()).id);
    await expect(jobs.openResult(BRAND, second.id)).rejects.toMatchObject({ code: 'RESULT_EXPIRED' });
  });

  test('needs a disk with space: without it, no query is taken, and nothing is spent', async () => {
    await using open = await openJobs(room, { limits: { freeBytes: Infinity } });
    const before = await room.log();
    const asked = open.jobs.submitQuery(BRAND, { sql: COUNT }, randomUUID());
    await expect(asked).rejects.toMatchObject({ code: 'SERVER_TOO_LARGE' });
    expect(await room.log()).toBe(before);
  });

  test('is so many jobs of a member: the oldest ones are forgotten, but none of the last day', async () => {
    let now = NOW().getTime();
    await using other = await SampleRoom.start(['impressions', 'purchases']);
    await using open = await openJobs(other, { now: () => new Date(now), limits: { jobsPerMember: 2 } });
    const { jobs } = open;
    const ask = (sql: string): Promise<Job> => jobs.submitQuery(BRAND, { sql }, randomUUID());
    const kept = await endOf(jobs, BRAND, (await ask(COUNT)).id);
    const refused = await endOf(jobs, BRAND, (await ask(REFUSED)).id);
    await expect(ask(REFUSED)).rejects.toMatchObject({ code: 'SERVER_QUEUE_FULL' });
    now += 86_400_000;
    const third = await endOf(jobs, BRAND, (await ask(REFUSED)).id);
    expect((await jobs.list(BRAND)).jobs.map(idOf)).toEqual([third.id, kept.id]);
    expect(() => jobs.find(BRAND, refused.id)).toThrow('there is nothing here');
  });

  test('is private', async () => {
    await using other = await SampleRoom.start(['impressions', 'purchases']);
    {
      await using open = await openJobs(other);
      const { id } = await open.jobs.submitQuery(BRAND, { sql: COUNT }, randomUUID());
      await endOf(open.jobs, BRAND, id);
      const files = [`jobs/${id}.json`, 'results.key', 'jobs', 'results'];
      const modes = await Promise.all(
        files.map(async (name) => (await stat(join(other.directory, name))).mode & 0o077),
      );
      expect(modes).toEqual([0, 0, 0, 0]);
    }
  });

  test('stays as it is beside a file that is not that of a job, which is moved aside', async () => {
    await using other = await SampleRoom.start(['impressions', 'purchases']);
    const ids: string[] = [];
    {
      await using open = await openJobs(other);
      for (let count = 0; count < 2; count += 1) {
        const { id } = await open.jobs.submitQuery(BRAND, { sql: COUNT }, randomUUID());
        await endOf(open.jobs, BRAND, id);
        ids.push(id);
      }
    }
    const [damaged = '', whole = ''] = ids;
    const fileOf = (id: string): string => join(other.directory, 'jobs', `${id}.json`);
    const content = await readFile(fileOf(damaged));
    await writeFile(fileOf(damaged), content.subarray(0, -20));
    const stranger = randomUUID();
    await writeFile(fileOf(stranger), await readFile(join(other.directory, 'room.json')));
    const told: unknown[] = [];
    const onUnreadable = (id: string, cause: unknown): void => void told.push({ id, cause });
    {
      await using open = await openJobs(other, { onUnreadable });
      expect(told).toHaveLength(2);
      for (const id of [damaged, stranger]) {
        expect(told).toContainEqual({ id, cause: expect.objectContaining({ code: 'ROOM_STATE' }) });
        expect(() => open.jobs.find(BRAND, id)).toThrow('there is nothing here');
      }
      expect((await open.jobs.list(BRAND)).jobs.map(idOf)).toEqual([whole]);
      // One whose file is damaged while the room is open does not hide the others either.
      await writeFile(fileOf(whole), '{}');
      const { id } = await open.jobs.submitQuery(BRAND, { sql: REFUSED }, randomUUID());
      await endOf(open.jobs, BRAND, id);
      expect((await open.jobs.list(BRAND)).jobs.map(idOf)).toEqual([id]);
      expect(told[2]).toMatchObject({ id: whole, cause: { code: 'ROOM_STATE' } });
    }
    // Whoever restores the file has the job and its result again.
    await rm(join(other.directory, 'jobs', `${damaged}.unreadable`));
    await writeFile(fileOf(damaged), content);
    await using open = await openJobs(other, { onUnreadable });
    expect((await openResultOf(other, open.jobs, 'brand', damaged)).statement.rows).toBe(1);
  });

  test('never follows a link', async () => {
    await using other = await SampleRoom.start(['impressions', 'purchases']);
    await (await openJobs(other))[Symbol.asyncDispose]();
    await symlink(other.session.directory, join(other.directory, 'results', 'link.age'));
    await expect(openJobs(other)).rejects.toMatchObject({ code: 'ROOM_STATE' });
    expect(await readdir(other.session.directory)).toContain('manifest.json');
  });
});

test('a page has the newest jobs first, and says where the next one begins', async () => {
  await using other = await SampleRoom.start(['impressions', 'purchases']);
  await using open = await openJobs(other, { limits: { queuePerMember: 200, queueTotal: 200 } });
  const { jobs } = open;
  const ids: string[] = [];
  for (let count = 0; count < 102; count += 1)
    ids.unshift((await jobs.submitQuery(BRAND, { sql: REFUSED }, randomUUID())).id);
  await endOf(jobs, BRAND, ids[0] ?? '');
  const first = await jobs.list(BRAND);
  expect(first.jobs.map(idOf)).toEqual(ids.slice(0, 100));
  expect(first.next).toBe(ids[99]);
  const second = await jobs.list(BRAND, { after: first.next ?? '' });
  expect([second.jobs.map(idOf), second.next]).toEqual([ids.slice(100), null]);
  expect((await jobs.list(BRAND, { state: 'released' })).jobs).toEqual([]);
  await expect(jobs.list(BRAND, { after: randomUUID() })).rejects.toMatchObject({ code: 'USAGE_OPTION' });
});
