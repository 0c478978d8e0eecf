import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SealroomError } from 'sealroom';
import { RoomClient } from '#src/client/index';
import { sendJson, startTestRoom, type TestRoom } from './test-room.ts';

const KEY = generateKeyPairSync('ed25519').privateKey;
const ID = randomUUID();
const HASH = 'ab'.repeat(32);
const TIME = '2026-11-30T12:00:00.000Z';
const COMMON = { kind: 'query', id: ID, member: 'shop', person: null, created: TIME, receivers: ['shop'] } as const;
const QUEUED = { ...COMMON, state: 'queued', queuePosition: 1 } as const;
const RUNNING = { ...COMMON, state: 'running', attempt: ID } as const;
const FAILED = {
  ...COMMON,
  state: 'failed',
  attempt: ID,
  failure: { code: 'QUERY_FAILED', detail: 'the query could not be completed' },
} as const;

let room: TestRoom;

beforeEach(async () => {
  room = await startTestRoom(KEY);
});

afterEach(async () => {
  await room[Symbol.asyncDispose]();
});

function connect(
  access: { readonly ca?: string; readonly now?: () => Date; readonly origin?: string } = {},
): RoomClient {
  return new RoomClient({ origin: room.origin, ca: room.ca, key: KEY, now: () => new Date(), ...access });
}

/** The error that a promise is rejected with. */
async function refusalOf(promise: Promise<unknown>): Promise<SealroomError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof SealroomError) return error;
    throw error;
  }
  throw new Error('expected a SealroomError, got none');
}

async function collect<Item>(items: AsyncIterable<Item>): Promise<readonly Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

test('signs what it asks, body and all, and reads the answer', async () => {
  using client = connect();
  room.answer = ({ target, headers, body }, response) => {
    if (target === '/v1/queries') {
      expect(JSON.parse(body.toString())).toEqual({ sql: 'SELECT 1' });
      expect(headers.get('idempotency-key')).toBe(ID);
      sendJson(response, QUEUED, 202);
      return;
    }
    expect(body).toHaveLength(0);
    sendJson(response, RUNNING);
  };
  expect(await client.submit({ sql: 'SELECT 1' }, ID)).toEqual(QUEUED);
  expect(await client.job(ID)).toEqual(RUNNING);
  expect(await client.cancel(ID)).toEqual(RUNNING);
  expect(room.seen).toEqual(['POST /v1/queries', `GET /v1/jobs/${ID}`, `DELETE /v1/jobs/${ID}`]);
});

test('names of tables are safe in an address', async () => {
  using client = connect();
  room.answer = (_request, response) => sendJson(response, { snapshotSha256: HASH });
  await client.removeRows('a/../b?c#d é');
  expect(room.seen).toEqual(['DELETE /v1/tables/a%2F..%2Fb%3Fc%23d%20%C3%A9/rows']);
});

test('a manifest replaces the one that it is told to', async () => {
  using client = connect();
  room.answer = ({ headers, body }, response) => {
    expect(headers.get('if-match')).toBe(`"${HASH}"`);
    expect(headers.get('content-type')).toBe('application/yaml');
    expect(body.toString()).toBe('version: 1\n');
    sendJson(response, { manifestSha256: HASH, removed: [], withdrawn: [] });
  };
  expect(await client.replaceManifest('version: 1\n', HASH)).toEqual({
    manifestSha256: HASH,
    removed: [],
    withdrawn: [],
  });
});

test('what the room refuses is the error that it is there', async () => {
  using client = connect();
  room.answer = () => {
    throw new SealroomError('MANIFEST_INVALID', 'expected a name', {
      hint: 'give one',
      where: { file: '/srv/room/manifest.yaml', line: 3, character: 1, path: 'members.0' },
    });
  };
  const { code, message, hint, where } = await refusalOf(client.replaceManifest('a', HASH));
  expect({ code, message, hint }).toEqual({ code: 'MANIFEST_INVALID', message: 'expected a name', hint: 'give one' });
  expect({ ...where }).toEqual({ line: 3, character: 1, path: 'members.0' });
});

describe('a clock', () => {
  test('that is wrong is set by that of the room', async () => {
    for (const wrongMs of [-300_000, 300_000]) {
      using client = connect({ now: () => new Date(Date.now() + wrongMs) });
      room.answer = (_request, response) => sendJson(response, RUNNING);
      await client.job(ID);
      await client.job(ID);
    }
    expect(room.seen).toHaveLength(4);
  });

  test('that is an hour off is not, since such a request would hold for another time', async () => {
    using client = connect({ now: () => new Date(Date.now() + 3_600_000) });
    const { code, hint } = await refusalOf(client.job(ID));
    expect(code).toBe('AUTH_CLOCK');
    expect(hint).toBe('set the clock of this machine right');
    expect(room.seen).toEqual([]);
  });
});

describe('a room that refuses for now', () => {
  test('is asked again, with a signature of its own', async () => {
    using client = connect();
    let refusals = 0;
    room.answer = (_request, response) => {
      refusals += 1;
      if (refusals < 5) throw new SealroomError('SERVER_BUSY', 'the room has too much to do');
      sendJson(response, RUNNING);
    };
    expect(await client.job(ID)).toEqual(RUNNING);
    expect(room.seen).toHaveLength(5);
  });

  test('is believed after five times', async () => {
    using client = connect();
    room.answer = () => {
      throw new SealroomError('SERVER_DRAINING', 'the room is about to stop');
    };
    expect((await refusalOf(client.job(ID))).code).toBe('SERVER_DRAINING');
    expect(room.seen).toHaveLength(5);
  });

  test('for good is not asked again', async () => {
    using client = connect();
    room.answer = () => {
      throw new SealroomError('SERVER_NOT_FOUND', 'there is no such job');
    };
    expect((await refusalOf(client.job(ID))).code).toBe('SERVER_NOT_FOUND');
    expect(room.seen).toHaveLength(1);
  });
});

