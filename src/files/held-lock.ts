import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { writeFailure } from './atomic-write.ts';

/** A lock that a process holds for as long as it works, or lives. */
export class HeldLock implements AsyncDisposable {
  readonly #path: string;
  readonly #file: FileHandle;

  private constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  /**
   * Takes the lock of a file, which is created if it is missing and stays; `null` if another process, or another caller in this one,
   * has it. The operating system releases it when the process ends in any way.
   *
   * @throws {SealroomError} IO_WRITE if the file cannot be opened, also because it is a link.
   */
  static async take(path: string): Promise<HeldLock | null> {
    // Compiled code, which whoever locks nothing need not load.
    const { tryLock } = await import('fs-native-extensions');
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;
    const file = await open(path, flags, 0o600).catch((error: unknown) => {
      throw writeFailure(error, path);
    });
    if (tryLock(file.fd)) return new HeldLock(path, file);
    await file.close();
    return null;
  }

  /** Whether the file that is locked is still the one with this name, which others would lock. */
  async isHeld(): Promise<boolean> {
    const [own, named] = await Promise.all([this.#file.stat(), stat(this.#path).catch(() => null)]);
    return named !== null && own.dev === named.dev && own.ino === named.ino;
  }

  /** Releases the lock. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }
}
