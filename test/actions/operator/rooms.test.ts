import { appendFile, open } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { claimedCaller } from 'sealroom/query';
import { openRoom } from 'sealroom/room';
import {
  checkInRoom,
  checkUnderManifest,
  inspectRoom,
  loadIntoRoom,
  makeRoom,
  readRoomLog,
  removeFromRoom,
  replaceManifest,
} from '#src/actions/operator/index';
import { SECRET } from '../../support/cli.ts';
import { NOW, SampleRoom } from '../../room/run/support.ts';

const environment = { env: {}, now: NOW };
const secretive = { env: { C3R_SHARED_SECRET: SECRET }, now: NOW };
const request = {
  caller: claimedCaller('brand'),
  receivers: [],
  query: { kind: 'text', sql: 'SELECT page, COUNT(*) AS n FROM visits GROUP BY page' },
} as const;

describe('an operator with the shared secret at hand', () => {
  const parts = { directory: '/none', manifest: '', manifestFile: 'm.json' };

  test.each<readonly [string, () => unknown]>([
    ['makes no room', () => makeRoom(secretive, parts)],
    ['replaces no manifest', () => replaceManifest(secretive, parts)],
    ['loads no table', () => loadIntoRoom(secretive, { directory: '/none', table: 't', input: '/none.csv' })],
    ['removes no table', () => removeFromRoom(secretive, '/none', 't')],
    ['lists no table', () => inspectRoom(secretive, '/none')],
    ['reads no log', () => readRoomLog(secretive, '/none')],
    ['checks no query', () => checkInRoom(secretive, '/none', request)],
  ])('%s', async (_, act) => {
    await expect((async () => act())()).rejects.toMatchObject({ code: 'SECRET_PRESENT' });
  });
});

describe('a room', () => {
  test('is made, filled, listed, emptied, and says what was done', async () => {
    await using sample = await SampleRoom.start(['visits']);
    const directory = sample.session.path('second');
    const text = await sample.session.text('manifest.json');
    const parts = { directory, manifest: text, manifestFile: 'manifest.json' };
    const { manifest, verifier } = await makeRoom(environment, { ...parts, signerName: 'test/room' });
    expect(verifier).toMatch(/^test\/room\+[0-9a-f]{8}\+/);
    const input = sample.session.path('visits.parquet');
    const { table } = await loadIntoRoom(environment, { directory, table: 'visits', input });
    expect(table.snapshot?.rows).toBe(900);
    expect(await inspectRoom(environment, directory)).toMatchObject({
      manifest: { sha256: manifest.sha256 },
      tables: [{ name: 'visits', state: 'intact' }],
      problem: null,
    });
    expect(await replaceManifest(environment, parts)).toMatchObject({ removed: [], inForceBefore: null });
    expect(await removeFromRoom(environment, directory, 'visits')).toBe(table.snapshot?.sha256);
    expect((await inspectRoom(environment, directory)).tables).toMatchObject([{ state: 'not loaded' }]);
    const kinds: string[] = [];
    for await (const { record } of readRoomLog(environment, directory).records) kinds.push(record.event.kind);
    expect(kinds).toEqual(['manifest', 'load', 'remove']);
  });

  test('with a changed table tells which, and throws nothing', async () => {
    await using sample = await SampleRoom.start(['visits']);
    const [visits] = (await openRoom(sample.directory)).tables;
    const file = visits?.snapshot?.path ?? '';
    const bytes = Buffer.from('changed!');
    const handle = await open(file, 'r+');
    await handle.write(bytes, 0, bytes.length, 4096);
    await handle.close();
    expect(await inspectRoom(environment, sample.directory)).toMatchObject({
      tables: [{ name: 'visits', state: 'changed' }],
      problem: { code: 'ROOM_SNAPSHOT' },
    });
    await appendFile(file, 'more');
    await expect(inspectRoom(environment, sample.directory)).rejects.toMatchObject({ code: 'ROOM_SNAPSHOT' });
  });

  test('says what would become of a query, and so does a manifest alone; nothing is recorded', async () => {
    await using sample = await SampleRoom.start(['visits']);
    const before = await sample.log();
    const inRoom = await checkInRoom(environment, sample.directory, request);
    expect(inRoom).toMatchObject({ text: request.query.sql, verdict: { allowed: true, tables: ['visits'] } });
    const text = await sample.session.text('manifest.json');
    const manifest = { text, file: '/m.json', knownKeys: [], isUnsigned: false };
    expect(await checkUnderManifest(manifest, request)).toMatchObject({ ...inRoom, unsigned: [] });
    expect(await sample.log()).toBe(before);
    const changed = { ...manifest, text: manifest.text.replace('Spring campaign', 'Autumn campaign') };
    await expect(checkUnderManifest(changed, request)).rejects.toMatchObject({
      code: 'MANIFEST_SIGNATURE',
      where: { file: '/m.json' },
    });
    const stranger = { ...request, caller: claimedCaller('stranger') };
    await expect(checkUnderManifest(manifest, stranger)).rejects.toMatchObject({ code: 'USAGE_OPTION' });
  });
});
