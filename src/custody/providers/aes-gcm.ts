import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { wipe } from '../../bytes/index.ts';
import { changedEnvelope } from '../envelope.ts';

const CIPHER = 'aes-256-gcm';

/** Bytes of the nonce in front of the ciphertext. */
export const GCM_NONCE_BYTES = 12;

/** Bytes of the tag behind the ciphertext. */
export const GCM_TAG_BYTES = 16;

/**
 * Bytes under AES-256-GCM (NIST SP 800-38D): `nonce (12) ‖ ciphertext ‖ tag (16)`. The nonce is random: one key is good for 2^32 of
 * them.
 *
 * @param key 32 bytes
 */
export function encryptAesGcm(key: Uint8Array, plain: Uint8Array, aad: Uint8Array): Uint8Array {
  const nonce = randomBytes(GCM_NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce).setAAD(aad);
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/**
 * The bytes that {@link encryptAesGcm} encrypted; the caller wipes them.
 *
 * @throws {SealroomError} CUSTODY_ENVELOPE if they, the additional data or the key is another.
 */
export function decryptAesGcm(key: Uint8Array, encrypted: Uint8Array, aad: Uint8Array): Uint8Array {
  const tagAt = encrypted.length - GCM_TAG_BYTES;
  if (tagAt < GCM_NONCE_BYTES) throw changedEnvelope();
  const decipher = createDecipheriv(CIPHER, key, encrypted.subarray(0, GCM_NONCE_BYTES), {
    authTagLength: GCM_TAG_BYTES,
  });
  decipher.setAAD(aad).setAuthTag(encrypted.subarray(tagAt));
  const plain = decipher.update(encrypted.subarray(GCM_NONCE_BYTES, tagAt));
  try {
    decipher.final();
    return plain;
  } catch {
    wipe(plain);
    throw changedEnvelope();
  }
}
