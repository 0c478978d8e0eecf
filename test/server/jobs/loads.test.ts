import { createHash, randomUUID } from 'node:crypto';
import { copyFile, link, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fileExists } from '#src/files/index';
import { type Job, jobBody } from '#src/wire/index';
import { openRoom, RoomReader } from 'sealroom/room';
import type { LoadOrder } from '#src/server/index';
import type { LoadHead } from '#src/server/jobs/job-file';
import { runLoadJob } from '#src/server/jobs/load-job';
import { cleartextRows, RoomSession } from '../../room/support.ts';
import { NOW, SampleRoom } from '../../room/run/support.ts';
import { callerOf, endOf, openJobs, problemsOf } from './support.ts';

const BRAND = callerOf('brand');
const PUB = callerOf('pub');

let room: SampleRoom;

beforeAll(async () => {
  room = await SampleRoom.start(['impressions', 'purchases']);
  await mkdir(join(room.directory, 'in'), { mode: 0o700 });
});

afterAll(async () => {
  await room[Symbol.asyncDispose]();
});

/** Puts a file where members send theirs, and says how to load it. */
async function arrived(name: string, as: string): Promise<Pick<LoadOrder, 'job' | 'path' | 'sha256'>> {
  const path = join(room.directory, 'in', as);
  await copyFile(room.session.path(name), path);
  return { job: randomUUID(), path, sha256: hashOf(await readFile(path)) };
}

