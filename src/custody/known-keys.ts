import { readFile, stat } from 'node:fs/promises';
import canonicalize from 'canonicalize';
import { z } from 'zod';
import { parseJson, SealroomError, systemReason } from '../errors/index.ts';
import { fileExists, isOpenToOthers, writePrivateFile } from '../files/index.ts';
import { withDirectoryLock } from './directory-lock.ts';
import type { MemberHome } from './home.ts';

/** Most characters of the file. */
const MAX_CHARACTERS = 1024 * 1024;

const content = z.strictObject({
  version: z.literal(1),
  keys: z.array(
    z
      .string()
      .min(1)
      .max(4096)
      .regex(/^[^\p{Cc}\p{Cs}]+$/u),
  ),
});

/**
 * Parses the list of the keys that a home has used: canonical JSON and a line feed, with the URIs in order and each once.
 *
 * @throws {SealroomError} CUSTODY_KEY if it has another form. The message contains nothing of the text.
 */
export function parseKnownKeys(text: string, where: { readonly file?: string | undefined } = {}): readonly string[] {
  const parsed = text.length > MAX_CHARACTERS ? null : content.safeParse(parseJson(text));
  if (parsed?.success === true && printKnownKeys(parsed.data.keys) === text) return parsed.data.keys;
  throw new SealroomError('CUSTODY_KEY', 'the list of the keys that the home has used was changed', {
    where,
    hint: 'restore it, or remove it and name each key once more with `--key`',
  });
}

/** Formats the list for its file. */
export function printKnownKeys(keys: readonly string[]): string {
  return `${canonicalize({ version: 1, keys: [...new Set(keys)].sort() }) ?? ''}\n`;
}

/**
 * Reads the URIs of the keys that a home has used: those that its owner named, and those of envelopes that were made or opened here.
 *
 * @throws {SealroomError} CUSTODY_KEY if the list was changed; SECRET_INVALID if other users can write to it; IO_READ.
 */
export async function readKnownKeys({ knownKeys: file }: Pick<MemberHome, 'knownKeys'>): Promise<readonly string[]> {
  if (!(await fileExists(file))) return [];
  let text: string;
  try {
    if (isOpenToOthers((await stat(file)).mode, 'write')) {
      throw new SealroomError('SECRET_INVALID', 'other users can write to the list of keys', {
        where: { file },
        hint: `check it, then run \`chmod 600 ${file}\``,
      });
    }
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof SealroomError) throw error;
    throw new SealroomError('IO_READ', `cannot read: ${systemReason(error)}`, { where: { file }, cause: error });
  }
  return parseKnownKeys(text, { file });
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
    await writePrivateFile(home.knownKeys, printKnownKeys([...keys, uri]), { replaces: true });
  });
}
