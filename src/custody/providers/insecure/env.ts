import { parseSharedSecret, type SharedSecret } from '../../../crypto/index.ts';
import { SealroomError } from '../../../errors/index.ts';
import type { ProviderContext } from '../provider.ts';
import type { KeySource } from '../wrapping-key.ts';
import { PlaintextProvider } from './plaintext.ts';

/**
 * Insecure: the secret itself, in Base64, in an environment variable, where other programs of the same user can read it.
 *
 * `env:<variable>`. A process cannot set its user's variables: wrapping checks that the variable already holds the secret.
 *
 * @throws {SealroomError} USAGE_OPTION if it is not the name of a variable. It is not in the message, because it may be the secret.
 */
export function openEnv(variable: string, context: ProviderContext): KeySource {
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,99}$/.test(variable)) {
    throw new SealroomError('USAGE_OPTION', "the key's URI does not name a variable", {
      hint: 'write `env:<variable>`, such as `env:C3R_SHARED_SECRET`; never the secret itself',
    });
  }
  const read = (hint: string): SharedSecret => {
    try {
      return parseSharedSecret(context.env[variable]);
    } catch (error) {
      if (!(error instanceof SealroomError)) throw error;
      throw new SealroomError(error.code, `${error.message} in \`${variable}\``, { hint });
    }
  };
  const place = {
    key: `env:${variable}`,
    custody: `the environment variable \`${variable}\``,
    read: () => Promise.resolve().then(() => read(`set \`${variable}\` to the secret in Base64`)),
    put: async (secret: SharedSecret) => {
      const hint = `set \`${variable}\` to the secret first: a program cannot set it for you`;
      using held = await Promise.resolve().then(() => read(hint));
      if (held.equals(secret)) return;
      throw new SealroomError('SECRET_INVALID', `\`${variable}\` holds another secret`, { hint });
    },
  };
  return new PlaintextProvider(place, context);
}
