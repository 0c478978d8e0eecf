import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { parseManifest, printPublicKey } from 'sealroom/collab';
import { HomeSession } from '../support/homes.ts';
import { keyOf, manifestOfContext, signedBy } from '../support/manifests.ts';
import { PEOPLE, peopleManifest, signedPeopleManifest } from '../support/people.ts';

const SCHEMA = JSON.stringify({
  headerRow: true,
  columns: [{ sourceHeader: 'a', targetHeader: 'a', type: 'sealed', pad: { type: 'none' } }],
});

const SIGNED = signedPeopleManifest();
const { id: ID } = parseManifest(SIGNED);
const M = ['--manifest', 'm.json'];

/** A home with a secret that is bound to roles, and a table of generation 1 before the secret was rotated. */
async function withRoles(action: (home: HomeSession) => Promise<void>): Promise<void> {
  await using home = await HomeSession.start({ 'm.json': SIGNED, 'in.csv': 'a\nx\n', 's.json': SCHEMA });
  await home.becomes('kim');
  await home.done(['key', 'create', ...M, '--key', 'age:a.key']);
  await home.becomes('sol');
  await home.done(['encrypt', 'in.csv', '-s', 's.json', ...M, '-o', 'old.csv']);
  await home.becomes('kim');
  await home.done(['key', 'rotate', ...M]);
  await action(home);
}

const ACTIONS: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ['wrap', ['key', 'wrap', '--to', 'age:b.key'], ['kim']],
  ['rotate', ['key', 'rotate'], ['kim']],
  ['export', ['key', 'export-c3r', '--yes'], ['kim']],
  ['check', ['key', 'show', '--check'], ['kim', 'sol', 'quin']],
  ['encrypt', ['encrypt', 'in.csv', '-s', 's.json', '-o', 'e.csv', '-f'], ['sol']],
  ['decrypt', ['decrypt', 'old.csv', '-o', 'd.csv', '-f'], ['sol', 'quin']],
  ['reencrypt', ['reencrypt', 'old.csv', '-o', 'r.csv', '-f'], ['sol']],
  ['audit', ['audit', 'show'], ['abe']],
  ['audit', ['audit', 'export', '--for', 'brand'], ['abe']],
  ['destroy', ['key', 'destroy', '--generation', '1', '--yes'], ['kim']],
];

