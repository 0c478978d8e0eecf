import { describe, expect, test } from 'vitest';
import type { StoredEnvelope } from 'sealroom/custody';
import {
  createSecret,
  destroySecret,
  exportSecret,
  listSecrets,
  rotateSecret,
  wrapSecrets,
} from '#src/actions/member/index';
import { encryptForCollaboration } from '#src/actions/member/tables';
import { SECRET } from '../../support/cli.ts';
import { HomeSession } from '../../support/homes.ts';
import { PEOPLE } from '../../support/people.ts';
import { actionsOf, environmentOf, fileOf, ID, NOW, PEOPLE_FILE, sessionWithSecret } from '../support.ts';

const collaboration = { id: ID };
const withPeople = { manifest: PEOPLE_FILE };
const yes = (): Promise<void> => Promise.resolve();
const no = (): Promise<void> => Promise.reject(new Error('no'));

describe('createSecret', () => {
  test('stores the envelope, at the time it is told, and records that before', async () => {
    await using session = await HomeSession.start();
    const wish = { collaboration: { id: ID.toUpperCase() }, key: 'age:a.key', isImported: false };
    const { envelope } = await createSecret(environmentOf(session), wish);
    expect(envelope).toMatchObject({ collaborationId: ID, generation: 1, created: NOW().toISOString() });
    expect(await actionsOf(session)).toEqual(['create new']);
  });

  test('takes over the secret of its environment, and the key that the environment names', async () => {
    await using session = await HomeSession.start();
    const environment = environmentOf(session, { env: { C3R_SHARED_SECRET: SECRET, SEALROOM_KEY: 'age:a.key' } });
    await createSecret(environment, { collaboration, isImported: true });
    expect(await actionsOf(session)).toEqual(['create import']);
    let text = '';
    const take = (bytes: Uint8Array): void => void (text = Buffer.from(bytes).toString());
    await exportSecret(environment, { collaboration, confirm: yes, take });
    expect(text).toBe(SECRET);
  });

  test.each([
    ['USAGE_OPTION', 'no key', { collaboration, isImported: false }],
    ['USAGE_OPTION', 'no collaboration', { collaboration: {}, key: 'age:a.key', isImported: false }],
    ['USAGE_OPTION', 'an id that is none', { collaboration: { id: 'x' }, key: 'age:a.key', isImported: false }],
    ['IO_EXISTS', 'a second one', { collaboration, key: 'age:a.key', isImported: false }],
    ['SECRET_MISSING', 'nothing to import', { collaboration: withPeople, key: 'age:a.key', isImported: true }],
  ])('%s for %s, and nothing is recorded', async (code, _, wish) => {
    await using session = await sessionWithSecret();
    await session.becomes('kim');
    await expect(createSecret(environmentOf(session), wish)).rejects.toMatchObject({ code });
    expect(await actionsOf(session)).toEqual(['create new']);
  });

  test('whoever has not the role is refused, which is recorded', async () => {
    await using session = await HomeSession.start();
    for (const [name] of PEOPLE.filter(([, role]) => role !== 'KEY_CUSTODIAN')) {
      await session.becomes(name);
      const made = createSecret(environmentOf(session), {
        collaboration: withPeople,
        key: 'age:a.key',
        isImported: false,
      });
      await expect(made).rejects.toMatchObject({ code: 'RULE_ROLE' });
      expect((await actionsOf(session)).at(-1)).toBe('refuse create');
    }
    expect((await listSecrets(environmentOf(session), { isChecked: false })).secrets).toEqual([]);
  });
});

describe('wrapSecrets', () => {
  test('tells of each as it is stored, and records it', async () => {
    await using session = await sessionWithSecret();
    const told: string[] = [];
    const onWrapped = ({ replaced, stored }: Record<'replaced' | 'stored', StoredEnvelope>): void => {
      told.push(`${replaced.envelope.key} ${stored.envelope.key}`);
    };
    const wrapped = await wrapSecrets(environmentOf(session), { collaboration, to: 'age:b.key', onWrapped });
    expect(told).toEqual([`age:${session.path('a.key')} age:${session.path('b.key')}`]);
    expect(wrapped.map(({ stored }) => stored.envelope.generation)).toEqual([1]);
    expect(await actionsOf(session)).toEqual(['create new', 'wrap from age']);
  });

  test('refuses a collaboration or generation without a secret, and another key', async () => {
    await using session = await sessionWithSecret();
    const wrap = (more: object): Promise<unknown> =>
      wrapSecrets(environmentOf(session), { collaboration, to: 'age:b.key', ...more });
    await expect(wrap({ collaboration: { id: ID.replace('0', '1') } })).rejects.toMatchObject({ code: 'CUSTODY_KEY' });
    await expect(wrap({ generation: 2 })).rejects.toMatchObject({ code: 'CUSTODY_KEY' });
    await expect(wrap({ key: 'age:b.key' })).rejects.toMatchObject({ code: 'CUSTODY_KEY' });
    expect(await actionsOf(session)).toEqual(['create new']);
  });
});

