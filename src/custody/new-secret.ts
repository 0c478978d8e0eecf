import { randomBytes } from 'node:crypto';
import { wipe } from '../bytes/index.ts';
import { sharedSecretFromBytes, type SharedSecret } from '../crypto/index.ts';

/** Bytes of a secret that is made here: the least that the format takes (format F-1). */
const SECRET_BYTES = 32;

/** A shared secret of 32 random bytes, which the caller disposes of. */
export function newSharedSecret(): SharedSecret {
  const bytes = randomBytes(SECRET_BYTES);
  try {
    return sharedSecretFromBytes(bytes);
  } finally {
    wipe(bytes);
  }
}
