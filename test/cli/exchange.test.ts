import { cp } from 'node:fs/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { insertSignature, parseManifest, signManifest } from 'sealroom/collab';
import { readSigningKey } from 'sealroom/custody';
import { ID, type Outcome, type RunOptions, Session } from '../support/cli.ts';
import { type Json, keyOf, manifestOfContext } from '../support/manifests.ts';

// Two members in two homes, and one directory in which they pass each other files.
const BARE: RunOptions = { env: {} };

const json = ({ out }: Outcome): Record<string, unknown> => JSON.parse(out) as Record<string, unknown>;

const line = (text: string, number: number): string => text.split('\n')[number] ?? '';

/** Runs a command of a member, which has to be done. */
async function as(session: Session, home: string, argv: readonly string[], options = BARE): Promise<Outcome> {
  const outcome = await session.run([...argv, '--home', home], options);
  expect({ code: outcome.code, err: outcome.code === 0 ? '' : outcome.err }).toEqual({ code: 0, err: '' });
  return outcome;
}

async function makeMember(session: Session, name: string, id = name): Promise<void> {
  await as(session, name, ['member', 'init', '--id', id, '--classic']);
  await session.put(`${name}.card.json`, (await as(session, name, ['member', 'card'])).out);
}

async function digitsOf(session: Session, home: string, card: string): Promise<string> {
  return String(json(await as(session, home, ['member', 'verify', card, '--json']))['authenticationString']);
}

const SCHEMA = JSON.stringify({
  headerRow: true,
  columns: [{ sourceHeader: 'email', targetHeader: 'email', type: 'sealed', pad: { type: 'none' } }],
});

const ENCRYPT = ['--id', ID, '--schema', 'schema.json', '--output', 'sealed.csv', '--allow-cleartext'];

test('E-36 two members: cards, digits, request, parcel; one encrypts, and the other decrypts', async () => {
  await using session = await Session.start({ 'schema.json': SCHEMA, 'table.csv': 'email\na@example.com\n' });
  await makeMember(session, 'shoe');
  await makeMember(session, 'news');
  const digits = await digitsOf(session, 'shoe', 'news.card.json');
  expect(digits).toMatch(/^(\d{5} ){11}\d{5}$/);
  expect(await digitsOf(session, 'news', 'shoe.card.json')).toBe(digits);
  // One of them is asked, the other has the digits in a script.
  const asked = await as(session, 'shoe', ['member', 'verify', 'news.card.json'], { env: {}, input: 'yes\n' });
  expect(asked.out).toBe(`${digits.slice(0, 35)}\n${digits.slice(36)}\n`);
  await as(session, 'news', ['member', 'verify', 'shoe.card.json', '--expect', digits]);
  // The shoe maker's secret is under a key of its own, and it encrypts.
  await as(session, 'shoe', ['key', 'create', '--id', ID, '--key', 'age:shoe/receive.key']);
  await as(session, 'shoe', ['encrypt', 'table.csv', ...ENCRYPT]);
  // The newspaper asks for it, gets it, and decrypts.
  const request = await as(session, 'news', ['key', 'request', '--id', ID, '--from', 'shoe.card.json']);
  await session.put('request.json', request.out);
  const sending = ['key', 'send', '--to', 'news.card.json', '--request', 'request.json', '-o', 'parcel.age'];
  const sent = json(await as(session, 'shoe', [...sending, '--json']));
  expect(sent).toMatchObject({ collaborationId: ID, generation: 1, to: 'news' });
  const receiving = ['key', 'receive', 'parcel.age', '--key', 'age:news/receive.key'];
  const received = json(await as(session, 'news', [...receiving, '--json']));
  expect(received).toMatchObject({ collaborationId: ID, generation: 1, secretId: sent['secretId'], from: 'shoe' });
  await as(session, 'news', ['decrypt', 'sealed.csv', '--id', ID, '--output', 'opened.csv']);
  expect(await session.text('opened.csv')).toBe('email\na@example.com\n');
  // A parcel is taken once.
  const again = await session.run([...receiving, '--home', 'news'], BARE);
  expect(again.code).toBe(4);
  expect(line(again.err, 0)).toBe('error: parcel.age: the parcel answers a request that was already used');
  // The secret is in no output of these commands, and in no file that they passed.
  const secret = (await as(session, 'news', ['key', 'export-c3r', '--id', ID, '--yes'])).out.trim();
  for (const name of ['request.json', 'parcel.age', 'news.card.json', 'shoe.card.json', 'sealed.csv']) {
    expect(await session.text(name)).not.toContain(secret);
  }
});

