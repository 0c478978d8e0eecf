import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { readFile, writeFile } from 'node:fs/promises';
import { getRequestListener } from '@hono/node-server';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROUTES } from '#src/server/routes';
import { waitFor } from '../room/run/support.ts';
import { type Asked, ServedRoom } from './served-room.ts';

let room: ServedRoom;

beforeAll(async () => {
  room = await ServedRoom.start();
});

afterAll(async () => {
  await room[Symbol.asyncDispose]();
});

const SQL = 'SELECT i.region, SUM(i.spend) AS spend FROM impressions i GROUP BY i.region';
const JSON_TYPE = { 'content-type': 'application/json' };
const CHECK: Asked = { body: JSON.stringify({ sql: SQL }), headers: JSON_TYPE };

const KEY = '3e6ad40c-61c3-4f0d-8e35-7f6f3a1b5c11';

/** A job that is not there: what is refused here is refused before that is looked for. */
const JOB = `/v1/jobs/${KEY}`;

/** An upload that is not there. */
const UPLOADED = `/v1/uploads/${KEY}`;

const UPLOAD: Asked = { body: JSON.stringify({ bytes: 10, format: 'csv' }), headers: JSON_TYPE };
const PART: Asked = { body: 'x', headers: { 'content-type': 'application/partial-upload', 'upload-offset': '0' } };

/** Whom each route lets in, with a request that it takes. */
const REQUESTS: readonly (readonly [method: string, target: string, as: string, asked: Asked])[] = [
  ['GET', '/v1/room', 'kim', {}],
  ['GET', '/v1/manifest', 'kim', {}],
  ['PUT', '/v1/manifest', 'brand', { body: 'x', headers: { 'content-type': 'application/yaml', 'if-match': '"x"' } }],
  ['POST', '/v1/checks', 'quin', CHECK],
  ['DELETE', '/v1/tables/impressions/rows', 'pub', {}],
  ['POST', '/v1/queries', 'quin', CHECK],
  ['GET', '/v1/jobs', 'kim', {}],
  ['GET', JOB, 'kim', {}],
  ['DELETE', JOB, 'quin', {}],
  ['GET', `${JOB}/events`, 'kim', {}],
  ['GET', `${JOB}/result`, 'quin', {}],
  ['DELETE', `${JOB}/result`, 'quin', {}],
  ['POST', '/v1/tables/impressions/uploads', 'pub', UPLOAD],
  ['GET', UPLOADED, 'pub', {}],
  ['PATCH', UPLOADED, 'pub', PART],
  ['POST', `${UPLOADED}/complete`, 'pub', { body: JSON.stringify({ sha256: '0'.repeat(64) }), headers: JSON_TYPE }],
  ['DELETE', UPLOADED, 'pub', {}],
  ['GET', '/v1/audit/checkpoint', 'kim', {}],
  ['GET', '/v1/audit/records', 'abe', {}],
  ['GET', '/v1/audit/records/0/proof', 'kim', {}],
  ['GET', '/v1/audit/growth?from=1', 'kim', {}],
];

/** A request as anybody else would send it, and what it is refused with. */
const WRONG: readonly (readonly [what: string, code: string, change: (asked: Asked) => Asked])[] = [
  ['without a signature', 'AUTH_MISSING', (asked) => ({ ...asked, as: null })],
  ['with the key of somebody else', 'AUTH_KEY', (asked) => ({ ...asked, as: 'mallory' })],
  ['for another room', 'AUTH_SIGNATURE', (asked) => ({ ...asked, origin: 'https://other.example' })],
  [
    'for another address',
    'AUTH_SIGNATURE',
    (asked) => ({
      ...asked,
      change: (request) => (request.target = `${request.target}${request.target.includes('?') ? '&' : '?'}x=1`),
    }),
  ],
  [
    'with a header that the signature does not cover',
    'AUTH_COVERAGE',
    (asked) => ({ ...asked, change: ({ headers }) => (headers['idempotency-key'] = 'x') }),
  ],
];

