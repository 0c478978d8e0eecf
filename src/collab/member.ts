import { type Carried, readCardOf } from './carried.ts';
import { type Cursor, present, readUnique } from './cursor.ts';
import { LABEL } from './label.ts';
import { type Person, readPeople, SIGN_KEY } from './person.ts';

/** The abilities that members can have. */
export const ABILITIES = ['CAN_QUERY', 'CAN_RECEIVE_RESULTS'] as const;

/** One of {@link ABILITIES}. */
export type Ability = (typeof ABILITIES)[number];

/** A party of the collaboration. */
export interface Member {
  /** Also the schema of its tables in SQL: 1 to 63 of `a-z`, `0-9` and `_`, a letter first. */
  readonly id: string;
  readonly displayName: string;
  readonly abilities: readonly Ability[];
  /** Whether it pays for the computation; at most one member does. */
  readonly payer: boolean;
  /** The hash of the card that the keys come from; `null` if the manifest has the keys themselves. */
  readonly card: string | null;
  /** Both may be missing while the manifest is being drafted. */
  readonly publicKeys: {
    /** Ed25519 public key, as `ed25519:` and 32 bytes in Base64. */
    readonly sign: string | null;
    /** Where results are encrypted to: an age recipient (`age1…`), or `x25519:` and 32 bytes in Base64. */
    readonly receive: string | null;
  };
  /** The people who act for the member; empty if the member is a single person, who has all roles. */
  readonly people: readonly Person[];
}

/** The form of a member's id, which can name a schema and a file without quotes. */
export const MEMBER_ID = {
  pattern: /^[a-z][a-z0-9_]{0,62}$/,
  words: '1 to 63 of `a-z`, `0-9` and `_`, a letter first',
};

const RECEIVE_KEY = {
  pattern: /^(age1[a-z0-9]{58,4000}|x25519:[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=)$/,
  words: 'an age recipient, as `age1…`, or `x25519:` and 32 bytes in Base64',
  hidden: true,
};

/** The engine's built-in schemas. */
const RESERVED = ['main', 'temp', 'system', 'information_schema', 'pg_catalog'];

/** Abilities of AWS Clean Rooms that have no counterpart here. */
const UNSUPPORTED_ABILITIES: ReadonlyMap<string, string> = new Map([
  ['CAN_RUN_JOB', 'analyses in PySpark'],
  ['CAN_RECEIVE_MODEL_OUTPUT', 'machine learning'],
  ['CAN_RECEIVE_INFERENCE_OUTPUT', 'machine learning'],
]);

function readAbility(cursor: Cursor): Ability | null {
  for (const [ability, what] of UNSUPPORTED_ABILITIES) {
    if (!cursor.is(ability)) continue;
    cursor.refuseUnsupported(what);
    return null;
  }
  return cursor.oneOf(ABILITIES);
}

function readMemberId(cursor: Cursor): string | null {
  const id = cursor.text(MEMBER_ID);
  if (id === null || !RESERVED.includes(id)) return id;
  return cursor.refuse(`\`${id}\` is the name of a schema of the engine`, 'choose another id');
}

function readMember(cursor: Cursor, taken: ReadonlySet<string>, carried: Carried): Member | null {
  if (!cursor.object(['id', 'displayName', 'abilities', 'payer', 'card', 'publicKeys', 'people'])) return null;
  const id = readMemberId(cursor.at('id'));
  const displayName = cursor.at('displayName');
  const payer = cursor.at('payer');
  const keys = cursor.at('publicKeys');
  if (keys.isGiven) keys.object(['sign', 'receive']);
  const [sign, receive] = [keys.at('sign'), keys.at('receive')];
  const named = cursor.at('card');
  if (named.isGiven && keys.isGiven) keys.refuse('a member has either this or `card`');
  const card = named.isGiven ? readCardOf(named, id, carried) : null;
  const member = {
    displayName: displayName.isGiven ? displayName.text(LABEL) : id,
    abilities: readUnique(cursor.at('abilities'), readAbility),
    payer: payer.isGiven && payer.flag() === true,
    card: card?.sha256 ?? null,
    publicKeys: Object.freeze({
      sign: sign.isGiven ? sign.text(SIGN_KEY) : (card?.body.sign ?? null),
      receive: receive.isGiven ? receive.text(RECEIVE_KEY) : (card?.body.receive ?? null),
    }),
    people: readPeople(cursor.at('people'), taken),
  };
  return id === null ? null : Object.freeze({ ...member, id, displayName: member.displayName ?? id });
}

/**
 * Reads the members. Their ids are unique and at most one of them pays. A signing key belongs to one member, and to one of its
 * people.
 */
export function readMembers(cursor: Cursor, carried: Carried): readonly Member[] {
  const seen = new Set<string>();
  /** The signing keys of the previous members. */
  const taken = new Set<string>();
  let payer: string | null = null;
  const members = cursor.items(1).map((item) => {
    const member = readMember(item, taken, carried);
    if (member === null) return null;
    const { id, publicKeys } = member;
    if (seen.has(id)) return item.at('id').refuse(`the id \`${id}\` is used twice`);
    seen.add(id);
    if (publicKeys.sign !== null && taken.has(publicKeys.sign)) {
      const place = member.card === null ? item.at('publicKeys').at('sign') : item.at('card');
      place.refuse('this key already belongs to another member');
    }
    for (const key of [publicKeys.sign, ...member.people.map(({ sign }) => sign)]) if (key !== null) taken.add(key);
    if (member.payer && payer !== null)
      item.at('payer').refuse(`only one member can be the payer, and ${payer} already is`);
    payer ??= member.payer ? id : null;
    return member;
  });
  return Object.freeze(present(members));
}
