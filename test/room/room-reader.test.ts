import { appendFile, copyFile, readFile, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { openRoom, type Room, RoomReader, type Snapshot, updateRoom } from 'sealroom/room';
import { describe, expect, test } from 'vitest';
import { withRoomLock } from '#src/room/room-files';
import { cleartextRows, manifestWith, NOW, RoomSession, sign } from './support.ts';

async function startLoaded(): Promise<RoomSession> {
  const session = await RoomSession.start();
  await session.load(await session.encrypt('enc.csv', cleartextRows(100)));
  return session;
}

/** Writes to a file in place, and puts back the times that can be put back. */
async function rewrite(path: string, content: string | Uint8Array): Promise<void> {
  const { atime, mtime } = await stat(path);
  await writeFile(path, content);
  await utimes(path, atime, mtime);
}

function snapshotOf({ tables }: Room): Snapshot {
  const [snapshot] = tables.flatMap(({ snapshot }) => (snapshot === null ? [] : [snapshot]));
  if (snapshot === undefined) throw new Error('nothing is loaded');
  return snapshot;
}

describe('a room that was read', () => {
  test('is the same object until it changes, and then what is read anew', async () => {
    await using session = await startLoaded();
    const reader = new RoomReader(session.directory);
    const first = await reader.open();
    expect(first).toEqual(await openRoom(session.directory));
    expect(await reader.open()).toBe(first);
    await session.load(await session.encrypt('more.csv', cleartextRows(120)));
    const loaded = await reader.open();
    expect(snapshotOf(loaded).rows).toBe(120);
    expect(await reader.open()).toBe(loaded);
    const manifest = sign(manifestWith({ manifest: { name: 'Summer' } }));
    await updateRoom({ directory: session.directory, manifest, manifestFile: 'm.json', now: NOW });
    expect((await reader.open()).manifest.name).toBe('Summer');
  });

  test('is read once for all who ask meanwhile, and once more after a failure that all of them get', async () => {
    await using session = await startLoaded();
    const reader = new RoomReader(session.directory);
    const ask = (): Promise<readonly Room[]> => Promise.all(Array.from({ length: 5 }, () => reader.open()));
    expect(new Set(await ask()).size).toBe(1);
    const state = session.inRoom('room.json');
    const text = await readFile(state, 'utf8');
    await appendFile(state, 'x');
    await expect(ask()).rejects.toMatchObject({ code: 'ROOM_STATE' });
    await writeFile(state, text);
    expect(new Set(await ask()).size).toBe(1);
  });

  test('is read again once both files of a new version are written', async () => {
    await using session = await startLoaded();
    const reader = new RoomReader(session.directory);
    const path = session.inRoom('room.json');
    const before = await readFile(path);
    const manifest = sign(manifestWith({ manifest: { name: 'Summer' } }));
    await updateRoom({ directory: session.directory, manifest, manifestFile: 'm.json', now: NOW });
    const after = await readFile(path);
    await writeFile(path, before);
    const opened = await withRoomLock(session.directory, async () => {
      const room = reader.open();
      await expect(openRoom(session.directory)).rejects.toMatchObject({ code: 'ROOM_STATE' });
      await writeFile(path, after);
      return [room];
    });
    expect((await opened[0])?.manifest.name).toBe('Summer');
  });

  test.each([
    [
      'MANIFEST_SIGNATURE',
      'a manifest that was changed to one of equal size, with its times put back',
      async (session: RoomSession) => {
        const path = session.inRoom('manifest.yaml');
        const text = await readFile(path, 'utf8');
        await rewrite(path, text.replace(/("minimum": *)10/, '$1 9'));
      },
    ],
    [
      'ROOM_STATE',
      'a link in the place of a file with the same content',
      async (session: RoomSession) => {
        await rename(session.inRoom('manifest.yaml'), session.path('elsewhere.yaml'));
        await symlink(session.path('elsewhere.yaml'), session.inRoom('manifest.yaml'));
      },
    ],
    ['ROOM_STATE', 'a state that is longer', (session: RoomSession) => appendFile(session.inRoom('room.json'), 'x')],
    ['IO_READ', 'no state', (session: RoomSession) => rm(session.inRoom('room.json'))],
  ])('is not used when it has become one that is refused: %s for %s', async (code, _what, change) => {
    await using session = await startLoaded();
    const reader = new RoomReader(session.directory);
    await reader.open();
    await change(session);
    await expect(reader.open()).rejects.toMatchObject({ code });
    await expect(reader.open()).rejects.toMatchObject({ code });
  });
});

describe('a snapshot that was verified', () => {
  test('is read again when its file was replaced, even by a copy', async () => {
    await using session = await startLoaded();
    const reader = new RoomReader(session.directory);
    const snapshot = snapshotOf(await reader.open());
    // Nobody would notice that another hash is asked for, if the file is not read.
    const other = { ...snapshot, sha256: '0'.repeat(64) };
    await reader.verify(snapshot);
    await reader.verify(other);
    await copyFile(snapshot.path, session.path('copy'));
    await rename(session.path('copy'), snapshot.path);
    await expect(reader.verify(other)).rejects.toMatchObject({ code: 'ROOM_SNAPSHOT' });
    await reader.verify(snapshot);
    await reader.verify(other);
  });

  test('is refused when it was changed since, with its size and times as they were, and when it is gone', async () => {
    await using session = await startLoaded();
    const reader = new RoomReader(session.directory);
    const snapshot = snapshotOf(await reader.open());
    await reader.verify(snapshot);
    const bytes = await readFile(snapshot.path);
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
    await rewrite(snapshot.path, bytes);
    await expect(reader.verify(snapshot)).rejects.toMatchObject({ code: 'ROOM_SNAPSHOT' });
    await rm(snapshot.path);
    await expect(reader.verify(snapshot)).rejects.toThrow('the snapshot is missing');
  });
});
