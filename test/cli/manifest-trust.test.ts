import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import {
  approveTemplate,
  insertSignature,
  parseManifest,
  printPublicKey,
  type Role,
  signManifest,
} from 'sealroom/collab';
import { fullSecretIdOf } from '#src/custody/secret';
import { parseCollaborationId, parseSharedSecret } from '#src/crypto/index';
import { type Outcome, SECRET } from '../support/cli.ts';
import { HomeSession } from '../support/homes.ts';
import { keyOf, manifestOfContext, signedBy, withValue } from '../support/manifests.ts';
import { signedPeopleManifest } from '../support/people.ts';

const VALUE = manifestOfContext('agg');
const TEXT = JSON.stringify(VALUE, null, 2);
const { id: ID } = parseManifest(TEXT);
const COLUMNS = [{ sourceHeader: 'a', targetHeader: 'a', type: 'sealed', pad: { type: 'none' } }];
const FILES = {
  'm.json': signedBy(TEXT),
  'in.csv': 'a\nx\n',
  's.json': JSON.stringify({ headerRow: true, columns: COLUMNS }),
};
const M = ['--manifest', 'm.json'];
const ENCRYPT = ['encrypt', 'in.csv', '-s', 's.json', '-o', 'out.csv', '-f'];
const DECRYPT = ['decrypt', 'out.csv', '-o', 'open.csv', '-f'];
const CHECK = ['check', '--as', 'brand', 'SELECT 1'];

/** A home with a secret, and a table of it. */
async function start(): Promise<HomeSession> {
  const home = await HomeSession.start(FILES);
  await home.done(['key', 'create', '--id', ID, '--key', 'age:a.key']);
  await home.done([...ENCRYPT, '--id', ID]);
  const envelope = await home.session.text(`home/collaborations/${ID}/generation-1.json`);
  await home.session.put('generation-1.json', envelope);
  return home;
}

/** Makes the home that of a member, whose card then has the key of `keyOf`. */
async function beMember(home: HomeSession, id: string, key: string): Promise<void> {
  await home.becomes(key);
  await home.done(['member', 'init', '--id', id, '--classic']);
}

/** Pins the card of a member with the key of `keyOf` in the home, which has a card. */
async function pin(home: HomeSession, id: string, key: string, more: readonly string[] = []): Promise<void> {
  const { createMember, readHomeCard } = await import('#src/actions/member/index');
  await using other = await HomeSession.start();
  await other.becomes(key);
  const environment = { env: {}, cwd: '/', home: other.path('home'), now: () => new Date(0) };
  await createMember(environment, { id, isClassic: true });
  await home.session.put('card.json', (await readHomeCard(environment)).text);
  await home.done(['member', 'verify', 'card.json', ...more], { input: 'yes\n' });
}

/** Makes the home `theirs` of another member, whose card then has the key of `keyOf`. */
async function makeTheirs(home: HomeSession, id: string, key: string): Promise<void> {
  await mkdir(home.path('theirs'), { mode: 0o700 });
  const pem = keyOf(key).export({ type: 'pkcs8', format: 'pem' });
  await writeFile(home.path('theirs/sign.key'), pem, { mode: 0o600 });
  await home.done(['member', 'init', '--id', id, '--classic', '--home', home.path('theirs')]);
}

/** The manifest in which `eve` became a rule approver of `brand`, whose known key is still there, and signed for it. */
function signedByAdded(roles: readonly Role[]): string {
  const person = (id: string, has: readonly Role[]) => ({ id, roles: has, sign: printPublicKey(keyOf(id)) });
  const people = [person('brand', roles), person('eve', ['RULE_APPROVER'])];
  const [brand, pub] = VALUE['members'] as readonly object[];
  const text = JSON.stringify({ ...VALUE, members: [{ ...brand, people }, pub] });
  const signed = insertSignature(text, signManifest(parseManifest(text), 'brand', keyOf('eve')), null);
  return insertSignature(signed, signManifest(parseManifest(signed), 'pub', keyOf('pub')), null);
}

