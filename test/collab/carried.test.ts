import { createHash } from 'node:crypto';
import { SealroomError } from 'sealroom';
import { parseManifest } from 'sealroom/collab';
import { expect, test } from 'vitest';
import { withoutMessages } from '#src/collab/index';
import { manifestOfContext } from '../support/manifests.ts';

// What travels in the file of a manifest beside what members sign.

const PLAIN = manifestOfContext('agg');

const CARD = {
  id: 'brand',
  name: 'Northwind Shoes',
  sign: 'ed25519:iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w=',
  receive: 'age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa',
  created: '2026-01-01T00:00:00.000Z',
};
const SIGNATURE = Buffer.alloc(64, 1).toString('base64');
/** SHA-256 of the card in canonical form: without blanks, its keys in the order of the alphabet. */
const CARD_HASH = createHash('sha256')
  .update(JSON.stringify(Object.fromEntries(Object.entries(CARD).sort())))
  .digest('hex');

function withCard(changes: { readonly member?: object; readonly card?: object } = {}): string {
  const members = (PLAIN['members'] as readonly Record<string, unknown>[]).map((member, index) => {
    if (index > 0) return member;
    const rest = Object.fromEntries(Object.entries(member).filter(([key]) => key !== 'publicKeys'));
    return { ...rest, card: CARD_HASH, ...changes.member };
  });
  const exchange = { cards: [{ ...CARD, id: 'brand', signature: SIGNATURE, ...changes.card }] };
  return JSON.stringify({ ...PLAIN, members, exchange });
}

function codeOf(text: string): string {
  try {
    parseManifest(text);
    return 'taken';
  } catch (error) {
    return error instanceof SealroomError ? `${error.code}: ${error.message}` : String(error);
  }
}

test('it is no part of what is hashed, and an older manifest keeps its hash', () => {
  const { sha256 } = parseManifest(JSON.stringify(PLAIN));
  const parcels = [{ to: 'pub', request: '0'.repeat(64), age: 'AAAA' }];
  const requests = [{ challenge: 'AAAA', generation: null, days: 3 }];
  const more = parseManifest(JSON.stringify({ ...PLAIN, exchange: { requests, parcels } }));
  expect(more.sha256).toBe(sha256);
  expect(more.exchange).toMatchObject({ requests, parcels });
});

test('without messages, a manifest is the same, whether it carries any or not', () => {
  const { sha256 } = parseManifest(JSON.stringify(PLAIN));
  const messages = { requests: [{ challenge: 'AAAA', generation: null, days: 3 }] };
  for (const more of [{}, { exchange: {} }, { exchange: messages }]) {
    const text = withoutMessages(JSON.stringify({ ...PLAIN, ...more }));
    expect(text).not.toContain('challenge');
    expect(parseManifest(text).sha256).toBe(sha256);
  }
});

test('a member has the keys of the card whose hash it names, which is part of what is hashed', () => {
  const manifest = parseManifest(withCard());
  expect(manifest.members[0]).toMatchObject({
    card: CARD_HASH,
    publicKeys: { sign: CARD.sign, receive: CARD.receive },
  });
  // The signature of the card may be another one: the hash says which card is meant.
  const other = Buffer.alloc(64, 2).toString('base64');
  expect(parseManifest(withCard({ card: { signature: other } })).sha256).toBe(manifest.sha256);
});

test.each([
  [
    'a card with another key',
    { card: { sign: 'ed25519:gTl3Dqh9F19Wo1Rmw0x+zMuNipG07jeiXfYPW4/Js5Q=' } },
    /is not in `exchange.cards`/,
  ],
  [
    'a card with another receiver',
    { card: { receive: CARD.receive.replace('7pa', '7pq') } },
    /is not in `exchange.cards`/,
  ],
  ['the card of another member', { member: { id: 'pub2' } }, /is that of `brand`/],
  ['keys beside the card', { member: { publicKeys: {} } }, /either this or `card`/],
  ['a hash that is none', { member: { card: 'abc' } }, /64 hexadecimal digits/],
  ['a key of a card that there is not', { card: { note: 'x' } }, /unknown key/],
])('refuses %s', (_, changes, words) => {
  expect(codeOf(withCard(changes))).toMatch(words);
});

test('an unknown kind of message, and what is none, are refused', () => {
  expect(codeOf(JSON.stringify({ ...PLAIN, exchange: { letters: [] } }))).toMatch(/unknown key/);
  expect(codeOf(JSON.stringify({ ...PLAIN, exchange: { parcels: [{ a: [1] }] } }))).toMatch(/expected text/);
  expect(codeOf(JSON.stringify({ ...PLAIN, exchange: { parcels: ['x'] } }))).toMatch(/expected an object/);
});