describe.each(REQUESTS)('%s %s', (method, target, as, asked) => {
  test.each(WRONG)('is refused %s: %s', async (_what, code, change) => {
    const got = await room.ask(method, target, change({ as, ...asked }));
    expect(got).toMatchObject({ status: 401, code });
    expect(room.answered.at(-1)).toMatchObject({ member: null, person: null, code });
  });

  test('is refused when it is sent again', async () => {
    const request = room.request(method, target, { as, ...asked });
    const again = request.clone();
    await room.app.fetch(request);
    const answer = await room.app.fetch(again);
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({ code: 'AUTH_REPLAY' });
  });

  test('takes no parameter and no body that it does not name', async () => {
    const more = `${target}${target.includes('?') ? '&' : '?'}more=1`;
    expect(await room.ask(method, more, { as, ...asked })).toMatchObject({ status: 400, code: 'USAGE_OPTION' });
    if (method !== 'DELETE') return;
    expect(await room.ask(method, target, { as, body: '{}' })).toMatchObject({ status: 400, code: 'USAGE_BODY' });
  });
});

describe('roles', () => {
  test.each([
    ['PUT', '/v1/manifest', 'quin', { body: 'x', headers: { 'content-type': 'application/yaml' } }, 'RULE_APPROVER'],
    ['POST', '/v1/checks', 'abe', CHECK, 'QUERY_MEMBER'],
    ['POST', '/v1/queries', 'abe', { ...CHECK, headers: { ...JSON_TYPE, 'idempotency-key': KEY } }, 'QUERY_MEMBER'],
    ['DELETE', '/v1/tables/closed/rows', 'quin', {}, 'DATA_STEWARD'],
    ['POST', '/v1/tables/closed/uploads', 'quin', UPLOAD, 'DATA_STEWARD'],
    ['GET', '/v1/audit/records', 'quin', {}, 'AUDITOR'],
  ])('%s %s is refused to %s', async (method, target, as, asked, role) => {
    const got = await room.ask(method, target, { as, ...asked });
    expect(got).toMatchObject({ status: 403, code: 'RULE_ROLE' });
    expect(got.text).toContain(`needs the role ${role}`);
  });

  test('are all given to a member that is one person', async () => {
    expect(await room.ask('GET', '/v1/audit/records', { as: 'pub' })).toMatchObject({ status: 200 });
    expect(await room.ask('POST', '/v1/checks', { as: 'pub', ...CHECK })).toMatchObject({ status: 200 });
  });
});

describe('what is not there', () => {
  test.each([
    ['a table that is not there', 'DELETE', '/v1/tables/nothing/rows', 'sol'],
    ["another's table", 'DELETE', '/v1/tables/impressions/rows', 'sol'],
    ['a table without rows', 'DELETE', '/v1/tables/closed/rows', 'sol'],
    ['an upload that is not there', 'GET', UPLOADED, 'sol'],
    ['a job that is not there', 'GET', JOB, 'quin'],
    ['a record that is not there', 'GET', '/v1/audit/records/99/proof', 'abe'],
    ["a record of another's table", 'GET', '/v1/audit/records/1/proof', 'abe'],
    ['a route that is not there', 'GET', '/v1/rooms', 'quin'],
    ['a method that is not there', 'PATCH', '/v1/room', 'quin'],
    ['a path with a slash at its end', 'GET', '/v1/room/', 'quin'],
    ['a path with a letter that is escaped', 'GET', '/v1/roo%6D', 'quin'],
  ])('is answered alike: %s', async (_what, method, target, as) => {
    const got = await room.ask(method, target, { as });
    expect(got).toMatchObject({ status: 404, code: 'SERVER_NOT_FOUND' });
    const { requestId, ...said } = got.json as { requestId: string };
    expect(said).toEqual({
      type: 'about:blank',
      title: 'Not Found',
      status: 404,
      code: 'SERVER_NOT_FOUND',
      detail: 'there is nothing here, or nothing for you',
    });
    expect(requestId).toHaveLength(36);
  });

  test('is not told to those who do not sign', async () => {
    expect(await room.ask('GET', '/v1/rooms', { as: null })).toMatchObject({ status: 401, code: 'AUTH_MISSING' });
    expect(await room.ask('GET', '/', { as: null })).toMatchObject({ status: 401, code: 'AUTH_MISSING' });
  });
});

