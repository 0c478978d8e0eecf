import { hkdfSync, randomBytes } from 'node:crypto';
import { encodeBase64Into, encodedBase64Length, wipe } from '../bytes/index.ts';
import { type CollaborationId, sharedSecretFromBytes, type SharedSecret } from '../crypto/index.ts';
import type { Envelope } from './envelope.ts';
import type { KeyUse } from './key-log.ts';

/** Which secret is wanted, and where to look for it. */
export interface SecretRequest {
  /** A UUID in any case. */
  readonly collaborationId: string;
  /** Which generation; the newest one without it. A secret from the environment has none. */
  readonly generation?: number | undefined;
  /** The URI of the key that opens the envelope, before `SEALROOM_KEY` and what the envelope names. */
  readonly key?: string | undefined;
  /** The directory of the home, before the variable for it. */
  readonly home?: string | undefined;
  /** What it is for, such as `encrypt`: goes into the log of the keys. */
  readonly purpose: string;
  /** Called with the envelope, `null` for a secret from the environment, before its key is used; throws to refuse. */
  readonly authorise?: ((envelope: Envelope | null) => Promise<void>) | undefined;
}

/** A shared secret, and what is known of it. Disposing wipes it. */
export interface HeldSecret extends Disposable {
  readonly secret: SharedSecret;
  readonly collaborationId: CollaborationId;
  /** `null` if it is not from an envelope. */
  readonly generation: number | null;
  /** Whether the home has no envelope of a newer generation. */
  readonly isNewest: boolean;
  readonly secretId: string;
  /** `null` if it is from the environment. */
  readonly envelope: Envelope | null;
  /**
   * Writes into the log of the keys that the secret was lent to protect or open a file. Without an envelope there is no log.
   *
   * @param file the protected one; `null` if its hash is not known
   * @throws {SealroomError} as the log of the keys.
   */
  readonly recordUse: (file: KeyUse['file']) => Promise<void>;
}

/** Bytes of a new secret: the least that the format takes (format F-1). */
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

const ID_INFO = 'sealroom secret id v1';

const ID_BYTES = 16;

/**
 * Names a collaboration's secret, so that members can tell that they have the same one: HKDF-SHA-256 (RFC 5869) of the secret,
 * with the collaboration id as salt; 32 hexadecimal digits. It reveals nothing of a random secret, and as much of one that can be
 * guessed as a fingerprint does.
 */
export function secretIdOf(secret: SharedSecret, collaborationId: CollaborationId): string {
  return secret.use((bytes) =>
    Buffer.from(hkdfSync('sha256', bytes, collaborationId, ID_INFO, ID_BYTES)).toString('hex'),
  );
}

/** A secret in Base64, as C3R_SHARED_SECRET takes it; as bytes, since a string cannot be wiped. The caller wipes them. */
export function secretTextOf(secret: SharedSecret): Uint8Array {
  return secret.use((bytes) => {
    const text = new Uint8Array(encodedBase64Length(bytes.length));
    encodeBase64Into(bytes, 0, bytes.length, text, 0);
    return text;
  });
}
