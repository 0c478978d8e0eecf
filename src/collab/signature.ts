import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { encodeBase64, encodeUtf8 } from '../bytes/index.ts';
import { SealroomError } from '../errors.ts';

/** A member's signature under a hash that it saw. */
export interface MemberSignature {
  readonly member: string;
  /** 64 hexadecimal digits. */
  readonly sha256: string;
  /** 64 bytes in Base64. */
  readonly signature: string;
}

/** A key of node:crypto; Ed25519 here. */
export type SigningKey = KeyObject;

/** What is signed: the terms of the collaboration, or one template of it. A signature of one is none of the other. */
export type SignedThing = 'manifest' | 'template';

const PUBLIC_KEY_PREFIX = 'ed25519:';

/** How a manifest writes a member's public key: 32 bytes in Base64, with padding and no bit to spare. */
export const PUBLIC_KEY_PATTERN = /^ed25519:[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/;

/** How a manifest writes a signature: 64 bytes in Base64, with padding and no bit to spare. */
export const SIGNATURE_PATTERN = /^[A-Za-z0-9+/]{85}[AQgw]==$/;

/** SHA-256 of text in UTF-8, as 64 hexadecimal digits in lower case. */
export function sha256Hex(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

/**
 * What Ed25519 signs: the pre-authentication encoding of DSSE v1, `DSSEv1 ‖ SP ‖ length ‖ SP ‖ type ‖ SP ‖ length ‖ SP ‖
 * body`, lengths in decimal. The type keeps manifests, templates and whatever else a key may sign apart; the body is the
 * hash, 64 hexadecimal digits.
 *
 * Source: https://github.com/secure-systems-lab/dsse/blob/v1.0.2/protocol.md
 */
function encodeSigned(thing: SignedThing, sha256: string): Uint8Array {
  const type = `application/vnd.sealroom.${thing}.sha256`;
  return encodeUtf8(`DSSEv1 ${String(type.length)} ${type} ${String(sha256.length)} ${sha256}`);
}

/** A member's public key from its text, which matches {@link PUBLIC_KEY_PATTERN}. */
function readPublicKey(text: string): KeyObject {
  const x = Buffer.from(text.slice(PUBLIC_KEY_PREFIX.length), 'base64').toString('base64url');
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
}

/**
 * The public half of an Ed25519 key as a manifest has it: `ed25519:` and 32 bytes in Base64.
 *
 * @throws {SealroomError} SECRET_INVALID if it is a key of another kind.
 */
export function printPublicKey(key: SigningKey): string {
  const jwk = requireEd25519(key.type === 'private' ? createPublicKey(key) : key).export({ format: 'jwk' });
  return `${PUBLIC_KEY_PREFIX}${encodeBase64(Buffer.from(jwk.x ?? '', 'base64url'))}`;
}

function requireEd25519(key: KeyObject): KeyObject {
  if (key.asymmetricKeyType === 'ed25519') return key;
  throw new SealroomError('SECRET_INVALID', 'signing key expected of kind Ed25519, got another', {
    hint: 'make one with `sealroom collab key <file>`',
  });
}

/**
 * Signs a hash with a member's private key: Ed25519 (RFC 8032 §5.1) of the encoding above, deterministic.
 *
 * @throws {SealroomError} SECRET_INVALID if the key is not Ed25519.
 */
export function signHash(thing: SignedThing, sha256: string, member: string, key: SigningKey): MemberSignature {
  const signature = sign(null, encodeSigned(thing, sha256), requireEd25519(key));
  return Object.freeze({ member, sha256, signature: encodeBase64(signature) });
}

/** Whether a signature is one of the hash that it names, by the key that a manifest gives as text. */
export function verifyHash(thing: SignedThing, { sha256, signature }: MemberSignature, publicKey: string): boolean {
  return verify(null, encodeSigned(thing, sha256), readPublicKey(publicKey), Buffer.from(signature, 'base64'));
}
