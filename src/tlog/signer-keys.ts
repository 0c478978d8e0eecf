import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { decodeBase64, encodeBase64, encodeUtf8, wipe } from '../bytes/index.ts';
import { SealroomError } from '../errors/index.ts';
import { sha256 } from './merkle.ts';

/** The type byte of Ed25519 keys and signatures of notes. c2sp.org/signed-note. */
const ED25519 = 1;

const KEY_BYTES = 32;
const KEY_ID_BYTES = 4;
const SIGNATURE_BYTES = 64;

/** The DER bytes before the 32 bytes of an Ed25519 key. RFC 8410 §4 and §7. */
const PUBLIC_PREFIX = Uint8Array.from(Buffer.from('302a300506032b6570032100', 'hex'));
const PRIVATE_PREFIX = Uint8Array.from(Buffer.from('302e020100300506032b657004220420', 'hex'));

/** The maximum length of a key's name: names are origins of logs, which have at most 255 bytes. */
const MAX_NAME_CHARACTERS = 255;

/** A public key that verifies signatures of notes. */
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

  /** Whether a signature of 64 bytes over these bytes is valid under this key. */
  verifies(message: Uint8Array, signature: Uint8Array): boolean {
    return signature.length === SIGNATURE_BYTES && verify(null, message, this.#key, signature);
  }

  /** The verifier key as text: `name+key id+Base64(01 ‖ public key)`. It is public. */
  toString(): string {
    return `${this.name}+${this.keyId}+${encodeBase64(Uint8Array.of(ED25519, ...this.#publicBytes))}`;
  }
}

/** A private key that signs notes. The key never leaves the object, and printing or serialising the object does not show it. */
export class Signer {
  readonly verifier: Verifier;
  readonly #key: KeyObject;

  /** @param key an Ed25519 private key */
  constructor(name: string, key: KeyObject) {
    this.#key = key;
    this.verifier = new Verifier(name, publicBytesOf(key));
  }

  /** Signs bytes with Ed25519 (RFC 8032); returns 64 bytes. */
  sign(message: Uint8Array): Uint8Array {
    return new Uint8Array(sign(null, message, this.#key));
  }
}

function publicBytesOf(key: KeyObject): Uint8Array {
  const der = createPublicKey(key).export({ format: 'der', type: 'spki' });
  return new Uint8Array(der.subarray(PUBLIC_PREFIX.length));
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
 * Parses a signer from the text of its secret file, with or without a line break at the end.
 *
 * @throws {SealroomError} SECRET_INVALID if it is anything else. The message never quotes the text.
 */
export function parseSigner(text: string): Signer {
  const [first, second, name = '', keyId, encoded = '', ...rest] = text.replace(/\r?\n$/, '').split('+');
  // Base64 may contain the separator of the fields.
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

function joinBytes(first: Uint8Array, second: Uint8Array): Buffer {
  return Buffer.concat([first, second]);
}

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
