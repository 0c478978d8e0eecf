import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { decodeUtf8Lenient, encodeBase64, encodeUtf8 } from '#src/bytes/index';
import { parseCard } from '#src/custody/exchange/card';
import { openParcel } from '#src/custody/exchange/parcel';
import { parseRequest, requireAnswerable, type SignedRequest } from '#src/custody/exchange/request';
import { authenticationString, isSameString } from '#src/custody/exchange/short-authentication-string';
import { signStatement, verifyStatement } from '#src/signing/index';
import {
  answer,
  ask,
  contentOf,
  contextOf,
  DAY_MS,
  hashOf,
  ID,
  later,
  makeParty,
  NOW,
  outcomeOf,
  type Party,
  payloadOf,
  sealFor,
  SECRET_BYTES,
} from './support.ts';
import { runs } from '../../support/runs.ts';

let alice: Party;
let bob: Party;
let request: SignedRequest;
let parcel: Uint8Array;

beforeAll(async () => {
  // Alice has the secret, and Bob asks her for it.
  alice = await makeParty('alice');
  bob = await makeParty('bob', 'mlkem768x25519');
  request = ask(bob, alice);
  parcel = await answer(alice, bob, request);
});

/** Signs a body of one's own making. */
function signed(type: string, body: object, { key }: Party): string {
  const payload = canonicalize(body) ?? '';
  const signatures = [{ sig: signStatement(type, payload, key) }];
  return `${canonicalize({ payload: encodeBase64(encodeUtf8(payload)), payloadType: type, signatures }) ?? ''}\n`;
}

const CARD = 'application/vnd.sealroom.card.v1+json';
const REQUEST = 'application/vnd.sealroom.key-request.v1+json';