describe('a body', () => {
  test.each([
    ['another body', 'AUTH_DIGEST', 400, { ...CHECK, change: (request) => (request.body = '{"sql":"SELECT 1"}') }],
    ['no body', 'AUTH_DIGEST', 400, { ...CHECK, change: (request) => (request.body = undefined) }],
    [
      'no digest',
      'AUTH_COVERAGE',
      401,
      { headers: JSON_TYPE, change: (request) => (request.body = JSON.stringify({ sql: SQL })) },
    ],
    ['no JSON', 'USAGE_BODY', 400, { headers: JSON_TYPE, body: '{"sql":' }],
    ['another type', 'USAGE_BODY', 400, { headers: { 'content-type': 'text/json' }, body: CHECK.body }],
    ['no type', 'USAGE_BODY', 400, { body: Buffer.from('{"sql":"SELECT 1"}') }],
    [
      'a member that is not known',
      'USAGE_BODY',
      400,
      { headers: JSON_TYPE, body: JSON.stringify({ sql: SQL, as: 'pub' }) },
    ],
    [
      'both a query and a template',
      'USAGE_BODY',
      400,
      { headers: JSON_TYPE, body: JSON.stringify({ sql: SQL, template: 'x' }) },
    ],
    ['bytes that are not UTF-8', 'USAGE_BODY', 400, { headers: JSON_TYPE, body: Uint8Array.of(0x22, 0xff, 0x22) }],
    ['more than 256 KiB', 'SERVER_TOO_LARGE', 413, { headers: JSON_TYPE, body: `${' '.repeat(256 << 10)}1` }],
  ] satisfies readonly (readonly [string, string, number, Asked])[])(
    'is refused: %s',
    async (_what, code, status, asked) => {
      expect(await room.ask('POST', '/v1/checks', asked)).toMatchObject({ status, code });
    },
  );
});

describe('a failure of the room', () => {
  const CANARIES = ['canary', 'SELECT', '/room'];

  test('is told as an id, and nothing of it', async () => {
    await using broken = await ServedRoom.start();
    const state = broken.session.inRoom('room.json');
    const text = await readFile(state, 'utf8');
    await writeFile(state, `${text} canary`);
    const got = await broken.ask('GET', '/v1/room');
    expect(got).toMatchObject({ status: 500, code: 'SERVER_INTERNAL' });
    for (const canary of [...CANARIES, broken.session.directory]) expect(got.text).not.toContain(canary);
    expect(broken.answered.at(-1)).toMatchObject({ code: 'ROOM_STATE', member: null });
    await writeFile(state, text);
    await writeFile(broken.session.inRoom('runner.pub'), 'canary');
    const growth = await broken.ask('GET', '/v1/audit/growth?from=0');
    expect(growth).toMatchObject({ status: 500, code: 'SERVER_INTERNAL' });
    for (const canary of [...CANARIES, broken.session.directory]) expect(growth.text).not.toContain(canary);
    expect(broken.answered.at(-1)).toMatchObject({
      member: 'brand',
      person: 'quin',
      route: '/v1/audit/growth',
      code: 'USAGE_OPTION',
    });
  });

  test('tells nothing of a query', async () => {
    const sql = "SELECT i.region FROM impressions i WHERE i.region = 'canary'";
    for (const body of [JSON.stringify({ sql, receivers: ['nobody'] }), JSON.stringify({ sql, other: 1 }), sql]) {
      const got = await room.ask('POST', '/v1/checks', { headers: JSON_TYPE, body });
      expect(got.status).toBe(400);
      for (const canary of CANARIES) expect(got.text).not.toContain(canary);
      expect(JSON.stringify(room.answered.at(-1))).not.toContain('canary');
    }
  });
});

describe('limits', () => {
  test('each key asks 200 times at once, and then 50 times in a second', async () => {
    await using quiet = await ServedRoom.start();
    const codes = async (as: string, times: number): Promise<readonly (string | null)[]> => {
      const all: (string | null)[] = [];
      for (let each = 0; each < times; each += 1)
        all.push((await quiet.ask('GET', '/v1/audit/checkpoint', { as })).code);
      return all;
    };
    expect(new Set(await codes('quin', 200))).toEqual(new Set([null]));
    const refused = await quiet.ask('GET', '/v1/audit/checkpoint', { as: 'quin' });
    expect(refused).toMatchObject({ status: 429, code: 'SERVER_RATE' });
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(await codes('kim', 1)).toEqual([null]);
    quiet.elapsedMs += 100;
    expect(await codes('quin', 6)).toEqual([null, null, null, null, null, 'SERVER_RATE']);
  });

  test('64 checks of a member wait, and more are refused', async () => {
    await using busy = await ServedRoom.start();
    const ends: (() => void)[] = [];
    busy.admission.check = () =>
      new Promise((_resolve, reject) => ends.push(() => reject(new Error('it has waited long enough'))));
    const requests = Array.from({ length: 128 }, (_, each) =>
      busy.request('POST', '/v1/checks', { ...CHECK, as: each < 64 ? 'quin' : 'pub' }),
    );
    const answers = requests.map(async (request) => busy.app.fetch(request));
    await waitFor(() => Promise.resolve(ends.length === 128));
    const got = await busy.ask('POST', '/v1/checks', CHECK);
    expect(got).toMatchObject({ status: 503, code: 'SERVER_BUSY' });
    expect(got.headers.get('retry-after')).toBe('1');
    for (const end of ends) end();
    expect(new Set((await Promise.all(answers)).map(({ status }) => status))).toEqual(new Set([500]));
    expect(await busy.ask('POST', '/v1/checks', { headers: JSON_TYPE, body: 'no JSON' })).toMatchObject({
      status: 400,
    });
  });

  test('a request from before the room was started is to be signed again', async () => {
    const late = room.request('GET', '/v1/room', {});
    await using restarted = await ServedRoom.start();
    restarted.wait(-10_000);
    const got = await restarted.ask('GET', '/v1/room');
    expect(got).toMatchObject({ status: 401, code: 'AUTH_STALE' });
    expect(got.headers.get('retry-after')).toBe('1');
    expect((await room.app.fetch(late)).status).toBe(200);
  });
});

