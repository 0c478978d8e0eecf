import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { memberHome, type MemberHome } from '#src/custody/home';
import { pinRoom, readPinnedRoom } from '#src/custody/pinned-rooms';
import { forgetRequestOfJob, forgetRoomRequest, keepRoomRequest, readRoomRequest } from '#src/custody/room-requests';

const NAME = 'ab'.repeat(32);
const OTHER = 'cd'.repeat(32);

let folder = '';
let home: MemberHome;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sealroom-test-'));
  home = memberHome({}, { cwd: folder, home: 'home' });
});

afterEach(() => rm(folder, { recursive: true }));

test('a request is kept for its owner, until it is forgotten', async () => {
  expect(await readRoomRequest(home, NAME)).toBeNull();
  await keepRoomRequest(home, NAME, { id: 'key', job: null });
  await keepRoomRequest(home, NAME, { id: 'key', job: 'job' });
  expect(await readRoomRequest(home, NAME)).toEqual({ id: 'key', job: 'job' });
  expect((await stat(join(home.requests, `${NAME}.json`))).mode & 0o777).toBe(0o600);
  await forgetRoomRequest(home, NAME);
  expect(await readRoomRequest(home, NAME)).toBeNull();
});

test('the request of a job is forgotten with it, and no other', async () => {
  await forgetRequestOfJob(home, 'job');
  await keepRoomRequest(home, NAME, { id: 'key', job: 'job' });
  await keepRoomRequest(home, OTHER, { id: 'key', job: null });
  await writeFile(join(home.requests, 'result.age'), '');
  await forgetRequestOfJob(home, 'job');
  expect((await readdir(home.requests)).sort()).toEqual([`${OTHER}.json`, 'result.age']);
});

test('a file that is something else is refused', async () => {
  await keepRoomRequest(home, NAME, { id: 'key', job: null });
  for (const text of ['', '{}', '{"id":1,"job":null}', '{"id":"key"}']) {
    await writeFile(join(home.requests, `${NAME}.json`), text);
    await expect(readRoomRequest(home, NAME)).rejects.toMatchObject({ code: 'IO_READ' });
  }
});

test('the keys of a room are kept by its host and port', async () => {
  for (const origin of ['https://room.example', 'https://room.example:8443', 'https://[::1]:8443']) {
    expect(await readPinnedRoom(home, origin)).toBeNull();
    await pinRoom(home, origin, ['old']);
    await pinRoom(home, origin, [origin, 'second']);
    expect(await readPinnedRoom(home, origin)).toMatchObject({ text: `${origin}\nsecond\n` });
  }
  expect(await readdir(home.rooms)).toHaveLength(3);
});
