import { chmod, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { printEnvelope } from '#src/custody/envelope';
import { kindOfCard, parseCard, type SignedCard } from '#src/custody/exchange/card';
import { parseRequest } from '#src/custody/exchange/request';
import {
  receiveSecret,
  requestSecret,
  type SecretRequestOptions,
  sendSecret,
  type SentSecret,
  type TakenSecret,
} from '#src/custody/exchange/hand-over';
import { initMember, readMember, readOwnCard } from '#src/custody/exchange/member';
import { findPinned, listPinned, pinCard } from '#src/custody/exchange/card-store';
import { memberHome, type MemberHome } from '#src/custody/home';
import { newestEnvelope, storeEnvelope } from '#src/custody/envelope-store';
import { unwrapEnvelope } from '#src/custody/unwrap-envelope';
import type { ProviderContext } from '#src/custody/providers/provider';
import { openProvider } from '#src/custody/providers/open-provider';
import { secretIdOf } from '#src/custody/secret';
import { sharedSecretFromBytes } from '#src/crypto/index';
import { DAY_MS, ID, later, makeParty, NOW, OTHER_ID, outcomeOf, SECRET_BYTES } from './support.ts';

let folder = '';
let alice: MemberHome;
let bob: MemberHome;
let cards: { readonly alice: SignedCard; readonly bob: SignedCard };

const context: ProviderContext = {
  env: {},
  cwd: '/',
  askPassphrase: () => Promise.reject(new Error('asked')),
  warn: () => undefined,
};

const authorise = (): Promise<void> => Promise.resolve();

const homeOf = (name: string): MemberHome => memberHome({}, { cwd: folder, home: name });

async function makeMember(name: string, kind: 'X25519' | 'mlkem768x25519' = 'X25519'): Promise<SignedCard> {
  return initMember(homeOf(name), { id: name, name: name.toUpperCase(), kind, now: NOW });
}

/** Puts a secret into a home, under its own receiving key. */
async function hold(home: MemberHome, generation: number, bytes = SECRET_BYTES, isRoleBound = false): Promise<void> {
  using secret = sharedSecretFromBytes(bytes);
  await using provider = await openProvider(keyOf(home), context);
  const facts = {
    collaborationId: ID,
    generation,
    secretId: secretIdOf(secret, ID),
    created: NOW.toISOString(),
    isRoleBound,
  };
  await storeEnvelope(home, await provider.wrap(secret, facts), { provider, secret, replaced: null });
}

const keyOf = ({ receivingKey }: MemberHome): string => `age:${receivingKey}`;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sealroom-test-'));
  [alice, bob] = [homeOf('alice'), homeOf('bob')];
  cards = { alice: await makeMember('alice'), bob: await makeMember('bob') };
  await pinCard(alice, cards.bob, { replaces: false });
  await pinCard(bob, cards.alice, { replaces: false });
  await hold(alice, 1);
});

afterEach(() => rm(folder, { recursive: true }));

const request = async (more: Partial<SecretRequestOptions> = {}): Promise<string> => {
  const options = { from: cards.alice, collaborationId: ID, generation: null, days: 7, now: NOW };
  return (await requestSecret(bob, { ...options, ...more })).text;
};

const send = (text: string, to: { readonly text: string } = cards.bob, now = NOW): Promise<SentSecret> =>
  sendSecret(alice, { to, request: { text }, key: null, context, authorise, now });

const receive = ({ parcel }: { readonly parcel: Uint8Array }, now = NOW): Promise<TakenSecret> =>
  receiveSecret(bob, { parcel, key: keyOf(bob), context, authorise, now });

const namesIn = (shelf: string, home = bob): Promise<readonly string[]> =>
  readdir(join(home.collaboration(ID), shelf)).catch(() => []);

async function secretIn(home: MemberHome): Promise<Uint8Array> {
  const stored = await newestEnvelope(home, ID);
  if (stored === null) throw new Error('no envelope');
  await using provider = await openProvider(keyOf(home), context);
  using secret = await unwrapEnvelope(stored.envelope, provider);
  return secret.use((bytes) => Uint8Array.from(bytes));
}

async function eventsOf(home: MemberHome): Promise<readonly object[]> {
  const lines = (await readFile(join(home.log, 'log.jsonl'), 'utf8')).trimEnd().split('\n');
  return lines.map((line) => (JSON.parse(line) as { readonly event: object }).event);
}