function hashOf(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

const idOf = ({ id }: Job): string => id;

test('a load replaces the rows of a table, and its file is gone', async () => {
  await using open = await openJobs(room);
  const file = await arrived('purchases.parquet', 'a.part');
  const before = (await openRoom(room.directory)).tables.find(({ name }) => name === 'purchases')?.snapshot;
  const asked = await open.jobs.submitLoad(BRAND, { table: 'purchases', format: 'parquet', ...file });
  expect(jobBody.parse(asked)).toMatchObject({ kind: 'load', table: 'purchases', member: 'brand' });
  const job = await endOf(open.jobs, BRAND, asked.id);
  expect(jobBody.parse(job)).toMatchObject({
    state: 'done',
    rows: 400,
    sourceSha256: file.sha256,
    replacedSha256: before?.sha256,
    signedBy: null,
  });
  expect(JSON.stringify(job)).not.toContain(room.directory);
  expect(await fileExists(file.path)).toBe(false);
  // Nobody else is told.
  expect(() => open.jobs.find(PUB, asked.id)).toThrow('there is nothing here');
  expect(await problemsOf(room)).toEqual([]);
});

test('what is called at the end is called once, when the file is gone', async () => {
  await using open = await openJobs(room);
  const file = await arrived('impressions.csv', 'b.part');
  const calls: boolean[] = [];
  const dispose = async (): Promise<void> => void calls.push(await fileExists(file.path));
  const { id } = await open.jobs.submitLoad(PUB, { table: 'impressions', format: 'csv', ...file, dispose });
  await endOf(open.jobs, PUB, id);
  expect(calls).toEqual([false]);
});

test('values that are not protected are refused, the member is told that they were here, and they are gone', async () => {
  await using open = await openJobs(room);
  const file = await arrived('impressions.csv', 'c.part');
  // Another name of the same bytes on the disk.
  const bytes = room.session.path('bytes');
  await link(file.path, bytes);
  const before = await openRoom(room.directory);
  const { id } = await open.jobs.submitLoad(PUB, { table: 'impressions', format: 'csv', ...file });
  const job = await endOf(open.jobs, PUB, id);
  expect(jobBody.parse(job)).toMatchObject({
    state: 'failed',
    failure: { code: 'RULE_PROTECTION', where: { row: 1, column: 'email' } },
  });
  expect(JSON.stringify(job)).toContain('cleartext reached the room, whose copy was overwritten');
  expect(JSON.stringify(job)).not.toMatch(/secret-mail|c\.part/);
  expect(await fileExists(file.path)).toBe(false);
  expect(await readFile(bytes, 'latin1')).not.toContain('secret-mail');
  expect((await openRoom(room.directory)).tables).toEqual(before.tables);
});

test('a file that is not the one that was announced is not loaded', async () => {
  await using open = await openJobs(room);
  const file = await arrived('purchases.parquet', 'd.part');
  const order = {
    job: file.job,
    table: 'purchases',
    format: 'parquet',
    path: file.path,
    sha256: '0'.repeat(64),
  } as const;
  const { id } = await open.jobs.submitLoad(BRAND, order);
  expect(await endOf(open.jobs, BRAND, id)).toMatchObject({ state: 'failed', failure: { code: 'RULE_SOURCE' } });
});

test('whatever the headers of a file are, its job can be read again', async () => {
  const header = 'x'.repeat(300_000);
  const path = join(room.directory, 'in', 'headers.part');
  await writeFile(path, `${header},,b\n1,2,3\n`);
  let id: string;
  {
    await using open = await openJobs(room);
    const sha256 = hashOf(await readFile(path));
    ({ id } = await open.jobs.submitLoad(PUB, {
      table: 'impressions',
      format: 'csv',
      job: randomUUID(),
      path,
      sha256,
    }));
    expect(await endOf(open.jobs, PUB, id)).toMatchObject({ state: 'failed', failure: { code: 'DATA_COLUMN' } });
  }
  await using open = await openJobs(room);
  const job = await open.jobs.read(open.jobs.find(PUB, id));
  expect(jobBody.parse(job)).toMatchObject({ state: 'failed', failure: { code: 'DATA_COLUMN' } });
});

test('columns that are left out are told by their headers, whatever those are', async () => {
  await using session = await RoomSession.start();
  const headers = ['', 'x'.repeat(300), 'y'.repeat(300_000)];
  const encrypted = await readFile(await session.encrypt('enc.csv', cleartextRows(20)), 'utf8');
  const [first = '', ...rows] = encrypted.trimEnd().split('\n');
  const path = session.inRoom('more.part');
  await writeFile(path, [`${first},${headers.join(',')}`, ...rows.map((row) => `${row},1,2,3`), ''].join('\n'));
  const { directory } = session;
  const { keyId } = PUB;
  const head: LoadHead = {
    kind: 'load',
    state: 'queued',
    id: randomUUID(),
    created: NOW().toISOString(),
    caller: { keyId, member: 'pub', person: null },
    ended: null,
    table: 'impressions',
    path: 'more.part',
    format: 'csv',
    csvInputNull: null,
    sha256: hashOf(await readFile(path)),
    begun: 1,
  };
  const { signal } = new AbortController();
  const { job } = await runLoadJob({ directory, reader: new RoomReader(directory), now: NOW }, head, signal);
  expect(jobBody.parse(job)).toMatchObject({
    state: 'done',
    leftOut: ['notes', '', headers[1], expect.stringMatching(/^y+…$/)],
  });
});

test('a table of another member is not loaded, and a file outside of the room is never touched', async () => {
  await using open = await openJobs(room);
  const file = await arrived('purchases.parquet', 'e.part');
  const { id } = await open.jobs.submitLoad(PUB, { table: 'purchases', format: 'parquet', ...file });
  expect(await endOf(open.jobs, PUB, id)).toMatchObject({ state: 'failed', failure: { code: 'SERVER_NOT_FOUND' } });
  const outside = {
    job: randomUUID(),
    table: 'purchases',
    format: 'parquet',
    path: room.session.path('purchases.parquet'),
    sha256: file.sha256,
  } as const;
  await expect(open.jobs.submitLoad(BRAND, outside)).rejects.toThrow('not in the room');
});

test('loads that wait go on when the room is opened again, if their files are there', async () => {
  const names = ['f.part', 'g.part', 'h.part'];
  const files = await Promise.all(names.map((name) => arrived('purchases.parquet', name)));
  let ids: readonly string[];
  {
    await using open = await openJobs(room);
    const all = await Promise.all(
      files.map((file) => open.jobs.submitLoad(BRAND, { table: 'purchases', format: 'parquet', ...file })),
    );
    ids = all.map(idOf);
    // As in a room that is killed, those that wait do not end.
    await open.jobs.drain(0);
    expect((await open.jobs.list(BRAND, { state: 'queued' })).jobs.map(idOf)).toEqual(
      expect.arrayContaining(ids.slice(1)),
    );
  }
  await rm(files[1]?.path ?? '');
  await using open = await openJobs(room);
  const ends = await Promise.all(ids.map((id) => endOf(open.jobs, BRAND, id)));
  expect(ends).toMatchObject([
    { kind: 'load' },
    { state: 'failed', failure: { code: 'UPLOAD_INCOMPLETE' } },
    { state: 'done', rows: 400 },
  ]);
  expect(await readdir(join(room.directory, 'in'))).not.toEqual(expect.arrayContaining(['h.part']));
});

test('a load whose job is known is not made again, after a restart as well', async () => {
  const file = await arrived('purchases.parquet', 'k.part');
  const order = { table: 'purchases', format: 'parquet', ...file } as const;
  {
    await using open = await openJobs(room);
    const first = await open.jobs.submitLoad(BRAND, order);
    expect(first.id).toBe(file.job);
    expect((await open.jobs.submitLoad(BRAND, order)).id).toBe(file.job);
    expect(open.jobs.stateOf(file.job)).toBe('open');
  }
  await using open = await openJobs(room);
  expect((await open.jobs.submitLoad(BRAND, order)).id).toBe(file.job);
  expect(await endOf(open.jobs, BRAND, file.job)).toMatchObject({ state: 'done' });
  expect(await open.jobs.submitLoad(BRAND, order)).toMatchObject({ id: file.job, state: 'done' });
  expect([open.jobs.stateOf(file.job), open.jobs.stateOf(randomUUID())]).toEqual(['ended', 'unknown']);
});

test('a load that waits can be cancelled, and then its file goes', async () => {
  await using open = await openJobs(room);
  const first = await arrived('purchases.parquet', 'i.part');
  const second = await arrived('purchases.parquet', 'j.part');
  const running = await open.jobs.submitLoad(BRAND, { table: 'purchases', format: 'parquet', ...first });
  const waiting = await open.jobs.submitLoad(BRAND, { table: 'purchases', format: 'parquet', ...second });
  expect(jobBody.parse(await open.jobs.cancel(BRAND, waiting.id))).toMatchObject({ kind: 'load', state: 'cancelled' });
  expect(await fileExists(second.path)).toBe(false);
  expect(await endOf(open.jobs, BRAND, running.id)).toMatchObject({ state: 'done' });
});
