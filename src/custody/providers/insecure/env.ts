import { parseSharedSecret, type SharedSecret } from '../../../crypto/index.ts';
import { SealroomError } from '../../../errors/index.ts';
import type { KeyProvider, ProviderContext } from '../provider.ts';
import { PlaintextProvider } from './plaintext-provider.ts';

/**
 * Insecure: the secret itself, in Base64, in an environment variable, where other programs of the same user can read it.
 *
 * `env:<variable>`. A process cannot set its user's variables: `wrap` checks that the variable holds the secret already.
 *
 * @throws {SealroomError} USAGE_OPTION if the name cannot be a variable's. It is not in the message: it may be the secret.
 */
export function openEnvProvider(variable: string, context: ProviderContext): KeyProvider {
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,99}$/.test(variable)) {
    throw new SealroomError('USAGE_OPTION', "expected the name of a variable in the key's URI, got other text", {
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
  const source = {
    scheme: 'env',
    key: `env:${variable}`,
    custody: `the environment variable \`${variable}\``,
    read: () => Promise.resolve().then(() => read(`set \`${variable}\` to the secret in Base64`)),
    put: async (secret: SharedSecret) => {
      const hint = `set \`${variable}\` to the secret before: no program can do it for you`;
      using held = await Promise.resolve().then(() => read(hint));
      if (held.equals(secret)) return;
      throw new SealroomError('SECRET_INVALID', `expected the secret in \`${variable}\`, got another`, { hint });
    },
  };
  return new PlaintextProvider(source, context);
}
