import { NONCE_BYTES } from './limits.ts';

/** Most bytes that one call of `getRandomValues` returns (W3C Web Cryptography, §10.1.1). */
const QUOTA_BYTES = 65_536;

/** Random bytes from the platform's generator. */
export function randomBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += QUOTA_BYTES) {
    globalThis.crypto.getRandomValues(bytes.subarray(at, Math.min(at + QUOTA_BYTES, length)));
  }
  return bytes;
}

/** Fresh nonces for `rows` rows, 32 random bytes each, in one buffer. Use each for one row only. */
//= format F-29
export function randomNonces(rows: number): Uint8Array {
  return randomBytes(rows * NONCE_BYTES);
}
