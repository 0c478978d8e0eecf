import { mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseRecord, readRecords, readSignerFile, verifyLog } from 'sealroom/audit';
import { createSigningKey, type KeyUse, memberHome, type MemberHome, openKeyLog } from 'sealroom/custody';
import { printPublicKey } from 'sealroom/collab';
import { Session } from '../support/cli.ts';

const EVENT: KeyUse = {
  action: 'lend',
  member: 'brand',
  collaborationId: '7a2c1e9e-3f5b-4b1e-9f0e-0d6a1d1c2b33',
  generation: 2,
  secretId: '0f1e2d3c4b5a69788796a5b4c3d2e1f0',
  provider: 'age',
  key: 'age:/home/brand/identity.txt',
  purpose: 'encrypt',
  peer: null,
  file: { sha256: 'ab'.repeat(32), rows: 12 },
};

async function withHome(action: (home: MemberHome) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'sealroom-home-'));
  try {
    await action(memberHome({}, { cwd: '/', home: join(directory, 'home') }));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function eventsOf(home: MemberHome): Promise<unknown[]> {
  const events: unknown[] = [];
  for await (const { record } of readRecords(home.log)) events.push(record.event);
  return events;
}

describe('the log of keys', () => {
  test('A-60 is made where there is none, with a key of its own, and says who did what', () =>
    withHome(async (home) => {
      {
        await using log = await openKeyLog(home);
        await log.record(EVENT);
      }
      expect((await stat(home.directory)).mode & 0o777).toBe(0o700);
      expect((await stat(home.logKey)).mode & 0o777).toBe(0o600);
      const key = await createSigningKey(home.signingKey);
      {
        await using log = await openKeyLog(home, { now: () => new Date('2099-01-01T00:00:00.000Z') });
        await log.record({ ...EVENT, action: 'send', peer: 'pub', file: null });
      }
      expect(await eventsOf(home)).toEqual([
        { kind: 'key', actor: null, ...EVENT },
        { kind: 'key', actor: printPublicKey(key), ...EVENT, action: 'send', peer: 'pub', file: null },
      ]);
      const { verifier } = await readSignerFile(home.logKey);
      expect(await verifyLog({ directory: home.log, verifiers: [verifier], seen: [] })).toMatchObject({
        records: 2,
        problems: [],
      });
    }));

  test('A-61 only what was refused may be without a secret', () =>
    withHome(async (home) => {
      await using log = await openKeyLog(home);
      const none = { ...EVENT, generation: null, secretId: null, file: null };
      await log.record({ ...none, action: 'refuse', purpose: 'create' });
      for (const changes of [{ generation: null }, { secretId: null }]) {
        await expect(log.record({ ...EVENT, ...changes })).rejects.toMatchObject({ code: 'AUDIT_RECORD' });
      }
      expect(await eventsOf(home)).toHaveLength(1);
    }));

  test.each([
    ['a name of a file', { file: { sha256: 'ab'.repeat(32), rows: 1, name: 'people.csv' } }],
    ['something else beside', { secret: 'x' }],
    ['an unknown action', { action: 'look' }],
    ['an id in upper case', { collaborationId: EVENT.collaborationId.toUpperCase() }],
  ])('A-62 an event with %s is not recorded, and its doer is told', (_what, changes) =>
    withHome(async (home) => {
      await using log = await openKeyLog(home);
      const event: KeyUse = Object.assign({ ...EVENT }, changes);
      await expect(log.record(event)).rejects.toMatchObject({ code: 'AUDIT_RECORD' });
      expect(await eventsOf(home)).toEqual([]);
    }),
  );

  test('of a home whose key of the log is gone is not begun anew', () =>
    withHome(async (home) => {
      await (await openKeyLog(home))[Symbol.asyncDispose]();
      await rm(home.logKey);
      await expect(openKeyLog(home)).rejects.toMatchObject({ code: 'SECRET_INVALID' });
    }));

  test('is made once, also by several at the same time', () =>
    withHome(async (home) => {
      await Promise.all(
        Array.from({ length: 8 }, async () => {
          await using log = await openKeyLog(home);
          await log.record(EVENT);
        }),
      );
      expect(await eventsOf(home)).toHaveLength(8);
      const text = await readFile(join(home.log, 'log.jsonl'));
      expect(parseRecord(text.subarray(0, text.indexOf(0x0a))).index).toBe(0);
    }));
});

describe('sealroom audit, of a home', () => {
  test('A-63 show --key: who used which key, for what, when', async () => {
    await using session = await Session.start();
    await mkdir(session.path('home'));
    const home = memberHome({}, { cwd: session.directory, home: 'home' });
    {
      await using log = await openKeyLog(home, { now: () => new Date('2026-11-24T12:00:00.000Z') });
      await log.record(EVENT);
      await log.record({ ...EVENT, generation: 3, secretId: 'ff'.repeat(16), file: null, action: 'rotate' });
    }
    const line =
      '0  2026-11-24T12:00:00.000Z  lend     brand  for encrypt  ' +
      `secret ${String(EVENT.secretId)}, generation 2 of ${EVENT.collaborationId}  ` +
      `key age:/home/brand/identity.txt (age)  file ${'ab'.repeat(32)}, 12 rows\n`;
    const show = ['audit', 'show', '--home', 'home'];
    const bySecret = await session.run([...show, '--secret-id', String(EVENT.secretId)]);
    expect(bySecret).toMatchObject({ code: 0, out: line });
    const env = { SEALROOM_HOME: session.path('home') };
    const byKey = await session.run(['audit', 'show', '--key', EVENT.key], { env });
    expect(byKey.out.split('\n')).toHaveLength(3);
    const json = await session.run([...show, '--json', '--secret-id', 'ff'.repeat(16)]);
    expect(JSON.parse(json.out)).toMatchObject({ event: { action: 'rotate', generation: 3 } });
    expect(await session.run([...show, '--key', 'other'])).toMatchObject({ code: 0, out: '' });

    expect(await session.run(['audit', 'verify', '--home', 'home'])).toMatchObject({ code: 0 });
    const mine = await session.run(['audit', 'export', '--home', 'home', '--for', 'brand']);
    expect(mine.out.split('\n')).toHaveLength(3);
    expect((await session.run(['audit', 'export', '--home', 'home', '--for', 'other'])).out).toBe('');
  });
});
