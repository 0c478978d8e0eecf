import { tryLock, unlock } from 'fs-native-extensions';
import type { FileHandle } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { SealroomError } from '../errors.ts';

/** How long to wait for another process; one holds the lock for a few writes to the disk. */
const PATIENCE_MS = 30_000;

const PAUSE_MS = 5;

/**
 * Does something while no other process, and nobody else in this one, holds the lock of a file.
 *
 * The lock is the system's, on the open file: it ends with the process, however that ends, so none is left behind.
 *
 * @param file a file that exists for the lock alone
 * @param name what an error calls what is locked
 * @throws {SealroomError} IO_LOCKED if it is not free within half a minute; what `action` throws.
 */
export async function withLock<T>(file: FileHandle, name: string, action: () => Promise<T>): Promise<T> {
  //= audit A-30
  const deadline = performance.now() + PATIENCE_MS;
  while (!tryLock(file.fd)) {
    if (performance.now() > deadline) {
      throw new SealroomError('IO_LOCKED', 'another process has been writing for half a minute', {
        where: { file: name },
        hint: 'find out which process has the file `lock` open, and whether it is stuck',
      });
    }
    await setTimeout(PAUSE_MS);
  }
  try {
    return await action();
  } finally {
    unlock(file.fd);
  }
}
