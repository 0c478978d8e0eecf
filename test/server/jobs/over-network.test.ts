import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import { getRequestListener } from '@hono/node-server';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseVerifiers } from 'sealroom/audit';
import { RoomClient } from '#src/client/index';
import { Admission, QueryChecker } from '#src/room/index';
import { createApp, Uploads } from '#src/server/index';
import type { Job } from '#src/wire/index';
import { openPackage } from 'sealroom/package';
import { openRoom } from 'sealroom/room';
import { makeCertificate } from '../../client/certificate.ts';
import { NOW, SampleRoom, waitFor } from '../../room/run/support.ts';
import { keyOf } from '../../support/manifests.ts';
import { callerOf, COUNT, endOf, openJobs, type OpenJobs, REFUSED, RUNAWAY } from './support.ts';

let room: SampleRoom;
let open: OpenJobs;
let admission: Admission;
let uploads: Uploads;
let server: Server;
let client: RoomClient;

beforeAll(async () => {
  room = await SampleRoom.start();
  open = await openJobs(room);
  admission = await Admission.open({ directory: room.directory, env: {}, now: NOW }, new QueryChecker());
  uploads = await Uploads.open({ reader: admission.reader, now: NOW, stateOfJob: (id) => open.jobs.stateOf(id) });
  const { key, cert } = makeCertificate();
  server = createServer({ key, cert, minVersion: 'TLSv1.3' }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  const origin = `https://127.0.0.1:${String(address.port)}`;
  let timeMs = NOW().getTime();
  const now = (): Date => new Date(timeMs);
  const limits = { maxRows: 1000, partBytes: 1, uploadBytes: 1, resultBytes: 1 };
  const app = createApp({ origin, admission, jobs: open.jobs, uploads, limits, now });
  // What was signed before it was made is refused.
  timeMs += 10_000;
  const answer = getRequestListener((request, bindings) => app.fetch(request, bindings), {
    overrideGlobalObjects: false,
  });
  server.on('request', (incoming, outgoing) => {
    answer(incoming, outgoing).catch(() => outgoing.destroy());
  });
  client = new RoomClient({ origin, key: keyOf('brand'), ca: cert, now });
});

afterAll(async () => {
  client[Symbol.dispose]();
  server.closeAllConnections();
  server.close();
  uploads[Symbol.dispose]();
  await open[Symbol.asyncDispose]();
  await admission[Symbol.asyncDispose]();
  await room[Symbol.asyncDispose]();
});

test('a member asks, follows the job, fetches the package, opens it, and says so', async () => {
  const key = randomUUID();
  const { id } = await client.submit({ sql: COUNT }, key);
  expect((await client.submit({ sql: COUNT }, key)).id).toBe(id);
  const seen: Job[] = [];
  for await (const job of client.follow(id)) seen.push(job);
  expect(seen.at(-1)).toMatchObject({ id, state: 'released', rows: 1 });
  const blocks: Uint8Array[] = [];
  for await (const block of client.result(id)) blocks.push(block);
  const { verifierFile } = await openRoom(room.directory);
  const verifiers = parseVerifiers(await readFile(verifierFile, 'utf8'));
  const context = { member: 'brand', identities: [room.identities.brand], verifiers };
  const { statement } = await openPackage(new Uint8Array(Buffer.concat(blocks)), context);
  expect(statement).toMatchObject({ member: 'brand', rows: 1, question: { sql: COUNT } });
  expect(await client.jobs()).toMatchObject({ jobs: [{ id, state: 'released' }], next: null });
  await client.takeResult(id);
  await expect(client.takeResult(id)).rejects.toMatchObject({ code: 'RESULT_EXPIRED' });
  expect(await client.job(id)).toMatchObject({ state: 'released', resultBytes: null });
});

test('a refusal, a failure and an error are those of the room', async () => {
  const { id } = await client.submit({ sql: REFUSED }, randomUUID());
  await endOf(open.jobs, callerOf('brand'), id);
  expect(await client.job(id)).toMatchObject({ state: 'refused', findings: [{ code: 'FINGERPRINT_USE' }, {}] });
  await expect(client.result(id).next()).rejects.toMatchObject({ code: 'JOB_NOT_RELEASED' });
  await expect(client.submit({ sql: COUNT, receivers: ['nobody'] }, randomUUID())).rejects.toMatchObject({
    code: 'USAGE_OPTION',
  });
  await expect(client.job(randomUUID())).rejects.toMatchObject({ code: 'SERVER_NOT_FOUND' });
});

test('a stream whose member has left makes place for another', async () => {
  const { id } = await client.submit({ sql: RUNAWAY }, randomUUID());
  /** Follows the job until its first event, and leaves. */
  const look = async (): Promise<string> => {
    const abort = new AbortController();
    try {
      for await (const { state } of client.follow(id, { signal: abort.signal })) return state;
    } finally {
      abort.abort();
    }
    throw new Error('no event');
  };
  for (let count = 0; count < 20; count += 1) {
    // The room may not have noticed yet that the one before has left.
    await waitFor(async () => (await look().catch(() => '')) !== '');
  }
  const cancelled = await client.cancel(id);
  expect(cancelled.id).toBe(id);
  expect(await endOf(open.jobs, callerOf('brand'), id)).toMatchObject({
    state: 'failed',
    failure: { code: 'IO_ABORTED' },
  });
});
