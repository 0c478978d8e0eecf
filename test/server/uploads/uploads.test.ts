import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { appendFile, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { connect, type TLSSocket } from 'node:tls';
import fc from 'fast-check';
import { Hono } from 'hono';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SealroomError } from 'sealroom';
import { contentDigest, type Job, parseDigest, toProblem } from 'sealroom/wire';
import { freeBytesAt } from '#src/files/index';
import { RoomReader } from '#src/room/index';
import { Listener } from '#src/server/listen';
import { uploadRoutes } from '#src/server/uploads/upload-routes';
import type { Jobs, LoadOrder } from '#src/server/jobs/jobs';
import { type UploadLimits, Uploads } from '#src/server/uploads/uploads';
import type { RequestSender, ServerEnv } from '#src/server/caller';
import { printPublicKey } from 'sealroom/collab';
import { makeCertificate } from '../../client/certificate.ts';
import { NOW, RoomSession } from '../../room/support.ts';
import { keyOf } from '../../support/manifests.ts';

const CONTENT = randomBytes(3000);
const SHA256 = createHash('sha256').update(CONTENT).digest('hex');
const JOB: Job = {
  kind: 'load',
  id: randomUUID(),
  member: 'pub',
  person: null,
  created: NOW().toISOString(),
  table: 'impressions',
  state: 'queued',
  queuePosition: 1,
};

const LIMITS = { uploadBytes: 100_000, partBytes: 2000 };

let room: RoomSession;
let uploads: Uploads;
let app: Hono<ServerEnv>;
/** The clock of the room, in ms. */
let time: number;
let arrived: LoadOrder[];
/** What became of the job with an id. */
let stateOfJob: Jobs['stateOf'];
/** Why the next load is refused. */
let refusal: Error | null;

beforeEach(async () => {
  room = await RoomSession.start();
  time = NOW().getTime();
  arrived = [];
  refusal = null;
  stateOfJob = () => 'open';
  await open();
});

afterEach(async () => {
  uploads[Symbol.dispose]();
  await room[Symbol.asyncDispose]();
});

/** Opens the uploads as a room does that starts. */
async function open(limits: Partial<UploadLimits> = LIMITS): Promise<void> {
  uploads = await Uploads.open({
    reader: new RoomReader(room.directory),
    now: () => new Date(time),
    stateOfJob: (id) => stateOfJob(id),
    limits,
  });
  const jobs = {
    submitLoad: async (_: RequestSender, file: LoadOrder): Promise<Job> => {
      if (refusal !== null) throw refusal;
      arrived.push(file);
      return Promise.resolve(JOB);
    },
  };
  app = new Hono<ServerEnv>();
  // Who signed it is known here without a signature.
  app.use(async (c, next) => {
    const member = c.req.header('x-member') ?? 'pub';
    const digest = c.req.header('content-digest');
    c.set('caller', { keyId: printPublicKey(keyOf(member)), member, person: null, roles: [] });
    c.set('digest', digest === undefined ? null : parseDigest(digest));
    await next();
  });
  app.onError((error, c) => {
    const problem = toProblem(error, randomUUID());
    return c.json(problem, problem.status);
  });
  app.route('/', uploadRoutes(uploads, jobs));
}

interface Got {
  readonly status: number;
  readonly offset: string | null;
  readonly body: Record<string, unknown>;
}