describe('signed texts', () => {
  test('E-1 a card and a request read back as they were made, in DSSE that others can check', () => {
    expect(parseCard(bob.card.text)).toEqual(bob.card);
    expect(parseRequest(request.text)).toMatchObject(request);
    const { payloadType, signatures } = JSON.parse(request.text) as {
      readonly payloadType: string;
      readonly signatures: readonly [{ readonly sig: string }];
    };
    expect(payloadType).toBe(REQUEST);
    expect(verifyStatement(REQUEST, payloadOf(request.text), signatures[0].sig, bob.card.body.sign)).toBe(true);
  });

  test('E-1 refuses a card and a request of which any one byte was changed', async () => {
    for (const [text, read] of [
      [bob.card.text, (changed: string): unknown => parseCard(changed)],
      [request.text, readAsAlice],
    ] as const) {
      const bytes = encodeUtf8(text);
      await fc.assert(
        fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (at, difference) => {
          const changed = bytes.map((byte, index) => (index === at ? byte ^ difference : byte));
          expect(await outcomeOf(() => read(decodeUtf8Lenient(changed)))).toMatch(/^CUSTODY_MESSAGE/);
        }),
        { numRuns: runs(500), seed: 1 },
      );
    }
  });

  test('E-1 refuses a card and a request that are cut anywhere', async () => {
    for (const [text, read] of [
      [alice.card.text, (cut: string): unknown => parseCard(cut)],
      [request.text, readAsAlice],
    ] as const) {
      for (let length = 0; length < text.length; length++) {
        expect(await outcomeOf(() => read(text.slice(0, length)))).toMatch(/^CUSTODY_MESSAGE/);
      }
    }
  });

  test.each([
    ['blanks', (text: string) => text.replace(',', ', ')],
    ['no line feed', (text: string) => text.trimEnd()],
    ['a carriage return', (text: string) => text.replace('\n', '\r\n')],
    ['another order', (text: string) => text.replace(/^\{("payload":[^,]+),("payloadType":[^,]+)/, '{$2,$1')],
    ['another member', (text: string) => text.replace('{"payload"', '{"a":1,"payload"')],
    ['a member twice', (text: string) => text.replace('{"payload"', '{"payload":"","payload"')],
    ['a key id', (text: string) => text.replace('{"sig"', '{"keyid":"a","sig"')],
    ['a second signature', (text: string) => text.replace(/\[(\{.*\})\]/, '[$1,$1]')],
    ['no signature', (text: string) => text.replace(/\[\{.*\}\]/, '[]')],
    ['Base64 for URLs', (text: string) => text.replace('"payload":"ey', '"payload":"-y')],
    ['70 000 characters', (text: string) => text.replace('"payload":"', `"payload":"${'A'.repeat(70_000)}`)],
  ])('E-1 refuses a card and a request in another form: %s', async (_, change) => {
    for (const [text, read] of [
      [bob.card.text, parseCard],
      [request.text, parseRequest],
    ] as const) {
      expect(change(text)).not.toBe(text);
      expect(await outcomeOf(() => read(change(text)))).toMatch(/^CUSTODY_MESSAGE/);
    }
  });

  test.each([
    ['an unknown member', { more: 1 }],
    ['an id in capitals', { id: 'Bob' }],
    ['an id with a path', { id: '../bob' }],
    ['a name of two lines', { name: 'Bob\nAlice' }],
    ['a name that runs backwards', { name: 'Bob\u202e' }],
    ['a key of another kind', { sign: 'x25519:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=' }],
    ['a time without zone', { created: '2026-11-24T12:00:00.000' }],
  ])('E-10 refuses a card with %s, although it is signed', async (_, change) => {
    const text = signed(CARD, { ...bob.card.body, ...change }, bob);
    expect(await outcomeOf(() => parseCard(text))).toMatch(
      /^CUSTODY_MESSAGE (not a member's card, or it was changed|too long for a member's card)$/,
    );
  });

  test("E-10 refuses a card that another key signed than the card's own", async () => {
    const text = signed(CARD, bob.card.body, alice);
    expect(await outcomeOf(() => parseCard(text))).toMatch(
      /^CUSTODY_MESSAGE the card was not signed by its member, or was changed$/,
    );
  });

  // y coordinates of the points of small order: 0, 1, -1, two of order 8, and 0 and 1 again plus the prime.
  const SMALL = [
    '0'.repeat(64),
    `01${'0'.repeat(62)}`,
    `ec${'f'.repeat(60)}7f`,
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
    `ed${'f'.repeat(60)}7f`,
    `ee${'f'.repeat(60)}7f`,
  ];

  test.each(SMALL)(
    'E-10 refuses a card whose key is a point of small order, which anybody signs with: %s',
    async (hex) => {
      // R is the neutral element and S is 0: under such a key that is a signature of each, of each second, or of each eighth text.
      const sig = encodeBase64(Uint8Array.from({ length: 64 }, (_, index) => (index === 0 ? 1 : 0)));
      for (const sign of [0, 0x80]) {
        const key = Buffer.from(hex, 'hex');
        key[31] = (key[31] ?? 0) | sign;
        for (let index = 0; index < 32; index += 1) {
          const body = { ...bob.card.body, name: String(index), sign: `ed25519:${encodeBase64(key)}` };
          const payload = encodeBase64(encodeUtf8(canonicalize(body) ?? ''));
          const text = `${canonicalize({ payload, payloadType: CARD, signatures: [{ sig }] }) ?? ''}\n`;
          expect(await outcomeOf(() => parseCard(text))).toMatch(
            /^CUSTODY_MESSAGE the card was not signed by its member, or was changed$/,
          );
        }
      }
    },
  );

  test('E-2 refuses other versions by name, and a text of one kind as one of the other', async () => {
    const card = signed('application/vnd.sealroom.card.v2+json', bob.card.body, bob);
    expect(await outcomeOf(() => parseCard(card))).toMatch(
      /the (member's card|request for a secret) has an unknown version$/,
    );
    const asked = signed('application/vnd.sealroom.key-request.v12+json', request.body, bob);
    expect(await outcomeOf(() => parseRequest(asked))).toMatch(
      /the (member's card|request for a secret) has an unknown version$/,
    );
    expect(await outcomeOf(() => parseCard(request.text))).toMatch(/not a member's card, or it was changed$/);
    expect(await outcomeOf(() => parseCard(signed(REQUEST, bob.card.body, bob)))).toMatch(
      /not a member's card, or it was changed$/,
    );
  });

  test('E-2 a signature under one type is none under another', async () => {
    const payload = canonicalize(bob.card.body) ?? '';
    const foreign = signStatement('application/vnd.sealroom.manifest.sha256', payload, bob.key);
    const text = bob.card.text.replace(/"sig":"[^"]*"/, `"sig":"${foreign}"`);
    expect(await outcomeOf(() => parseCard(text))).toMatch(
      /^CUSTODY_MESSAGE the card was not signed by its member, or was changed$/,
    );
  });

  test('E-3 a card and a request are named by the hash of what was signed', () => {
    expect(bob.card.sha256).toBe(hashOf(payloadOf(bob.card.text)));
    expect(request.sha256).toBe(hashOf(payloadOf(request.text)));
  });
});

function readAsAlice(text: string): void {
  requireAnswerable(parseRequest(text), { receiver: bob.card, own: alice.card }, NOW);
}

describe('cards', () => {
  test('E-11 the receiving key is ML-KEM-768 with X25519, or X25519', async () => {
    expect(bob.card.body.receive).toMatch(/^age1pq1/);
    expect(alice.card.body.receive).toMatch(/^age1(?!pq)/);
    const receive = alice.card.body.receive;
    for (const other of [
      receive.toUpperCase(),
      `${receive.slice(0, -1)}${receive.endsWith('q') ? 'p' : 'q'}`,
      bob.card.body.receive.slice(0, -6),
      // A tag recipient of the age plugin for hardware keys, and a passphrase.
      'age1tag1qvhp0y2ez9q26hsqvucw9mqdzc4ztgvg9yr9yh7rc7uqqmq5dkj5ckl8pep',
      'AGE-SECRET-KEY-1QQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQ',
      '',
    ]) {
      const text = signed(CARD, { ...alice.card.body, receive: other }, alice);
      expect(await outcomeOf(() => parseCard(text))).toMatch(/^CUSTODY_MESSAGE/);
    }
  });

  test('E-12 the number of a card is 30 digits of its hash', () => {
    const ends = `${'00'.repeat(5)}${'ff'.repeat(5)}000000000100000186a00000018703${'00'.repeat(7)}`;
    // 2^40 - 1 = 1 099 511 627 775; 0x186a0 = 100 000; 0x18703 = 100 099.
    const [number] = splitString(authenticationString({ sha256: ends }, { sha256: 'ff'.repeat(32) }));
    expect(number).toBe('00000 27775 00001 00000 00099 00000');
  });

  test('E-12, E-13 every digit depends on the first 30 bytes of a hash and on no other', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (hash) => {
        const number = (bytes: Uint8Array): string =>
          authenticationString({ sha256: Buffer.from(bytes).toString('hex') }, { sha256: '00'.repeat(32) });
        const expected = [0, 5, 10, 15, 20, 25]
          .map((at) => Number(BigInt(`0x${Buffer.from(hash.subarray(at, at + 5)).toString('hex')}`) % 100_000n))
          .map((group) => String(group).padStart(5, '0'))
          .join(' ');
        expect(number(hash)).toContain(expected);
        const changed = Uint8Array.from(hash, (byte, index) => (index < 30 ? byte : byte ^ 1));
        expect(number(changed)).toBe(number(hash));
      }),
      { numRuns: runs(100), seed: 1 },
    );
  });

  test('E-13 both members see one string of 60 digits, which has each card in a half of its own', async () => {
    const string = authenticationString(alice.card, bob.card);
    expect(string).toMatch(/^(\d{5} ){11}\d{5}$/);
    expect(authenticationString(bob.card, alice.card)).toBe(string);
    const mallory = await makeParty('bob');
    const halves = splitString(string);
    const swapped = splitString(authenticationString(alice.card, mallory.card));
    expect(halves.filter((half) => swapped.includes(half))).toHaveLength(1);
  });

  test('E-13 a string is compared whole; blanks and hyphens do not count', () => {
    const string = authenticationString(alice.card, bob.card);
    expect(isSameString(string, string.replaceAll(' ', ''))).toBe(true);
    expect(isSameString(string, `  ${string.replaceAll(' ', '-')}\n`)).toBe(true);
    expect(isSameString(string, string.slice(0, -1))).toBe(false);
    expect(isSameString(string, string.slice(0, 35))).toBe(false);
    expect(isSameString(string, '')).toBe(false);
    const last = string.endsWith('0') ? '1' : '0';
    expect(isSameString(string, `${string.slice(0, -1)}${last}`)).toBe(false);
  });
});

