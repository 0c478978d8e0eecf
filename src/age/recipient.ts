import { bech32 } from '@scure/base';
import { decodeBase64 } from '../bytes/index.ts';
import { SealroomError } from '../errors/index.ts';

const RAW_PREFIX = 'x25519:';

const POST_QUANTUM_PREFIX = 'age1pq1';

/** The kinds of keys that members have, named like their stanzas in an age file; the first is post-quantum. */
export type AgeKind = 'mlkem768x25519' | 'X25519';

/** By Bech32 prefix: the kind, and the number of bytes of its recipients. */
const KINDS: ReadonlyMap<string, readonly [AgeKind, number]> = new Map([
  ['age1pq', ['mlkem768x25519', 1216]],
  ['age', ['X25519', 32]],
]);

/** Whether a stanza of an age file is for a key of a kind that members have. */
export function isAgeKind(stanza: string): stanza is AgeKind {
  return [...KINDS.values()].some(([kind]) => kind === stanza);
}

/** The kind of an age recipient, `age1…` or `age1pq1…` in lower case; `null` for any other text or kind of recipient. */
export function kindOfRecipient(recipient: string): AgeKind | null {
  const decoded = decodeBech32(recipient);
  if (decoded === null) return null;
  const [kind, bytes] = KINDS.get(decoded.prefix) ?? [];
  return kind !== undefined && decoded.bytes.length === bytes && recipient === recipient.toLowerCase() ? kind : null;
}

function decodeBech32(text: string): { readonly prefix: string; readonly bytes: Uint8Array } | null {
  const decoded = bech32.decodeUnsafe(text, false);
  const bytes = decoded && bech32.fromWordsUnsafe(decoded.words);
  return decoded && bytes instanceof Uint8Array ? { prefix: decoded.prefix, bytes } : null;
}

/**
 * A receiving key as an age recipient: an age recipient stays as it is, `x25519:` and 32 bytes in Base64 becomes one.
 *
 * Source: https://age-encryption.org/v1, "X25519 recipient stanza".
 */
export function toAgeRecipient(key: string): string {
  if (!key.startsWith(RAW_PREFIX)) return key;
  return bech32.encode('age', bech32.toWords(decodeBase64(key.slice(RAW_PREFIX.length)) ?? new Uint8Array(0)));
}

/**
 * Refuses recipients of different kinds: an attacker who could break the classic ones could read what is encrypted to both, so that
 * the post-quantum ones would add nothing.
 *
 * @param recipients age recipients: `age1…` or `age1pq1…`
 * @param hint what the user can do about it
 * @throws {SealroomError} USAGE_OPTION if some are post-quantum and others are not.
 */
export function requireOneKind(recipients: readonly string[], hint: string): void {
  const postQuantum = recipients.filter((key) => key.startsWith(POST_QUANTUM_PREFIX));
  if (postQuantum.length === 0 || postQuantum.length === recipients.length) return;
  throw new SealroomError('USAGE_OPTION', 'some receivers have post-quantum keys and others do not', {
    hint,
  });
}
