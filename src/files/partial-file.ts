import { constants, createReadStream } from 'node:fs';
import { type FileHandle, open, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createHash, type Hash } from 'node:crypto';
import { readFailure } from './byte-source.ts';
import { writeFailure } from './atomic-write.ts';
import { syncDirectory } from './sync-directory.ts';

const BLOCK_BYTES = 1 << 20;

/**
 * A file that arrives in parts over days. Who writes it keeps elsewhere how much of it counts: what is behind that is written over.
 *
 * All functions throw {SealroomError} IO_READ or IO_WRITE, with the error of the system as its cause.
 */
export class PartialFile implements AsyncDisposable {
  readonly #path: string;
  readonly #handle: FileHandle;

  private constructor(path: string, handle: FileHandle) {
    this.#path = path;
    this.#handle = handle;
  }

  /** Creates an empty file of mode 0600, which is there after a power failure. */
  static async create(path: string): Promise<void> {
    try {
      await (await open(path, 'wx', 0o600)).close();
      await syncDirectory(dirname(path));
    } catch (error) {
      throw writeFailure(error, path);
    }
  }

  /** Opens a file that was created here. */
  static async open(path: string): Promise<PartialFile> {
    try {
      return new PartialFile(path, await open(path, constants.O_RDWR | constants.O_NOFOLLOW));
    } catch (error) {
      throw writeFailure(error, path);
    }
  }

  /** Writes bytes to a place. */
  async write(bytes: Uint8Array, position: number): Promise<void> {
    try {
      for (let done = 0; done < bytes.length;) {
        const { bytesWritten } = await this.#handle.write(bytes, done, bytes.length - done, position + done);
        done += bytesWritten;
      }
    } catch (error) {
      throw writeFailure(error, this.#path);
    }
  }

  /** Flushes what was written to the disk. */
  async flush(): Promise<void> {
    await this.#handle.datasync().catch((error: unknown) => {
      throw writeFailure(error, this.#path);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
  }
}

/** The SHA-256 of the first bytes of a file, which more can be added to. @throws {SealroomError} IO_READ */
export async function hashBeginning(path: string, bytes: number): Promise<Hash> {
  const hash = createHash('sha256');
  if (bytes === 0) return hash;
  try {
    for await (const block of createReadStream(path, { end: bytes - 1, highWaterMark: BLOCK_BYTES })) {
      hash.update(block as Uint8Array);
    }
  } catch (error) {
    throw readFailure(error, path);
  }
  return hash;
}

/** How many bytes can still be written to the file system of a directory. @throws {SealroomError} IO_READ */
export async function freeBytesAt(directory: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(directory);
    return bavail * bsize;
  } catch (error) {
    throw readFailure(error, directory);
  }
}
