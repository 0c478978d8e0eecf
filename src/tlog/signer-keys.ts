import { decodeBase64, encodeBase64, encodeHex, encodeUtf8, wipe } from '../bytes/index.ts';
import { SealroomError } from '../errors/index.ts';
import {
  publicKeyOf,
  randomBytes,
  sha256,
  signatureVerifier,
  type SigningKey,
  signingKeyFromSeed,
  signMessage,
  type VerifySignature,
} from '../platform/index.ts';

/** The type byte of Ed25519 keys and signatures of notes. c2sp.org/signed-note. */
const ED25519 = 1;

const KEY_BYTES = 32;
const KEY_ID_BYTES = 4;
const SIGNATURE_BYTES = 64;

/** The maximum length of a key's name: names are origins of logs, which have at most 255 bytes. */
const MAX_NAME_CHARACTERS = 255;

/** A public key that verifies signatures of notes. */
export class Verifier {
  readonly name: string;
  /** The first 4 bytes of `SHA-256(name ‖ 0A ‖ 01 ‖ public key)`, in lower-case hexadecimal. */
  readonly keyId: string;
  readonly #publicBytes: Uint8Array;
  readonly #verify: VerifySignature;

  /** @param publicBytes 32 bytes */
  constructor(name: string, publicBytes: Uint8Array) {
    //= audit A-22
    const encoded = Uint8Array.of(ED25519, ...publicBytes);
    this.name = name;
    this.keyId = encodeHex(sha256(encodeUtf8(`${name}\n`), encoded).subarray(0, KEY_ID_BYTES));
    this.#publicBytes = publicBytes;
    this.#verify = signatureVerifier(publicBytes);
  }

  /** Whether a signature of 64 bytes over these bytes is valid under this key. Under a key of small order, none is. */
  verifies(message: Uint8Array, signature: Uint8Array): boolean {
    return signature.length === SIGNATURE_BYTES && this.#verify(message, signature);
  }

  /** The verifier key as text: `name+key id+Base64(01 ‖ public key)`. It is public. */
  toString(): string {
    return `${this.name}+${this.keyId}+${encodeBase64(Uint8Array.of(ED25519, ...this.#publicBytes))}`;
  }
}

/** A private key that signs notes. The key never leaves the object, and printing or serialising the object does not show it. */
export class Signer {
  readonly verifier: Verifier;
  readonly #key: SigningKey;

  /** @param key an Ed25519 private key */
  constructor(name: string, key: SigningKey) {
    this.#key = key;
    this.verifier = new Verifier(name, publicKeyOf(key));
  }

  /** Signs bytes with Ed25519 (RFC 8032); returns 64 bytes. */
  sign(message: Uint8Array): Uint8Array {
    return signMessage(this.#key, message);
  }
}

/**
 * Makes a new signer, as the text for its secret file: `PRIVATE+KEY+name+key id+Base64(01 ‖ seed)`.
 *
 * @param name who signs: the origin of a log, such as `runner.example/spring-campaign`
 * @throws {SealroomError} USAGE_OPTION if the name is empty, too long, or has white space or `+`.
 */
export function generateSignerText(name: string): string {
  if (!isKeyName(name)) {
    throw new SealroomError('USAGE_OPTION', 'the name is empty or too long, or contains white space or `+`', {
      hint: 'use an address without a scheme, such as `runner.example/spring-campaign`',
    });
  }
  const seed = randomBytes(KEY_BYTES);
  try {
    const { keyId } = new Signer(name, signingKeyFromSeed(seed)).verifier;
    return `PRIVATE+KEY+${name}+${keyId}+${encodeBase64(Uint8Array.of(ED25519, ...seed))}`;
  } finally {
    wipe(seed);
  }
}

/**
 * Parses a signer from the text of its secret file, with or without a line break at the end.
 *
 * @throws {SealroomError} SECRET_INVALID if it is anything else. The message never quotes the text.
 */
export function parseSigner(text: string): Signer {
  const [first, second, name = '', keyId, encoded = '', ...rest] = text.replace(/\r?\n$/, '').split('+');
  // Base64 may contain the separator of the fields.
  const bytes = decodeKey([encoded, ...rest].join('+'));
  if (first !== 'PRIVATE' || second !== 'KEY' || !isKeyName(name) || bytes === null) throw badSigner();
  try {
    const signer = new Signer(name, signingKeyFromSeed(bytes));
    if (signer.verifier.keyId !== keyId) throw badSigner();
    return signer;
  } finally {
    wipe(bytes);
  }
}

function badSigner(): SealroomError {
  return new SealroomError('SECRET_INVALID', 'not a signer, which has the form `PRIVATE+KEY+name+id+key`', {
    hint: 'make one with `sealroom audit key`',
  });
}

/**
 * Parses a verifier, `name+key id+Base64(01 ‖ public key)`.
 *
 * @throws {SealroomError} USAGE_OPTION if it is anything else, has another kind of key, or its id does not match its key.
 */
export function parseVerifier(text: string): Verifier {
  const [name = '', keyId, ...rest] = text.split('+');
  const bytes = decodeKey(rest.join('+'));
  const verifier = isKeyName(name) && bytes !== null ? new Verifier(name, bytes) : null;
  if (verifier === null || verifier.keyId !== keyId) {
    throw new SealroomError('USAGE_OPTION', 'not an Ed25519 verifier key, which has the form `name+id+key`', {
      hint: 'ask the operator of the room for it; `sealroom audit key` prints it',
    });
  }
  return verifier;
}

/**
 * Parses verifiers, one per line; blank lines and lines that begin with `#` are ignored.
 *
 * @throws {SealroomError} USAGE_OPTION, with the line number, for a malformed verifier, or if there is none.
 */
export function parseVerifiers(text: string, place: { readonly file?: string | undefined } = {}): readonly Verifier[] {
  const { file } = place;
  const verifiers: Verifier[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    try {
      verifiers.push(parseVerifier(line.trim()));
    } catch (error) {
      throw error instanceof SealroomError ? error.at({ file, line: index + 1 }) : error;
    }
  }
  if (verifiers.length === 0) {
    throw new SealroomError('USAGE_OPTION', 'there is no verifier key', { where: { file } });
  }
  return verifiers;
}

/** Whether a text is a valid key name. c2sp.org/signed-note: not empty, no Unicode space, no `+`. */
export function isKeyName(name: string): boolean {
  //= audit A-21
  return name.length <= MAX_NAME_CHARACTERS && /^[^\s+\p{Cc}\p{Cs}\p{Z}]+$/u.test(name);
}

/** The key after its type byte, or `null`. */
function decodeKey(text: string): Uint8Array | null {
  const bytes = decodeStrict(text);
  return bytes?.length === KEY_BYTES + 1 && bytes[0] === ED25519 ? bytes.slice(1) : null;
}

/** The bytes of canonical, padded Base64, or `null`. */
export function decodeStrict(text: string): Uint8Array | null {
  const bytes = decodeBase64(text);
  return bytes !== null && encodeBase64(bytes) === text ? bytes : null;
}