const VERIFY = ['collab', 'verify', 'm.json'];

/** All commands that take a manifest of somebody, and what they need to come to it. */
const COMMANDS: readonly (readonly [string, readonly string[]])[] = [
  ['encrypt', [...ENCRYPT, ...M]],
  ['decrypt', [...DECRYPT, ...M]],
  ['reencrypt', ['reencrypt', 'out.csv', '-o', 'again.csv', ...M]],
  ['check', [...CHECK, ...M]],
  ['key wrap', ['key', 'wrap', '--to', 'age:b.key', ...M]],
  ['key rotate', ['key', 'rotate', ...M]],
  ['key export-c3r', ['key', 'export-c3r', '--yes', ...M]],
  ['key destroy', ['key', 'destroy', '--generation', '1', '--yes', ...M]],
  ['key adopt', ['key', 'adopt', 'generation-1.json', '--yes', ...M]],
  ['key show', ['key', 'show', '--check', ...M]],
  ['audit show', ['audit', 'show', ...M]],
  ['audit export', ['audit', 'export', '--for', 'brand', ...M]],
  ['room init', ['room', 'init', 'room', ...M]],
];

describe('a manifest counts with the signatures of all members', () => {
  test.each(COMMANDS)('%s', async (name, argv) => {
    await using home = await start();
    const stripped = withValue(VALUE, ['settings', 'allowJoinsOnColumnsWithDifferentNames'], true);
    for (const text of [JSON.stringify(stripped), signedBy(TEXT, ['brand'])]) {
      await home.session.put('m.json', text);
      const outcome = await home.run(argv);
      expect(outcome).toMatchObject({ code: 1, out: '' });
      expect(outcome.err).toMatch(/m\.json: .*(has not signed|is not signed by)/);
      expect(outcome.err).toMatch(/hint: .*`sealroom collab sign`/);
    }
    await home.session.put('m.json', FILES['m.json'].replace('Spring', 'Autumn'));
    expect(await home.run(argv)).toMatchObject({ code: 4, out: '' });
    if (name !== 'room init') expect(await home.run([...argv, '--unsigned'])).toMatchObject({ code: 4, out: '' });
  });

  test('key send and key receive too', async () => {
    await using home = await HomeSession.start({ ...FILES, 'bare.json': TEXT });
    const theirs = ['--home', home.path('theirs')];
    await beMember(home, 'brand', 'brand');
    await home.done(['key', 'create', ...M, '--key', 'age:a.key']);
    await makeTheirs(home, 'pub', 'pub');
    await home.session.put('brand.json', (await home.done(['member', 'card'])).out);
    await home.session.put('pub.json', (await home.done(['member', 'card', ...theirs])).out);
    await home.done(['member', 'verify', 'pub.json'], { input: 'yes\n' });
    await home.done(['member', 'verify', 'brand.json', ...theirs], { input: 'yes\n' });
    const bare = ['--manifest', 'bare.json'];
    const ask = ['key', 'request', '--from', 'brand.json', '-o', 'request.json', ...theirs];
    const send = ['key', 'send', '--to', 'pub.json', '--request', 'request.json', '-o', 'parcel.age'];
    const receive = ['key', 'receive', 'parcel.age', '--key', 'age:b.key', ...theirs];
    for (const argv of [ask, send, receive]) {
      expect(await home.run([...argv, ...bare])).toMatchObject({
        code: 1,
        err: expect.stringMatching(/has not signed/),
      });
      await home.done([...argv, ...M]);
    }
  });

  test('--unsigned goes on, and names what somebody can have changed', async () => {
    await using home = await start();
    await home.session.put('m.json', signedBy(TEXT, ['brand']));
    for (const argv of [ENCRYPT, DECRYPT]) {
      const { err } = await home.done([...argv, ...M, '--unsigned']);
      expect(err).toMatch(
        /^warning: the manifest is not signed by pub: .* can have changed its id, settings, secret ids, keys, columns, rules, budgets and templates$/m,
      );
    }
    const { err } = await home.run([...CHECK, ...M, '--unsigned']);
    expect(err).toMatch(/^warning: the manifest is not signed by pub: .* changed its columns and rules$/m);
    expect(await home.run([...ENCRYPT, '--id', ID, '--unsigned'])).toMatchObject({
      code: 2,
      err: expect.stringMatching(/`--unsigned` needs `--manifest`/),
    });
  });

  test('but the secret can be made before anybody signs', async () => {
    await using home = await HomeSession.start({ 'm.json': TEXT });
    const { err } = await home.done(['key', 'create', ...M, '--key', 'age:a.key']);
    expect(err).toMatch(/^hint: .*`sealroom collab secret m\.json`$/m);
  });
});

