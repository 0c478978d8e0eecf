import { SealroomError } from '../errors/index.ts';
import { PROVIDERS } from './providers/providers.ts';

/** The URI of a key: `scheme:rest`. */
export interface KeyUri {
  /** Lower case, such as `aws-kms`. */
  readonly scheme: string;
  /** The part after the colon, as given; each provider parses its own. */
  readonly rest: string;
}

/**
 * Parses the URI of a key.
 *
 * @throws {SealroomError} USAGE_OPTION if the text has no scheme. The text is not in the message: it may be a secret.
 */
export function parseKeyUri(text: string): KeyUri {
  const [, scheme, rest] = /^([a-z][a-z0-9-]+):(.*)$/s.exec(text) ?? [];
  if (scheme !== undefined && rest !== undefined) return Object.freeze({ scheme, rest });
  throw new SealroomError('USAGE_OPTION', 'not the URI of a key', {
    hint: `use ${[...PROVIDERS.values()].map(({ example }) => `\`${example}\``).join(', ')}`,
  });
}
