import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { wipe } from '../bytes/index.ts';
import { sharedSecretFromBytes, type SharedSecret } from '../crypto/index.ts';
import { changedEnvelope } from './envelope.ts';

const CIPHER = 'aes-256-gcm';

/** Bytes of the nonce in front of a sealed secret. */
export const NONCE_BYTES = 12;

/** Bytes of the tag behind a sealed secret. */
export const TAG_BYTES = 16;

/**
 * A secret under AES-256-GCM (NIST SP 800-38D): `nonce (12) ‖ ciphertext ‖ tag (16)`. The nonce is random: one key is good for
 * 2^32 of them.
 *
 * @param key 32 bytes
 * @param bound additional authenticated data
 */
export function sealSecret(key: Uint8Array, secret: SharedSecret, bound: Uint8Array): Uint8Array {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce).setAAD(bound);
  return secret.use((bytes) => Buffer.concat([nonce, cipher.update(bytes), cipher.final(), cipher.getAuthTag()]));
}

/**
 * The secret of {@link sealSecret}.
 *
 * @throws {SealroomError} CUSTODY_ENVELOPE if it, the bound data or the key is another.
 */
export function openSealedSecret(key: Uint8Array, sealed: Uint8Array, bound: Uint8Array): SharedSecret {
  const tagAt = sealed.length - TAG_BYTES;
  if (tagAt < NONCE_BYTES) throw changedEnvelope();
  const decipher = createDecipheriv(CIPHER, key, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(bound).setAuthTag(sealed.subarray(tagAt));
  const bytes = decipher.update(sealed.subarray(NONCE_BYTES, tagAt));
  try {
    decipher.final();
    return sharedSecretFromBytes(bytes);
  } catch {
    throw changedEnvelope();
  } finally {
    wipe(bytes);
  }
}