describe('exportSecret', () => {
  test('lends the text, which is wiped when it returns', async () => {
    await using session = await sessionWithSecret();
    const lent: Uint8Array[] = [];
    await exportSecret(environmentOf(session), {
      collaboration,
      confirm: yes,
      take: (text) => {
        expect(Buffer.from(text).toString()).toMatch(/^[A-Za-z0-9+/]{43}=$/);
        lent.push(text);
      },
    });
    expect(lent.map((text) => text.every((byte) => byte === 0))).toEqual([true]);
    expect(await actionsOf(session)).toEqual(['create new', 'export export-c3r']);
  });

  test('without a yes nothing is unwrapped and nothing recorded', async () => {
    await using session = await sessionWithSecret();
    const take = (): void => expect.unreachable();
    await expect(exportSecret(environmentOf(session), { collaboration, confirm: no, take })).rejects.toThrow('no');
    expect(await actionsOf(session)).toEqual(['create new']);
  });

  test('of nothing that is there', async () => {
    await using session = await sessionWithSecret();
    const wish = { collaboration, generation: 7, confirm: yes, take: (): void => expect.unreachable() };
    await expect(exportSecret(environmentOf(session), wish)).rejects.toMatchObject({ code: 'CUSTODY_KEY' });
  });
});

describe('destroySecret', () => {
  test('records it, and the envelope is gone; without a yes it stays', async () => {
    await using session = await sessionWithSecret();
    const environment = environmentOf(session);
    const destroyed = destroySecret(environment, { collaboration, generation: 1, confirm: no });
    await expect(destroyed).rejects.toThrow('no');
    expect((await listSecrets(environment, { isChecked: false })).secrets).toHaveLength(1);
    const { envelope } = await destroySecret(environment, { collaboration, generation: 1, confirm: yes });
    expect(envelope.generation).toBe(1);
    expect((await listSecrets(environment, { isChecked: false })).secrets).toEqual([]);
    expect(await actionsOf(session)).toEqual(['create new', 'destroy destroy']);
  });
});

describe('listSecrets', () => {
  test('tells what is wrong with one, and throws nothing', async () => {
    await using session = await sessionWithSecret();
    const { home, secrets } = await listSecrets(environmentOf(session), { key: 'age:b.key', isChecked: true });
    expect(home).toBe(session.path('home'));
    expect(secrets).toMatchObject([{ stored: { envelope: { generation: 1 } }, problem: { code: 'CUSTODY_KEY' } }]);
    await session.session.put(`home/collaborations/${ID}/generation-1.json`, '{}');
    const [changed] = (await listSecrets(environmentOf(session), { collaboration, isChecked: false })).secrets;
    expect(changed).toMatchObject({ stored: null, problem: { code: 'CUSTODY_ENVELOPE' } });
  });
});

describe('rotateSecret', () => {
  const schema = {
    text: JSON.stringify({
      headerRow: true,
      columns: [{ sourceHeader: 'a', targetHeader: 'a', type: 'sealed', pad: { type: 'none' } }],
    }),
  };

  test('makes the next generation and names the tables of those before', async () => {
    await using session = await sessionWithSecret({ 'in.csv': 'a\nx\n' });
    const environment = environmentOf(session);
    const table = { input: fileOf(session, 'in.csv'), output: fileOf(session, 'old.csv') };
    await encryptForCollaboration(environment, { table, schema, collaboration, settings: null });
    const tables = { directory: session.session.directory, files: [] };
    const { stored, outdated, olderGenerations } = await rotateSecret(environment, {
      collaboration,
      to: 'age:b.key',
      removed: 'pub',
      tables,
    });
    expect(stored.envelope).toMatchObject({ generation: 2, key: `age:${session.path('b.key')}` });
    expect(outdated).toEqual([{ file: session.path('old.csv'), generation: 1, needsOriginal: false }]);
    expect(olderGenerations).toBe(1);
    expect((await actionsOf(session)).slice(-2)).toEqual(['unwrap rotate', 'rotate remove pub']);
  });

  test('needs a secret to rotate, and the key to it', async () => {
    await using session = await HomeSession.start();
    const rotated = rotateSecret(environmentOf(session), { collaboration });
    await expect(rotated).rejects.toMatchObject({ code: 'CUSTODY_KEY' });
    await using other = await sessionWithSecret();
    const wrong = rotateSecret(environmentOf(other), { collaboration, key: 'age:b.key', to: 'age:b.key' });
    await expect(wrong).rejects.toMatchObject({ code: 'CUSTODY_KEY' });
    expect(await actionsOf(other)).toEqual(['create new']);
  });
});
