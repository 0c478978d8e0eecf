import { createHash, randomUUID } from 'node:crypto';
import { Hono } from 'hono';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readEvents, type StreamEvent } from '#src/client/events';
import type { RequestSender, ServerEnv } from '#src/server/caller';
import { jobRoutes } from '#src/server/jobs/job-routes';
import { answerProblem } from '#src/server/problems';
import { contentDigest, type Job, jobBody, jobPageBody, parseDigest, problemBody } from '#src/wire/index';
import { SampleRoom } from '../../room/run/support.ts';
import { callerOf, COUNT, endOf, openJobs, type OpenJobs, REFUSED, RUNAWAY, untilJob } from './support.ts';

const BRAND = callerOf('brand');
const PUB = callerOf('pub');
const AUDITOR = callerOf('auditor');

let room: SampleRoom;
let open: OpenJobs;

beforeAll(async () => {
  room = await SampleRoom.start();
  open = await openJobs(room);
});

afterAll(async () => {
  await open[Symbol.asyncDispose]();
  await room[Symbol.asyncDispose]();
});

/** The routes as they are mounted, for requests that were let in as those of a caller. */
function appFor(caller: RequestSender, commentMs?: number): Hono<ServerEnv> {
  const app = new Hono<ServerEnv>();
  app.use(async (c, next) => {
    c.set('caller', caller);
    c.set('requestId', randomUUID());
    const signed = c.req.header('content-digest');
    c.set('digest', signed === undefined ? null : parseDigest(signed));
    await next();
  });
  app.route('/', jobRoutes(open.jobs, commentMs === undefined ? {} : { commentMs }));
  app.onError((error, c) => answerProblem(error, c.get('requestId')));
  return app;
}

async function request(
  caller: RequestSender,
  method: string,
  target: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  return appFor(caller).request(target, { method, headers });
}

/** Sends a question. */
async function post(caller: RequestSender, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  const digest = contentDigest(bytes);
  const key = randomUUID();
  return appFor(caller).request('/v1/queries', {
    method: 'POST',
    body: bytes,
    headers: { 'content-type': 'application/json', 'content-digest': digest, 'idempotency-key': key, ...headers },
  });
}

async function askFor(sql: string, caller = BRAND): Promise<Job> {
  return jobBody.parse(await (await post(caller, { sql })).json());
}

async function codeOf(response: Response): Promise<unknown> {
  const { status, code } = problemBody.parse(await response.json());
  expect(status).toBe(response.status);
  return code;
}

async function eventsOf(response: Response, most = Infinity): Promise<readonly StreamEvent[]> {
  const events: StreamEvent[] = [];
  if (response.body === null) throw new Error('no body');
  for await (const event of readEvents(response.body)) {
    events.push(event);
    if (events.length >= most) break;
  }
  return events;
}

const stateOf = ({ data }: StreamEvent): string => jobBody.parse(JSON.parse(data)).state;

describe('a question', () => {
  test('is answered with a job and where it is', async () => {
    const response = await post(BRAND, { sql: COUNT });
    const job = jobBody.parse(await response.json());
    expect([response.status, response.headers.get('location')]).toEqual([202, `/v1/jobs/${job.id}`]);
    await endOf(open.jobs, BRAND, job.id);
    const told = await request(BRAND, 'GET', `/v1/jobs/${job.id}`);
    expect(jobBody.parse(await told.json())).toMatchObject({ state: 'released' });
    const page = await request(BRAND, 'GET', '/v1/jobs?state=released');
    expect(jobPageBody.parse(await page.json()).jobs.map(({ id }) => id)).toContain(job.id);
  });

  test.each([
    ['{', 400, 'USAGE_BODY'],
    [{ sql: COUNT, template: 'x' }, 400, 'USAGE_BODY'],
    [{ sql: COUNT, more: 1 }, 400, 'USAGE_BODY'],
    [{ sql: COUNT, receivers: ['stranger'] }, 400, 'USAGE_OPTION'],
    [{ sql: 'x'.repeat(300_000) }, 413, 'SERVER_TOO_LARGE'],
  ])('that is no question, such as %.20j, is refused', async (body, status, code) => {
    const response = await post(BRAND, body);
    expect(response.status).toBe(status);
    expect(await codeOf(response)).toBe(code);
  });

  test('with another body than was signed, or without a key of its own, is refused', async () => {
    const other = await post(BRAND, { sql: COUNT }, { 'content-digest': contentDigest(Buffer.from('{}')) });
    expect(await codeOf(other)).toBe('AUTH_DIGEST');
    expect(await codeOf(await post(BRAND, { sql: COUNT }, { 'idempotency-key': 'x' }))).toBe('IDEMPOTENCY_KEY');
  });
});

describe('a job', () => {
  test.each(['', '/events', '/result'])('of others is not there: GET …%s', async (part) => {
    const { id } = await askFor(REFUSED);
    expect(await codeOf(await request(AUDITOR, 'GET', `/v1/jobs/${id}${part}`))).toBe('SERVER_NOT_FOUND');
    expect(await codeOf(await request(BRAND, 'GET', `/v1/jobs/${randomUUID()}${part}`))).toBe('SERVER_NOT_FOUND');
    await endOf(open.jobs, BRAND, id);
  });

  test('is cancelled by who asked', async () => {
    const { id } = await askFor(RUNAWAY);
    const response = await request(BRAND, 'DELETE', `/v1/jobs/${id}`);
    expect(response.status).toBe(202);
    expect(await endOf(open.jobs, BRAND, id)).toMatchObject({ state: 'failed' });
  });

  test('holds its answer until its state changes, if that is asked for', async () => {
    const { id } = await askFor(RUNAWAY);
    await untilJob(open.jobs, BRAND, id, ({ state }) => state === 'running');
    const held = request(BRAND, 'GET', `/v1/jobs/${id}`, { prefer: 'wait=60' });
    await open.jobs.cancel(BRAND, id);
    expect(jobBody.parse(await (await held).json())).toMatchObject({ state: 'failed' });
  });
});