const splitString = (text: string): readonly string[] => [text.slice(0, 35), text.slice(36)];

describe('requests', () => {
  test('E-20 a request has what was asked, and a challenge of 32 bytes', () => {
    expect(request.body).toEqual({
      collaborationId: ID,
      generation: null,
      challenge: encodeBase64(SECRET_BYTES),
      sender: alice.card.sha256,
      receiver: bob.card.sha256,
      kind: 'mlkem768x25519',
      created: '2026-11-24T12:00:00.000Z',
      expires: '2026-12-01T12:00:00.000Z',
    });
  });

  test.each([
    ['a challenge of 31 bytes', { challenge: encodeBase64(SECRET_BYTES.subarray(1)) }],
    ['no challenge', { challenge: '' }],
    ['generation 0', { generation: 0 }],
    ['a collaboration in capitals', { collaborationId: ID.toUpperCase() }],
    ['another kind of key', { kind: 'scrypt' }],
    ['a hash in capitals', { sender: 'A'.repeat(64) }],
    ['a time that is no date', { expires: '2026-02-30T12:00:00.000Z' }],
    ['a secret', { secret: 'AA==' }],
  ])('E-20 refuses a request with %s, although it is signed', async (_, change) => {
    const text = signed(REQUEST, { ...request.body, ...change }, bob);
    expect(await outcomeOf(() => parseRequest(text))).toMatch(/^CUSTODY_MESSAGE/);
  });

  test('E-20 counts for more than nothing and at most 30 days', async () => {
    expect(ask(bob, alice, { days: 30 }).body.expires).toBe('2026-12-24T12:00:00.000Z');
    for (const days of [0, -1, 30.1, NaN]) {
      expect(await outcomeOf(() => ask(bob, alice, { days }))).toMatch(/^USAGE_OPTION/);
    }
  });

  test('E-20 asks for a generation that there can be', async () => {
    expect(ask(bob, alice, { generation: 3 }).body.generation).toBe(3);
    for (const generation of [0, -1, 1.5, NaN, 1_000_001]) {
      expect(await outcomeOf(() => ask(bob, alice, { generation }))).toMatch(/^USAGE_OPTION/);
    }
  });

  test('E-4 counts from 5 minutes before it was made until it expires, to the millisecond', async () => {
    const at = (ms: number): Promise<string> =>
      outcomeOf(() =>
        requireAnswerable(parseRequest(request.text), { receiver: bob.card, own: alice.card }, later(ms)),
      );
    expect(await at(-5 * 60_000)).toBe('taken');
    expect(await at(-5 * 60_000 - 1)).toMatch(/^CUSTODY_MESSAGE the request was made in the future/);
    expect(await at(7 * DAY_MS - 1)).toBe('taken');
    expect(await at(7 * DAY_MS)).toMatch(/^CUSTODY_MESSAGE the request expired/);
  });

  test('E-4 refuses spans that are empty, backwards or over 30 days', async () => {
    for (const ms of [0, -1, 30 * DAY_MS + 1]) {
      const text = signed(REQUEST, { ...request.body, expires: later(ms).toISOString() }, bob);
      expect(await outcomeOf(() => readAsAlice(text))).toMatch(
        /^CUSTODY_MESSAGE the request must expire within 30 days of its creation$/,
      );
    }
  });
});

