import canonicalize from 'canonicalize';
import { sha256Hex } from '../platform/index.ts';
import { SIGNATURE_PATTERN } from '../signing/index.ts';
import { type Cursor, present } from './cursor.ts';
import { SIGN_KEY } from './person.ts';
import { HASH_TEXT } from './hash-text.ts';

/** A member's card as a manifest carries it. A member that names its hash has its keys. */
export interface CarriedCard {
  /** The hash that a member names: SHA-256 of `body` in canonical form, 64 hexadecimal digits. */
  readonly sha256: string;
  readonly body: {
    readonly id: string;
    readonly name: string;
    /** Ed25519 public key, as `ed25519:` and 32 bytes in Base64. */
    readonly sign: string;
    /** An age recipient. */
    readonly receive: string;
    readonly created: string;
  };
  /** The card's own signature, in Base64. It is not verified here: the hash says which card is meant. */
  readonly signature: string;
}

/** A request for the secret, or a parcel with it, as a manifest carries it: the home that it is for checks it. */
export type CarriedMessage = Readonly<Record<string, string | number | null>>;

/** What travels in the file of a manifest and is no part of what members sign. */
export interface Carried {
  readonly cards: readonly CarriedCard[];
  /** Requests for the secret. */
  readonly requests: readonly CarriedMessage[];
  /** The secret on its way to members: `to`, the hash of a request, and the Base64 of an age file. */
  readonly parcels: readonly CarriedMessage[];
}

/** The kinds of what a manifest carries. */
const CARRIED_KINDS = ['cards', 'requests', 'parcels'] as const;

/** The longest text of a message: a parcel has about 4,000 characters. */
const TEXT = { pattern: /^[\x20-\x7e]{1,100000}$/, words: 'text of printable ASCII characters', hidden: true };

const LABEL = { pattern: /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]{1,200}$/u, words: 'the name of a member' };
const RECIPIENT = { pattern: /^age1[a-z0-9]{58,4000}$/, words: 'an age recipient, as `age1…`', hidden: true };
const SIGNATURE = { pattern: SIGNATURE_PATTERN, words: 'a signature in Base64', hidden: true };

function readCard(cursor: Cursor): CarriedCard | null {
  if (!cursor.object(['id', 'name', 'sign', 'receive', 'created', 'signature'])) return null;
  const id = cursor.at('id').text(TEXT);
  const name = cursor.at('name').text(LABEL);
  const sign = cursor.at('sign').text(SIGN_KEY);
  const receive = cursor.at('receive').text(RECIPIENT);
  const created = cursor.at('created').text(TEXT);
  const signature = cursor.at('signature').text(SIGNATURE);
  if (id === null || name === null || sign === null || receive === null || created === null || signature === null) {
    return null;
  }
  const body = Object.freeze({ id, name, sign, receive, created });
  return Object.freeze({ sha256: sha256Hex(canonicalize(body) ?? ''), body, signature });
}

function readMessage(cursor: Cursor): CarriedMessage | null {
  if (!cursor.object(cursor.keys)) return null;
  const values = cursor.keys.map((key) => [key, cursor.at(key).is(null) ? null : cursor.at(key)] as const);
  return Object.freeze(
    Object.fromEntries(
      values.flatMap(([key, item]) => {
        const value = item === null ? null : (item.peekNumber() ?? item.text(TEXT));
        return item !== null && value === null ? [] : [[key, value] as const];
      }),
    ),
  );
}

/** Reads `exchange`: what travels in the file beside what members sign. */
export function readCarried(cursor: Cursor): Carried {
  const isThere = cursor.isGiven && cursor.object(CARRIED_KINDS);
  const list = <T>(key: string, read: (item: Cursor) => T | null): readonly T[] => {
    const items = cursor.at(key);
    return Object.freeze(isThere && items.isGiven ? present(items.items().map(read)) : []);
  };
  return Object.freeze({
    cards: list('cards', readCard),
    requests: list('requests', readMessage),
    parcels: list('parcels', readMessage),
  });
}

/** Reads the hash of a card, and finds the card; `null` if there is none of the member. */
export function readCardOf(cursor: Cursor, id: string | null, { cards }: Carried): CarriedCard | null {
  const hash = cursor.text(HASH_TEXT);
  if (hash === null) return null;
  const card = cards.find(({ sha256 }) => sha256 === hash);
  if (card === undefined) {
    return cursor.refuse(
      'the card with this hash is not in `exchange.cards`',
      'add it with `sealroom collab add-member`',
    );
  }
  if (card.body.id === id) return card;
  return cursor.refuse(`the card with this hash is that of \`${card.body.id}\``);
}