describe('a result', () => {
  test('is a package with its length and its hash, until its receivers have it', async () => {
    const { id } = await askFor(COUNT);
    const job = await endOf(open.jobs, BRAND, id);
    const response = await request(BRAND, 'GET', `/v1/jobs/${id}/result`);
    const content = Buffer.from(await response.arrayBuffer());
    const hash = createHash('sha256').update(content).digest();
    expect(response.headers.get('content-type')).toBe('application/vnd.age');
    expect(response.headers.get('content-length')).toBe(String(content.length));
    expect(Buffer.from(parseDigest(response.headers.get('repr-digest') ?? ''))).toEqual(hash);
    expect(job).toMatchObject({ resultBytes: content.length });
    const head = await request(BRAND, 'HEAD', `/v1/jobs/${id}/result`);
    expect([head.headers.get('content-length'), await head.text()]).toEqual([String(content.length), '']);
    expect((await request(BRAND, 'DELETE', `/v1/jobs/${id}/result`)).status).toBe(204);
    const gone = await request(BRAND, 'GET', `/v1/jobs/${id}/result`);
    expect([gone.status, await codeOf(gone)]).toEqual([410, 'RESULT_EXPIRED']);
  });

  test('of a job that was refused is none', async () => {
    const { id } = await askFor(REFUSED);
    await endOf(open.jobs, BRAND, id);
    for (const method of ['GET', 'DELETE']) {
      const response = await request(BRAND, method, `/v1/jobs/${id}/result`);
      expect([response.status, await codeOf(response)]).toEqual([409, 'JOB_NOT_RELEASED']);
    }
  });
});

describe('a stream of events', () => {
  test('has each state once, with a greater id each, and ends with the last one', async () => {
    const blocker = await askFor(RUNAWAY);
    const { id } = await askFor(COUNT);
    const response = await request(BRAND, 'GET', `/v1/jobs/${id}/events`);
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    await open.jobs.cancel(BRAND, blocker.id);
    const events = await eventsOf(response);
    expect(events.map(stateOf)).toEqual(['queued', 'running', 'released']);
    expect(events.map((event) => event.id)).toEqual(['1', '2', '3']);
    // Who connects again is told the present state.
    const again = await eventsOf(await request(BRAND, 'GET', `/v1/jobs/${id}/events`, { 'last-event-id': '1' }));
    expect(again.map(stateOf)).toEqual(['released']);
  });

  test('has a comment while nothing happens', async () => {
    const { id } = await askFor(RUNAWAY);
    await untilJob(open.jobs, BRAND, id, ({ state }) => state === 'running');
    const { body } = await appFor(BRAND, 1).request(`/v1/jobs/${id}/events`);
    let text = '';
    if (body === null) throw new Error('no body');
    for await (const block of body) {
      text += Buffer.from(block).toString();
      if (text.includes('\n:\n\n')) break;
    }
    expect(text).toMatch(/^event: running\nid: 2\ndata: \{.*\}\n\n:\n\n/);
    await open.jobs.cancel(BRAND, id);
    await endOf(open.jobs, BRAND, id);
  });

  test('is one of at most eight for a key', async () => {
    const { id } = await askFor(RUNAWAY);
    await untilJob(open.jobs, BRAND, id, ({ state }) => state === 'running');
    const app = appFor(BRAND);
    const stream = async (): Promise<Response> => app.request(`/v1/jobs/${id}/events`);
    const streams = await Promise.all(Array.from({ length: 8 }, stream));
    expect(streams.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 200));
    expect(await codeOf(await stream())).toBe('SERVER_RATE');
    // What is left makes place; those that stay end with the job.
    await open.jobs.cancel(BRAND, id);
    expect((await Promise.all(streams.map((each) => eventsOf(each)))).map((events) => events.map(stateOf))).toEqual(
      Array.from({ length: 8 }, () => ['running', 'failed']),
    );
    expect((await stream()).status).toBe(200);
  });

  test('ends when the room stops', async () => {
    await using other = await SampleRoom.start(['impressions', 'purchases', 'visits']);
    await using own = await openJobs(other);
    const blocker = await own.jobs.submitQuery(BRAND, { sql: RUNAWAY }, randomUUID());
    const waiting = await own.jobs.submitQuery(PUB, { sql: REFUSED }, randomUUID());
    await untilJob(own.jobs, BRAND, blocker.id, ({ state }) => state === 'running');
    const app = new Hono<ServerEnv>();
    app.use(async (c, next) => {
      c.set('caller', PUB);
      await next();
    });
    app.route('/', jobRoutes(own.jobs));
    const response = await app.request(`/v1/jobs/${waiting.id}/events`);
    await own.jobs.drain(0);
    expect(await response.text()).toMatch(/^event: queued\n[^]*\n\n: the room stops\n\n$/);
  });
});