describe('IO_ROOM, and never a refusal:', () => {
  test.each([
    ['an error of a front', 502, 'text/html', '<html>'],
    ['a redirect', 302, 'text/plain', ''],
    ['a problem with another status', 404, 'application/problem+json', JSON.stringify({ code: 'RULE_ROLE' })],
    ['an answer that is no JSON', 200, 'application/json', '{'],
    ['an answer of another form', 200, 'application/json', JSON.stringify({ ...RUNNING, extra: 1 })],
    ['an answer that is not UTF-8', 200, 'application/json', Buffer.from([0xff])],
    ['a long answer', 200, 'application/json', Buffer.alloc((16 << 20) + 1, ' ')],
  ])('%s', async (_what, status, type, body) => {
    using client = connect();
    room.answer = (_request, response) => void response.writeHead(status, { 'content-type': type }).end(body);
    expect((await refusalOf(client.job(ID))).code).toBe('IO_ROOM');
  });

  test('a certificate that nobody vouches for', async () => {
    using client = new RoomClient({ origin: room.origin, key: KEY, now: () => new Date() });
    expect((await refusalOf(client.job(ID))).code).toBe('IO_ROOM');
    expect(room.seen).toEqual([]);
  });

  test('TLS 1.2', async () => {
    await using old = await startTestRoom(KEY, { maxVersion: 'TLSv1.2' });
    using client = connect({ origin: old.origin, ca: old.ca });
    expect((await refusalOf(client.job(ID))).code).toBe('IO_ROOM');
  });

  test('a connection that is lost', async () => {
    using client = connect();
    room.answer = (_request, response) => void response.socket?.destroy();
    expect((await refusalOf(client.job(ID))).code).toBe('IO_ROOM');
  });

  test('nobody there', async () => {
    const gone = await startTestRoom(KEY);
    await gone[Symbol.asyncDispose]();
    using client = connect({ origin: gone.origin, ca: gone.ca });
    expect((await refusalOf(client.job(ID))).code).toBe('IO_ROOM');
  });
});

test('a signal ends a request', async () => {
  using client = connect();
  const controller = new AbortController();
  room.answer = () => controller.abort();
  expect((await refusalOf(client.job(ID, { signal: controller.signal }))).code).toBe('IO_ABORTED');
});

describe('the states of a job', () => {
  const event = (id: number, job: object): string =>
    `event: state\nid: ${String(id)}\ndata: ${JSON.stringify(job)}\n\n`;

  test('come in their order, each once, although the connection is lost in between', async () => {
    using client = connect();
    const reached: (string | undefined)[] = [];
    room.answer = ({ headers }, response) => {
      reached.push(headers.get('last-event-id'));
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      if (reached.length > 1) return void response.end(`: hello\n\n${event(2, RUNNING)}${event(3, FAILED)}`);
      response.write(`${event(1, QUEUED)}${event(2, RUNNING)}id: 3\ndata: {"st`);
      setTimeout(() => response.destroy(), 50);
    };
    expect(await collect(client.follow(ID))).toEqual([QUEUED, RUNNING, FAILED]);
    expect(reached).toEqual([undefined, '2']);
  });

  test('are not waited for where the room refuses', async () => {
    using client = connect();
    room.answer = () => {
      throw new SealroomError('SERVER_NOT_FOUND', 'there is no such job');
    };
    expect((await refusalOf(collect(client.follow(ID)))).code).toBe('SERVER_NOT_FOUND');
  });

  test('end with a signal', async () => {
    using client = connect();
    const controller = new AbortController();
    room.answer = (_request, response) => {
      response.writeHead(200).write(event(1, QUEUED));
      setTimeout(() => controller.abort(), 50);
    };
    expect((await refusalOf(collect(client.follow(ID, { signal: controller.signal })))).code).toBe('IO_ABORTED');
  });
});

describe('a result', () => {
  const PACKAGE = Buffer.alloc(300_000, 'age');

  test('arrives as it is, and is taken', async () => {
    using client = connect();
    room.answer = ({ method }, response) => void response.writeHead(200).end(method === 'GET' ? PACKAGE : '');
    expect(Buffer.concat(await collect(client.result(ID))).equals(PACKAGE)).toBe(true);
    await client.takeResult(ID);
    expect(room.seen).toEqual([`GET /v1/jobs/${ID}/result`, `DELETE /v1/jobs/${ID}/result`]);
  });

  test('that does not arrive whole is none', async () => {
    using client = connect();
    room.answer = (_request, response) => {
      response.writeHead(200, { 'content-length': String(PACKAGE.length) }).write(PACKAGE.subarray(1));
      setTimeout(() => response.destroy(), 50);
    };
    expect((await refusalOf(collect(client.result(ID)))).code).toBe('IO_ROOM');
  });
});

test('records come line by line, and only whole', async () => {
  using client = connect();
  room.answer = (_request, response) => void response.writeHead(200).end('{"a": "é"}\n{"b": 1}\n');
  expect(await collect(client.records())).toEqual(['{"a": "é"}', '{"b": 1}']);
  room.answer = (_request, response) => void response.writeHead(200).end('{"a": 1}\n{"b"');
  expect((await refusalOf(collect(client.records()))).code).toBe('IO_ROOM');
  room.answer = (_request, response) => void response.writeHead(200).end(Buffer.from('{"a": 1}\n\xff\n', 'latin1'));
  expect((await refusalOf(collect(client.records()))).code).toBe('IO_ROOM');
});