describe('handing over', () => {
  test('E-36 the receiver has the secret in an envelope of its own, and the request is used', async () => {
    const text = await request();
    expect(await namesIn('requests')).toHaveLength(1);
    const { sender, stored } = await receive(await send(text));
    expect(sender).toEqual(cards.alice);
    expect(stored.envelope).toMatchObject({ collaborationId: ID, generation: 1, key: keyOf(bob) });
    expect(await secretIn(bob)).toEqual(SECRET_BYTES);
    expect(await namesIn('requests')).toEqual([]);
    expect(await namesIn('used')).toHaveLength(1);
  });

  test('E-36 a used request takes no parcel any more: not the same, nor another one', async () => {
    const text = await request();
    const first = await send(text);
    await receive(first);
    const refusal = /^CUSTODY_MESSAGE the parcel answers a request that was already used$/;
    expect(await outcomeOf(() => receive(first))).toMatch(refusal);
    expect(await outcomeOf(async () => receive(await send(text)))).toMatch(refusal);
  });

  test('E-36 what was interrupted between envelope and request is completed by the same parcel, and by that only', async () => {
    const sent = await send(await request());
    // The second half fails: where the used requests go there is a file.
    await writeFile(join(bob.collaboration(ID), 'used'), '');
    expect(await outcomeOf(() => receive(sent))).toMatch(/^IO_WRITE/);
    expect(await secretIn(bob)).toEqual(SECRET_BYTES);
    expect(await namesIn('requests')).toHaveLength(1);
    await rm(join(bob.collaboration(ID), 'used'));
    expect(await outcomeOf(() => receive(sent))).toBe('taken');
    expect(await namesIn('requests')).toEqual([]);
    expect(await outcomeOf(() => receive(sent))).toMatch(/that was already used$/);
  });

  test('E-36 a secret that cannot be wrapped leaves the request as it was', async () => {
    const { parcel } = await send(await request());
    const missing = `age:${join(folder, 'missing')}`;
    expect(await outcomeOf(() => receiveSecret(bob, { parcel, key: missing, context, authorise, now: NOW }))).toMatch(
      /^(SECRET|CUSTODY)_/,
    );
    expect(await newestEnvelope(bob, ID)).toBeNull();
    expect(await outcomeOf(() => receive({ parcel }))).toBe('taken');
  });

  test('E-36 of two that receive the same parcel at once, the request is used by one', async () => {
    const sent = await send(await request());
    const outcomes = await Promise.all([1, 2, 3].map(() => outcomeOf(() => receive(sent))));
    expect(outcomes.filter((outcome) => outcome === 'taken')).toHaveLength(1);
    expect(await secretIn(bob)).toEqual(SECRET_BYTES);
  });

  test('E-36 an envelope that is there and does not open is replaced, and stays bound to roles', async () => {
    await hold(bob, 1, SECRET_BYTES, true);
    const held = await newestEnvelope(bob, ID);
    if (held === null) throw new Error('no envelope');
    const broken = Buffer.from(held.envelope.wrapped, 'base64');
    broken[broken.length - 1] = (broken.at(-1) ?? 0) ^ 1;
    const { file, envelope } = held;
    await writeFile(file, printEnvelope({ ...envelope, wrapped: broken.toString('base64') }));
    expect(await outcomeOf(() => secretIn(bob))).toMatch(/^CUSTODY_ENVELOPE/);
    expect(await outcomeOf(async () => receive(await send(await request())))).toBe('taken');
    expect(await secretIn(bob)).toEqual(SECRET_BYTES);
    expect(await newestEnvelope(bob, ID)).toMatchObject({ envelope: { isRoleBound: true } });
  });

  test('E-31 no parcel is made or opened where only the cryptography of a FIPS provider counts', async () => {
    const isFips = { ...context, isFips: true };
    const to = cards.bob;
    const asked = { text: await request() };
    const refusal = /^USAGE_OPTION a secret cannot be handed over with `--fips`$/;
    const sending = () => sendSecret(alice, { to, request: asked, key: null, context: isFips, authorise, now: NOW });
    expect(await outcomeOf(sending)).toMatch(refusal);
    const { parcel } = await send(asked.text);
    const receiving = () => receiveSecret(bob, { parcel, key: keyOf(bob), context: isFips, authorise, now: NOW });
    expect(await outcomeOf(receiving)).toMatch(refusal);
  });

  test('E-21 the request is kept where only its owner reads it', async () => {
    await request();
    const [name = ''] = await namesIn('requests');
    const { mode } = await stat(join(bob.collaboration(ID), 'requests', name));
    expect(mode & 0o777).toBe(0o600);
  });

  test('E-21 a kept request that was exchanged for another is none', async () => {
    const first = await send(await request());
    const [name = ''] = await namesIn('requests');
    await request();
    const [other = ''] = (await namesIn('requests')).filter((one) => one !== name);
    const directory = join(bob.collaboration(ID), 'requests');
    await rename(join(directory, other), join(directory, name));
    expect(await outcomeOf(() => receive(first))).toMatch(/^CUSTODY_MESSAGE the request is not the one that its file/);
  });

  test('E-20 each request has a challenge of its own', async () => {
    expect(await request()).not.toBe(await request());
  });

  test('E-23 a request is answered again with the same secret, and with no other', async () => {
    const text = await request();
    await send(text);
    const again = await send(text);
    await hold(
      alice,
      2,
      Uint8Array.from(SECRET_BYTES, (byte) => byte ^ 1),
    );
    expect(await outcomeOf(() => send(text))).toBe(
      'CUSTODY_MESSAGE the request was already answered with another secret',
    );
    expect(await outcomeOf(() => receive(again))).toBe('taken');
    // A new request gets the new one.
    expect((await receive(await send(await request()))).stored.envelope.generation).toBe(2);
  });

  test('E-35 an older generation is handed over only if it was asked for', async () => {
    const early = await request();
    const old = await send(early);
    await hold(
      alice,
      2,
      Uint8Array.from(SECRET_BYTES, (byte) => byte ^ 1),
    );
    await receive(await send(await request()));
    expect(await outcomeOf(() => receive(old))).toMatch(/^CUSTODY_MESSAGE expected generation 2 or a newer one, got 1/);
    const asked = await send(await request({ generation: 1 }));
    expect((await receive(asked)).stored.envelope.generation).toBe(1);
  });

  test('E-35 two secrets of one generation are not mixed', async () => {
    await hold(
      bob,
      1,
      Uint8Array.from(SECRET_BYTES, (byte) => byte ^ 1),
    );
    const sent = await send(await request());
    expect(await outcomeOf(() => receive(sent))).toMatch(
      /^CUSTODY_MESSAGE the home already has another secret of generation 1$/,
    );
    expect(await namesIn('requests')).toHaveLength(1);
  });

  test('E-22 nothing is sent where the secret is not held', async () => {
    expect(await outcomeOf(async () => send(await request({ collaborationId: OTHER_ID })))).toMatch(/^CUSTODY_KEY/);
    expect(await outcomeOf(async () => send(await request({ generation: 9 })))).toMatch(/^CUSTODY_KEY/);
    expect(await namesIn('answered', alice)).toEqual([]);
  });

  test('E-4 a request that expired is not answered, and its parcel not taken', async () => {
    const text = await request({ days: 1 });
    const sent = await send(text);
    expect(await outcomeOf(() => send(text, cards.bob, later(DAY_MS)))).toMatch(/^CUSTODY_MESSAGE the request expired/);
    expect(await outcomeOf(() => receive(sent, later(DAY_MS)))).toMatch(/^CUSTODY_MESSAGE the parcel expired/);
    expect(await outcomeOf(() => receive(sent, later(DAY_MS - 1)))).toBe('taken');
  });

  test('the logs of both homes tell of it', async () => {
    await receive(await send(await request()));
    const facts = { kind: 'key', collaborationId: ID, generation: 1 };
    expect(await eventsOf(alice)).toMatchObject([
      { ...facts, action: 'unwrap', member: 'alice', peer: null, key: keyOf(alice) },
      { ...facts, action: 'send', member: 'alice', peer: 'bob', key: keyOf(alice) },
    ]);
    expect(await eventsOf(bob)).toMatchObject([
      { ...facts, action: 'receive', member: 'bob', peer: 'alice', key: keyOf(bob) },
    ]);
  });
});

