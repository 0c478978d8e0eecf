import { readdir, readFile } from 'node:fs/promises';
import { parseManifest } from 'sealroom/collab';
import { loadTable, openRoom, updateRoom } from 'sealroom/room';
import { signaturePath, type TableSigning } from 'sealroom/tabular';
import { describe, expect, test } from 'vitest';
import { printPublicKey } from '#src/signing/index';
import { keyOf } from '../../support/manifests.ts';
import { type Columns, writeAgain } from '../../signed-tables/support.ts';
import { failureOf } from '../../tabular/support.ts';
import { type Changes, cleartextRows, manifestWith, NOW, RoomSession, sign } from '../support.ts';

/** How the owner of `impressions` signs it, under a manifest. */
function signingOf(changes: Changes = {}): TableSigning {
  return {
    key: keyOf('pub'),
    generation: null,
    secretId: 'ab'.repeat(32),
    manifestSha256: parseManifest(manifestWith(changes)).sha256,
    table: 'impressions',
    created: '2026-11-24T12:00:00.000Z',
  };
}

async function signed(session: RoomSession, name: string, signing = signingOf()): Promise<string> {
  return session.encrypt(name, cleartextRows(30), {}, signing);
}

const CHANGES: Readonly<Record<string, (columns: Columns) => Columns>> = {
  'fingerprints that changed places': ([fingerprints = [], ...others]) => [fingerprints.reverse(), ...others],
  'a cleartext cell that was changed': ([mail = [], device = [], region = [], ...others]) => [
    mail,
    device,
    ['R7', ...region.slice(1)],
    ...others,
  ],
  'a row that was left out': (columns) => columns.map((values) => values.slice(1)),
  'a row that was repeated': (columns) => columns.map((values) => [...values, values[0] ?? null]),
  'a change in a column that is not loaded': (columns) => [
    ...columns.slice(0, -1),
    columns.at(-1)?.map(() => 'x') ?? [],
  ],
};

describe.each(['csv', 'parquet', 'arrow'])('F-98 a signed table in %s', (format) => {
  test('is loaded, and the summary says who signed it', async () => {
    await using session = await RoomSession.start();
    const file = await signed(session, `signed.${format}`);
    const summary = await session.load(file);
    expect(summary).toMatchObject({
      signedBy: printPublicKey(keyOf('pub')),
      warnings: [],
      table: { snapshot: { rows: 30 } },
    });
  });

  test('with one change is refused, and the room is as it was', async () => {
    await using session = await RoomSession.start();
    const file = await signed(session, 'signed.csv');
    for (const [name, change] of Object.entries(CHANGES)) {
      const changed = session.path(`changed.${format}`);
      await writeAgain(file, changed, change);
      const failure = await failureOf(session.load(changed));
      expect(failure, name).toMatchObject({ code: 'FORMAT_SIGNATURE', where: { file: changed } });
    }
    expect((await openRoom(session.directory)).tables).toMatchObject([{ snapshot: null }, { snapshot: null }]);
    expect(await readdir(session.inRoom('snapshots'))).toEqual([]);
  });
});

test.each<[string, Partial<TableSigning>, string]>([
  ['with the key of another member', { key: keyOf('brand') }, 'a key that is not that of pub'],
  ['with a key of nobody', { key: keyOf('nobody') }, 'a key that is not that of pub'],
  ['as another table', { table: 'closed' }, 'signed as `closed`'],
])('a table that was signed %s is refused', async (_, signing, words) => {
  await using session = await RoomSession.start();
  const file = await signed(session, 'signed.csv', { ...signingOf(), ...signing });
  const failure = await failureOf(session.load(file));
  expect(failure).toMatchObject({ code: 'RULE_SIGNATURE', where: { file: signaturePath(file) } });
  expect(failure.message).toContain(words);
  expect(failure.hint).toContain('ask pub');
});

test('a table that was signed for another collaboration is refused', async () => {
  await using session = await RoomSession.start({ manifest: { id: '7a2c1e9e-3f5b-4b1e-9f0e-0d6a1d1c2b34' } });
  const file = await signed(session, 'signed.csv');
  expect(await failureOf(session.load(file))).toMatchObject({
    code: 'RULE_SIGNATURE',
    message: 'the table was signed for another collaboration',
  });
});

test('a table that was signed under another version of the manifest is loaded with a warning', async () => {
  await using session = await RoomSession.start();
  const file = await signed(session, 'signed.csv', signingOf({ manifest: { name: 'Winter campaign' } }));
  expect(await session.load(file)).toMatchObject({
    warnings: [`${file} was signed under another version of the manifest`],
  });
});

describe('a manifest that requires signed tables', () => {
  const required = { manifest: { 'x-signedTables': 'required' } };

  test('lets a room load a table that its owner signed under it', async () => {
    await using session = await RoomSession.start(required);
    const file = await signed(session, 'signed.csv', signingOf(required));
    expect(await session.load(file)).toMatchObject({ signedBy: printPublicKey(keyOf('pub')), warnings: [] });
  });

  test.each<[string, TableSigning | undefined, string]>([
    ['without a signature', undefined, 'there is no signature beside the file'],
    ['by another than the owner', { ...signingOf(required), key: keyOf('brand') }, 'a key that is not that of pub'],
    ['under another manifest', signingOf(), 'under another manifest or version of it'],
    ['without a manifest', { ...signingOf(), manifestSha256: null }, 'under another manifest or version of it'],
    ['without a name', { ...signingOf(required), table: null }, 'without its name'],
  ])('lets it load none %s', async (_, signing, words) => {
    await using session = await RoomSession.start(required);
    const failure = await failureOf(session.load(await session.encrypt('t.csv', cleartextRows(30), {}, signing)));
    expect(failure).toMatchObject({ code: 'RULE_SIGNATURE' });
    expect(failure.message).toContain(words);
    expect(failure.hint).toContain('ask pub');
    expect(await readdir(session.inRoom('snapshots'))).toEqual([]);
  });

  test('lets none in that is not a file, which can have no signature', async () => {
    await using session = await RoomSession.start(required);
    const bytes = await readFile(await signed(session, 'signed.csv', signingOf(required)));
    const input = { kind: 'memory', bytes, format: 'csv' } as const;
    const load = loadTable({ directory: session.directory, table: 'impressions', input, now: NOW });
    expect(await failureOf(load)).toMatchObject({ code: 'RULE_SIGNATURE' });
  });

  test('ends the use of what was loaded without a signature', async () => {
    await using session = await RoomSession.start();
    await session.load(await session.encrypt('t.csv', cleartextRows(30)));
    const { removed } = await updateRoom({
      directory: session.directory,
      manifest: sign(manifestWith(required)),
      manifestFile: 'm.json',
      now: NOW,
    });
    expect(removed).toEqual(['impressions']);
  });
});
