import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { SealroomError, systemReason } from '../errors/index.ts';
import { withLock } from '../files/index.ts';

/**
 * Runs an action while holding the lock of a directory of a home, which is created if it is missing.
 *
 * @throws {SealroomError} IO_WRITE, IO_LOCKED; errors of `action`.
 */
export async function withDirectoryLock<T>(directory: string, action: () => Promise<T>): Promise<T> {
  await using lock = await openLock(directory);
  return await withLock(lock, directory, action);
}

async function openLock(directory: string): Promise<FileHandle> {
  const file = join(directory, 'lock');
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    return await open(file, 'a', 0o600);
  } catch (error) {
    throw new SealroomError('IO_WRITE', `cannot write: ${systemReason(error)}`, { where: { file }, cause: error });
  }
}
