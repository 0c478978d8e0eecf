import { chmod, mkdir, readdir, readFile, rename, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { SECRET_FILE_VARIABLE, SECRET_VARIABLE } from 'sealroom/custody';
import {
  createRoom,
  openRoom,
  openRoomLog,
  refuseSecrets,
  removeTable,
  updateRoom,
  verifySnapshot,
} from 'sealroom/room';
import { parseVerifiers, verifyLog } from 'sealroom/audit';
import { parseManifest } from 'sealroom/collab';
import { describe, expect, test } from 'vitest';
import { ROOM_FILES, sweep } from '#src/room/room-files';
import { withValue } from '../support/manifests.ts';
import { Session } from '../support/cli.ts';
import { cleartextRows, manifestWith, NOW, RoomSession, sign } from './support.ts';

const HASH = '0123456789abcdef'.repeat(4);

/** A session with a room in which `impressions` is loaded. */
async function startLoaded(): Promise<RoomSession> {
  const session = await RoomSession.start();
  await session.load(await session.encrypt('enc.csv', cleartextRows(100)));
  return session;
}

describe('a link in a room', () => {
  test('at its snapshots is refused by every command, and what it points to survives', async () => {
    await using session = await startLoaded();
    const input = await session.encrypt('again.csv', cleartextRows(10));
    await mkdir(session.path('elsewhere'));
    await session.session.put('elsewhere/mine.txt', 'to be kept');
    await rename(session.inRoom('snapshots'), session.path('snapshots'));
    await symlink(session.path('elsewhere'), session.inRoom('snapshots'));
    const refused = { code: 'ROOM_STATE', where: { file: session.inRoom('snapshots') } };
    const manifest = { manifest: sign(manifestWith()), manifestFile: 'm.json' };
    await expect(session.load(input)).rejects.toMatchObject(refused);
    await expect(openRoom(session.directory)).rejects.toMatchObject(refused);
    await expect(removeTable(session.directory, 'impressions', NOW)).rejects.toMatchObject(refused);
    await expect(updateRoom({ directory: session.directory, ...manifest, now: NOW })).rejects.toMatchObject(refused);
    await expect(sweep(session.directory, [])).rejects.toMatchObject(refused);
    expect(await session.session.text('elsewhere/mine.txt')).toBe('to be kept');
  });

  test.each([...Object.values(ROOM_FILES), 'snapshots/more.duckdb', 'audit/log.jsonl', 'unfinished/snapshot.duckdb'])(
    'is refused wherever it is: %s',
    async (name) => {
      await using session = await startLoaded();
      await mkdir(session.inRoom('unfinished'), { recursive: true });
      await rm(session.inRoom(name), { recursive: true, force: true });
      await session.session.put('target', '');
      await symlink(session.path('target'), session.inRoom(name));
      const refused = { code: 'ROOM_STATE', where: { file: session.inRoom(name) } };
      await expect(openRoom(session.directory)).rejects.toMatchObject(refused);
      await expect(removeTable(session.directory, 'impressions', NOW)).rejects.toMatchObject(refused);
      expect(await session.session.text('target')).toBe('');
    },
  );

  test('on the way to its directory does no harm', async () => {
    await using session = await startLoaded();
    await symlink(session.directory, session.path('by-link'));
    expect((await openRoom(session.path('by-link'))).tables[0]?.snapshot?.rows).toBe(100);
  });
});

describe('a new room', () => {
  test('has the manifest, a signed log of its own, and nothing that others can read', async () => {
    await using session = await RoomSession.start();
    const room = await openRoom(session.directory);
    expect(Object.isFrozen(room)).toBe(true);
    expect(room).toMatchObject({
      manifest: { name: 'Spring campaign' },
      tables: [{ snapshot: null }, { columns: [] }],
    });
    for (const name of ['.', ...(await readdir(session.directory))]) {
      expect((await stat(session.inRoom(name))).mode & 0o077).toBe(0);
    }
    {
      await using log = await openRoomLog(room, { now: NOW });
      const request = { attempt: randomUUID(), member: 'brand', manifestSha256: room.manifest.sha256, irSha256: HASH };
      expect(await log.start({ ...request, charges: [] })).toMatchObject({ granted: true });
    }
    const verifiers = parseVerifiers(await readFile(room.verifierFile, 'utf8'));
    expect(verifiers[0]?.toString()).toMatch(new RegExp(`^sealroom/${room.manifest.id}\\+`));
    expect(await verifyLog({ directory: room.auditDirectory, verifiers, seen: [] })).toMatchObject({
      records: 2,
      problems: [],
    });
  });

  test('needs a place, and a manifest that all members signed', async () => {
    await using session = await Session.start();
    const create = (name: string, manifest: string): Promise<unknown> =>
      createRoom({ directory: session.path(name), manifest, manifestFile: 'm.json', now: NOW });
    const signed = sign(manifestWith());
    await expect(create('room', sign(manifestWith(), ['brand']))).rejects.toMatchObject({
      code: 'MANIFEST_UNSIGNED',
      message: expect.stringMatching(/the manifest is not signed by pub yet/),
      where: { file: 'm.json' },
    });
    await expect(create('room', signed.replace('Spring', 'Autumn'))).rejects.toMatchObject({
      code: 'MANIFEST_SIGNATURE',
    });
    await expect(create('room', '{')).rejects.toMatchObject({ code: 'MANIFEST_SYNTAX' });
    await expect(
      createRoom({ directory: session.path('room'), manifest: signed, manifestFile: 'm', signerName: 'a b', now: NOW }),
    ).rejects.toMatchObject({ code: 'USAGE_OPTION' });
    await expect(create('none/room', signed)).rejects.toMatchObject({ code: 'IO_WRITE' });
    expect(await session.names()).toEqual([]);
    await mkdir(session.path('empty'));
    await create('empty', signed);
    await expect(create('empty', signed)).rejects.toMatchObject({
      code: 'IO_EXISTS',
      hint: expect.stringMatching(/room update/),
    });
    await session.put('file', '');
    await expect(create('file', signed)).rejects.toMatchObject({ code: 'IO_EXISTS' });
    expect(await session.names()).toEqual(['empty', 'file']);
  });
});

describe('a room that was tampered with', () => {
  test('a changed byte of a snapshot is found when it is verified', async () => {
    await using session = await startLoaded();
    const snapshot = (await openRoom(session.directory)).tables[0]?.snapshot;
    if (snapshot === undefined || snapshot === null) throw new Error('nothing loaded');
    await verifySnapshot(snapshot);
    const bytes = await readFile(snapshot.path);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    await writeFile(snapshot.path, bytes);
    await expect(verifySnapshot(snapshot)).rejects.toMatchObject({
      code: 'ROOM_SNAPSHOT',
      where: { file: snapshot.path },
    });
  });

  test('a snapshot that was cut or removed is found when the room is opened, and can be loaded again', async () => {
    await using session = await startLoaded();
    const path = (await openRoom(session.directory)).tables[0]?.snapshot?.path ?? '';
    await truncate(path, 4096);
    await expect(openRoom(session.directory)).rejects.toMatchObject({
      code: 'ROOM_SNAPSHOT',
      hint: expect.stringMatching(/room add/),
    });
    await rename(path, session.path('elsewhere'));
    await expect(openRoom(session.directory)).rejects.toMatchObject({ code: 'ROOM_SNAPSHOT' });
    await session.load(session.path('enc.csv'));
    expect((await openRoom(session.directory)).tables[0]?.snapshot).toMatchObject({ rows: 100 });
  });

  test.each([
    ['no JSON', () => '{'],
    ['another version', (text: string) => text.replace('"version": 1', '"version": 2')],
    ['an unknown member', (text: string) => text.replace('"version": 1', '"version": 1, "x": 1')],
    ['a hash that is none', (text: string) => text.replace(/"sha256": "[0-9a-f]/, '"sha256": "/')],
  ])('a list of snapshots with %s is refused', async (_, change) => {
    await using session = await startLoaded();
    await writeFile(session.inRoom('room.json'), change(await readFile(session.inRoom('room.json'), 'utf8')));
    await expect(openRoom(session.directory)).rejects.toMatchObject({ code: 'ROOM_STATE' });
  });

  test('a manifest that was changed after it was signed, or is of another collaboration, is refused', async () => {
    await using session = await startLoaded();
    const path = session.inRoom('manifest.yaml');
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replace('"minimum": 10', '"minimum": 2'));
    await expect(openRoom(session.directory)).rejects.toMatchObject({
      code: 'MANIFEST_SIGNATURE',
      where: { file: path },
    });
    await writeFile(path, sign(manifestWith({ manifest: { id: randomUUID() } })));
    await expect(openRoom(session.directory)).rejects.toMatchObject({ code: 'ROOM_STATE' });
    await updateRoom({ directory: session.directory, manifest: text, manifestFile: 'm', now: NOW });
    expect((await openRoom(session.directory)).tables[0]?.snapshot).not.toBeNull();
  });

  test('a signer that others can read is refused', async () => {
    await using session = await RoomSession.start();
    await chmod(session.inRoom('runner.key'), 0o644);
    await expect(openRoomLog(await openRoom(session.directory), { now: NOW })).rejects.toMatchObject({
      code: 'SECRET_INVALID',
    });
  });
});

describe('snapshots of an earlier version, which stored fingerprints as text', () => {
  /** Takes the form out of the room's state, as an earlier version would have written it. */
  async function makeOld(session: RoomSession): Promise<void> {
    const state = JSON.parse(await readFile(session.inRoom('room.json'), 'utf8')) as { snapshots: { form?: number }[] };
    for (const snapshot of state.snapshots) {
      expect(snapshot.form).toBe(2);
      delete snapshot.form;
    }
    await writeFile(session.inRoom('room.json'), JSON.stringify(state));
  }

  const refused = {
    code: 'ROOM_SNAPSHOT',
    message: 'loaded by another version of sealroom, in another form: `impressions`',
    hint: expect.stringMatching(/load these tables again with `sealroom room add`/),
  };

  test('are refused by name, until they are loaded again or removed', async () => {
    await using session = await startLoaded();
    await makeOld(session);
    await expect(openRoom(session.directory)).rejects.toMatchObject(refused);
    const { table } = await session.load(await session.encrypt('again.csv', cleartextRows(20)));
    expect((await openRoom(session.directory)).tables[0]).toEqual(table);
    await makeOld(session);
    await removeTable(session.directory, 'impressions', NOW);
    expect((await openRoom(session.directory)).tables[0]?.snapshot).toBeNull();
  });

  test('are read where they have no fingerprints', async () => {
    const list = { joinColumns: ['region'], listColumns: ['device_sealed'] };
    await using session = await RoomSession.start({
      table: { analysisRule: { type: 'LIST', policy: { v1: { list } } } },
    });
    const { table } = await session.load(await session.encrypt('enc.csv', cleartextRows(20)));
    await makeOld(session);
    expect((await openRoom(session.directory)).tables[0]).toEqual(table);
  });
});

describe('a new version of the manifest', () => {
  const update = (session: RoomSession, manifest: string): ReturnType<typeof updateRoom> =>
    updateRoom({ directory: session.directory, manifest, manifestFile: 'm.json', now: NOW });

  test('keeps snapshots that fit it', async () => {
    await using session = await startLoaded();
    const before = await openRoom(session.directory);
    const { removed } = await update(
      session,
      sign(manifestWith({ table: { accessBudgets: [{ type: 'LIFETIME', budget: 5 }] } })),
    );
    expect(removed).toEqual([]);
    const after = await openRoom(session.directory);
    expect(after.manifest.sha256).not.toBe(before.manifest.sha256);
    expect(after.tables).toEqual(before.tables);
  });

  const columns = (manifest: unknown): unknown[] =>
    (manifest as { tables: { columns: unknown[] }[] }).tables[0]?.columns ?? [];

  test.each<[string, (manifest: unknown) => unknown]>([
    [
      'names fewer columns',
      (manifest) =>
        withValue(manifest, ['tables', 0, 'analysisRule', 'policy', 'v1', 'aggregation', 'dimensionColumns'], ['day']),
    ],
    ['has another type', (manifest) => withValue(manifest, ['tables', 0, 'columns', 4, 'type'], 'DECIMAL(18,3)')],
    ['forbids duplicates', (manifest) => withValue(manifest, ['settings', 'allowDuplicates'], false)],
    [
      'has another file',
      (manifest) => withValue(manifest, ['tables', 0, 'source'], { kind: 'csv', sha256: HASH, rows: 1 }),
    ],
    ['has no rule', (manifest) => withValue(manifest, ['tables', 0, 'analysisRule'], undefined)],
    ['has no such table', (manifest) => withValue(manifest, ['tables', 0, 'name'], 'visits')],
    ['has another order', (manifest) => withValue(manifest, ['tables', 0, 'columns'], columns(manifest).reverse())],
  ])('removes a snapshot where it %s', async (_, change) => {
    await using session = await startLoaded();
    const next = sign(JSON.stringify(change(JSON.parse(manifestWith()))));
    expect((await update(session, next)).removed).toEqual(['impressions']);
    expect((await openRoom(session.directory)).tables[0]?.snapshot).toBeNull();
    expect(await readdir(session.inRoom('snapshots'))).toEqual([]);
  });

  test('comes into force by an update alone, however well it is signed', async () => {
    await using session = await startLoaded();
    const path = session.inRoom('manifest.yaml');
    const first = await readFile(path, 'utf8');
    const second = sign(manifestWith({ table: { accessBudgets: [{ type: 'LIFETIME', budget: 5 }] } }));
    await update(session, second);
    await writeFile(path, first);
    const { sha256 } = parseManifest(second);
    const refusal = { code: 'ROOM_STATE', where: { file: path }, message: expect.stringContaining(sha256) };
    await expect(openRoom(session.directory)).rejects.toMatchObject(refusal);
    await expect(session.load(session.path('enc.csv'))).rejects.toMatchObject(refusal);
    // As after a crash between the two files that change: the update is done again.
    expect(await update(session, second)).toMatchObject({ removed: [], inForceBefore: null });
    expect((await openRoom(session.directory)).tables[0]?.snapshot).not.toBeNull();
  });

  test('that was in force before is taken, and it is told', async () => {
    await using session = await startLoaded();
    const first = await readFile(session.inRoom('manifest.yaml'), 'utf8');
    const second = sign(manifestWith({ table: { accessBudgets: [{ type: 'LIFETIME', budget: 5 }] } }));
    expect(await update(session, second)).toMatchObject({ inForceBefore: null });
    expect(await update(session, second)).toMatchObject({ inForceBefore: null });
    expect(await update(session, first)).toMatchObject({ inForceBefore: NOW().toISOString() });
    const changes = (await session.events()).filter(({ kind }) => kind === 'manifest');
    const [one, two] = [parseManifest(first).sha256, parseManifest(second).sha256];
    expect(changes).toEqual([
      { kind: 'manifest', manifestSha256: one, replacedSha256: null },
      { kind: 'manifest', manifestSha256: two, replacedSha256: one },
      { kind: 'manifest', manifestSha256: one, replacedSha256: two },
    ]);
  });

  test('is refused unsigned, or of another collaboration', async () => {
    await using session = await startLoaded();
    await expect(update(session, manifestWith())).rejects.toMatchObject({ code: 'MANIFEST_UNSIGNED' });
    const other = sign(manifestWith({ manifest: { id: randomUUID() } }));
    await expect(update(session, other)).rejects.toMatchObject({ code: 'USAGE_OPTION', where: { file: 'm.json' } });
    expect((await openRoom(session.directory)).tables[0]?.snapshot).not.toBeNull();
  });
});

test('a room is not worked on where the secret is at hand', () => {
  for (const variable of [SECRET_VARIABLE, SECRET_FILE_VARIABLE, 'SEALROOM_KEY']) {
    expect(() => {
      refuseSecrets({ PATH: '/bin', [variable]: 'hidden' });
    }).toThrow(expect.objectContaining({ code: 'SECRET_PRESENT', message: expect.stringMatching(variable) }));
  }
  refuseSecrets({ PATH: '/bin' });
});