async function ask(method: string, target: string, body?: unknown, headers: Record<string, string> = {}): Promise<Got> {
  const bytes = body === undefined ? null : body instanceof Uint8Array ? body : Buffer.from(JSON.stringify(body));
  const sent =
    bytes === null
      ? {}
      : {
          'content-type': 'application/json',
          'content-length': String(bytes.length),
          'content-digest': contentDigest(bytes),
        };
  const response = await app.request(target, {
    method,
    headers: { ...sent, ...headers },
    ...(bytes === null ? {} : { body: Buffer.from(bytes) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    offset: response.headers.get('upload-offset'),
    body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
  };
}

async function start(request: object = {}, headers: Record<string, string> = {}): Promise<Got> {
  return ask('POST', '/v1/tables/impressions/uploads', { bytes: CONTENT.length, format: 'csv', ...request }, headers);
}

async function begin(request: object = {}): Promise<string> {
  const { status, body } = await start(request);
  expect(status).toBe(201);
  return String(body['id']);
}

function send(id: string, offset: number, part: Uint8Array, headers: Record<string, string> = {}): Promise<Got> {
  const known = { 'content-type': 'application/partial-upload', 'upload-offset': String(offset) };
  return ask('PATCH', `/v1/uploads/${id}`, part, { ...known, ...headers });
}

const pathOf = (id: string): string => room.inRoom('uploads', `${id}.part`);

async function sendAll(id: string): Promise<void> {
  expect(await send(id, 0, CONTENT.subarray(0, 2000))).toMatchObject({ status: 204, offset: '2000' });
  expect(await send(id, 2000, CONTENT.subarray(2000))).toMatchObject({ status: 204, offset: '3000' });
}

describe('an upload', () => {
  test('arrives in parts, and is handed over to be loaded', async () => {
    const { status, offset, body } = await start({ csvInputNull: ['-'], sha256: SHA256 });
    const id = String(body['id']);
    const expires = new Date(time + 24 * 3_600_000).toISOString();
    const upload = { id, table: 'impressions', bytes: 3000, offset: 0, format: 'csv', expires, maxPartBytes: 2000 };
    expect({ status, offset, body }).toEqual({ status: 201, offset: '0', body: upload });
    await sendAll(id);
    expect(await ask('GET', `/v1/uploads/${id}`)).toMatchObject({
      status: 200,
      offset: '3000',
      body: { offset: 3000 },
    });
    const path = pathOf(id);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await ask('POST', `/v1/uploads/${id}/complete`, { sha256: SHA256 })).toMatchObject({
      status: 202,
      body: JOB,
    });
    expect(arrived).toMatchObject([{ table: 'impressions', path, format: 'csv', csvInputNull: ['-'], sha256: SHA256 }]);
    expect(CONTENT.equals(await readFile(path))).toBe(true);
    // Whoever did not see the answer asks again; the file is loaded once.
    expect(await ask('POST', `/v1/uploads/${id}/complete`, { sha256: SHA256 })).toMatchObject({
      status: 202,
      body: JOB,
    });
    expect(await ask('DELETE', `/v1/uploads/${id}`)).toMatchObject({ status: 404 });
    expect(arrived).toHaveLength(1);
    await arrived[0]?.dispose?.();
    expect(await readdir(room.inRoom('uploads'))).toEqual([]);
    expect(await ask('GET', `/v1/uploads/${id}`)).toMatchObject({ status: 404 });
  });

  test('belongs to the owner of the table, and others cannot tell that it is there', async () => {
    const id = await begin();
    const others = { 'x-member': 'brand' };
    const texts = new Set<unknown>();
    for (const got of [
      await start({}, others),
      await ask('POST', '/v1/tables/none/uploads', { bytes: 1, format: 'csv' }),
      await ask('GET', `/v1/uploads/${id}`, undefined, others),
      await ask('GET', `/v1/uploads/${randomUUID()}`),
      await send(id, 0, CONTENT.subarray(0, 1), others),
      await ask('POST', `/v1/uploads/${id}/complete`, { sha256: SHA256 }, others),
      await ask('DELETE', `/v1/uploads/${id}`, undefined, others),
    ]) {
      expect(got).toMatchObject({ status: 404, body: { code: 'SERVER_NOT_FOUND' } });
      texts.add(got.body['detail']);
    }
    expect(texts.size).toBe(1);
  });

  test('needs a table with a rule', async () => {
    const got = await ask('POST', '/v1/tables/closed/uploads', { bytes: 1, format: 'csv' }, { 'x-member': 'brand' });
    expect(got).toMatchObject({ status: 400, body: { code: 'USAGE_OPTION' } });
  });

  test('is given up by its owner', async () => {
    const id = await begin();
    expect(await ask('DELETE', `/v1/uploads/${id}`)).toMatchObject({ status: 204 });
    expect(await readdir(room.inRoom('uploads'))).toEqual([]);
    expect(await ask('DELETE', `/v1/uploads/${id}`)).toMatchObject({ status: 404 });
  });

  test('a member has two at a time, of bounded size', async () => {
    await begin();
    const id = await begin();
    expect(await start()).toMatchObject({ status: 429, body: { code: 'SERVER_QUEUE_FULL' } });
    await ask('DELETE', `/v1/uploads/${id}`);
    expect(await start({ bytes: 100_001 })).toMatchObject({ status: 413, body: { code: 'SERVER_TOO_LARGE' } });
    expect(await start({ bytes: 0 })).toMatchObject({ status: 400, body: { code: 'USAGE_BODY' } });
    await begin({ bytes: 100_000 });
  });

  test('needs four times its size on the disk', async () => {
    uploads[Symbol.dispose]();
    await open({ uploadBytes: Number.MAX_SAFE_INTEGER });
    expect(await start({ bytes: 2 ** 52 })).toMatchObject({ status: 413, body: { code: 'SERVER_TOO_LARGE' } });
  });

  test('leaves the space that queries and the log need', async () => {
    uploads[Symbol.dispose]();
    await open({ uploadBytes: Number.MAX_SAFE_INTEGER });
    const bytes = Math.floor(((await freeBytesAt(room.directory)) - 2 ** 29) / 4);
    expect(await start({ bytes })).toMatchObject({ status: 413, body: { code: 'SERVER_TOO_LARGE' } });
  });

  test('expires after a week, however often something comes', async () => {
    const id = await begin();
    const begun = time;
    for (let day = 1; day <= 7; day += 1) {
      time = begun + day * 23.9 * 3_600_000;
      expect(await send(id, day - 1, CONTENT.subarray(day - 1, day))).toMatchObject({ status: 204 });
    }
    const expires = new Date(begun + 7 * 24 * 3_600_000).toISOString();
    expect(await ask('GET', `/v1/uploads/${id}`)).toMatchObject({ status: 200, body: { expires } });
    time = begun + 7 * 24 * 3_600_000;
    expect(await ask('GET', `/v1/uploads/${id}`)).toMatchObject({ status: 404 });
  });

  test('expires if nothing comes for a day', async () => {
    const id = await begin();
    time += 23 * 3_600_000;
    expect(await send(id, 0, CONTENT.subarray(0, 10))).toMatchObject({ status: 204 });
    time += 23 * 3_600_000;
    expect(await ask('GET', `/v1/uploads/${id}`)).toMatchObject({ status: 200 });
    time += 3_600_000;
    expect(await ask('GET', `/v1/uploads/${id}`)).toMatchObject({ status: 404 });
    const other = await begin();
    expect((await readdir(room.inRoom('uploads'))).sort()).toEqual([`${other}.json`, `${other}.part`]);
  });
});

describe('a source in the manifest', () => {
  test('is compared before anything is sent, and again at the end', async () => {
    uploads[Symbol.dispose]();
    await room[Symbol.asyncDispose]();
    room = await RoomSession.start({ table: { source: { kind: 'csv', sha256: SHA256, rows: 1 } } });
    await open();
    expect(await start({ sha256: '0'.repeat(64) })).toMatchObject({ status: 422, body: { code: 'RULE_SOURCE' } });
    const id = await begin();
    const changed = Buffer.from(CONTENT);
    changed[0] = (changed[0] ?? 0) ^ 1;
    await send(id, 0, changed.subarray(0, 2000));
    await send(id, 2000, changed.subarray(2000));
    const sha256 = createHash('sha256').update(changed).digest('hex');
    expect(await ask('POST', `/v1/uploads/${id}/complete`, { sha256 })).toMatchObject({
      body: { code: 'RULE_SOURCE' },
    });
    expect(arrived).toEqual([]);
  });
});

describe('a part', () => {
  test('that is not the next one is refused, with where the next one begins', async () => {
    const id = await begin();
    await send(id, 0, CONTENT.subarray(0, 100));
    for (const offset of [0, 99, 101, 3000]) {
      expect(await send(id, offset, CONTENT.subarray(0, 100))).toMatchObject({
        status: 409,
        body: { code: 'UPLOAD_OFFSET', detail: 'the next part begins at byte 100' },
      });
    }
  });

  test.each([
    { what: 'another type', headers: { 'content-type': 'application/json' }, code: 'USAGE_BODY' },
    { what: 'no offset', headers: { 'upload-offset': '' }, code: 'USAGE_BODY' },
    { what: 'an offset in another spelling', headers: { 'upload-offset': '00' }, code: 'USAGE_BODY' },
    { what: 'no length', headers: { 'content-length': '' }, code: 'USAGE_BODY' },
    { what: 'a length of nothing', headers: { 'content-length': '0' }, code: 'USAGE_BODY' },
    { what: 'more than a part may have', headers: { 'content-length': '2001' }, code: 'SERVER_TOO_LARGE' },
    { what: 'another length', headers: { 'content-length': '101' }, code: 'AUTH_DIGEST' },
    { what: 'a smaller length', headers: { 'content-length': '99' }, code: 'AUTH_DIGEST' },
    { what: 'another digest', headers: { 'content-digest': contentDigest(new Uint8Array(1)) }, code: 'AUTH_DIGEST' },
  ])('with $what changes nothing', async ({ headers, code }) => {
    const id = await begin();
    expect(await send(id, 0, CONTENT.subarray(0, 100), headers)).toMatchObject({ body: { code } });
    expect(await ask('GET', `/v1/uploads/${id}`)).toMatchObject({ offset: '0' });
    await sendAll(id);
    expect(await ask('POST', `/v1/uploads/${id}/complete`, { sha256: SHA256 })).toMatchObject({ status: 202 });
  });

  test('that reaches beyond the end is refused', async () => {
    const id = await begin({ bytes: 50 });
    expect(await send(id, 0, CONTENT.subarray(0, 51))).toMatchObject({
      status: 413,
      body: { code: 'SERVER_TOO_LARGE' },
    });
  });
});

describe('the end of an upload', () => {
  test.each([{ sha256: '0'.repeat(64) }, { sha256: createHash('sha256').digest('hex') }])(
    'is refused for another file: $sha256',
    async (body) => {
      const id = await begin();
      await sendAll(id);
      expect(await ask('POST', `/v1/uploads/${id}/complete`, body)).toMatchObject({
        status: 409,
        body: { code: 'UPLOAD_INCOMPLETE' },
      });
      expect(await ask('POST', `/v1/uploads/${id}/complete`, { sha256: SHA256 })).toMatchObject({ status: 202 });
    },
  );

  test('is refused before all has arrived', async () => {
    const id = await begin();
    await send(id, 0, CONTENT.subarray(0, 2000));
    expect(await ask('POST', `/v1/uploads/${id}/complete`, { sha256: SHA256 })).toMatchObject({ status: 409 });
  });

  test('leaves the upload open if there is no place for its job', async () => {
    const id = await begin();
    await sendAll(id);
    refusal = new SealroomError('SERVER_QUEUE_FULL', 'too many jobs wait');
    expect(await ask('POST', `/v1/uploads/${id}/complete`, { sha256: SHA256 })).toMatchObject({ status: 429 });
    refusal = null;
    expect(await ask('POST', `/v1/uploads/${id}/complete`, { sha256: SHA256 })).toMatchObject({ status: 202 });
  });
});

describe('after a restart', () => {
  test('an upload goes on from what was on the disk, and is the same file', async () => {
    const id = await begin();
    await send(id, 0, CONTENT.subarray(0, 2000));
    // What a process wrote that was killed in the middle of a part.
    await appendFile(pathOf(id), 'a part that does not count');
    uploads[Symbol.dispose]();
    await open();
    expect(await ask('GET', `/v1/uploads/${id}`)).toMatchObject({ offset: '2000' });
    await send(id, 2000, CONTENT.subarray(2000));
    expect(await ask('POST', `/v1/uploads/${id}/complete`, { sha256: SHA256 })).toMatchObject({ status: 202 });
  });

  test('what was handed over is there for its job, and goes when the file does', async () => {
    const id = await begin();
    await sendAll(id);
    await ask('POST', `/v1/uploads/${id}/complete`, { sha256: SHA256 });
    uploads[Symbol.dispose]();
    await open();
    expect(await readdir(room.inRoom('uploads'))).toHaveLength(2);
    time += 48 * 3_600_000;
    uploads[Symbol.dispose]();
    await open();
    expect(await readdir(room.inRoom('uploads'))).toHaveLength(2);
    await rm(pathOf(id));
    uploads[Symbol.dispose]();
    await open();
    expect(await readdir(room.inRoom('uploads'))).toEqual([]);
  });

  test('whoever completes it again has the same job', async () => {
    const id = await begin();
    await sendAll(id);
    await ask('POST', `/v1/uploads/${id}/complete`, { sha256: SHA256 });
    uploads[Symbol.dispose]();
    await open();
    expect(await ask('POST', `/v1/uploads/${id}/complete`, { sha256: SHA256 })).toMatchObject({ status: 202 });
    expect(await ask('DELETE', `/v1/uploads/${id}`)).toMatchObject({ status: 404 });
    expect(arrived).toHaveLength(2);
    expect(arrived[1]?.job).toBe(arrived[0]?.job);
  });

  test('what was handed over for a job that was not made is open again', async () => {
    const id = await begin();
    await sendAll(id);
    await ask('POST', `/v1/uploads/${id}/complete`, { sha256: SHA256 });
    uploads[Symbol.dispose]();
    const known: string[] = [];
    stateOfJob = (job) => {
      known.push(job);
      return 'unknown';
    };
    await open({ ...LIMITS, perMember: 1 });
    expect(known).toEqual([arrived[0]?.job]);
    expect(await start()).toMatchObject({ status: 429 });
    expect(await ask('POST', `/v1/uploads/${id}/complete`, { sha256: SHA256 })).toMatchObject({ status: 202 });
    expect(arrived).toHaveLength(2);
    uploads[Symbol.dispose]();
    await open();
    expect(await ask('DELETE', `/v1/uploads/${id}`)).toMatchObject({ status: 204 });
    expect(await readdir(room.inRoom('uploads'))).toEqual([]);
  });

  test('what a job has ended with is removed', async () => {
    const id = await begin();
    await sendAll(id);
    await ask('POST', `/v1/uploads/${id}/complete`, { sha256: SHA256 });
    uploads[Symbol.dispose]();
    stateOfJob = () => 'ended';
    await open();
    expect(await readdir(room.inRoom('uploads'))).toEqual([]);
  });

  test('what is no upload is removed', async () => {
    const id = randomUUID();
    await writeFile(room.inRoom('uploads', `${id}.part`), 'left behind');
    await writeFile(room.inRoom('uploads', `${id}.json`), '{');
    uploads[Symbol.dispose]();
    await open();
    expect(await readdir(room.inRoom('uploads'))).toEqual([]);
  });
});

describe('over a connection', () => {
  let listener: Listener;
  const certificate = makeCertificate();

  beforeEach(async () => {
    uploads[Symbol.dispose]();
    await open({ ...LIMITS, perMember: 1000 });
    await writeFile(room.path('key.pem'), certificate.key, { mode: 0o600 });
    await writeFile(room.path('cert.pem'), certificate.cert);
    listener = await Listener.open({
      place: { host: '127.0.0.1', port: 0 },
      tls: { keyFile: room.path('key.pem'), certFile: room.path('cert.pem'), isPqOnly: false },
      answer: (request, bindings) => app.fetch(request, bindings),
      log: () => undefined,
    });
  });

  afterEach(async () => {
    await listener[Symbol.asyncDispose]();
  });

  async function dial(): Promise<TLSSocket> {
    const port = Number(listener.address.split(':').at(-1));
    const socket = connect({ host: '127.0.0.1', port, ca: certificate.cert });
    socket.on('error', () => undefined);
    await once(socket, 'secureConnect');
    return socket;
  }

  const headOf = (id: string, offset: number, part: Uint8Array): string =>
    [
      `PATCH /v1/uploads/${id} HTTP/1.1`,
      'host: x',
      'content-type: application/partial-upload',
      `upload-offset: ${String(offset)}`,
      `content-length: ${String(part.length)}`,
      `content-digest: ${contentDigest(part)}`,
      '',
      '',
    ].join('\r\n');

  async function statusOf(socket: TLSSocket): Promise<string> {
    const [block] = (await once(socket, 'data')) as [Buffer];
    return block.toString('latin1').slice(9, 12);
  }

  async function offsetOf(id: string): Promise<number> {
    return Number((await ask('GET', `/v1/uploads/${id}`)).offset);
  }

  test('cut at any bytes, it arrives as it was sent', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ cut: fc.nat(2000), length: fc.integer({ min: 1, max: 2000 }) }), { maxLength: 6 }),
        async (cuts) => {
          const id = await begin();
          for (const { cut, length } of cuts) {
            const offset = await offsetOf(id);
            const part = CONTENT.subarray(offset, offset + length);
            if (part.length === 0) break;
            const socket = await dial();
            socket.write(headOf(id, offset, part));
            const sent = part.subarray(0, cut);
            socket.write(sent);
            if (sent.length === part.length) expect(['204', '503']).toContain(await statusOf(socket));
            socket.resume().end();
            await once(socket, 'close');
          }
          for (let offset = await offsetOf(id); offset < CONTENT.length; offset = await offsetOf(id)) {
            const part = CONTENT.subarray(offset, offset + 2000);
            const socket = await dial();
            socket.write(headOf(id, offset, part));
            socket.write(part);
            expect(['204', '503']).toContain(await statusOf(socket));
            socket.destroy();
          }
          expect(await ask('POST', `/v1/uploads/${id}/complete`, { sha256: SHA256 })).toMatchObject({ status: 202 });
          expect(CONTENT.equals(await readFile(pathOf(id)))).toBe(true);
          await arrived.at(-1)?.dispose?.();
        },
      ),
      { numRuns: 15 },
    );
  });

  test('of two clients at once one sends a part, and the other is told to wait', async () => {
    const id = await begin();
    const part = CONTENT.subarray(0, 2000);
    const [first, second] = [await dial(), await dial()];
    first.write(headOf(id, 0, part));
    first.write(part.subarray(0, 1000));
    await expect.poll(async () => (await stat(pathOf(id))).size).toBe(1000);
    second.write(headOf(id, 0, part));
    second.write(part);
    expect(await statusOf(second)).toBe('503');
    first.write(part.subarray(1000));
    expect(await statusOf(first)).toBe('204');
    expect(await offsetOf(id)).toBe(2000);
    for (const socket of [first, second]) socket.destroy();
  });

  test('a part that stands still gives way to another', async () => {
    const id = await begin();
    const part = CONTENT.subarray(0, 2000);
    const first = await dial();
    first.write(headOf(id, 0, part));
    first.write(part.subarray(0, 1000));
    await expect.poll(async () => (await stat(pathOf(id))).size).toBe(1000);
    await expect.poll(async () => (await send(id, 0, part)).status, { timeout: 10_000 }).toBe(204);
    expect(await offsetOf(id)).toBe(2000);
    first.destroy();
  });

  test('an upload is given up while a part is arriving', async () => {
    const id = await begin();
    const socket = await dial();
    socket.write(headOf(id, 0, CONTENT.subarray(0, 2000)));
    socket.write(CONTENT.subarray(0, 1000));
    await expect.poll(async () => (await stat(pathOf(id))).size).toBe(1000);
    expect(await ask('DELETE', `/v1/uploads/${id}`)).toMatchObject({ status: 204 });
    expect(await readdir(room.inRoom('uploads'))).toEqual([]);
    socket.destroy();
  });
});
