import { readFile, stat } from 'node:fs/promises';
import { quoteForShell, SealroomError, systemReason } from '../errors/index.ts';
import { fileExists, isOpenToOthers, requireTrustedPath, writePrivateFile } from '../files/index.ts';
import { withDirectoryLock } from './directory-lock.ts';
import type { MemberHome } from './home.ts';
import { parseKeyList, printKeyList } from './key-list.ts';

/**
 * Reads the URIs of the keys that a home has used: those that its owner named, and those of envelopes that were made or opened here.
 *
 * @throws {SealroomError} CUSTODY_KEY if the list was changed; SECRET_INVALID if other users can change it, or the way to it; IO_READ.
 */
export async function readKnownKeys({ knownKeys: file }: Pick<MemberHome, 'knownKeys'>): Promise<readonly string[]> {
  if (!(await fileExists(file))) return [];
  let text: string;
  try {
    if (isOpenToOthers((await stat(file)).mode, 'write')) {
      throw new SealroomError('SECRET_INVALID', 'other users can write to the list of keys', {
        where: { file },
        hint: `check it, then run \`chmod 600 ${quoteForShell(file)}\``,
      });
    }
    text = await readFile(await requireTrustedPath(file), 'utf8');
  } catch (error) {
    if (error instanceof SealroomError) throw error;
    throw new SealroomError('IO_READ', `cannot read: ${systemReason(error)}`, { where: { file }, cause: error });
  }
  return parseKeyList(text, { file });
}

/**
 * Adds the URI of a key to those that a home has used.
 *
 * @throws {SealroomError} as {@link readKnownKeys}; IO_WRITE, IO_LOCKED.
 */
export async function rememberKey(home: MemberHome, uri: string): Promise<void> {
  if ((await readKnownKeys(home)).includes(uri)) return;
  await withDirectoryLock(home.directory, async () => {
    const keys = await readKnownKeys(home);
    await writePrivateFile(home.knownKeys, printKeyList([...keys, uri]), { replaces: true });
  });
}
