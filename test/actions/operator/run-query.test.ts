import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseVerifiers } from 'sealroom/audit';
import { type Manifest, printPublicKey } from 'sealroom/collab';
import { openPackage } from 'sealroom/package';
import { claimedCaller } from 'sealroom/query';
import { openRoom } from 'sealroom/room';
import { askRoom, type QueryOrder } from '#src/actions/operator/index';
import { AT_ONCE } from '../../support/cli.ts';
import { keyOf } from '../../support/manifests.ts';
import { NOW, SampleRoom } from '../../room/run/support.ts';

const SQL = 'SELECT page, COUNT(*) AS n FROM visits GROUP BY page';
const environment = { env: {}, now: NOW, clock: AT_ONCE };

let room: SampleRoom;
beforeAll(async () => {
  room = await SampleRoom.start(['visits']);
});
afterAll(() => room[Symbol.asyncDispose]());

const order = (more: Partial<QueryOrder> = {}): QueryOrder => ({
  directory: room.directory,
  authenticate: () => Promise.resolve(claimedCaller('brand')),
  receivers: [],
  query: { kind: 'text', sql: SQL },
  isPacked: false,
  ...more,
});

/** The records of the room that an action added. */
async function recordsOf(action: () => Promise<unknown>): Promise<readonly Record<string, unknown>[]> {
  const before = (await room.log()).length;
  await action();
  const added = (await room.log()).slice(before).trim();
  return added === '' ? [] : added.split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('askRoom', () => {
  test('answers the caller, whose member the record has; without receivers it is for that member', async () => {
    const manifests: Manifest[] = [];
    const records = await recordsOf(async () => {
      const answer = await askRoom(
        environment,
        order({
          authenticate: (manifest) => {
            manifests.push(manifest);
            return Promise.resolve(claimedCaller('brand'));
          },
        }),
      );
      expect(answer).toMatchObject({
        kind: 'released',
        package: null,
        result: { statement: { member: 'brand', receivers: ['brand'], rows: 3 } },
      });
    });
    expect(manifests.map(({ sha256 }) => sha256)).toEqual([(await openRoom(room.directory)).manifest.sha256]);
    expect(records.map((record) => record['event'] ?? record)).toMatchObject([
      { kind: 'start', member: 'brand' },
      { kind: 'attempt', member: 'brand', receivers: ['brand'], outcome: { kind: 'released' } },
    ]);
  });

  test('packs a result for its receivers', async () => {
    const answer = await askRoom(environment, order({ isPacked: true, receivers: ['pub'] }));
    if (answer.kind === 'refused' || answer.package === null) throw new Error('no package');
    const verifiers = parseVerifiers(await room.session.text('room/runner.pub'));
    const opened = await openPackage(answer.package, {
      member: 'pub',
      identities: [room.identities.pub],
      verifiers,
    });
    expect(opened.statement).toMatchObject({ member: 'brand', receivers: ['pub'] });
  });

  test('a refusal by the rules is an answer', async () => {
    const answer = await askRoom(environment, order({ query: { kind: 'text', sql: 'SELECT 1' } }));
    expect(answer).toMatchObject({ kind: 'refused', findings: [{ code: 'NO_TABLE' }] });
  });

  test.each<readonly [string, string, Partial<QueryOrder>]>([
    ['a caller that is not let in', 'E', { authenticate: () => Promise.reject(new Error('who is that?')) }],
    ['a member of nothing', 'USAGE_OPTION', { authenticate: () => Promise.resolve(claimedCaller('stranger')) }],
    ['a receiver of nothing', 'USAGE_OPTION', { receivers: ['stranger'] }],
    ['a receiver without a key', 'USAGE_OPTION', { receivers: ['stranger'], isPacked: true }],
  ])('refuses %s, and nothing is recorded', async (_, code, more) => {
    const records = await recordsOf(async () => {
      const asked = askRoom(environment, order(more));
      await expect(asked).rejects.toThrow();
      if (code !== 'E') await expect(asked).rejects.toMatchObject({ code });
    });
    expect(records).toEqual([]);
  });

  test('refuses an environment with the shared secret', async () => {
    const asked = askRoom({ ...environment, env: { SEALROOM_KEY: 'age:a' } }, order());
    await expect(asked).rejects.toMatchObject({ code: 'SECRET_PRESENT' });
  });

  test('stops when the signal fires', async () => {
    const asked = askRoom({ ...environment, signal: AbortSignal.abort() }, order());
    await expect(asked).rejects.toMatchObject({ code: 'IO_ABORTED' });
  });

  test('a manifest that was replaced after the caller was let in ends the query', async () => {
    await using other = await SampleRoom.start(['visits']);
    const asked = askRoom(
      environment,
      order({
        directory: other.directory,
        authenticate: async () => {
          await other.update((text) => text.replace('Spring campaign', 'Autumn campaign'));
          return claimedCaller('brand');
        },
      }),
    );
    await expect(asked).rejects.toMatchObject({ code: 'QUERY_FAILED' });
    expect(await other.log()).toContain('MANIFEST_CHANGED');
  });
});

describe('roles of the manifest', () => {
  /** Gives brand two people, who sign with its one key. */
  function withPeople(text: string): string {
    const manifest = JSON.parse(text) as { members: { id: string }[] };
    const people = [
      { id: 'quin', roles: ['QUERY_MEMBER', 'RULE_APPROVER'], sign: printPublicKey(keyOf('brand')) },
      { id: 'abe', roles: ['AUDITOR'], sign: printPublicKey(keyOf('abe')) },
    ];
    const members = manifest.members.map((member) => (member.id === 'brand' ? { ...member, people } : member));
    return JSON.stringify({ ...manifest, members });
  }

  test.each([
    ['abe', /abe of brand has AUDITOR/],
    ['kim', /none of the people of brand/],
    [null, /none of the people of brand/],
  ])('%s may not ask, and that is not left to who claims it', async (person, message) => {
    await using other = await SampleRoom.start(['visits']);
    await other.update(withPeople);
    const before = await other.log();
    const authenticate = (): Promise<ReturnType<typeof claimedCaller>> =>
      Promise.resolve(claimedCaller('brand', person));
    const asked = askRoom(environment, order({ directory: other.directory, authenticate }));
    await expect(asked).rejects.toMatchObject({ code: 'RULE_ROLE', message: expect.stringMatching(message) as string });
    expect(await other.log()).toBe(before);
  });

  test('a query member may', async () => {
    await using other = await SampleRoom.start(['visits']);
    await other.update(withPeople);
    const authenticate = (): Promise<ReturnType<typeof claimedCaller>> =>
      Promise.resolve(claimedCaller('brand', 'quin'));
    expect(await askRoom(environment, order({ directory: other.directory, authenticate }))).toMatchObject({
      kind: 'released',
    });
  });
});
