import { decodeBase64, encodeBase64, encodeUtf8, wipe } from '../bytes/index.ts';
import { SealroomError } from '../errors/index.ts';
import {
  publicKeyOf,
  signatureVerifier,
  type SigningKey,
  signMessage,
  type VerifySignature,
} from '../platform/index.ts';

const PUBLIC_KEY_PREFIX = 'ed25519:';

/** The text form of a member's public key: 32 bytes in Base64, padded, with unused bits zero. */
export const PUBLIC_KEY_PATTERN = /^ed25519:[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/;

/** The text form of a signature: 64 bytes in Base64, padded, with unused bits zero. */
export const SIGNATURE_PATTERN = /^[A-Za-z0-9+/]{85}[AQgw]==$/;

/**
 * What Ed25519 signs: the pre-authentication encoding of DSSE v1, `DSSEv1 ‖ SP ‖ length ‖ SP ‖ type ‖ SP ‖ length ‖ SP ‖
 * body`, lengths in bytes, in decimal. The type separates the different things that one key may sign.
 *
 * Source: https://github.com/secure-systems-lab/dsse/blob/v1.0.2/protocol.md
 */
function encodeStatement(type: string, body: string | Uint8Array): Uint8Array {
  const bytes = typeof body === 'string' ? encodeUtf8(body) : body;
  const head = encodeUtf8(`DSSEv1 ${String(encodeUtf8(type).length)} ${type} ${String(bytes.length)} `);
  const encoded = new Uint8Array(head.length + bytes.length);
  encoded.set(head);
  encoded.set(bytes, head.length);
  return encoded;
}

/** Bytes of Base64 that a pattern above has matched. */
function decodeMatched(base64Text: string): Uint8Array {
  return decodeBase64(base64Text) ?? new Uint8Array(0);
}

/**
 * Formats the public half of an Ed25519 key as in cards and manifests: `ed25519:` and 32 bytes in Base64.
 *
 * @throws {SealroomError} SECRET_INVALID if the key is not Ed25519.
 */
export function printPublicKey(key: SigningKey): string {
  requireEd25519(key);
  return `${PUBLIC_KEY_PREFIX}${encodeBase64(publicKeyOf(key))}`;
}

function requireEd25519(key: SigningKey): void {
  if (key.asymmetricKeyType === 'ed25519') return;
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
  requireEd25519(key);
  const statement = encodeStatement(type, body);
  try {
    return encodeBase64(signMessage(key, statement));
  } finally {
    wipe(statement);
  }
}

/** The verifier of a public key whose text matches {@link PUBLIC_KEY_PATTERN}; under a key of small order, nothing is valid. */
export function publicKeyVerifier(publicKey: string): VerifySignature {
  return signatureVerifier(decodeMatched(publicKey.slice(PUBLIC_KEY_PREFIX.length)));
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
  const verify = publicKeyVerifier(publicKey);
  const statement = encodeStatement(type, body);
  try {
    return verify(statement, decodeMatched(signature));
  } finally {
    wipe(statement);
  }
}
