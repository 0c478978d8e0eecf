import { decodeBase64, wipe } from '../bytes/index.ts';
import { SealroomError } from '../errors/index.ts';
import { type SigningKey, signingKeyFromSeed } from '../platform/index.ts';

const PEM = /^\s*-----BEGIN PRIVATE KEY-----\s+([A-Za-z0-9+/=\s]+?)\s+-----END PRIVATE KEY-----\s*$/;

/** What stands before the seed of 32 bytes in PKCS #8. RFC 8410 §7. */
const PREFIX = Uint8Array.of(0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20);
const SEED_BYTES = 32;

/**
 * A member's signing key from the text of its file: PKCS #8 in PEM without a passphrase, as `sealroom collab key` and
 * `openssl genpkey -algorithm ed25519` write it.
 *
 * @throws {SealroomError} SECRET_INVALID if it is another text, or a key of another kind. Nothing of it is in the message.
 */
export function parseSigningKey(pem: string): SigningKey {
  const der = decodeBase64(PEM.exec(pem)?.[1]?.replaceAll(/\s/g, '') ?? '');
  try {
    const isKey = der?.length === PREFIX.length + SEED_BYTES && PREFIX.every((byte, index) => byte === der[index]);
    if (der !== null && isKey) return signingKeyFromSeed(der.subarray(PREFIX.length));
  } finally {
    if (der !== null) wipe(der);
  }
  throw new SealroomError('SECRET_INVALID', 'the text is not an Ed25519 key in PEM', {
    hint: 'make one with `sealroom collab key <file>`',
  });
}