describe('a request over a connection', () => {
  /** Sends the head of a request, and perhaps more, and returns what comes back until a pause. */
  async function send(request: Request, more: (head: string) => string): Promise<string> {
    const answer = getRequestListener((each, bindings) => room.app.fetch(each, bindings), {
      overrideGlobalObjects: false,
    });
    const server = createServer((incoming, outgoing) => {
      answer(incoming, outgoing).catch(() => outgoing.destroy());
    }).listen(0, '127.0.0.1');
    try {
      await once(server, 'listening');
      const address = server.address();
      if (typeof address !== 'object' || address === null) throw new Error('no port');
      const socket = connect(address.port, '127.0.0.1');
      const { pathname, search } = new URL(request.url);
      const headers = [...request.headers].map(([name, value]) => `${name}: ${value}\r\n`).join('');
      socket.write(more(`${request.method} ${pathname}${search} HTTP/1.1\r\nhost: elsewhere.example\r\n${headers}`));
      const blocks: Buffer[] = [];
      for await (const block of socket as AsyncIterable<Buffer>) {
        blocks.push(block);
        if (
          Buffer.concat(blocks).toString().includes('"requestId"') ||
          Buffer.concat(blocks).toString().includes('"checkpoint"')
        )
          break;
      }
      socket.destroy();
      return Buffer.concat(blocks).toString();
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }

  test('is answered', async () => {
    const answer = await send(room.request('GET', '/v1/room', {}), (head) => `${head}\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(answer).toContain('cache-control: no-store');
  });

  test('may not have a header twice', async () => {
    const answer = await send(room.request('GET', '/v1/room', {}), (head) => `${head}signature: sig=:AA==:\r\n\r\n`);
    expect(answer).toContain('AUTH_MALFORMED');
  });

  test('is refused before its body is sent', async () => {
    const request = room.request('POST', '/v1/checks', { ...CHECK, as: 'mallory' });
    const answer = await send(request, (head) => `${head}content-length: 300\r\n\r\n`);
    expect(answer).toContain('AUTH_KEY');
  });

  test('has a body that is too large refused by its length, and by what arrives', async () => {
    const announced = await send(
      room.request('POST', '/v1/checks', CHECK),
      (head) => `${head}content-length: 262145\r\n\r\n`,
    );
    expect(announced).toContain('SERVER_TOO_LARGE');
    const arrived = await send(
      room.request('POST', '/v1/checks', CHECK),
      (head) => `${head}transfer-encoding: chunked\r\n\r\n40001\r\n${'x'.repeat(262_145)}\r\n`,
    );
    expect(arrived).toContain('SERVER_TOO_LARGE');
  });

  test('has the path that was signed', async () => {
    const request = room.request('GET', '/v1/room', { change: (sent) => (sent.target = '/v1/audit/checkpoint') });
    expect(await send(request, (head) => `${head}\r\n`)).toContain('AUTH_SIGNATURE');
  });
});

test('every route is described, served, and was asked by all who may not', () => {
  const described = ROUTES.map(({ method, path }) => `${method} ${path}`);
  const served = room.app.routes
    .filter(({ method }) => method !== 'ALL')
    .map(({ method, path }) => `${method} ${path}`);
  expect(served.sort()).toEqual([...described].sort());
  const asked = new Set(
    room.answered.filter(({ code }) => code === 'AUTH_KEY').map(({ method, route }) => `${method} ${route ?? ''}`),
  );
  expect(described.filter((route) => !asked.has(route))).toEqual(['GET /openapi.json']);
});
