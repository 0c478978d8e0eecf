// A door of its own, for the commands on tables: what reads envelopes takes longer to load than a small table to encrypt, and most
// secrets are in the environment.
import { parseCollaborationId, type SharedSecret } from '../crypto/index.ts';
import { readSecretFromEnvironment, SECRET_FILE_VARIABLE, SECRET_VARIABLE } from './environment.ts';
import type { HeldSecret, SecretRequest } from './held-secret.ts';
import type { ProviderContext } from './providers/provider.ts';
import { secretIdOf } from './secret-id.ts';

export type { HeldSecret, SecretRequest } from './held-secret.ts';
export { memberHome } from './home.ts';
export { newSharedSecret } from './new-secret.ts';

/** The variable that chooses a key, as `--key` does. */
export const KEY_VARIABLE = 'SEALROOM_KEY';

/**
 * The secret of a collaboration:
 *
 * 1. from the environment, as `readSecretFromEnvironment`, if it is there and no key is chosen;
 * 2. else from the envelope in the home, opened with the key that is chosen, else with the one that the envelope names. That it
 *    is unwrapped is in the log before it is handed out.
 *
 * @returns the secret, which the caller disposes of
 * @throws {SealroomError} SECRET_MISSING if there is none; CUSTODY_KEY if a key or generation is chosen and there is no envelope,
 *   or another key made it; USAGE_OPTION for an id or URI that is none; what reading and opening the envelope and its log throw.
 */
export async function openSecret(request: SecretRequest, context: ProviderContext): Promise<HeldSecret> {
  const collaborationId = parseCollaborationId(request.collaborationId);
  const uri = request.key ?? context.env[KEY_VARIABLE];
  const isInEnvironment = [SECRET_VARIABLE, SECRET_FILE_VARIABLE].some((name) => context.env[name] !== undefined);
  if (uri === undefined && isInEnvironment) {
    await request.authorise?.(null);
    return plaintextSecret(await readSecretFromEnvironment(context.env), collaborationId);
  }
  const { openHeldEnvelope } = await import('./held-envelope.ts');
  return openHeldEnvelope(collaborationId, { ...request, key: uri }, context);
}

/** A secret of which no envelope, and so no generation, is known; it is in no log. */
export function plaintextSecret(secret: SharedSecret, collaborationId: string): HeldSecret {
  return Object.freeze({
    secret,
    collaborationId,
    generation: null,
    isNewest: true,
    secretId: secretIdOf(secret, collaborationId),
    envelope: null,
    recordUse: () => Promise.resolve(),
    [Symbol.dispose]: () => {
      secret[Symbol.dispose]();
    },
  });
}
