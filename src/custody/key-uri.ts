import { SealroomError } from '../errors/index.ts';
import { PROVIDERS } from './providers/providers.ts';

/** Where a key is: `scheme:rest`. */
export interface KeyUri {
  /** Lower case, such as `aws-kms`. */
  readonly scheme: string;
  /** What follows the colon, as it was given: each provider reads its own. */
  readonly rest: string;
}

/**
 * Takes a key's URI apart.
 *
 * @throws {SealroomError} USAGE_OPTION if the text has no scheme. The text is not in the message: it may be a secret.
 */
export function parseKeyUri(text: string): KeyUri {
  const [, scheme, rest] = /^([a-z][a-z0-9-]+):(.*)$/s.exec(text) ?? [];
  if (scheme !== undefined && rest !== undefined) return Object.freeze({ scheme, rest });
  throw new SealroomError('USAGE_OPTION', 'expected the URI of a key, got other text', {
    hint: `write one of ${[...PROVIDERS.values()].map(({ example }) => `\`${example}\``).join(', ')}`,
  });
}