describe('what is refused', () => {
  let session: Session;

  beforeAll(async () => {
    session = await Session.start();
    await makeMember(session, 'shoe');
    await makeMember(session, 'news');
    return () => session[Symbol.asyncDispose]();
  });

  const errorOf = async (argv: readonly string[], home = 'shoe', input = ''): Promise<readonly [number, string]> => {
    const { code, err } = await session.run([...argv, '--home', home], { env: {}, input });
    return [code, /error: .*/.exec(err)?.[0] ?? ''];
  };

  test.each([
    ['no', 'no\n'],
    ['an empty answer', '\n'],
  ])('E-14 a card is not pinned after %s', async (_, input) => {
    expect(await errorOf(['member', 'verify', 'news.card.json'], 'shoe', input)).toEqual([
      4,
      'error: the digits do not match',
    ]);
    expect((await session.run(['member', 'verify', 'news.card.json', '--home', 'shoe'], BARE)).code).toBe(1);
    const [code, error] = await errorOf(['key', 'request', '--id', ID, '--from', 'news.card.json']);
    expect([code, error]).toEqual([4, 'error: news.card.json: the card is not pinned']);
  });

  test('E-13 a card is not pinned with half of the digits, nor with others', async () => {
    const digits = await digitsOf(session, 'shoe', 'news.card.json');
    for (const wrong of [digits.slice(0, 35), digits.replace(/\d$/, (last) => String((Number(last) + 1) % 10)), '0']) {
      expect(await errorOf(['member', 'verify', 'news.card.json', '--expect', wrong])).toEqual([
        4,
        'error: the digits do not match',
      ]);
    }
  });

  test("E-14 one's own card, before anybody is called", async () => {
    const { code, out, err } = await session.run(['member', 'verify', 'shoe.card.json', '--home', 'shoe'], BARE);
    expect({ code, out, error: line(err, 0) }).toEqual({
      code: 4,
      out: '',
      error: 'error: the card is that of this home',
    });
  });

  test('a file that is no card, no request or no parcel', async () => {
    await session.put('other', 'hello\n');
    expect(await errorOf(['member', 'verify', 'other'])).toEqual([
      4,
      "error: other: not a member's card, or it was changed",
    ]);
    await as(session, 'shoe', [
      'member',
      'verify',
      'news.card.json',
      '--expect',
      await digitsOf(session, 'shoe', 'news.card.json'),
    ]);
    expect(await errorOf(['key', 'send', '--to', 'news.card.json', '--request', 'other', '-o', 'parcel'])).toEqual([
      4,
      'error: other: not a request for a secret, or it was changed',
    ]);
    expect(await errorOf(['key', 'receive', 'other', '--key', 'age:shoe/receive.key'])).toEqual([
      4,
      'error: other: the file is not a parcel for one key of kind X25519',
    ]);
    expect(await session.names()).not.toContain('parcel');
  });

  test('a key that is not said, a span that is too long, a generation that cannot be', async () => {
    await session.put('parcel.age', 'age');
    expect(await errorOf(['key', 'receive', 'parcel.age'])).toEqual([2, 'error: `--key` is missing']);
    const request = ['key', 'request', '--id', ID, '--from', 'news.card.json'];
    expect(await errorOf([...request, '--days', '31'])).toEqual([2, 'error: expected 1 to 30 days, got 31']);
    expect((await errorOf([...request, '--generation', '0']))[0]).toBe(2);
  });

  test('a second card in one home', async () => {
    const [code, error] = await errorOf(['member', 'init', '--id', 'other']);
    expect([code, error]).toEqual([1, "error: shoe/card.json: the home already has a member's card"]);
  });

  test('a home without a card', async () => {
    expect(await errorOf(['member', 'card'], 'nobody')).toEqual([
      1,
      "error: nobody/card.json: the home has no member's card",
    ]);
  });
});

test('E-14 another card of a member is told of, and takes the place of the first with `--replace`', async () => {
  await using session = await Session.start();
  for (const name of ['shoe', 'news', 'new']) await makeMember(session, name);
  await as(session, 'renewed', ['member', 'init', '--id', 'news', '--name', 'The Newspaper', '--classic']);
  await session.put('renewed.card.json', (await as(session, 'renewed', ['member', 'card'])).out);
  await as(session, 'shoe', [
    'member',
    'verify',
    'news.card.json',
    '--expect',
    await digitsOf(session, 'shoe', 'news.card.json'),
  ]);
  const verify = [
    'member',
    'verify',
    'renewed.card.json',
    '--expect',
    await digitsOf(session, 'shoe', 'renewed.card.json'),
  ];
  expect((await as(session, 'shoe', verify)).err).toContain(
    'warning: another card is pinned for this member; `--replace` unpins it',
  );
  expect((await as(session, 'shoe', [...verify, '--replace'])).err).not.toContain('warning');
  const old = await session.run(['key', 'request', '--id', ID, '--from', 'news.card.json', '--home', 'shoe'], BARE);
  expect(old.err).toContain('the card is not pinned; another card of `news` is');
});

