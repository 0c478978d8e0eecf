import { readFile, stat } from 'node:fs/promises';
import { SealroomError, systemReason } from '../../errors.ts';

/**
 * The text of a file; `null` if there is none.
 *
 * @throws {SealroomError} IO_READ if it cannot be read.
 */
export async function readText(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw new SealroomError('IO_READ', `cannot read: ${systemReason(error)}`, { where: { file }, cause: error });
  }
}

/** Whether there is a file or a directory. */
export async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null;
}
