import { bech32 } from '@scure/base';
import { Encrypter, Stanza } from 'age-encryption';
import canonicalize from 'canonicalize';
import { beforeAll, describe, expect, test } from 'vitest';
import { decodeBase64, decodeUtf8Lenient, encodeUtf8 } from '#src/bytes/index';
import { sharedSecretFromBytes } from '#src/crypto/index';
import { makeCard } from '#src/custody/exchange/card';
import { openParcel, type ParcelContext } from '#src/custody/exchange/parcel';
import { parseRequest, requireAnswerable, type SignedRequest } from '#src/custody/exchange/request';
import { signStatement } from '#src/signing/index';
import {
  answer,
  ask,
  contentOf,
  contextOf,
  DAY_MS,
  later,
  makeParty,
  NOW,
  OTHER_ID,
  outcomeOf,
  type Party,
  sealFor,
  SECRET_BYTES,
} from './support.ts';

// Alice has the secret, Bob asks her for it, Carol is another member, and Mallory is whoever is between them.
let alice: Party;
let bob: Party;
let carol: Party;
let mallory: Party;
let request: SignedRequest;
let parcel: Uint8Array;

const CHALLENGE = Uint8Array.from(SECRET_BYTES, (byte) => byte ^ 0xff);

beforeAll(async () => {
  [alice, bob, carol, mallory] = await Promise.all([
    makeParty('alice', 'mlkem768x25519'),
    makeParty('bob', 'mlkem768x25519'),
    makeParty('carol', 'mlkem768x25519'),
    makeParty('alice'),
  ]);
  request = ask(bob, alice);
  parcel = await answer(alice, bob, request);
});

const TYPE = 'application/vnd.sealroom.key-parcel.v1';

interface Contents {
  readonly type: string;
  readonly facts: Readonly<Record<string, unknown>>;
  readonly secret: Uint8Array;
}

/** What a parcel has in it, as its receiver sees it. */
async function readContents(): Promise<Contents> {
  const content = await contentOf(parcel, bob);
  const body = content.subarray(TYPE.length + 1 + 64);
  const end = body.indexOf(0x0a);
  const facts = JSON.parse(decodeUtf8Lenient(body.subarray(0, end))) as Contents['facts'];
  return { type: TYPE, facts, secret: body.subarray(end + 1) };
}

/** A parcel's content with changes, signed by somebody. */
async function forge(signer: Party, changes: Partial<Contents>): Promise<Uint8Array> {
  const { type, facts, secret } = { ...(await readContents()), ...changes };
  const body = Buffer.concat([encodeUtf8(`${canonicalize(facts) ?? ''}\n`), secret]);
  const signature = decodeBase64(signStatement(type, body, signer.key)) ?? new Uint8Array();
  return Buffer.concat([encodeUtf8(`${type}\n`), signature, body]);
}

async function factsWith(changes: Contents['facts']): Promise<Partial<Contents>> {
  return { facts: { ...(await readContents()).facts, ...changes } };
}

/** What comes of a parcel at Bob's, who pinned Alice's and Carol's cards and has one open request, to Alice. */
const atBob = (given: Uint8Array, more: Partial<ParcelContext> = {}): Promise<string> =>
  outcomeOf(() => openParcel(given, contextOf(bob, [request], [alice, carol], more)));

/** What comes of a request at Alice's, who is told to send to Bob. */
const atAlice = (text: string, receiver = bob, now = NOW): Promise<string> =>
  outcomeOf(() => requireAnswerable(parseRequest(text), { receiver: receiver.card, own: alice.card }, now));

test('E-34 without an attack the parcel is taken, and the request answered', async () => {
  expect(await atBob(parcel)).toBe('taken');
  expect(await atAlice(request.text)).toBe('taken');
});

describe('replay', () => {
  test('E-34 a parcel is no answer to a second request', async () => {
    const second = ask(bob, alice, { challenge: CHALLENGE });
    const context = contextOf(bob, [second], [alice]);
    expect(await outcomeOf(() => openParcel(parcel, context))).toBe('CUSTODY_MESSAGE not found');
  });

  test('E-34 a parcel is no answer where nothing was asked', async () => {
    expect(await outcomeOf(() => openParcel(parcel, contextOf(bob, [], [alice])))).toMatch(/^CUSTODY_MESSAGE/);
  });
});