describe('roles', () => {
  test.each(ACTIONS)(
    '%s: refused with exit code 3 and recorded for whoever has not the role',
    (action, argv, allowed) =>
      withRoles(async (home) => {
        for (const [name, role] of PEOPLE) {
          if (allowed.includes(name)) continue;
          await home.becomes(name);
          const outcome = await home.run([...argv, ...M]);
          expect([name, outcome.code]).toEqual([name, 3]);
          // `key show` lists what it may not open.
          if (action !== 'check') expect(outcome.out).toBe('');
          expect(outcome.err).toMatch(
            new RegExp(`^error: \`${action}\` needs the role .*; ${name} of brand has ${role}$`, 'm'),
          );
          expect(outcome.err).toMatch(/^hint: ask .*; this is advisory: only a key with its own policy/m);
          expect((await home.events()).at(-1)).toMatchObject({
            action: 'refuse',
            purpose: action,
            actor: printPublicKey(keyOf(name)),
            collaborationId: ID,
          });
        }
        await home.becomes(allowed[0] ?? '');
        await home.done([...argv, ...M]);
      }),
  );

  test('a secret that is bound to them needs the manifest, signed and with people', () =>
    withRoles(async (home) => {
      const plain = await home.run(['key', 'export-c3r', '--id', ID, '--yes']);
      expect(plain).toMatchObject({ code: 3, out: '' });
      expect(plain.err).toMatch(/`export` needs a manifest with people$/m);
      await home.session.put('m.json', peopleManifest());
      expect(await home.run(['key', 'export-c3r', ...M, '--yes'])).toMatchObject({ code: 1, out: '' });
      expect((await home.events()).at(-1)).toMatchObject({ action: 'refuse', purpose: 'export' });
      const unsigned = await home.run(['key', 'export-c3r', ...M, '--yes', '--unsigned']);
      expect(unsigned).toMatchObject({ code: 1, out: '' });
      expect(unsigned.err).toMatch(/a manifest with roles needs the signatures of all members/);
      expect((await home.events()).at(-1)).toMatchObject({ action: 'refuse', purpose: 'export' });
      const peopleless = signedBy(JSON.stringify(manifestOfContext('agg')));
      await home.session.put('m.json', peopleless);
      expect(await home.run(['key', 'export-c3r', ...M, '--yes'])).toMatchObject({ code: 3, out: '' });
    }));

  test('an envelope that was changed to be without them does not open', () =>
    withRoles(async (home) => {
      const file = `home/collaborations/${ID}/generation-2.json`;
      const text = await home.session.text(file);
      await home.session.put(file, text.replace('"isRoleBound":true', '"isRoleBound":false'));
      const outcome = await home.run(['key', 'export-c3r', '--id', ID, '--yes']);
      expect(outcome).toMatchObject({ code: 4, out: '' });
    }));

  test('create: by a custodian only', async () => {
    await using home = await HomeSession.start({ 'm.json': SIGNED });
    for (const name of ['sol', 'ria', 'abe', 'quin', 'eve']) {
      await home.becomes(name);
      expect(await home.run(['key', 'create', ...M, '--key', 'age:a.key'])).toMatchObject({ code: 3 });
      expect((await home.events()).at(-1)).toMatchObject({ action: 'refuse', purpose: 'create', secretId: null });
    }
    await home.becomes('kim');
    const { out } = await home.done(['key', 'create', ...M, '--key', 'age:a.key', '--json']);
    expect(JSON.parse(out)).toMatchObject({ isRoleBound: true });
  });

  test('a secret that was made without them is bound to them when it is rotated with them', async () => {
    await using home = await HomeSession.start({ 'm.json': SIGNED });
    await home.becomes('kim');
    await home.done(['key', 'create', '--id', ID, '--key', 'age:a.key']);
    const { out } = await home.done(['key', 'rotate', ...M, '--json']);
    expect(JSON.parse(out)).toMatchObject({ generation: 2, isRoleBound: true });
    expect(await home.run(['key', 'rotate', '--id', ID])).toMatchObject({ code: 3 });
  });

  test('send: by a custodian only', async () => {
    await using home = await HomeSession.start({ 'm.json': SIGNED });
    await home.becomes('kim');
    await home.done(['key', 'create', ...M, '--key', 'age:a.key']);
    await home.done(['member', 'init', '--id', 'brand', '--classic']);
    await home.session.put('brand.json', (await home.done(['member', 'card'])).out);
    const theirs = ['--home', 'theirs'];
    await mkdir(home.path('theirs'), { mode: 0o700 });
    const pem = keyOf('pub').export({ type: 'pkcs8', format: 'pem' });
    await writeFile(home.path('theirs/sign.key'), pem, { mode: 0o600 });
    await home.done(['member', 'init', '--id', 'pub', '--classic', ...theirs]);
    await home.session.put('pub.json', (await home.done(['member', 'card', ...theirs])).out);
    await home.done(['member', 'verify', 'pub.json'], { input: 'yes\n' });
    await home.done(['member', 'verify', 'brand.json', ...theirs], { input: 'yes\n' });
    await home.done(['key', 'request', '--from', 'brand.json', '--id', ID, '-o', 'request.json', ...theirs]);
    const send = ['key', 'send', '--to', 'pub.json', '--request', 'request.json', '-o', 'parcel.age'];
    const bare = await home.run(send);
    expect(bare).toMatchObject({ code: 3, out: '' });
    expect(bare.err).toMatch(/^error: `send` needs a manifest with people$/m);
    expect((await home.events()).at(-1)).toMatchObject({ action: 'refuse', purpose: 'send', member: 'brand' });
    await home.done([...send, ...M]);
    expect((await home.events()).at(-1)).toMatchObject({ action: 'send', peer: 'pub' });
  });

  test('sign: by a rule approver only', async () => {
    await using home = await HomeSession.start({ 'm.json': peopleManifest() });
    for (const [name] of PEOPLE) {
      await home.session.put(`${name}.pem`, keyOf(name).export({ type: 'pkcs8', format: 'pem' }));
    }
    for (const [name] of PEOPLE) {
      await chmod(home.path(`${name}.pem`), 0o600);
      const outcome = await home.run(['collab', 'sign', 'm.json', '--as', 'brand', '--signing-key', `${name}.pem`]);
      expect([name, outcome.code]).toEqual([name, name === 'ria' ? 0 : 3]);
      if (name !== 'ria') expect((await home.events()).at(-1)).toMatchObject({ action: 'refuse', purpose: 'sign' });
    }
  });

  test('query: by a query member of the member that asks', async () => {
    await using home = await HomeSession.start({ 'm.json': SIGNED });
    await home.done(['room', 'init', 'room', ...M]);
    const argv = ['query', 'SELECT 1', '--room', 'room', '--as', 'brand'];
    for (const name of ['kim', 'sol', 'ria', 'abe', 'pub']) {
      await home.becomes(name);
      const outcome = await home.run(argv);
      expect([name, outcome.code]).toEqual([name, 3]);
      expect(outcome.err).toMatch(
        /^error: `query` (needs the role|for brand needs a person of brand, got one of pub$)/m,
      );
      expect((await home.events()).at(-1)).toMatchObject({ action: 'refuse', purpose: 'query' });
    }
    await home.becomes('quin');
    const asked = await home.run(argv);
    expect(asked.err).not.toMatch(/needs the role/);
  });
});
