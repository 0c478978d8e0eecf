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

/** Characters of a key's name at most: names are origins, and origins of logs have at most 255 bytes. */
const MAX_NAME_CHARACTERS = 255;

/** Somebody whose signatures of notes can be checked. */
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

  /** Whether a signature of 64 bytes is this signer's, of these bytes. By a key of small order, none is. */
  verifies(message: Uint8Array, signature: Uint8Array): boolean {
    return signature.length === SIGNATURE_BYTES && this.#verify(message, signature);
  }

  /** The verifier key as text: `name+key id+Base64(01 ‖ public key)`. It is public. */
  toString(): string {
    return `${this.name}+${this.keyId}+${encodeBase64(Uint8Array.of(ED25519, ...this.#publicBytes))}`;
  }
}

/** Somebody who signs notes. The private key does not leave the object: it prints and serialises as nothing. */
export class Signer {
  readonly verifier: Verifier;
  readonly #key: SigningKey;

  /** @param key an Ed25519 private key */
  constructor(name: string, key: SigningKey) {
    this.#key = key;
    this.verifier = new Verifier(name, publicKeyOf(key));
  }

  /** The 64 bytes of the Ed25519 signature (RFC 8032) of some bytes. */
  sign(message: Uint8Array): Uint8Array {
    return signMessage(this.#key, message);
  }
}

/**
 * A new signer, as the text that its secret file holds: `PRIVATE+KEY+name+key id+Base64(01 ‖ seed)`.
 *
 * @param name who signs: the origin of a log, such as `runner.example/spring-campaign`
 * @throws {SealroomError} USAGE_OPTION if the name is empty, too long, or has white space or `+`.
 */
export function generateSignerText(name: string): string {
  if (!isKeyName(name)) {
    throw new SealroomError('USAGE_OPTION', 'expected a name without white space and `+`, got another', {
      hint: 'a name is an address without scheme, such as `runner.example/spring-campaign`',
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
 * A signer from the text of its secret file; one line break at the end is fine.
 *
 * @throws {SealroomError} SECRET_INVALID if it is anything else. Nothing of the text is in the message.
 */
export function parseSigner(text: string): Signer {
  const [first, second, name = '', keyId, encoded = '', ...rest] = text.replace(/\r?\n$/, '').split('+');
  // Base64 has the character that parts the fields.
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
  return new SealroomError('SECRET_INVALID', 'expected a signer as `PRIVATE+KEY+name+id+key`, got other text', {
    hint: 'make one with `sealroom audit key`',
  });
}

/**
 * A verifier from its text, `name+key id+Base64(01 ‖ public key)`.
 *
 * @throws {SealroomError} USAGE_OPTION if it is anything else, of another kind of key, or its id is not that of its key.
 */
export function parseVerifier(text: string): Verifier {
  const [name = '', keyId, ...rest] = text.split('+');
  const bytes = decodeKey(rest.join('+'));
  const verifier = isKeyName(name) && bytes !== null ? new Verifier(name, bytes) : null;
  if (verifier === null || verifier.keyId !== keyId) {
    throw new SealroomError('USAGE_OPTION', 'expected a verifier key as `name+id+key` of Ed25519, got other text', {
      hint: 'ask the operator of the room for it; `sealroom audit key` prints it',
    });
  }
  return verifier;
}

/**
 * Verifiers from text with one a line; blank lines and lines that begin with `#` do not count.
 *
 * @throws {SealroomError} USAGE_OPTION as {@link parseVerifier}, with the line, or if there is none.
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
    throw new SealroomError('USAGE_OPTION', 'expected at least one verifier key, got none', { where: { file } });
  }
  return verifiers;
}

/** Whether a text may name a key. c2sp.org/signed-note: not empty, no Unicode space, no `+`. */
export function isKeyName(name: string): boolean {
  //= audit A-21
  return name.length <= MAX_NAME_CHARACTERS && /^[^\s+\p{Cc}\p{Cs}\p{Z}]+$/u.test(name);
}

/** The key behind its type byte, or `null`. */
function decodeKey(text: string): Uint8Array | null {
  const bytes = decodeStrict(text);
  return bytes?.length === KEY_BYTES + 1 && bytes[0] === ED25519 ? bytes.slice(1) : null;
}

/** The bytes of Base64 in its one padded form, or `null`. */
export function decodeStrict(text: string): Uint8Array | null {
  const bytes = decodeBase64(text);
  return bytes !== null && encodeBase64(bytes) === text ? bytes : null;
}
