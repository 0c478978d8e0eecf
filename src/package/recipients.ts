import { requireOneKind, toAgeRecipient } from '../age/index.ts';
import type { Manifest } from '../collab/index.ts';
import { SealroomError } from '../errors/index.ts';

/** The keys that a package is encrypted to: at least one, and all of the same kind. */
export interface Recipients {
  /** Ids of the members that the keys belong to. */
  readonly members: readonly string[];
  /** age recipients: `age1…` or `age1pq1…`. */
  readonly keys: readonly string[];
}

/**
 * The receiving keys of some members, from the manifest.
 *
 * All keys of a package must be of the same kind: an attacker who could break the classic ones could read the package, so that
 * post-quantum keys beside them would add nothing.
 *
 * @throws {SealroomError} USAGE_OPTION if a member has no key, or some have post-quantum keys and others do not.
 */
export function recipientsOf({ members }: Manifest, receivers: readonly string[]): Recipients {
  const chosen = members.filter(({ id }) => receivers.includes(id));
  const keyless = chosen.find(({ publicKeys }) => publicKeys.receive === null);
  if (keyless !== undefined || chosen.length === 0) {
    throw new SealroomError(
      'USAGE_OPTION',
      keyless === undefined ? 'a package needs a receiver' : `${keyless.id} has no key for results in the manifest`,
      {
        hint: 'the member adds `publicKeys.receive`, the recipient that `age-keygen` prints, and all members sign the manifest',
      },
    );
  }
  const keys = chosen.map(({ publicKeys }) => toAgeRecipient(publicKeys.receive ?? ''));
  requireOneKind(keys, 'make a package for each kind');
  return Object.freeze({ members: chosen.map(({ id }) => id), keys: Object.freeze(keys) });
}
