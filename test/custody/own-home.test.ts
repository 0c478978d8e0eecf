import { chmod, chown, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseCollaborationId } from 'sealroom/crypto';
import { readEnvelope } from '#src/custody/envelope-store';
import { findPinned } from '#src/custody/exchange/card-store';
import { initMember, readMember, readOwnCard } from '#src/custody/exchange/member';
import { examineCustody } from '#src/custody/doctor/index';
import { type MemberHome, memberHome } from '#src/custody/home';
import { printKeyList } from '#src/custody/key-list';
import { readKnownKeys } from '#src/custody/known-keys';
import { openKeyLog } from '#src/custody/key-log';
import { readPinnedRoom } from '#src/custody/pinned-rooms';
import { requireNewPackage } from '#src/custody/taken-packages';
import { generateSignerText, parseSigner, signCheckpoint } from '#src/tlog/index';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ID } from '../support/cli.ts';

const IS_ROOT = process.getuid?.() === 0;
const STRANGER = 65_534;
const MEMBER = { id: 'alice', name: 'Alice', kind: 'X25519', now: new Date('2026-11-24T12:00:00Z') } as const;

let folder = '';
let home: MemberHome;

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'sealroom-test-')));
  home = memberHome({}, { cwd: folder, home: 'mine/home' });
  await initMember(home, MEMBER);
  await writeFile(home.knownKeys, printKeyList([]), { mode: 0o600 });
  await mkdir(home.collaboration(parseCollaborationId(ID)), { recursive: true, mode: 0o700 });
});

afterEach(() => rm(folder, { recursive: true }));

const LOG = parseSigner(generateSignerText('room'));
const TAKEN = { attempt: ID, checkpoint: signCheckpoint({ size: 1, root: new Uint8Array(32) }, LOG) };

/** What takes something out of a home that decides whom or which secret to trust. */
const USES: readonly (readonly [string, () => Promise<unknown>])[] = [
  ['an envelope', () => readEnvelope(home, { collaborationId: parseCollaborationId(ID), generation: 1 })],
  ['the log of the keys', async () => (await openKeyLog(home))[Symbol.asyncDispose]()],
  ["the member's card", () => readOwnCard(home)],
  ["the member's keys", () => readMember(home)],
  ['a pinned card', () => findPinned(home, '0'.repeat(64))],
  ['the list of its keys', () => readKnownKeys(home)],
  ['the list of opened packages', () => requireNewPackage(home, TAKEN, [LOG.verifier], false)],
  ['a new member', () => initMember(home, MEMBER)],
  ['the keys of a room', () => readPinnedRoom(home, 'https://room.example')],
];

describe.each(USES)('%s', (_, use) => {
  test.runIf(IS_ROOT)('is refused in a home of another user, whatever its mode', async () => {
    for (const [owned, mode] of [
      [home.directory, 0o755],
      [home.directory, 0o700],
      [join(folder, 'mine'), 0o755],
    ] as const) {
      await chown(owned, STRANGER, STRANGER);
      await chmod(owned, mode);
      await expect(use()).rejects.toMatchObject({ code: 'SECRET_INVALID' });
      await chown(owned, 0, 0);
      await chmod(owned, 0o700);
    }
  });

  test.each(['mine', 'mine/home'])('is refused if others can write to %s', async (name) => {
    await chmod(join(folder, name), 0o777);
    await expect(use()).rejects.toMatchObject({ code: 'SECRET_INVALID' });
  });

  test('is not refused for its place', async () => {
    const outcome = await use().then(
      () => 'done',
      (error: unknown) => (error as { code?: string }).code,
    );
    expect(['done', 'CUSTODY_KEY', 'IO_EXISTS']).toContain(outcome);
  });
});

test('`key doctor` tells of the way to a home that others can change', async () => {
  const context = { env: {}, cwd: folder, warn: () => undefined, askPassphrase: () => Promise.reject(new Error()) };
  const found = async (): Promise<readonly string[]> =>
    (await examineCustody(home, context))
      .filter(({ item }) => item === 'home')
      .map(({ state, found: text }) => `${state}: ${text}`);
  expect(await found()).toEqual([`ok: ${home.directory}, private to its owner`]);
  await chmod(join(folder, 'mine'), 0o777);
  expect(await found()).toEqual([
    expect.stringMatching(new RegExp(`^problem: ${folder}/mine: other users can change this directory`)),
  ]);
});
