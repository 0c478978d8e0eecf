import { SealroomError } from '../errors.ts';

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
  throw new SealroomError('USAGE_OPTION', 'not the URI of a key', {
    hint: 'use `keystore:<file>`, `age:<identity file>`, `aws-kms:<key>`, `pkcs11:…`, `env:<variable>` or `file:<file>`',
  });
}
