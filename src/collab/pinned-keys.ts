import { SealroomError } from '../errors/index.ts';
import type { Manifest } from './manifest.ts';
import type { Member } from './member.ts';
import { signingKeysOf } from './roles.ts';
import { verifyHash } from './signature.ts';

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
 * there instead. A member that has a new key, or other people, gets the new card pinned. That a known key is there does not mean that it
 * signed: {@link requireKnownSigners} finds out.
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

/** Whether a key is known, and signs for its member. */
export function isKnownSigner({ state, signsForMember }: KeyStatus): boolean {
  return signsForMember && (state === 'pinned' || state === 'own');
}

/**
 * Refuses a manifest that another key than the known ones signed for a member of which such a key is known. Whoever changes a manifest
 * can add a person with a key of theirs to any member, and leave its known key in.
 *
 * @param manifest the one that was compared
 * @param statuses from {@link comparePinnedKeys}
 * @param file what errors call the manifest
 * @throws {SealroomError} MANIFEST_SIGNATURE
 */
export function requireKnownSigners(
  manifest: Pick<Manifest, 'signatures'>,
  statuses: readonly KeyStatus[],
  file: string,
): void {
  for (const signature of manifest.signatures) {
    const known = statuses.filter((status) => status.member === signature.member && isKnownSigner(status));
    if (known.length === 0 || known.some(({ sign }) => verifyHash('manifest', signature, sign))) continue;
    throw new SealroomError(
      'MANIFEST_SIGNATURE',
      `the manifest has a known key of ${signature.member}, and another one signed it`,
      {
        where: { file },
        hint:
          `ask ${signature.member} who signed for it; if it was one of its rule approvers, pin that card as well: ` +
          '`sealroom member verify`',
      },
    );
  }
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

/**
 * Refuses a new version of a manifest unless every member of the one in force is still in it, and has signed it with a key that signs for
 * it in the one in force. So a member gets a new key by two versions, or from whoever decides without this.
 *
 * @param manifest the new version, whose signatures were verified
 * @param inForce the version that it replaces
 * @throws {SealroomError} MANIFEST_SIGNATURE
 */
export function requireSignedByMembers(
  { signatures }: Pick<Manifest, 'signatures'>,
  { members }: Pick<Manifest, 'members'>,
): void {
  const isSignedBy = (member: Member): boolean =>
    signatures.some(
      (signature) =>
        signature.member === member.id && signingKeysOf(member).some((sign) => verifyHash('manifest', signature, sign)),
    );
  const missing = members.find((member) => !isSignedBy(member));
  if (missing === undefined) return;
  throw new SealroomError(
    'MANIFEST_SIGNATURE',
    `${missing.id} has not signed this version with a key that the manifest in force has`,
    { hint: 'the operator of the room can bring it into force, and asks the members whose keys are new' },
  );
}
