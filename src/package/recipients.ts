import { bech32 } from '@scure/base';
import type { Manifest } from '../collab/index.ts';
import { SealroomError } from '../errors.ts';

/** The keys that a package is encrypted to: all of one kind, at least one. */
export interface Recipients {
  /** Ids of the members whose keys these are. */
  readonly members: readonly string[];
  /** age recipients: `age1…` or `age1pq1…`. */
  readonly keys: readonly string[];
}

const RAW_PREFIX = 'x25519:';

const POST_QUANTUM_PREFIX = 'age1pq1';

/** A receiving key of a manifest as an age recipient. Source: https://age-encryption.org/v1, "X25519 recipient stanza". */
function toAge(key: string): string {
  if (!key.startsWith(RAW_PREFIX)) return key;
  return bech32.encode('age', bech32.toWords(Buffer.from(key.slice(RAW_PREFIX.length), 'base64')));
}

/**
 * The keys of some members, as the manifest has them.
 *
 * A package has receivers of one kind: whoever could break the others could read it, and so its post-quantum recipients would
 * have no more than those.
 *
 * @throws {SealroomError} USAGE_OPTION if a member has no key, or some have post-quantum keys and others have not.
 */
export function recipientsOf({ members }: Manifest, receivers: readonly string[]): Recipients {
  const chosen = members.filter(({ id }) => receivers.includes(id));
  const keyless = chosen.find(({ publicKeys }) => publicKeys.receive === null);
  if (keyless !== undefined || chosen.length === 0) {
    throw new SealroomError(
      'USAGE_OPTION',
      `expected receivers with a key in the manifest, got ${keyless === undefined ? 'none' : keyless.id}`,
      {
        hint: 'the member adds `publicKeys.receive`, the recipient that `age-keygen` prints, and all sign the manifest',
      },
    );
  }
  const keys = chosen.map(({ publicKeys }) => toAge(publicKeys.receive ?? ''));
  const postQuantum = keys.filter((key) => key.startsWith(POST_QUANTUM_PREFIX));
  if (postQuantum.length > 0 && postQuantum.length < keys.length) {
    throw new SealroomError(
      'USAGE_OPTION',
      'expected receivers with keys of one kind, got post-quantum ones and others',
      {
        hint: 'make a package for each kind',
      },
    );
  }
  return Object.freeze({ members: chosen.map(({ id }) => id), keys: Object.freeze(keys) });
}