describe('cards that are not pinned', () => {
  test('E-15 nobody is asked, sent to or received from without a pinned card', async () => {
    const mallory = await makeParty('bob');
    const refusal = /^CUSTODY_MESSAGE the card is not pinned; another card of `bob` is$/;
    const text = await request();
    expect(await outcomeOf(() => send(text, mallory.card))).toMatch(refusal);
    const from = (await makeParty('carol')).card;
    expect(await outcomeOf(() => request({ from }))).toMatch(/^CUSTODY_MESSAGE the card is not pinned$/);
  });

  test('E-15 a member that joins asks before the card is pinned, but not itself', async () => {
    const from = (await makeParty('carol')).card;
    expect(parseRequest(await request({ from, isPinnedLater: true })).body.sender).toBe(parseCard(from.text).sha256);
    expect(await outcomeOf(() => request({ from: cards.bob, isPinnedLater: true }))).toMatch(/is that of this home$/);
  });

  test('E-14, E-15 a card that was replaced counts no more, also for a request that is under way', async () => {
    const sent = await send(await request());
    const renewed = (await makeParty('alice')).card;
    expect(await pinCard(bob, renewed, { replaces: true })).toBe(1);
    expect(await listPinned(bob)).toEqual([renewed]);
    expect(await outcomeOf(() => receive(sent))).toMatch(
      /^CUSTODY_MESSAGE the parcel is from a member whose card is not pinned$/,
    );
  });

  test('E-14 people of one member have cards of their own', async () => {
    const steward = (await makeParty('alice')).card;
    expect(await pinCard(bob, steward, { replaces: false })).toBe(0);
    expect(await listPinned(bob)).toHaveLength(2);
    expect(await outcomeOf(async () => receive(await send(await request())))).toBe('taken');
  });

  test("E-14 one's own card is not pinned", async () => {
    expect(await outcomeOf(() => pinCard(bob, cards.bob, { replaces: false }))).toMatch(
      /^CUSTODY_MESSAGE the card is that of this home$/,
    );
  });

  test('E-14 a pinned card whose file was exchanged is none', async () => {
    const mallory = await makeParty('alice');
    await writeFile(join(bob.directory, 'pinned', `${cards.alice.sha256}.json`), mallory.card.text);
    expect(await outcomeOf(() => findPinned(bob, cards.alice.sha256))).toMatch(
      /^CUSTODY_MESSAGE the card is not the one that its file is named after$/,
    );
  });
});

