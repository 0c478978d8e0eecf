import type { FileHandle } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { SealroomError } from '../errors/index.ts';

/** How long to wait for another process, which normally holds the lock for a few writes to the disk. */
const PATIENCE_MS = 30_000;

const PAUSE_MS = 5;

/**
 * Runs an action while holding the lock of a file, which excludes other processes and other callers in this one.
 *
 * The operating system holds the lock on the open file and releases it when the process ends in any way, so none is left behind.
 *
 * @param file a file that exists only for the lock
 * @param name the name of what is locked, for errors
 * @throws {SealroomError} IO_LOCKED if the lock is not free within half a minute, and what `action` throws.
 */
export async function withLock<T>(file: FileHandle, name: string, action: () => Promise<T>): Promise<T> {
  // Compiled code, which whoever locks nothing need not load.
  const { tryLock, unlock } = await import('fs-native-extensions');
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
