import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { SealroomError } from '../../errors/index.ts';
import type { ProviderContext } from './provider.ts';

/**
 * Resolves the path in a key's URI. It has no escapes; `~/` at its start is the user's directory, which shells do not replace
 * there.
 *
 * @param scheme of the URI, for the error
 * @throws {SealroomError} USAGE_OPTION if there is no path.
 */
export function keyPath(scheme: string, rest: string, { cwd }: Pick<ProviderContext, 'cwd'>): string {
  if (rest === '' || rest.includes('\0')) {
    throw new SealroomError('USAGE_OPTION', "the key's URI does not name a file", {
      hint: `write \`${scheme}:<file>\``,
    });
  }
  return rest.startsWith('~/') ? join(homedir(), rest.slice(2)) : resolve(cwd, rest);
}