describe('a manifest counts with the keys that the home knows', () => {
  test.each(COMMANDS)('%s', async (_, argv) => {
    await using home = await start();
    await beMember(home, 'brand', 'brand');
    await pin(home, 'pub', 'eve');
    const outcome = await home.run(argv);
    expect(outcome).toMatchObject({ code: 4, out: '' });
    expect(outcome.err).toMatch(/m\.json: expected the known keys of pub; key of pub: another is pinned$/m);
    expect(outcome.err).toMatch(/^hint: if pub has a new key, compare its card by phone: `sealroom member verify/m);
  });

  test('room update', async () => {
    await using home = await start();
    await home.done(['room', 'init', 'room', ...M]);
    await beMember(home, 'brand', 'brand');
    await pin(home, 'pub', 'eve');
    expect(await home.run(['room', 'update', 'm.json', '--room', 'room'])).toMatchObject({
      code: 4,
      err: expect.stringMatching(/key of pub: another is pinned/),
    });
  });

  test('also its own', async () => {
    await using home = await start();
    await beMember(home, 'brand', 'eve');
    const outcome = await home.run([...ENCRYPT, ...M, '--unsigned']);
    expect(outcome).toMatchObject({ code: 4 });
    expect(outcome.err).toMatch(
      /key of brand: another is pinned\nhint: your home is that of brand and has another key/,
    );
  });

  test('a home takes none of strangers, whatever they sign', async () => {
    await using home = await start();
    await beMember(home, 'shop', 'shop');
    const outcome = await home.run([...ENCRYPT, ...M, '--unsigned']);
    expect(outcome).toMatchObject({ code: 4 });
    expect(outcome.err).toMatch(
      /m\.json: your home is that of shop, which is no member in the manifest\nhint: use the manifest that shop signed/,
    );
  });

  test('or it is said that anybody can have made it', async () => {
    await using home = await start();
    const WARNING =
      /^warning: your home knows no key that signed the manifest: anybody can have made it; pin the cards/m;
    expect((await home.done([...ENCRYPT, ...M])).err).toMatch(WARNING);
    await beMember(home, 'brand', 'brand');
    expect((await home.done([...ENCRYPT, ...M])).err).not.toMatch(WARNING);
  });

  test('of people, who do not sign for their member, it is not enough to be known', async () => {
    await using home = await HomeSession.start({ ...FILES, 'm.json': signedPeopleManifest() });
    await beMember(home, 'brand', 'kim');
    const create = ['key', 'create', ...M, '--key', 'age:a.key'];
    await home.done(create);
    expect((await home.done(['key', 'wrap', '--to', 'age:b.key', ...M])).err).toMatch(
      /your home knows no key that signed/,
    );
    await pin(home, 'brand', 'ria');
    const known = await home.done(['key', 'wrap', '--to', 'age:a.key', ...M, '--key', 'age:b.key']);
    expect(known.err).not.toMatch(/your home knows no key/);
  });

  describe('of which one that somebody added does not count', () => {
    const COUNTING = [...COMMANDS.filter(([name]) => !name.startsWith('audit')), ['collab verify', VERIFY]] as const;

    test.each(COUNTING)('%s', async (_, argv) => {
      await using home = await start();
      await beMember(home, 'brand', 'brand');
      await home.session.put('m.json', signedByAdded(['RULE_APPROVER', 'AUDITOR']));
      const outcome = await home.run(argv);
      expect(outcome).toMatchObject({ code: 4 });
      expect(outcome.err).toMatch(/the manifest has a known key of brand, and another one signed it\nhint: ask brand/);
    });

    test('and it is said if the known one does not sign', async () => {
      await using home = await start();
      await beMember(home, 'brand', 'brand');
      await pin(home, 'pub', 'pub');
      await home.session.put('m.json', signedByAdded(['DATA_STEWARD']));
      expect((await home.done([...ENCRYPT, ...M])).err).toMatch(
        /^warning: your home does not know the key that signed the manifest for brand, its own member: /m,
      );
    });
  });

  test('and nobody signs one with others', async () => {
    await using home = await start();
    await beMember(home, 'brand', 'brand');
    await pin(home, 'pub', 'eve');
    const sign = ['collab', 'sign', 'm.json', '--as', 'brand'];
    expect(await home.run(sign)).toMatchObject({ code: 4 });
    await pin(home, 'pub', 'pub', ['--replace']);
    await home.done(sign);
    await home.done([...ENCRYPT, ...M]);
  });

  test('collab verify says of each whether it is pinned', async () => {
    await using home = await start();
    const verify = (): Promise<Outcome> => home.run(['collab', 'verify', 'm.json']);
    expect(await verify()).toMatchObject({
      code: 0,
      out: expect.stringMatching(
        /^brand: signed\npub: signed\nkey of brand: not pinned\nkey of pub: not pinned\nhash /,
      ),
    });
    await beMember(home, 'brand', 'brand');
    await pin(home, 'pub', 'eve');
    expect(await verify()).toMatchObject({
      code: 4,
      out: expect.stringMatching(/\nkey of brand: pinned, as your own\nkey of pub: another is pinned\n/),
    });
    await pin(home, 'pub', 'pub', ['--replace']);
    expect(await verify()).toMatchObject({ code: 0, out: expect.stringMatching(/\nkey of pub: pinned\n/) });
    const json = JSON.parse((await home.done(['collab', 'verify', 'm.json', '--json'])).out) as object;
    expect(json).toMatchObject({
      keys: [
        { member: 'brand', state: 'own' },
        { member: 'pub', state: 'pinned' },
      ],
    });
  });
});

/** The full id of the secret in the session's environment. */
function idOfSecret(secret: string): string {
  using parsed = parseSharedSecret(secret);
  return fullSecretIdOf(parsed, parseCollaborationId(ID));
}

const naming = (secretIds: Readonly<Record<string, string>>): string =>
  signedBy(JSON.stringify({ ...VALUE, secretIds }));

const OTHER = 'ab'.repeat(32);

describe('the secret that a manifest names', () => {
  const WITH_SECRET: readonly (readonly string[])[] = [
    [...ENCRYPT, ...M],
    [...DECRYPT, ...M],
    ['key', 'wrap', '--to', 'age:b.key', ...M],
    ['key', 'rotate', ...M],
    ['key', 'export-c3r', '--yes', ...M],
    ['key', 'adopt', 'generation-1.json', '--yes', ...M],
    ['collab', 'secret', 'm.json'],
  ];

  test.each(WITH_SECRET.map((argv) => [argv.slice(0, 2).join(' '), argv] as const))(
    'is the only one for %s',
    async (_, argv) => {
      await using home = await start();
      await home.session.put('m.json', naming({ 1: OTHER }));
      const outcome = await home.run(argv);
      expect(outcome).toMatchObject({ code: 1, out: '' });
      expect(outcome.err).toMatch(/the manifest names the secret (ab){32} for generation 1, got [0-9a-f]{64}$/m);
      expect(outcome.err).toMatch(/^hint: do not use this secret: .* `sealroom key request`$/m);
    },
  );

  test('goes into the manifest by a command, and then everything runs', async () => {
    await using home = await start();
    await home.done(['key', 'rotate', '--id', ID]);
    const { out, err } = await home.done(['collab', 'secret', 'm.json']);
    expect(out).toMatch(/^generation 1: secret [0-9a-f]{64}\ngeneration 2: secret [0-9a-f]{64}\n$/);
    expect(err).toMatch(/^hint: the signatures no longer hold: all members sign it/m);
    expect(await home.run([...ENCRYPT, ...M])).toMatchObject({ code: 4 });
    const text = await home.session.text('m.json');
    const { secretIds, sha256 } = parseManifest(text);
    expect(Object.keys(secretIds ?? {})).toEqual(['1', '2']);
    await home.session.put('m.json', signedBy(text));
    await home.done([...DECRYPT, ...M]);
    await home.done(['reencrypt', 'out.csv', '-o', 'new.csv', ...M]);
    const encrypted = await home.done([...ENCRYPT, ...M]);
    expect(encrypted.err).not.toMatch(/secret/);
    const again = await home.done(['collab', 'secret', 'm.json']);
    expect(again).toMatchObject({ out: expect.stringMatching(/^generation 1: .*, named already\n/), err: '' });
    expect(parseManifest(await home.session.text('m.json')).sha256).toBe(sha256);
  });

  test('stays YAML with its comments', async () => {
    await using home = await HomeSession.start();
    await home.done(['collab', 'init', 'm.yaml', '--members', 'brand,pub', '--id', ID]);
    await home.done(['key', 'create', '--manifest', 'm.yaml', '--key', 'age:a.key']);
    await home.done(['collab', 'secret', 'm.yaml', '--json']);
    const text = await home.session.text('m.yaml');
    expect(text).toMatch(/^# What the members of a collaboration agree on/);
    expect(text).toMatch(/\nsecretIds:\n {2}"1": "?[0-9a-f]{64}"?\n/);
    expect(parseManifest(text).secretIds).toEqual({ 1: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });

  test('is said by key show --check not to be that of the home', async () => {
    await using home = await start();
    await home.session.put('m.json', naming({ 1: OTHER }));
    expect(await home.run(['key', 'show', '--check', ...M])).toMatchObject({
      code: 1,
      out: expect.stringMatching(/problem: the manifest names the secret (ab){32} for generation 1, got/),
    });
  });

  test('has to be of a generation that it names', async () => {
    await using home = await start();
    await home.done(['collab', 'secret', 'm.json']);
    await home.session.put('m.json', signedBy(await home.session.text('m.json')));
    const rotated = await home.done(['key', 'rotate', ...M]);
    expect(rotated.err).toMatch(
      /^hint: a manifest that names secrets needs generation 2: .*`sealroom collab secret <manifest>`/m,
    );
    const refused = await home.run([...ENCRYPT, ...M]);
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.err).toMatch(
      /the manifest names no secret of generation 2\nhint: the member that made this generation/,
    );
    await home.done([...DECRYPT, ...M]);
  });

  test('is newer than that of the home, which is said', async () => {
    await using home = await start();
    await home.done(['collab', 'secret', 'm.json']);
    const { secretIds } = parseManifest(await home.session.text('m.json'));
    const WARNING =
      /^warning: the manifest names generation 3 of the secret, and your home has no newer one than 1: ask/m;
    await home.session.put('m.json', naming({ ...secretIds, 3: OTHER }));
    expect((await home.done([...ENCRYPT, ...M])).err).toMatch(WARNING);
    expect((await home.done([...DECRYPT, ...M])).err).not.toMatch(WARNING);
  });

  test('is not made anew', async () => {
    await using home = await HomeSession.start({ ...FILES, 'm.json': naming({ 1: OTHER, 2: idOfSecret(SECRET) }) });
    const create = ['key', 'create', ...M, '--key', 'age:a.key'];
    expect(await home.run(create)).toMatchObject({
      code: 1,
      err: expect.stringMatching(
        /the manifest already names the secret (ab){32} for generation 1\nhint: .*key request/,
      ),
    });
    expect(await home.run([...create, '--import'], { env: { C3R_SHARED_SECRET: SECRET } })).toMatchObject({
      code: 1,
      err: expect.stringMatching(/the manifest names the secret (ab){32} for generation 1, got/),
    });
    await home.session.put('m.json', naming({ 1: idOfSecret(SECRET), 2: OTHER }));
    await home.done([...create, '--import'], { env: { C3R_SHARED_SECRET: SECRET } });
    expect(await home.run(['key', 'rotate', ...M])).toMatchObject({
      code: 1,
      err: expect.stringMatching(/already names the secret (ab){32} for generation 2/),
    });
  });

  test('is that of the environment, or that is refused', async () => {
    await using home = await HomeSession.start({ ...FILES, 'm.json': naming({ 3: idOfSecret(SECRET) }) });
    const env = { C3R_SHARED_SECRET: SECRET };
    await home.done([...ENCRYPT, ...M], { env });
    await home.session.put('m.json', naming({ 1: OTHER }));
    expect(await home.run([...ENCRYPT, ...M], { env })).toMatchObject({
      code: 1,
      err: expect.stringMatching(/the manifest names other secrets, got [0-9a-f]{64}/),
    });
    await home.session.put('m.json', TEXT);
    const { out } = await home.done(['collab', 'secret', 'm.json'], { env });
    expect(out).toBe(`generation 1: secret ${idOfSecret(SECRET)}\n`);
  });

  test('is neither sent nor received if it is another', async () => {
    await using home = await HomeSession.start({ ...FILES, 'other.json': naming({ 1: OTHER }) });
    const theirs = ['--home', home.path('theirs')];
    await beMember(home, 'brand', 'brand');
    await home.done(['key', 'create', ...M, '--key', 'age:a.key']);
    await makeTheirs(home, 'pub', 'pub');
    await home.session.put('brand.json', (await home.done(['member', 'card'])).out);
    await home.session.put('pub.json', (await home.done(['member', 'card', ...theirs])).out);
    await home.done(['member', 'verify', 'pub.json'], { input: 'yes\n' });
    await home.done(['member', 'verify', 'brand.json', ...theirs], { input: 'yes\n' });
    await home.done(['key', 'request', '--from', 'brand.json', '--id', ID, '-o', 'request.json', ...theirs]);
    const send = ['key', 'send', '--to', 'pub.json', '--request', 'request.json', '-o', 'parcel.age'];
    const other = ['--manifest', 'other.json'];
    const refused = { code: 1, err: expect.stringMatching(/the manifest names the secret (ab){32} for generation 1/) };
    expect(await home.run([...send, ...other])).toMatchObject(refused);
    expect(await home.session.names()).not.toContain('parcel.age');
    await home.done([...send, ...M]);
    const receive = ['key', 'receive', 'parcel.age', '--key', 'age:b.key', ...theirs];
    expect(await home.run([...receive, ...other])).toMatchObject(refused);
    expect((await home.done(['key', 'show', ...theirs])).out).not.toMatch(ID);
    await home.done(['collab', 'secret', 'm.json']);
    await home.session.put('m.json', signedBy(await home.session.text('m.json')));
    await home.done([...receive, ...M]);
  });

  test('is printed by encrypt and missed by show where there is none', async () => {
    await using home = await start();
    const { err } = await home.done([...ENCRYPT, ...M]);
    expect(err).toMatch(/^secret [0-9a-f]{32}, generation 1, under age:\S+a\.key$/m);
    expect((await home.done([...ENCRYPT, '--id', ID])).err).toMatch(/^secret [0-9a-f]{32}, generation 1, under age:/m);
    expect((await home.done(['collab', 'show', 'm.json'])).out).toMatch(
      /^ {2}names no secret: whoever makes an envelope/m,
    );
    await home.session.put('m.json', naming({ 1: OTHER }));
    expect((await home.done(['collab', 'show', 'm.json'])).out).toMatch(/^ {2}generation 1: secret (ab){32}$/m);
  });
});

describe('an approval that was taken back', () => {
  const CUSTOM = JSON.stringify(manifestOfContext('customTemplates'), null, 2);
  const AS_PUB = ['--as', 'pub', '--template', 'tmpl-reach'];

  /** A home of `pub`, a manifest in which both owners approve a template, and a room for that. */
  async function startRoom(): Promise<HomeSession> {
    const approval = approveTemplate(parseManifest(CUSTOM), 'tmpl-reach', 'brand', keyOf('brand'), new Date(0));
    const home = await HomeSession.start({ 'm.json': insertSignature(signedBy(CUSTOM), approval, 'tmpl-reach') });
    await home.becomes('pub');
    await home.done(['collab', 'sign', 'm.json', ...AS_PUB]);
    await home.session.put('old.json', await home.session.text('m.json'));
    await home.done(['room', 'init', 'room', ...M]);
    return home;
  }

  const check = (home: HomeSession): Promise<Outcome> =>
    home.run([
      'check',
      '--room',
      'room',
      '--as',
      'brand',
      '--template',
      'tmpl-reach',
      '--param',
      'since=2026-01-01',
      '--json',
    ]);

  const isApproved = async (home: HomeSession): Promise<boolean> =>
    !(await check(home)).out.includes('`pub` has not approved');

  test('stays so in a room that has seen it, whatever copy comes later', async () => {
    await using home = await startRoom();
    expect(await isApproved(home)).toBe(true);
    const { out, err } = await home.done(['collab', 'withdraw', 'm.json', ...AS_PUB]);
    expect(out).toMatch(/^withdrew the approval of template tmpl-reach as pub, at \d{4}-.*Z\nhash [0-9a-f]{64}\n$/);
    expect(err).toMatch(/^hint: it counts where it is known: .*`sealroom room update`$/m);
    expect((await home.done(['collab', 'verify', 'm.json'])).out).toMatch(
      /^pub on template tmpl-reach: has withdrawn its approval$/m,
    );
    expect((await home.done(['collab', 'show', 'm.json'])).out).toMatch(/tmpl-reach: approved by brand$/m);
    await home.done(['room', 'update', 'm.json', '--room', 'room']);
    expect(await isApproved(home)).toBe(false);
    const back = await home.done(['room', 'update', 'old.json', '--room', 'room']);
    expect(back.out).toMatch(/^pub has withdrawn its approval of tmpl-reach at .*: it stays withdrawn$/m);
    expect(await isApproved(home)).toBe(false);
    // Nor does writing the older copy over that of the room, which has the same hash.
    await home.session.put('room/manifest.yaml', await home.session.text('old.json'));
    expect(await isApproved(home)).toBe(false);
    await home.done(['collab', 'sign', 'm.json', ...AS_PUB]);
    await home.done(['room', 'update', 'm.json', '--room', 'room']);
    expect(await isApproved(home)).toBe(true);
    await home.done(['room', 'update', 'old.json', '--room', 'room']);
    expect(await isApproved(home)).toBe(false);
  });

  test('is known to a room from the start', async () => {
    await using home = await startRoom();
    await home.done(['collab', 'withdraw', 'm.json', ...AS_PUB]);
    await home.done(['room', 'init', 'second', ...M]);
    const state = JSON.parse(await readFile(home.path('second/room.json'), 'utf8')) as object;
    expect(state).toMatchObject({ withdrawals: [{ member: 'pub' }] });
    const back = await home.done(['room', 'update', 'old.json', '--room', 'second', '--json']);
    expect(JSON.parse(back.out)).toMatchObject({ withdrawn: [{ member: 'pub', template: 'tmpl-reach' }] });
  });

  test('is taken back with the key of its member only', async () => {
    await using home = await startRoom();
    const other = ['--as', 'brand', '--template', 'tmpl-reach'];
    expect(await home.run(['collab', 'withdraw', 'm.json', ...other])).toMatchObject({ code: 2 });
    expect(await home.run(['collab', 'withdraw', 'm.json', ...AS_PUB.slice(0, 2)])).toMatchObject({ code: 2 });
    expect(await home.session.text('m.json')).toBe(await home.session.text('old.json'));
  });
});
