import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { encodeBase64, encodeUtf8, wipe } from '../bytes/index.ts';
import { SealroomError } from '../errors/index.ts';

/** A key of node:crypto; Ed25519 here. */
export type SigningKey = KeyObject;

const PUBLIC_KEY_PREFIX = 'ed25519:';

/** The text form of a member's public key: 32 bytes in Base64, padded, with unused bits zero. */
export const PUBLIC_KEY_PATTERN = /^ed25519:[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/;

/** The text form of a signature: 64 bytes in Base64, padded, with unused bits zero. */
export const SIGNATURE_PATTERN = /^[A-Za-z0-9+/]{85}[AQgw]==$/;

/** SHA-256 of text in UTF-8, as 64 hexadecimal digits in lower case. */
export function sha256Hex(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

/**
 * What Ed25519 signs: the pre-authentication encoding of DSSE v1, `DSSEv1 ‖ SP ‖ length ‖ SP ‖ type ‖ SP ‖ length ‖ SP ‖
 * body`, lengths in bytes, in decimal. The type separates the different things that one key may sign.
 *
 * Source: https://github.com/secure-systems-lab/dsse/blob/v1.0.2/protocol.md
 */
function encodeStatement(type: string, body: string | Uint8Array): Uint8Array {
  const bytes = typeof body === 'string' ? encodeUtf8(body) : body;
  const head = encodeUtf8(`DSSEv1 ${String(Buffer.byteLength(type))} ${type} ${String(bytes.length)} `);
  const encoded = new Uint8Array(head.length + bytes.length);
  encoded.set(head);
  encoded.set(bytes, head.length);
  return encoded;
}

/**
 * The encoded y coordinates of the points of small order on edwards25519, without the sign; the last two are non-canonical
 * encodings of 0 and 1. Such a key needs no private half: some signatures are valid under it for every message, and OpenSSL accepts
 * them.
 *
 * Source: libsodium 1.0.20, `ge25519_has_small_order`
 */
const SMALL_ORDER_KEYS: ReadonlySet<string> = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
]);

/** Whether a public key, as text, is a point of small order. */
function isOfSmallOrder(text: string): boolean {
  const point = Buffer.from(text.slice(PUBLIC_KEY_PREFIX.length), 'base64');
  point[31] = (point[31] ?? 0) & 0x7f;
  return SMALL_ORDER_KEYS.has(point.toString('hex'));
}

/** Parses a public key from text that matches {@link PUBLIC_KEY_PATTERN}. */
function readPublicKey(text: string): KeyObject {
  const x = Buffer.from(text.slice(PUBLIC_KEY_PREFIX.length), 'base64').toString('base64url');
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
}

/**
 * Formats the public half of an Ed25519 key as in cards and manifests: `ed25519:` and 32 bytes in Base64.
 *
 * @throws {SealroomError} SECRET_INVALID if the key is not Ed25519.
 */
export function printPublicKey(key: SigningKey): string {
  const jwk = requireEd25519(key.type === 'private' ? createPublicKey(key) : key).export({ format: 'jwk' });
  return `${PUBLIC_KEY_PREFIX}${encodeBase64(Buffer.from(jwk.x ?? '', 'base64url'))}`;
}

function requireEd25519(key: KeyObject): KeyObject {
  if (key.asymmetricKeyType === 'ed25519') return key;
  throw new SealroomError('SECRET_INVALID', 'the signing key is not an Ed25519 key', {
    hint: 'make one with `sealroom collab key <file>`',
  });
}

/**
 * Signs text or bytes as a statement of a type, with Ed25519 (RFC 8032 §5.1); deterministic.
 *
 * @param type a media type, such as `application/vnd.sealroom.manifest.sha256`
 * @param body text is signed as UTF-8; bytes may be secret, and no copy of them remains here
 * @returns 64 bytes in Base64
 * @throws {SealroomError} SECRET_INVALID if the key is not Ed25519.
 */
export function signStatement(type: string, body: string | Uint8Array, key: SigningKey): string {
  const statement = encodeStatement(type, body);
  try {
    return encodeBase64(sign(null, statement, requireEd25519(key)));
  } finally {
    wipe(statement);
  }
}

/**
 * Whether a signature of this body as a statement of this type is valid under a public key. Key and signature must match
 * {@link PUBLIC_KEY_PATTERN} and {@link SIGNATURE_PATTERN}. No signature is valid under a key of small order, with which anyone can
 * sign.
 */
export function verifyStatement(
  type: string,
  body: string | Uint8Array,
  signature: string,
  publicKey: string,
): boolean {
  if (isOfSmallOrder(publicKey)) return false;
  const statement = encodeStatement(type, body);
  try {
    return verify(null, statement, readPublicKey(publicKey), Buffer.from(signature, 'base64'));
  } finally {
    wipe(statement);
  }
}
