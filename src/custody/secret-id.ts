import { hkdfSync } from 'node:crypto';
import type { SharedSecret } from '../crypto/index.ts';

const INFO = 'sealroom secret id v1';

const BYTES = 16;

/**
 * Names a collaboration's secret, so that members can tell that they have the same one: HKDF-SHA-256 (RFC 5869) of the secret,
 * with the collaboration id as salt; 32 hexadecimal digits. It tells nothing of a secret that is random, and as much of one
 * that can be guessed as a fingerprint does.
 */
export function secretIdOf(secret: SharedSecret, collaborationId: string): string {
  return secret.use((bytes) => Buffer.from(hkdfSync('sha256', bytes, collaborationId, INFO, BYTES)).toString('hex'));
}