describe('parcels', () => {
  test('E-31, E-32 a parcel has type, signature, facts and the bytes of the secret', async () => {
    const content = await contentOf(parcel, bob);
    const type = 'application/vnd.sealroom.key-parcel.v1\n';
    expect(decodeUtf8Lenient(content.subarray(0, type.length))).toBe(type);
    const body = content.subarray(type.length + 64);
    const signature = encodeBase64(content.subarray(type.length, type.length + 64));
    expect(verifyStatement(type.trimEnd(), body, signature, alice.card.body.sign)).toBe(true);
    const end = body.indexOf(0x0a);
    expect(body.subarray(end + 1)).toEqual(SECRET_BYTES);
    expect(JSON.parse(decodeUtf8Lenient(body.subarray(0, end)))).toEqual({
      collaborationId: ID,
      generation: 1,
      secretId: expect.stringMatching(/^[0-9a-f]{32}$/),
      isRoleBound: false,
      request: request.sha256,
      sender: alice.card.sha256,
      receiver: bob.card.sha256,
      created: '2026-11-24T12:00:00.000Z',
      expires: '2026-12-01T12:00:00.000Z',
    });
  });

  test('E-34 the receiver gets the secret, with what was said of it', async () => {
    const received = await openParcel(parcel, contextOf(bob, [request], [alice]));
    expect(received.secret.use((bytes) => Uint8Array.from(bytes))).toEqual(SECRET_BYTES);
    expect(received).toMatchObject({ facts: { generation: 1, collaborationId: ID }, sender: alice.card });
  });

  test('E-30, E-34 refuses a parcel of which any one byte was changed', async () => {
    const context = contextOf(bob, [request], [alice]);
    await fc.assert(
      fc.asyncProperty(fc.nat(parcel.length - 1), fc.integer({ min: 1, max: 255 }), async (at, difference) => {
        const changed = parcel.map((byte, index) => (index === at ? byte ^ difference : byte));
        expect(await outcomeOf(() => openParcel(changed, context))).toMatch(/^CUSTODY_MESSAGE/);
      }),
      { numRuns: runs(250), seed: 1 },
    );
  });

  test('E-31, E-34 refuses what the receiver encrypts to itself again with any one byte changed inside', async () => {
    const context = contextOf(bob, [request], [alice]);
    const content = await contentOf(parcel, bob);
    await fc.assert(
      fc.asyncProperty(fc.nat(content.length - 1), fc.integer({ min: 1, max: 255 }), async (at, difference) => {
        const changed = content.map((byte, index) => (index === at ? byte ^ difference : byte));
        expect(await outcomeOf(async () => openParcel(await sealFor(changed, [bob]), context))).toMatch(
          /^CUSTODY_MESSAGE/,
        );
      }),
      { numRuns: runs(150), seed: 1 },
    );
  });
});