describe('a home', () => {
  test('has keys that only its owner reads, a card of the hybrid kind, and a log', async () => {
    const card = await makeMember('carol', 'mlkem768x25519');
    const home = homeOf('carol');
    expect(kindOfCard(card)).toBe('mlkem768x25519');
    expect(parseCard(await readFile(home.card, 'utf8'))).toEqual(card);
    expect((await stat(home.directory)).mode & 0o777).toBe(0o700);
    for (const file of [home.card, home.signingKey, home.receivingKey, home.logKey]) {
      expect((await stat(file)).mode & 0o777).toBe(0o600);
    }
    expect(await readdir(home.log)).toContain('checkpoint');
  });

  test('is not made twice, and no key is written over', async () => {
    const before = await readFile(alice.signingKey, 'utf8');
    expect(await outcomeOf(() => makeMember('alice'))).toMatch(/^IO_EXISTS/);
    // After an interruption before the card was written.
    await rm(alice.card);
    const again = await makeMember('alice');
    expect(await readFile(alice.signingKey, 'utf8')).toBe(before);
    expect(again).toEqual(cards.alice);
  });

  test('takes a receiving key that is there, of the kind that is asked for', async () => {
    await rm(alice.card);
    expect(await outcomeOf(() => makeMember('alice', 'mlkem768x25519'))).toMatch(
      /^CUSTODY_KEY the receiving key is not of kind/,
    );
  });

  test('that others can open is refused, and so are its keys', async () => {
    await chmod(alice.directory, 0o755);
    await rm(alice.card);
    expect(await outcomeOf(() => makeMember('alice'))).toMatch(/^SECRET_INVALID the home is open to other users$/);
    await chmod(bob.receivingKey, 0o644);
    expect(await outcomeOf(() => request())).toMatch(/^SECRET_INVALID/);
  });

  test('without a card, or with the keys of another, is refused', async () => {
    expect(await outcomeOf(() => readOwnCard(homeOf('nobody')))).toMatch(/^CUSTODY_KEY the home has no member's card$/);
    await writeFile(bob.receivingKey, await readFile(alice.receivingKey));
    expect(await outcomeOf(() => readMember(bob))).toMatch(
      /^CUSTODY_KEY the keys in the home are not those of its card$/,
    );
    await writeFile(alice.signingKey, await readFile(bob.signingKey));
    expect(await outcomeOf(() => readMember(alice))).toMatch(
      /^CUSTODY_KEY the keys in the home are not those of its card$/,
    );
  });

  test.each(['Alice', 'a b', '', '../a'])('has no member with the id `%s`', async (id) => {
    const home = homeOf('other');
    expect(await outcomeOf(() => initMember(home, { id, name: 'A', kind: 'X25519', now: NOW }))).toMatch(
      /^USAGE_OPTION/,
    );
  });
});
