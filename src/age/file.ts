import { Decrypter, Encrypter } from 'age-encryption';
import { decodeUtf8Lenient, encodeUtf8, equalConstantTime } from '../bytes/index.ts';
import { SealroomError } from '../errors/index.ts';

/** The first line of every age file. Source: https://age-encryption.org/v1 */
const AGE_LINE = encodeUtf8('age-encryption.org/v1\n');

/** Whether bytes begin like an age file; the first 22 bytes are enough. */
export function isAgeFile(start: Uint8Array): boolean {
  return equalConstantTime(start.subarray(0, AGE_LINE.length), AGE_LINE);
}

/** How the last line of a header begins, and how the first line of a stanza begins. */
const [MAC_LINE, STANZA_LINE] = ['---', '-> '];

/** How many bytes of a header are read. With the two kinds of keys used here a header has less than 2 KiB. */
const MAX_HEADER_BYTES = 16 * 1024;

/**
 * The types of the recipients in the header of an age file, such as `X25519`, in order; they are not authenticated yet. Empty if
 * the bytes are not an age file, or if the header is longer than 16 KiB, since recipients could hide beyond that.
 */
export function listStanzas(file: Uint8Array): readonly string[] {
  if (!isAgeFile(file)) return [];
  const lines = decodeUtf8Lenient(file.subarray(0, MAX_HEADER_BYTES)).split('\n');
  const end = lines.findIndex((line) => line.startsWith(MAC_LINE));
  return lines
    .slice(0, Math.max(end, 0))
    .flatMap((line) => (line.startsWith(STANZA_LINE) ? [line.split(' ')[1] ?? ''] : []));
}

/** Who can open an age file: recipients of one kind, or anyone who knows a passphrase. */
type Lock =
  | { readonly recipients: readonly string[] }
  /** `scryptLogN` is the base-2 logarithm of scrypt's cost; default: the library's, 18. */
  | { readonly passphrase: string; readonly scryptLogN?: number | undefined };

/**
 * Encrypts bytes to an age file. The caller must have checked the recipients with `requireOneKind`.
 *
 * @throws {SealroomError} CUSTODY_KEY if a recipient looks like a key but is not a valid one, such as a point of small order.
 */
export async function sealAge(bytes: Uint8Array, lock: Lock): Promise<Uint8Array> {
  const encrypter = new Encrypter();
  if ('recipients' in lock) return sealTo(encrypter, lock.recipients, bytes);
  encrypter.setPassphrase(lock.passphrase);
  if (lock.scryptLogN !== undefined) encrypter.setScryptWorkFactor(lock.scryptLogN);
  return encrypter.encrypt(bytes);
}

async function sealTo(encrypter: Encrypter, recipients: readonly string[], bytes: Uint8Array): Promise<Uint8Array> {
  try {
    for (const key of recipients) encrypter.addRecipient(key);
    return await encrypter.encrypt(bytes);
  } catch (error) {
    throw new SealroomError('CUSTODY_KEY', 'the receiving key cannot be encrypted to', {
      hint: 'ask its owner to make a new one',
      cause: error,
    });
  }
}

/** What opens an age file: identities, tried in order, or a passphrase. */
type AgeKey = { readonly identities: readonly string[] } | { readonly passphrase: string };

/** What became of an age file: it opened; none of the keys opens it; or it was changed or cut short, or is not an age file. */
export type OpenedAge =
  | { readonly kind: 'opened'; readonly bytes: Uint8Array }
  | { readonly kind: 'notForUs' }
  | { readonly kind: 'damaged' };

/** Opens an age file. The bytes belong to the caller, who wipes them if they are secret. */
export async function openAge(file: Uint8Array, key: AgeKey): Promise<OpenedAge> {
  if (!isAgeFile(file)) return { kind: 'damaged' };
  const decrypter = new Decrypter();
  if ('identities' in key) for (const identity of key.identities) decrypter.addIdentity(identity);
  else decrypter.addPassphrase(key.passphrase);
  try {
    return { kind: 'opened', bytes: await decrypter.decrypt(file) };
  } catch (error) {
    // The library's message for this case; any other failure means that the file is damaged.
    const isOthers = error instanceof Error && error.message.startsWith('no identity matched');
    return { kind: isOthers ? 'notForUs' : 'damaged' };
  }
}
