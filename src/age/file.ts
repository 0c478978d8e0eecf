import { Decrypter, Encrypter } from 'age-encryption';
import { decodeUtf8Lenient, encodeUtf8 } from '../bytes/index.ts';
import { SealroomError } from '../errors/index.ts';

/** How every age file begins. Source: https://age-encryption.org/v1 */
const AGE_LINE = encodeUtf8('age-encryption.org/v1\n');

/** Whether bytes begin as an age file does; 22 of them are enough. */
export function isAgeFile(start: Uint8Array): boolean {
  return Buffer.from(start.subarray(0, AGE_LINE.length)).equals(AGE_LINE);
}

/** The header's last line begins so; the lines of stanzas begin with the other. */
const [MAC_LINE, STANZA_LINE] = ['---', '-> '];

/** Bytes of a header that are looked at: an age file of the two kinds of keys here has less than 2 KiB. */
const MAX_HEADER_BYTES = 16 * 1024;

/**
 * The types of the recipients in the header of an age file, such as `X25519`, in order; none of them is authenticated yet. Of
 * bytes that are no age file, and of a header longer than 16 KiB, in which some could hide behind the end: an empty list.
 */
export function listStanzas(file: Uint8Array): readonly string[] {
  if (!isAgeFile(file)) return [];
  const lines = decodeUtf8Lenient(file.subarray(0, MAX_HEADER_BYTES)).split('\n');
  const end = lines.findIndex((line) => line.startsWith(MAC_LINE));
  return lines
    .slice(0, Math.max(end, 0))
    .flatMap((line) => (line.startsWith(STANZA_LINE) ? [line.split(' ')[1] ?? ''] : []));
}

/** Who an age file is sealed to: recipients of one kind, or everybody who knows a passphrase. */
type Lock =
  | { readonly recipients: readonly string[] }
  /** `scryptLogN` is the base-2 logarithm of scrypt's cost; without it the library's, 18. */
  | { readonly passphrase: string; readonly scryptLogN?: number | undefined };

/**
 * Seals bytes into an age file. The caller has checked the recipients with `requireOneKind`.
 *
 * @throws {SealroomError} CUSTODY_KEY if a recipient has the form of a key and is none, such as a point of small order.
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
    throw new SealroomError('CUSTODY_KEY', 'expected a receiving key that can be sealed to, got another', {
      hint: 'have its owner make a new one',
      cause: error,
    });
  }
}

/** What opens an age file: identities, tried one after the other, or a passphrase. */
type AgeKey = { readonly identities: readonly string[] } | { readonly passphrase: string };

/**
 * Opens an age file.
 *
 * @returns its bytes; `'others'` if it is for other keys than these, `'damaged'` if it was changed, is cut short, or is no age file.
 */
export async function openAge(file: Uint8Array, key: AgeKey): Promise<Uint8Array | 'others' | 'damaged'> {
  if (!isAgeFile(file)) return 'damaged';
  const decrypter = new Decrypter();
  if ('identities' in key) for (const identity of key.identities) decrypter.addIdentity(identity);
  else decrypter.addPassphrase(key.passphrase);
  try {
    return await decrypter.decrypt(file);
  } catch (error) {
    // The library's word for it; any other failure is one of authentication or form.
    return error instanceof Error && error.message.startsWith('no identity matched') ? 'others' : 'damaged';
  }
}
