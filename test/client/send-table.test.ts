import { createHash, generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SealroomError } from 'sealroom';
import { RoomClient, type SentFile, sendTable } from '#src/client/index';
import { type Answer, sendJson, startTestRoom, type TestRoom } from './test-room.ts';

const KEY = generateKeyPairSync('ed25519').privateKey;
const ID = randomUUID();
const TIME = '2026-11-30T12:00:00.000Z';
const CONTENT = randomBytes(1000);
const SHA256 = createHash('sha256').update(CONTENT).digest('hex');
const JOB = {
  kind: 'load',
  id: ID,
  member: 'shop',
  person: null,
  created: TIME,
  table: 'sales',
  state: 'queued',
  queuePosition: 1,
};

const FILE: SentFile = {
  bytes: CONTENT.length,
  sha256: SHA256,
  read: async (offset, length) => Promise.resolve(CONTENT.subarray(offset, offset + length)),
};

let room: TestRoom;
let client: RoomClient;
/** What the room has of the file. */
let received: Buffer;

/** An upload in parts of 300 bytes, as a room takes it. */
const takeUpload: Answer = ({ method, target, headers, body }, response) => {
  const state = { id: ID, table: 'sales', bytes: CONTENT.length, format: 'csv', expires: TIME, maxPartBytes: 300 };
  if (method === 'PATCH') {
    if (headers.get('upload-offset') !== String(received.length)) {
      throw new SealroomError('UPLOAD_OFFSET', `the next part begins at ${String(received.length)}`);
    }
    received = Buffer.concat([received, body]);
    return void response.writeHead(204).end();
  }
  if (target.endsWith('/complete')) sendJson(response, JOB, 202);
  else sendJson(response, { ...state, offset: received.length }, method === 'POST' ? 201 : 200);
};

beforeEach(async () => {
  room = await startTestRoom(KEY);
  room.answer = takeUpload;
  client = new RoomClient({ origin: room.origin, ca: room.ca, key: KEY, now: () => new Date() });
  received = Buffer.alloc(0);
});

afterEach(async () => {
  client[Symbol.dispose]();
  await room[Symbol.asyncDispose]();
});

const parts = (): number => room.seen.filter((each) => each.startsWith('PATCH')).length;

test('a table arrives in parts, and a job loads it', async () => {
  const progress: number[] = [];
  const started: string[] = [];
  const job = await sendTable(client, {
    table: 'sales',
    file: FILE,
    format: 'csv',
    onStart: async (id) => Promise.resolve(void started.push(id)),
    onProgress: (sentBytes) => progress.push(sentBytes),
  });
  expect(job).toEqual(JOB);
  expect(received.equals(CONTENT)).toBe(true);
  expect(progress).toEqual([0, 300, 600, 900, 1000]);
  expect(started).toEqual([ID]);
  expect(room.seen[0]).toBe('POST /v1/tables/sales/uploads');
});

test('after a cut it goes on from what the room has', async () => {
  let cuts = 0;
  room.answer = (request, response) => {
    if (request.method === 'PATCH' && cuts < 2 && received.length === 300) {
      cuts += 1;
      // The first time the part was lost, the second time only the answer.
      if (cuts === 2) received = Buffer.concat([received, request.body]);
      return void response.socket?.destroy();
    }
    return takeUpload(request, response);
  };
  await sendTable(client, { table: 'sales', file: FILE, format: 'csv' });
  expect(received.equals(CONTENT)).toBe(true);
  expect(cuts).toBe(2);
});

test('an upload that was begun goes on', async () => {
  received = Buffer.from(CONTENT.subarray(0, 650));
  await sendTable(client, { table: 'sales', file: FILE, format: 'csv', uploadId: ID });
  expect(received.equals(CONTENT)).toBe(true);
  expect(parts()).toBe(2);
});

test('a part that fails again and again ends it, and the upload stays', async () => {
  room.answer = (request, response) => {
    if (request.method === 'PATCH') return void response.socket?.destroy();
    return takeUpload(request, response);
  };
  const sent = sendTable(client, { table: 'sales', file: FILE, format: 'csv' });
  await expect(sent).rejects.toMatchObject({ code: 'IO_ROOM' });
  expect(parts()).toBeLessThanOrEqual(10);
});

test('an upload of another table, or a file that shrinks, is not loaded', async () => {
  const other = sendTable(client, { table: 'visits', file: FILE, format: 'csv', uploadId: ID });
  await expect(other).rejects.toMatchObject({ code: 'UPLOAD_INCOMPLETE' });
  const short = { ...FILE, read: async () => Promise.resolve(new Uint8Array()) };
  const shrunk = sendTable(client, { table: 'sales', file: short, format: 'csv' });
  await expect(shrunk).rejects.toMatchObject({ code: 'UPLOAD_INCOMPLETE' });
  expect(parts()).toBe(0);
});

test('what the room refuses is not tried again', async () => {
  room.answer = () => {
    throw new SealroomError('RULE_SOURCE', 'the file is not the one in the manifest');
  };
  const sent = sendTable(client, { table: 'sales', file: FILE, format: 'csv' });
  await expect(sent).rejects.toMatchObject({ code: 'RULE_SOURCE' });
  expect(room.seen).toHaveLength(1);
});
