import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { decodeBase64, encodeBase64, encodeUtf8, wipe } from '../bytes/index.ts';
import { SealroomError } from '../errors.ts';
import { sha256 } from './merkle.ts';

/** The type byte of Ed25519 keys and signatures of notes. c2sp.org/signed-note. */
const ED25519 = 1;

const KEY_BYTES = 32;
const KEY_ID_BYTES = 4;
const SIGNATURE_BYTES = 64;

/** What stands before the 32 bytes of an Ed25519 key in DER. RFC 8410 §4 and §7. */
const PUBLIC_PREFIX = Uint8Array.from(Buffer.from('302a300506032b6570032100', 'hex'));
const PRIVATE_PREFIX = Uint8Array.from(Buffer.from('302e020100300506032b657004220420', 'hex'));

/** Characters of a key's name at most: names are origins, and origins of logs have at most 255 bytes. */
const MAX_NAME_CHARACTERS = 255;

/** Somebody whose signatures of notes can be checked. */
export class Verifier {
  readonly name: string;
  /** The first 4 bytes of `SHA-256(name ‖ 0A ‖ 01 ‖ public key)`, in lower-case hexadecimal. */
  readonly keyId: string;
  readonly #publicBytes: Uint8Array;
  readonly #key: KeyObject;

  /** @param publicBytes 32 bytes */
  constructor(name: string, publicBytes: Uint8Array) {
    //= audit A-22
    const encoded = Uint8Array.of(ED25519, ...publicBytes);
    this.name = name;
    this.keyId = toHex(sha256(encodeUtf8(`${name}\n`), encoded).subarray(0, KEY_ID_BYTES));
    this.#publicBytes = publicBytes;
    this.#key = createPublicKey({ key: joinBytes(PUBLIC_PREFIX, publicBytes), format: 'der', type: 'spki' });
  }

  /** Whether a signature of 64 bytes is this signer's, of these bytes. */
  verifies(message: Uint8Array, signature: Uint8Array): boolean {
    return signature.length === SIGNATURE_BYTES && verify(null, message, this.#key, signature);
  }

  /** The verifier key as text: `name+key id+Base64(01 ‖ public key)`. It is public. */
  toString(): string {
    return `${this.name}+${this.keyId}+${encodeBase64(Uint8Array.of(ED25519, ...this.#publicBytes))}`;
  }
}

/** Somebody who signs notes. The private key does not leave the object: it prints and serialises as nothing. */
export class Signer {
  readonly verifier: Verifier;
  readonly #key: KeyObject;

  /** @param key an Ed25519 private key */
  constructor(name: string, key: KeyObject) {
    this.#key = key;
    this.verifier = new Verifier(name, publicBytesOf(key));
  }

  /** The 64 bytes of the Ed25519 signature (RFC 8032) of some bytes. */
  sign(message: Uint8Array): Uint8Array {
    return new Uint8Array(sign(null, message, this.#key));
  }
}

function publicBytesOf(key: KeyObject): Uint8Array {
  const der = createPublicKey(key).export({ format: 'der', type: 'spki' });
  return new Uint8Array(der.subarray(PUBLIC_PREFIX.length));
}

/**
 * A new signer, as the text that its secret file holds: `PRIVATE+KEY+name+key id+Base64(01 ‖ seed)`.
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
  const key = generateKeyPairSync('ed25519').privateKey;
  const der = key.export({ format: 'der', type: 'pkcs8' });
  try {
    const seed = der.subarray(PRIVATE_PREFIX.length);
    return `PRIVATE+KEY+${name}+${new Signer(name, key).verifier.keyId}+${encodeBase64(Uint8Array.of(ED25519, ...seed))}`;
  } finally {
    wipe(der);
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
  const der = joinBytes(PRIVATE_PREFIX, bytes);
  try {
    const signer = new Signer(name, createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' }));
    if (signer.verifier.keyId !== keyId) throw badSigner();
    return signer;
  } finally {
    wipe(bytes);
    wipe(der);
  }
}

function badSigner(): SealroomError {
  return new SealroomError('SECRET_INVALID', 'not a signer, which has the form `PRIVATE+KEY+name+id+key`', {
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
    throw new SealroomError('USAGE_OPTION', 'not an Ed25519 verifier key, which has the form `name+id+key`', {
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
    throw new SealroomError('USAGE_OPTION', 'there is no verifier key', { where: { file } });
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

function joinBytes(first: Uint8Array, second: Uint8Array): Buffer {
  return Buffer.concat([first, second]);
}

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
