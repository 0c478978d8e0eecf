import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createHash, randomUUID } from 'node:crypto';
import type { Job } from 'sealroom/wire';
import { RoomClient, type SentFile, sendTable } from '#src/client/index';
import { type ServeConfig, type ServeOptions, serveRoom } from '#src/server/index';
import { makeCertificate } from '../client/certificate.ts';
import { SampleRoom } from '../room/run/support.ts';
import { cleartextRows, NOW, RoomSession } from '../room/support.ts';
import { RUNAWAY } from './jobs/support.ts';
import { ROOT } from '../tooling/run-tool.ts';
import { keyOf } from '../support/manifests.ts';

const DAY_MS = 24 * 3_600_000;

/** A word that no log, metric or problem may have. */
const CANARY = 'canary';

let session: RoomSession;
let origin: string;
let port: number;
let services: Service[];
let lines: string[];
const certificate = makeCertificate();

beforeEach(async () => {
  session = await RoomSession.start();
  services = [];
  lines = [];
  port = await freePort();
  origin = `https://127.0.0.1:${String(port)}`;
  await writeFile(session.path('key.pem'), certificate.key, { mode: 0o600 });
  await writeFile(session.path('cert.pem'), certificate.cert);
});

afterEach(async () => {
  for (const service of services) await service.stop();
  await session[Symbol.asyncDispose]();
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}

/** A service in this process. */
interface Service {
  readonly reload: () => void;
  readonly stop: () => Promise<void>;
}

/** The time of the rooms of these tests, which goes on. */
const now = (): Date => new Date(NOW().getTime() + performance.now());

/** Serves the room, and waits until it says so. */
async function serve(config: Partial<ServeConfig> = {}, options: Partial<ServeOptions> = {}): Promise<Service> {
  const stop = new AbortController();
  let reload = (): void => undefined;
  let listening = (): void => undefined;
  const isListening = new Promise<void>((resolve) => {
    listening = resolve;
  });
  const ended = serveRoom({
    directory: session.directory,
    env: {},
    now,
    config: {
      origin,
      listen: { host: '127.0.0.1', port },
      tls: { keyFile: session.path('key.pem'), certFile: session.path('cert.pem'), isPqOnly: false },
      ops: null,
      isStandby: false,
      queries: { processes: 1 },
      limits: {},
      keep: {},
      ...config,
    },
    writeLog: (line) => lines.push(line),
    signal: stop.signal,
    onReload: (given) => (reload = given),
    onLost: () => {
      throw new Error('the lock was lost');
    },
    onListening: listening,
    ...options,
  });
  const service: Service = {
    reload: () => reload(),
    stop: async () => {
      stop.abort();
      await ended;
    },
  };
  await Promise.race([isListening, ended]);
  services.push(service);
  return service;
}

function connect(member: string, clock = now): RoomClient {
  return new RoomClient({ origin, ca: certificate.cert, key: keyOf(member), now: clock });
}

async function fileOf(path: string): Promise<SentFile> {
  const content = await readFile(path);
  return {
    bytes: content.length,
    sha256: createHash('sha256').update(content).digest('hex'),
    read: async (offset, length) => Promise.resolve(content.subarray(offset, offset + length)),
  };
}

async function last(jobs: AsyncIterable<Job>): Promise<Job | null> {
  let end: Job | null = null;
  for await (const job of jobs) end = job;
  return end;
}

async function askOps(place: { readonly socketPath: string }, path: string): Promise<readonly [number, string]> {
  const request = httpRequest({ ...place, path, agent: false });
  request.end();
  const [incoming] = (await once(request, 'response')) as [IncomingMessage];
  let text = '';
  for await (const block of incoming) text += String(block);
  return [incoming.statusCode ?? 0, text];
}

test('a member sends a table, which is loaded, and asks', async () => {
  const path = session.path('ops.sock');
  const service = await serve({ ops: { path } });
  const encrypted = await session.encrypt('rows.csv', cleartextRows(100).replaceAll('private', CANARY));
  using pub = connect('pub');
  const job = await sendTable(pub, { table: 'impressions', file: await fileOf(encrypted), format: 'csv' });
  expect(await last(pub.follow(job.id))).toMatchObject({ state: 'done', rows: 100 });
  using brand = connect('brand');
  expect(await brand.room()).toMatchObject({ you: { member: 'brand' }, origin });
  expect(await brand.check({ sql: `SELECT '${CANARY}' FROM impressions` })).toMatchObject({ allowed: false });
  await expect(brand.job(job.id)).rejects.toMatchObject({ code: 'SERVER_NOT_FOUND' });
  using stranger = connect(CANARY);
  await expect(stranger.room()).rejects.toMatchObject({ code: 'AUTH_KEY' });

  expect(await askOps({ socketPath: path }, '/healthz')).toEqual([200, 'ok\n']);
  expect(await askOps({ socketPath: path }, '/readyz')).toEqual([200, 'ready\n']);
  const [, metrics] = await askOps({ socketPath: path }, '/metrics');
  expect(metrics).toContain('sealroom_jobs_total{kind="load",state="done"} 1');
  expect(metrics).toContain('sealroom_auth_refused_total{code="AUTH_KEY"} 1');
  expect(metrics).toContain('sealroom_http_requests_total{route="/v1/checks",status="200"} 1');
  expect(metrics).toMatch(/^sealroom_certificate_expiry_seconds \d+/m);
  for (const word of ['brand', 'pub', 'impressions', CANARY]) expect(metrics).not.toContain(word);
  await service.stop();

  const log = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(log).toContainEqual(
    expect.objectContaining({ event: 'request', member: 'brand', person: null, route: '/v1/checks', status: 200 }),
  );
  expect(log).toContainEqual(
    expect.objectContaining({ event: 'request', member: null, status: 401, code: 'AUTH_KEY' }),
  );
  expect(log).toContainEqual(expect.objectContaining({ event: 'job', job: job.id, state: 'done', code: null }));
  for (const word of [CANARY, 'SELECT', 'impressions', session.directory]) {
    expect(lines.filter((line) => line.includes(word))).toEqual([]);
  }
});

test('a room that nothing was recorded in for days is served as before, unless its clock has moved by more', async () => {
  const path = session.path('ops.sock');
  let [days, daysMore] = [0, 0];
  const clock = (): Date => new Date(now().getTime() + (days + daysMore) * DAY_MS);
  await using sample = await SampleRoom.start(['visits']);
  const elapsedMs = (): number => performance.now() + days * DAY_MS;
  await serve({ ops: { path } }, { directory: sample.directory, now: clock, elapsedMs });
  using brand = connect('brand', clock);
  const ask = async (): Promise<Job | null> => {
    const { id } = await brand.submit({ sql: 'SELECT * FROM nothing' }, randomUUID());
    return last(brand.follow(id));
  };
  expect(await ask()).toMatchObject({ state: 'refused' });
  days = 3;
  expect(await ask()).toMatchObject({ state: 'refused' });
  expect(await askOps({ socketPath: path }, '/readyz')).toEqual([200, 'ready\n']);
  daysMore = 3;
  expect(await askOps({ socketPath: path }, '/readyz')).toEqual([503, 'clock\n']);
  expect((await brand.room()).origin).toBe(origin);
  await expect(ask()).rejects.toMatchObject({ code: 'SERVER_BUSY' });
});

test('a room is served by one process, and again after it has ended', async () => {
  const service = await serve();
  const config = { listen: { host: '127.0.0.1', port: 0 } };
  await expect(serve(config)).rejects.toMatchObject({ code: 'IO_LOCKED' });
  await service.stop();
  await serve();
  using brand = connect('brand');
  expect((await brand.room()).origin).toBe(origin);
});

test('a certificate is read again when told to', async () => {
  const service = await serve();
  const other = makeCertificate();
  await writeFile(session.path('key.pem'), other.key);
  await writeFile(session.path('cert.pem'), other.cert);
  service.reload();
  await expect.poll(() => lines.some((line) => line.includes('"certificate"'))).toBe(true);
  using brand = new RoomClient({ origin, ca: other.cert, key: keyOf('brand'), now });
  expect((await brand.room()).origin).toBe(origin);
});

test('a room with the shared secret at hand is not served', async () => {
  await expect(serve({}, { env: { C3R_SHARED_SECRET: 'AAAA' } })).rejects.toMatchObject({ code: 'SECRET_PRESENT' });
});

test('a query that runs when the room is to stop has time to end, and its member is told', async () => {
  await using sample = await SampleRoom.start(['visits']);
  const service = await serve({ queries: { processes: 1, timeoutMs: 3000 } }, { directory: sample.directory });
  using brand = connect('brand');
  const { id } = await brand.submit({ sql: RUNAWAY }, randomUUID());
  let stopped: Promise<void> | null = null;
  let state: Job['state'] | null = null;
  for await (const job of brand.follow(id)) {
    ({ state } = job);
    if (state === 'running') stopped = service.stop();
  }
  expect([state, stopped === null]).toEqual(['failed', false]);
  await stopped;
  expect(lines.map((line) => (JSON.parse(line) as { event: string }).event).slice(-1)).toEqual(['stopped']);
});

/** `sealroom room serve` in a process of its own, once it serves. */
async function spawnService(listen: string): Promise<ChildProcess> {
  const argv = ['room', 'serve', session.directory, '--origin', origin, '--listen', listen, '--json', '--clock-jump'];
  const files = ['--tls-key', session.path('key.pem'), '--tls-cert', session.path('cert.pem')];
  const child = spawn(process.execPath, [`${ROOT}/dist/bin/sealroom.js`, ...argv, ...files], {
    env: { PATH: process.env['PATH'] },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const stop = new AbortController();
  child.once('close', () => stop.abort());
  const [line] = (await once(createInterface(child.stdout), 'line', { signal: stop.signal })) as [string];
  expect(JSON.parse(line)).toMatchObject({ state: 'serving', origin });
  return child;
}

test('a room that stands by takes over from a process that is killed', async () => {
  const child = await spawnService('127.0.0.1:0');
  const path = session.path('ops.sock');
  await serve({ isStandby: true, ops: { path } });
  using brand = connect('brand');
  expect(await askOps({ socketPath: path }, '/readyz')).toEqual([503, 'standby\n']);
  const answer = brand.room();
  child.kill('SIGKILL');
  await once(child, 'close');
  expect((await answer).origin).toBe(origin);
  expect(await askOps({ socketPath: path }, '/readyz')).toEqual([200, 'ready\n']);
});

test('a process whose lock was replaced ends at once', async () => {
  const child = await spawnService(`127.0.0.1:${String(port)}`);
  await rm(session.path('room/serve.lock'));
  expect(await once(child, 'close')).toEqual([1, null]);
});

test('a process that is told to stop ends with 0', async () => {
  const child = await spawnService(`127.0.0.1:${String(port)}`);
  using brand = new RoomClient({ origin, ca: certificate.cert, key: keyOf('brand'), now: () => new Date() });
  expect((await brand.room()).origin).toBe(origin);
  child.kill('SIGTERM');
  expect(await once(child, 'close')).toEqual([0, null]);
});
