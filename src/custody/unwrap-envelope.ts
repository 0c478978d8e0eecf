import type { SharedSecret } from '../crypto/index.ts';
import { SealroomError } from '../errors/index.ts';
import type { Envelope } from './envelope.ts';
import type { KeyProvider } from './providers/provider.ts';
import { isSecretOf } from './secret.ts';

/**
 * Unwraps an envelope with a provider, and checks that the secret in it is the one that it names.
 *
 * @returns the secret, which the caller disposes of
 * @throws {SealroomError} CUSTODY_KEY if another key wrapped it; CUSTODY_ENVELOPE if it was changed; errors of
 *   `KeyProvider.unwrap`.
 */
export async function unwrapEnvelope(
  envelope: Envelope,
  provider: KeyProvider,
  where: { readonly file?: string | undefined } = {},
): Promise<SharedSecret> {
  let secret: SharedSecret | null;
  try {
    secret = await provider.unwrap(envelope);
  } catch (error) {
    // An error about the key names the file of the key.
    throw error instanceof SealroomError && error.code === 'CUSTODY_ENVELOPE' ? error.at(where) : error;
  }
  if (secret === null) {
    throw new SealroomError('CUSTODY_KEY', 'the secret is wrapped with another key', {
      where,
      hint: `the envelope names \`${envelope.key}\`; give the key with \`--key\` if it is elsewhere now`,
    });
  }
  if (isSecretOf(secret, envelope)) return secret;
  secret[Symbol.dispose]();
  throw new SealroomError('CUSTODY_ENVELOPE', 'the secret in the envelope is not the one that it names', {
    where,
    hint: 'restore a copy of the original, or remove the file and have the secret sent again',
  });
}