test('the keys of a card are what a manifest takes, and the home signs it', async () => {
  await using session = await Session.start();
  await as(session, 'shoe', ['member', 'init', '--id', 'shoe']);
  await as(session, 'news', ['member', 'init', '--id', 'news']);
  const keys = (await as(session, 'shoe', ['member', 'card', '--manifest-keys'])).out;
  expect(keys).toMatch(/^publicKeys:\n {2}sign: ed25519:\S+\n {2}receive: age1pq1\S+\n$/);
  const { publicKeys } = json(await as(session, 'shoe', ['member', 'card', '--manifest-keys', '--json']));
  const news = json(await as(session, 'news', ['member', 'card', '--manifest-keys', '--json']));
  const members = [
    { id: 'shoe', abilities: ['CAN_QUERY', 'CAN_RECEIVE_RESULTS'], publicKeys },
    { id: 'news', abilities: [], ...news },
  ];
  await session.run(['collab', 'init', 'manifest.yaml', '--members', 'shoe,news', '--id', ID], BARE);
  const { parse, stringify } = await import('yaml');
  const manifest = parse(await session.text('manifest.yaml')) as Record<string, unknown>;
  await session.put('manifest.yaml', stringify({ ...manifest, members }));
  const signed = await session.run(
    ['collab', 'sign', 'manifest.yaml', '--as', 'shoe', '--signing-key', 'shoe/sign.key'],
    BARE,
  );
  expect(signed).toMatchObject({ code: 0 });
});

describe('roles', () => {
  const PEOPLE = [
    ['kim', 'KEY_CUSTODIAN'],
    ['ken', 'KEY_CUSTODIAN'],
    ['sol', 'DATA_STEWARD'],
    ['ria', 'RULE_APPROVER'],
  ] as const;

  /** A manifest in which `brand` has people with homes of their own, signed by all members. */
  async function signedManifest(session: Session): Promise<string> {
    const people = await Promise.all(
      PEOPLE.map(async ([id, role]) => {
        const { publicKeys } = json(await as(session, id, ['member', 'card', '--manifest-keys', '--json']));
        const { sign } = publicKeys as { readonly sign: string };
        return { id, roles: [role], sign };
      }),
    );
    const manifest = manifestOfContext('agg');
    const [brand, ...others] = manifest['members'] as Json[];
    let text = JSON.stringify({ ...manifest, members: [{ ...brand, people }, ...others] }, null, 1);
    for (const { id } of parseManifest(text).members) {
      const key = id === 'brand' ? await readSigningKey(session.path('ria/sign.key')) : keyOf(id);
      text = insertSignature(text, signManifest(parseManifest(text), id, key), null);
    }
    return text;
  }

  test('E-22 a secret that is bound to roles goes from custodian to custodian, and to nobody else', async () => {
    await using session = await Session.start();
    for (const [name] of PEOPLE) await makeMember(session, name, 'brand');
    await session.put('m.json', await signedManifest(session));
    const M = ['--manifest', 'm.json'];
    for (const other of ['ken', 'sol']) {
      const digits = await digitsOf(session, 'kim', `${other}.card.json`);
      await as(session, 'kim', ['member', 'verify', `${other}.card.json`, '--expect', digits]);
      await as(session, other, ['member', 'verify', 'kim.card.json', '--expect', digits]);
      const asking = ['key', 'request', ...M, '--from', 'kim.card.json', '--output', `${other}.request.json`];
      await as(session, other, asking);
    }
    await as(session, 'kim', ['key', 'create', ...M, '--key', 'age:kim/receive.key']);
    const sending = (to: string): string[] =>
      `key send --to ${to}.card.json --request ${to}.request.json -o ${to}.age -f`.split(' ');
    const refused = async (home: string, argv: readonly string[]): Promise<string> => {
      const { code, err } = await session.run([...argv, '--home', home], BARE);
      expect(code).toBe(3);
      // A warning may come first: who is no rule approver knows no key that signed the manifest, unless one is pinned.
      return err.split('\n').find((each) => each.startsWith('error: ')) ?? '';
    };
    // The secret is bound, so that the manifest is needed; and a steward gets none.
    expect(await refused('kim', sending('ken'))).toBe('error: `send` needs a manifest with people');
    expect(await refused('kim', [...sending('sol'), ...M])).toMatch(
      /^error: `receive` needs the role KEY_CUSTODIAN; sol of brand has/,
    );
    expect(await session.names()).not.toContain('sol.age');
    await as(session, 'kim', [...sending('ken'), ...M]);
    const receiving = ['key', 'receive', 'ken.age', '--key', 'age:ken/receive.key'];
    expect(await refused('ken', receiving)).toBe('error: `receive` needs a manifest with people');
    expect(json(await as(session, 'ken', [...receiving, ...M, '--json']))).toMatchObject({ isRoleBound: true });
    // A steward that has the envelope does not send it on.
    await cp(session.path('kim/collaborations'), session.path('sol/collaborations'), { recursive: true });
    const digits = await digitsOf(session, 'sol', 'ken.card.json');
    await as(session, 'sol', ['member', 'verify', 'ken.card.json', '--expect', digits]);
    await as(session, 'ken', ['member', 'verify', 'sol.card.json', '--expect', digits]);
    await as(session, 'ken', [
      'key',
      'request',
      ...M,
      '--from',
      'sol.card.json',
      '--output',
      'ken.request.json',
      '--overwrite',
    ]);
    expect(await refused('sol', [...sending('ken'), ...M])).toMatch(
      /^error: `send` needs the role KEY_CUSTODIAN; sol of brand has/,
    );
  });
});
