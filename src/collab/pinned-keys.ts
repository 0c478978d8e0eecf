import { SealroomError } from '../errors/index.ts';
import type { Member } from './member.ts';
import { signingKeysOf } from './roles.ts';

/** A signing key of a member that was compared with the member itself, or is one's own. */
export interface KnownKey {
  /** Id of the member. */
  readonly member: string;
  /** Ed25519 public key, as `ed25519:` and 32 bytes in Base64. */
  readonly sign: string;
  /** Whether it is the key of the home that compares. */
  readonly isOwn: boolean;
}

/** Whether a key in a manifest is known: it is `pinned`, or one's `own`; `not-pinned`; or `another` key of its member is known. */
export type KeyState = 'pinned' | 'own' | 'not-pinned' | 'another';

/** A signing key in a manifest, compared with the known keys. */
export interface KeyStatus {
  readonly member: string;
  /** Id of the person who has it; `null` for a member that is a single person. */
  readonly person: string | null;
  readonly sign: string;
  readonly state: KeyState;
  /** Whether the member is that of the home that compares. */
  readonly isOwnMember: boolean;
  /** Whether a signature with it counts as the member's: not so for people who are no rule approvers. */
  readonly signsForMember: boolean;
}

/** The keys of a member, with the people who have them. */
function listKeys({ people, publicKeys }: Member): readonly Pick<KeyStatus, 'person' | 'sign'>[] {
  if (people.length > 0) return people.map(({ id, sign }) => ({ person: id, sign }));
  return publicKeys.sign === null ? [] : [{ person: null, sign: publicKeys.sign }];
}

/**
 * Compares all signing keys in a manifest with known keys, in the manifest's order. It needs no home: whoever keeps known keys elsewhere
 * compares in the same way.
 *
 * A key that is not among the known ones of its member is `another` if the manifest leaves out one of these: somebody may have put it
 * there instead. A member that has a new key, or other people, gets the new card pinned.
 */
export function comparePinnedKeys(
  { members }: { readonly members: readonly Member[] },
  known: readonly KnownKey[],
): readonly KeyStatus[] {
  const statuses = members.flatMap((member) => {
    const keys = listKeys(member);
    const ofMember = known.filter((each) => each.member === member.id);
    const leavesOut = ofMember.some(({ sign }) => !keys.some((key) => key.sign === sign));
    const isOwnMember = ofMember.some(({ isOwn }) => isOwn);
    return keys.map(({ person, sign }) => {
      const same = ofMember.filter((each) => each.sign === sign);
      const kind = same.some(({ isOwn }) => isOwn) ? 'own' : 'pinned';
      const state: KeyState = same.length > 0 ? kind : leavesOut ? 'another' : 'not-pinned';
      const signsForMember = signingKeysOf(member).includes(sign);
      return Object.freeze({ member: member.id, person, sign, state, isOwnMember, signsForMember });
    });
  });
  return Object.freeze(statuses);
}

const STATES: Readonly<Record<KeyState, string>> = {
  pinned: 'pinned',
  own: 'pinned, as your own',
  'not-pinned': 'not pinned',
  another: 'another is pinned',
};

/** The state of a key as a line: `key of ria of brand: pinned`. */
export function describeKey({ member, person, state }: KeyStatus): string {
  return `key of ${person === null ? member : `${person} of ${member}`}: ${STATES[state]}`;
}

/**
 * Refuses a manifest in which a member has another key than the known one.
 *
 * @param file what errors call the manifest
 * @throws {SealroomError} MANIFEST_SIGNATURE
 */
export function requirePinnedKeys(statuses: readonly KeyStatus[], file: string): void {
  const other = statuses.find(({ state }) => state === 'another');
  if (other === undefined) return;
  const { member, isOwnMember } = other;
  throw new SealroomError('MANIFEST_SIGNATURE', `expected the known keys of ${member}; ${describeKey(other)}`, {
    where: { file },
    hint: isOwnMember
      ? `your home is that of ${member} and has another key: put those of \`sealroom member card --manifest-keys\` into the manifest, ` +
        'and have all members sign it again'
      : `if ${member} has a new key, compare its card by phone: \`sealroom member verify <card> --replace\`; if not, ask ${member} for ` +
        'the manifest that it signed',
  });
}

/**
 * Refuses a manifest that does not have the member of the home that compares: it never signed that.
 *
 * @param file what errors call the manifest
 * @throws {SealroomError} MANIFEST_SIGNATURE
 */
export function requireOwnMember(
  { members }: { readonly members: readonly Member[] },
  known: readonly KnownKey[],
  file: string,
): void {
  const own = known.find(({ isOwn }) => isOwn);
  if (own === undefined || members.some(({ id }) => id === own.member)) return;
  throw new SealroomError(
    'MANIFEST_SIGNATURE',
    `your home is that of ${own.member}, which is no member in the manifest`,
    {
      where: { file },
      hint: `use the manifest that ${own.member} signed; for another member, name its home with \`--home\``,
    },
  );
}
