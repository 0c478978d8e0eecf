import { concatBytes, decodeBase64, encodeUtf8, wipe } from '../bytes/index.ts';
import { SealroomError } from '../errors/index.ts';
import { hkdfSha256 } from '../platform/index.ts';
import { FINGERPRINT_KEY_INFO, KEY_BYTES, MIN_SECRET_BYTES, NONCE_KEY_INFO, SEALING_ROOT_INFO } from './limits.ts';
import { SecretBytes } from './secret-bytes.ts';

declare const kind: unique symbol;

/** The secret that the members of a collaboration share: at least 32 bytes. */
export type SharedSecret = SecretBytes & { readonly [kind]: 'shared secret' };

/** The HMAC key of a fingerprint column: 32 bytes. */
export type FingerprintKey = SecretBytes & { readonly [kind]: 'fingerprint key' };

/** The key from which the cell keys of a collaboration are derived: 32 bytes. */
export type SealingRoot = SecretBytes & { readonly [kind]: 'sealing root' };

/** How fingerprint keys are chosen; a setting of the collaboration. */
export interface FingerprintKeySettings {
  readonly allowJoinsOnColumnsWithDifferentNames: boolean;
}

function secretBytesOfLength(bytes: Uint8Array, name: string): SecretBytes {
  if (bytes.length !== KEY_BYTES) throw new RangeError(`${name}: expected ${KEY_BYTES} bytes, got ${bytes.length}`);
  return new SecretBytes(bytes);
}

/**
 * Creates a shared secret from raw bytes, which are copied; the caller wipes the original.
 *
 * @throws {SealroomError} SECRET_INVALID if there are fewer than 32 bytes.
 */
export function sharedSecretFromBytes(bytes: Uint8Array): SharedSecret {
  //= format F-1
  if (bytes.length < MIN_SECRET_BYTES) {
    throw new SealroomError(
      'SECRET_INVALID',
      `shared secret too short: at least ${MIN_SECRET_BYTES} bytes, got ${bytes.length}`,
      { hint: `create one with \`openssl rand -base64 ${MIN_SECRET_BYTES}\` and give the same one to every member` },
    );
  }
  return new SecretBytes(bytes) as SharedSecret;
}

/** Creates a fingerprint key from 32 raw bytes, which are copied. @throws {RangeError} for any other length. */
export function fingerprintKeyFromBytes(bytes: Uint8Array): FingerprintKey {
  return secretBytesOfLength(bytes, 'fingerprint key') as FingerprintKey;
}

/** Creates a sealing root from 32 raw bytes, which are copied. @throws {RangeError} for any other length. */
export function sealingRootFromBytes(bytes: Uint8Array): SealingRoot {
  return secretBytesOfLength(bytes, 'sealing root') as SealingRoot;
}

/**
 * Parses a shared secret in Base64, as it is kept in an environment variable or a file.
 *
 * White space is not trimmed; a caller that reads a file removes the line end first.
 *
 * @throws {SealroomError} SECRET_MISSING if there is no text.
 * @throws {SealroomError} SECRET_INVALID if it is not Base64, or decodes to fewer than 32 bytes.
 */
export function parseSharedSecret(base64Text: string | null | undefined): SharedSecret {
  if (base64Text === null || base64Text === undefined) {
    throw new SealroomError('SECRET_MISSING', 'the shared secret is missing');
  }
  const bytes = decodeBase64(base64Text);
  if (bytes === null) {
    throw new SealroomError('SECRET_INVALID', 'the shared secret is not Base64', {
      hint: 'use the standard alphabet (A-Z a-z 0-9 + /) without blanks or line breaks',
    });
  }
  try {
    return sharedSecretFromBytes(bytes);
  } finally {
    wipe(bytes);
  }
}

/** HKDF-SHA-256 with the collaboration id as salt; `wrap` copies the key. */
function deriveKey<Key>(
  secret: SharedSecret,
  collaborationId: string,
  info: string,
  wrap: (bytes: Uint8Array) => Key,
): Key {
  //= format F-4
  const salt = encodeUtf8(collaborationId);
  if (salt.length === 0) throw new SealroomError('USAGE_OPTION', 'the collaboration id is empty');
  //= format F-3
  //= format F-5
  const key = secret.use((keyingMaterial) => hkdfSha256(keyingMaterial, salt, encodeUtf8(info), KEY_BYTES));
  try {
    return wrap(key);
  } finally {
    wipe(key);
  }
}

/**
 * Derives the sealing root of a collaboration.
 *
 * `collaborationId` is used as it is: the format takes any text as salt, and its vectors have some that are no UUIDs. A
 * collaboration's own id comes from `parseCollaborationId`.
 *
 * @throws {SealroomError} USAGE_OPTION if the collaboration id is empty.
 */
export function deriveSealingRoot(secret: SharedSecret, collaborationId: string): SealingRoot {
  //= format F-6
  return deriveKey(secret, collaborationId, SEALING_ROOT_INFO, sealingRootFromBytes);
}

/** Refuses a target header that is empty or all white space; keys and IVs depend on it. */
export function requireTargetHeader(targetHeader: string): void {
  if (targetHeader.trim() === '') {
    throw new SealroomError('SCHEMA_HEADER', 'the target header is blank');
  }
}

/**
 * Derives the key of the HMAC in row nonces.
 *
 * @param columnsHash SHA-256 of what the sealed columns have in common for all rows
 */
export function deriveNonceKey(root: SealingRoot, columnsHash: Uint8Array): SecretBytes {
  //= format F-93
  const info = concatBytes([encodeUtf8(NONCE_KEY_INFO), columnsHash]);
  const key = root.use((rootKey) => hkdfSha256(rootKey, new Uint8Array(), info, KEY_BYTES));
  try {
    return new SecretBytes(key);
  } finally {
    wipe(key);
  }
}

/**
 * Derives the fingerprint key of a column.
 *
 * `targetHeader` is the normalised header of the output column. Columns with different headers can be joined only if the
 * setting allows it; their key is then the sealing root itself.
 *
 * @throws {SealroomError} USAGE_OPTION if the collaboration id is empty.
 * @throws {SealroomError} SCHEMA_HEADER if the target header is blank.
 */
export function deriveFingerprintKey(
  secret: SharedSecret,
  collaborationId: string,
  targetHeader: string,
  settings: FingerprintKeySettings,
): FingerprintKey {
  requireTargetHeader(targetHeader);
  //= format F-8
  //= format F-7
  const info = settings.allowJoinsOnColumnsWithDifferentNames ? SEALING_ROOT_INFO : FINGERPRINT_KEY_INFO + targetHeader;
  return deriveKey(secret, collaborationId, info, fingerprintKeyFromBytes);
}