describe('reflection', () => {
  test('E-22 a request that is sent back to its maker is not answered', async () => {
    // Mallory hands Bob his own request, as if it were Alice's.
    for (const receiver of [alice, bob]) {
      const outcome = await outcomeOf(() =>
        requireAnswerable(parseRequest(request.text), { receiver: receiver.card, own: bob.card }, NOW),
      );
      expect(outcome).toMatch(/^CUSTODY_MESSAGE the request was made by this home$/);
    }
  });

  test('E-33, E-34 a parcel that is sent back to its sender is not taken', async () => {
    const mirrored = ask(alice, bob);
    const atHerself = contextOf(alice, [mirrored, request], [bob]);
    expect(await outcomeOf(() => openParcel(parcel, atHerself))).toMatch(
      /the parcel is for another key than those of this home$/,
    );
    // Also when Bob encrypts it to Alice again, who has an open request to him.
    const turned = await sealFor(await contentOf(parcel, bob), [alice]);
    expect(await outcomeOf(() => openParcel(turned, atHerself))).toMatch(/^CUSTODY_MESSAGE/);
  });
});

describe('swapped cards', () => {
  test('E-15, E-22 a request of somebody with another card than the pinned one is not answered', async () => {
    const impostor = await makeParty('bob', 'mlkem768x25519');
    expect(await atAlice(ask(impostor, alice).text)).toMatch(/^CUSTODY_MESSAGE the request is not signed by `bob`$/);
  });

  test('E-22 a request in the name of the pinned card, signed by another key, is not answered', async () => {
    const forged = ask({ ...mallory, card: bob.card }, alice);
    expect(forged.body.receiver).toBe(bob.card.sha256);
    expect(await atAlice(forged.text)).toMatch(/^CUSTODY_MESSAGE the request is not signed by `bob`$/);
  });

  test("E-30 a stolen signing key of the receiver alone does not get the secret: it goes to the card's key", async () => {
    const thief = { ...mallory, card: bob.card, key: bob.key };
    const stolen = await answer(alice, bob, ask(thief, alice, { challenge: CHALLENGE }));
    await expect(contentOf(stolen, thief)).rejects.toThrow('notForUs');
  });

  test('E-15, E-34 a parcel of a sender whose card is not pinned is not taken', async () => {
    const toMallory = ask(bob, mallory);
    const sent = await answer(mallory, bob, toMallory);
    const context = contextOf(bob, [toMallory], [alice, carol]);
    expect(await outcomeOf(() => openParcel(sent, context))).toBe('CUSTODY_MESSAGE not found');
  });

  test('E-34 a parcel of another pinned member than the one that was asked is not taken', async () => {
    expect(await atBob(await sealFor(await forge(carol, {}), [bob]))).toMatch(/the parcel is not signed by `alice`$/);
    const own = await factsWith({ sender: carol.card.sha256 });
    expect(await atBob(await sealFor(await forge(carol, own), [bob]))).toMatch(/the parcel is not signed by `alice`$/);
    // Signed by the right key, in the name of another card.
    expect(await atBob(await sealFor(await forge(alice, own), [bob]))).toMatch(/the parcel is not signed by `alice`$/);
  });

  test('E-34 a parcel that somebody signed in the name of the sender is not taken', async () => {
    expect(await atBob(await sealFor(await forge(mallory, {}), [bob]))).toMatch(/the parcel is not signed by `alice`$/);
  });

  test('E-34 a parcel for an earlier card of the receiver is not taken', async () => {
    const renewed = { ...(await makeParty('bob', 'mlkem768x25519')), identities: bob.identities };
    const context = contextOf(renewed, [request], [alice]);
    expect(await outcomeOf(() => openParcel(parcel, context))).toMatch(/the parcel is not for this home's card$/);
    const forNewCard = await forge(alice, await factsWith({ receiver: renewed.card.sha256 }));
    const outcome = await outcomeOf(async () => openParcel(await sealFor(forNewCard, [bob]), context));
    expect(outcome).toMatch(/the parcel is not for this home's card$/);
  });
});

describe('downgrades', () => {
  test('E-22 a request for a weaker kind of key than the pinned card has is not answered', async () => {
    const classic = await makeParty('bob');
    // Bob's signing key is stolen: all but the card can be made.
    const weak = ask({ ...classic, key: bob.key }, alice);
    expect(await atAlice(weak.text)).toMatch(/^CUSTODY_MESSAGE/);
    const { payload, ...rest } = JSON.parse(request.text) as { readonly payload: string };
    const body = Buffer.from(payload, 'base64').toString().replace('mlkem768x25519', 'X25519');
    const sig = signStatement('application/vnd.sealroom.key-request.v1+json', body, bob.key);
    const text = `${canonicalize({ ...rest, payload: Buffer.from(body).toString('base64'), signatures: [{ sig }] }) ?? ''}\n`;
    expect(await atAlice(text)).toMatch(/^CUSTODY_MESSAGE the request is not for the kind of key on the card/);
  });

  test('E-33 a parcel for a key of another kind than the card has is not taken', async () => {
    const classic = await makeParty('bob');
    const weak = await sealFor(await contentOf(parcel, bob), [classic]);
    const both = { identities: [...bob.identities, ...classic.identities] };
    expect(await atBob(weak, both)).toMatch(
      /^CUSTODY_MESSAGE the file is not a parcel for one key of kind mlkem768x25519/,
    );
  });

  test.each([
    ['of both kinds', (): readonly Party[] => [bob, mallory]],
    ['of both kinds, the other way round', (): readonly Party[] => [mallory, bob]],
    ['of one kind', (): readonly Party[] => [bob, carol]],
    ['of one member twice', (): readonly Party[] => [bob, bob]],
  ])('E-33 a parcel with a second recipient is not taken: %s', async (_, recipients) => {
    const mixed = await sealFor(await contentOf(parcel, bob), recipients());
    expect(await atBob(mixed)).toMatch(/^CUSTODY_MESSAGE the file is not a parcel for one key of kind/);
  });
});

describe('recipients that are none', () => {
  test('E-33 a recipient that is far behind in the header does not hide', async () => {
    const classic = await makeParty('bob');
    const encrypter = new Encrypter();
    // A stanza that nobody opens, of the right kind and longer than any, and then one of the other kind.
    encrypter.addRecipient({
      wrapFileKey: () => Promise.resolve([new Stanza(['mlkem768x25519', 'AAAA'], new Uint8Array(20_000))]),
    });
    encrypter.addRecipient(classic.card.body.receive);
    const hidden = await encrypter.encrypt(await contentOf(parcel, bob));
    const both = { identities: [...bob.identities, ...classic.identities] };
    expect(await atBob(hidden, both)).toMatch(
      /^CUSTODY_MESSAGE the file is not a parcel for one key of kind mlkem768x25519/,
    );
  });

  test.each([
    ['age', new Uint8Array(32)],
    ['age', Uint8Array.from({ length: 32 }, (_, index) => (index === 0 ? 1 : 0))],
    ['age1pq', new Uint8Array(1216)],
  ])('E-30 nothing is sealed to a key that gives a secret which all know: %s', async (prefix, bytes) => {
    const receive = bech32.encode(prefix, bech32.toWords(bytes), false);
    const card = makeCard({ id: 'bob', name: 'Bob', receive, created: NOW.toISOString() }, bob.key);
    const weak: Party = { ...bob, card };
    expect(await outcomeOf(() => answer(alice, weak, ask(weak, alice)))).toMatch(
      /^CUSTODY_KEY the receiving key cannot be encrypted to$/,
    );
  });
});

describe('other collaborations and generations', () => {
  test('E-34 a parcel of another collaboration is not taken', async () => {
    const changed = await forge(alice, await factsWith({ collaborationId: OTHER_ID }));
    expect(await atBob(await sealFor(changed, [bob]))).toMatch(/^CUSTODY_MESSAGE/);
    const misled = contextOf(bob, [request], [alice], { findRequest: async () => request });
    const outcome = await outcomeOf(async () => openParcel(await sealFor(changed, [bob]), misled));
    expect(outcome).toMatch(/^CUSTODY_MESSAGE the parcel does not match the request$/);
  });

  test('E-35 a generation that is older than the newest that is held is not taken, unless it was asked for', async () => {
    const held = { listHeld: async () => [{ generation: 3, secretId: 'a'.repeat(32) }] };
    const second = await answer(alice, bob, request, { generation: 2 });
    expect(await atBob(second, held)).toMatch(/^CUSTODY_MESSAGE expected generation 3 or a newer one, got 2$/);
    expect(await atBob(await answer(alice, bob, request, { generation: 4 }), held)).toBe('taken');
    const asked = ask(bob, alice, { generation: 2 });
    const context = contextOf(bob, [asked], [alice], held);
    const old = await answer(alice, bob, asked, { generation: 2 });
    expect(await outcomeOf(() => openParcel(old, context))).toBe('taken');
    const newer = await answer(alice, bob, asked, { generation: 3 });
    expect(await outcomeOf(() => openParcel(newer, context))).toMatch(/expected generation 2, got 3$/);
  });

  test('E-35 another secret of a generation that is held is not taken; the same one is', async () => {
    const { secretId } = (await readContents()).facts as { readonly secretId: string };
    const same = { listHeld: async () => [{ generation: 1, secretId }] };
    expect(await atBob(parcel, same)).toBe('taken');
    const other = await answer(alice, bob, request, { secret: sharedSecretFromBytes(CHALLENGE) });
    expect(await atBob(other, same)).toMatch(/^CUSTODY_MESSAGE the home already has another secret of generation 1$/);
  });

  test('E-35 a secret that is not the one that the facts name is not taken', async () => {
    const changed = await forge(alice, { secret: CHALLENGE });
    expect(await atBob(await sealFor(changed, [bob]))).toMatch(/the parcel does not hold the secret that it names$/);
  });
});

describe('times', () => {
  test('E-4, E-34 an expired parcel is not taken, nor one of the future', async () => {
    const at = (ms: number): Promise<string> => atBob(parcel, { now: later(ms) });
    expect(await at(7 * DAY_MS - 1)).toBe('taken');
    expect(await at(7 * DAY_MS)).toMatch(/^CUSTODY_MESSAGE the parcel expired/);
    expect(await at(-5 * 60_000)).toBe('taken');
    expect(await at(-5 * 60_000 - 1)).toMatch(/^CUSTODY_MESSAGE the parcel was made in the future/);
  });

  test('E-22 an expired request is not answered', async () => {
    expect(await atAlice(request.text, bob, later(7 * DAY_MS))).toMatch(/^CUSTODY_MESSAGE the request expired/);
  });

  test('E-34 a parcel does not outlive its request, whatever it says of itself', async () => {
    const longer = await forge(alice, await factsWith({ expires: later(20 * DAY_MS).toISOString() }));
    for (const now of [NOW, later(8 * DAY_MS)]) {
      expect(await atBob(await sealFor(longer, [bob]), { now })).toMatch(
        /^CUSTODY_MESSAGE the parcel does not match the request$/,
      );
    }
  });
});

describe('other hands', () => {
  test('E-32, E-34 a parcel that its receiver encrypts to another member is not taken there', async () => {
    // Surreptitious forwarding: Bob passes Alice's signed content on to Carol, who has an open request to Alice.
    const forwarded = await sealFor(await contentOf(parcel, bob), [carol]);
    const toCarol = ask(carol, alice);
    const context = contextOf(carol, [toCarol], [alice, bob]);
    expect(await outcomeOf(() => openParcel(forwarded, context))).toMatch(/^CUSTODY_MESSAGE/);
    const misled = { ...context, findRequest: async () => toCarol };
    expect(await outcomeOf(() => openParcel(forwarded, misled))).toMatch(/the parcel is not for this home's card$/);
  });

  test('E-22 a request that was meant for another sender is not answered', async () => {
    expect(await atAlice(ask(bob, carol).text)).toMatch(/^CUSTODY_MESSAGE the request is not for this home's card$/);
  });

  test('E-22 a request of a member is not answered to another', async () => {
    expect(await atAlice(request.text, carol)).toMatch(/^CUSTODY_MESSAGE the request is not signed by `carol`$/);
  });
});

describe('other files', () => {
  test('E-33 a parcel that is cut is not taken', async () => {
    for (let length = 0; length < parcel.length; length += length < 64 ? 1 : 37) {
      expect(await atBob(parcel.subarray(0, length))).toMatch(/^CUSTODY_MESSAGE/);
    }
    expect(await atBob(Buffer.concat([parcel, Uint8Array.of(0)]))).toMatch(/^CUSTODY_MESSAGE/);
    expect(await atBob(new Uint8Array(100_000))).toMatch(/^CUSTODY_MESSAGE/);
  });

  test('E-2 a parcel of another version is refused by name', async () => {
    const type = 'application/vnd.sealroom.key-parcel.v2';
    expect(await atBob(await sealFor(await forge(alice, { type }), [bob]))).toMatch(
      /the parcel has an unknown version$/,
    );
  });

  test.each([
    ['another type', (): Promise<Uint8Array> => forge(alice, { type: 'application/vnd.sealroom.card.v1' })],
    ['no type', async () => encodeUtf8('hello')],
    ['nothing', async () => new Uint8Array()],
    ['a secret of 31 bytes', () => forge(alice, { secret: SECRET_BYTES.subarray(1) })],
    ['an unknown fact', async () => forge(alice, await factsWith({ more: 1 }))],
    ['a missing fact', async () => forge(alice, await factsWith({ receiver: undefined }))],
  ])('E-31 an age file for the receiver with %s is no parcel', async (_, make) => {
    expect(await atBob(await sealFor(await make(), [bob]))).toBe(
      'CUSTODY_MESSAGE the age file is not a parcel with a secret',
    );
  });

  test('E-31 facts in another form than canonical JSON are refused, although they are signed', async () => {
    const { facts, secret } = await readContents();
    const body = Buffer.concat([encodeUtf8(`${JSON.stringify(facts, null, 1).replaceAll('\n', '')}\n`), secret]);
    const signature = decodeBase64(signStatement(TYPE, body, alice.key)) ?? new Uint8Array();
    const content = Buffer.concat([encodeUtf8(`${TYPE}\n`), signature, body]);
    expect(await atBob(await sealFor(content, [bob]))).toMatch(/the age file is not a parcel with a secret$/);
  });
});
