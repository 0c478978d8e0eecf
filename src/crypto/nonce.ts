import { randomBytes } from '../platform/index.ts';
import { NONCE_BYTES } from './limits.ts';

/** Fresh nonces for `rows` rows, 32 random bytes each, in one buffer. Use each for one row only. */
//= format F-29
export function randomNonces(rows: number): Uint8Array {
  return randomBytes(rows * NONCE_BYTES);
}
