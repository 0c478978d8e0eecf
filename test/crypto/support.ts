import { createCipheriv, createHash } from 'node:crypto';
import { SealroomError } from '#src/errors/sealroom-error';
import type { ErrorCode } from '#src/errors/sealroom-error';
import type { SealingRoot } from 'sealroom/crypto';

/** Property tests run the same cases every time. */
export const FIXED = { seed: 20_261_124 } as const;

/** The error that `act` throws; fails if there is none, or another kind of one. */
export function errorOf(act: () => unknown): SealroomError {
  try {
    act();
  } catch (error) {
    if (error instanceof SealroomError) return error;
    throw error;
  }
  throw new Error('expected a SealroomError, got none');
}

/** The code of the error that `act` throws. */
export function codeOf(act: () => unknown): ErrorCode {
  return errorOf(act).code;
}

/** A sealed cell of any payload, authentic but perhaps nonsense: written from the clauses, not by way of the kernels. */
export function sealPayload(root: SealingRoot, payload: Uint8Array, prefix = '02:enc:'): string {
  const nonce = createHash('sha256').update(payload).update('nonce').digest();
  const iv = createHash('sha256').update('some header').update(nonce).digest().subarray(0, 12);
  const key = root.use((bytes) => createHash('sha256').update(bytes).update(nonce).digest());
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(prefix));
  const ciphertext = Buffer.concat([cipher.update(payload), cipher.final()]);
  return prefix + Buffer.concat([nonce, iv, ciphertext, cipher.getAuthTag()]).toString('base64');
}
