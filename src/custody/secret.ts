import { randomBytes } from 'node:crypto';
import { encodeBase64Into, encodedBase64Length, encodeHex, encodeUtf8, wipe } from '../bytes/index.ts';
import { type CollaborationId, sharedSecretFromBytes, type SharedSecret } from '../crypto/index.ts';
import { hkdfSha256 } from '../platform/index.ts';
import type { Envelope } from './envelope.ts';
import type { KeyUse } from './key-log.ts';

/** A request for a secret, and the places to look for it. */
export interface SecretRequest {
  /** A UUID in any case. */
  readonly collaborationId: string;
  /** The generation; default: the newest. A secret from the environment has none. */
  readonly generation?: number | undefined;
  /** The URI of the key that opens the envelope; default: `SEALROOM_KEY`, else the key that the envelope names. */
  readonly key?: string | undefined;
  /** The directory of the home; default: as the variable says. */
  readonly home?: string | undefined;
  /** The purpose for the key log, such as `encrypt`. */
  readonly purpose: string;
  /** Called with the envelope, `null` for a secret from the environment, before its key is used; throws to refuse. */
  readonly authorise?: ((envelope: Envelope | null) => Promise<void>) | undefined;
}

/** A shared secret and its metadata. Disposing wipes it. */
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
   * Records in the key log that the secret was used to protect or open a file. Without an envelope, it records nothing.
   *
   * @param file the protected file; `null` if its hash is not known
   * @throws {SealroomError} errors of the key log.
   */
  readonly recordUse: (file: KeyUse['file']) => Promise<void>;
}

/** Bytes of a new secret: the minimum of the format (format F-1). */
const SECRET_BYTES = 32;

/** Creates a shared secret of 32 random bytes, which the caller disposes of. */
export function newSharedSecret(): SharedSecret {
  const bytes = randomBytes(SECRET_BYTES);
  try {
    return sharedSecretFromBytes(bytes);
  } finally {
    wipe(bytes);
  }
}

const ID_INFO = 'sealroom secret id v1';

const FULL_ID_BYTES = 32;

const ID_DIGITS = 32;

/**
 * Derives the full id of a collaboration's secret, which is signed wherever members commit to a secret: HKDF-SHA-256 (RFC 5869) of the
 * secret, with the collaboration id as salt; 64 hexadecimal digits. With 32 bytes, a member that makes two secrets of one id would need
 * 2^128 attempts. It reveals nothing of a random secret. Like a fingerprint, it confirms a guess.
 */
export function fullSecretIdOf(secret: SharedSecret, collaborationId: CollaborationId): string {
  return secret.use((bytes) =>
    encodeHex(hkdfSha256(bytes, encodeUtf8(collaborationId), encodeUtf8(ID_INFO), FULL_ID_BYTES)),
  );
}

/**
 * The short form of {@link fullSecretIdOf}, its first 32 digits, by which people and files tell secrets apart. The members of one
 * collaboration can compare it; what is signed holds the full id.
 */
export function secretIdOf(secret: SharedSecret, collaborationId: CollaborationId): string {
  return shortSecretId(fullSecretIdOf(secret, collaborationId));
}

/** The short form of an id that an envelope has, which may be short itself. */
export function shortSecretId(id: string): string {
  return id.slice(0, ID_DIGITS);
}

/** Whether a secret is the one that an envelope names, by its full id or, in version 1, by its short one. */
export function isSecretOf(
  secret: SharedSecret,
  { version, collaborationId, secretId }: Pick<Envelope, 'version' | 'collaborationId' | 'secretId'>,
): boolean {
  return (version === 1 ? secretIdOf : fullSecretIdOf)(secret, collaborationId) === secretId;
}

/** Encodes a secret in Base64, as C3R_SHARED_SECRET takes it; as bytes, because a string cannot be wiped. The caller wipes them. */
export function secretTextOf(secret: SharedSecret): Uint8Array {
  return secret.use((bytes) => {
    const text = new Uint8Array(encodedBase64Length(bytes.length));
    encodeBase64Into(bytes, 0, bytes.length, text, 0);
    return text;
  });
}
