import { createCipheriv, randomBytes } from 'node:crypto';
import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SealroomError, systemReason } from '../errors/index.ts';

/** Bytes of an AES block; every spilled block starts at a multiple of it. */
export const CIPHER_BLOCK_BYTES = 16;

/** A run of bytes in a spill file. */
export interface SpillBlock {
  readonly position: number;
  readonly length: number;
}

/**
 * A temporary file for values that do not fit in memory: it has no name, and is encrypted with AES-256-CTR (NIST SP 800-38A)
 * under a key that exists only in this process, since the values may be cleartext.
 *
 * The counter of a cipher block is its number in the file, and every position is written once, so no two bytes share key
 * stream. It is not authenticated: an attacker who can change an unnamed file of this process can change its memory.
 */
export class SpillFile {
  readonly #directory: string;
  readonly #file: FileHandle;
  readonly #key = randomBytes(32);
  #end = 0;

  private constructor(directory: string, file: FileHandle) {
    this.#directory = directory;
    this.#file = file;
  }

  /** @throws {SealroomError} IO_WRITE if the directory cannot be written. */
  static async open(directory: string): Promise<SpillFile> {
    return new SpillFile(directory, await openUnnamedFile(directory));
  }

  /**
   * Writes a copy of `bytes`, which the caller may change as soon as the call has returned its promise.
   *
   * @throws {SealroomError} IO_WRITE if there is no room for it.
   */
  async append(bytes: Uint8Array): Promise<SpillBlock> {
    const block = { position: this.#end, length: bytes.length };
    this.#end += Math.ceil(bytes.length / CIPHER_BLOCK_BYTES) * CIPHER_BLOCK_BYTES;
    const hidden = spillCipher(this.#key, block.position).update(bytes);
    for (let done = 0; done < hidden.length;) {
      const write = this.#file.write(hidden, done, hidden.length - done, block.position + done);
      done += (await write.catch(failAtTemporary(this.#directory))).bytesWritten;
    }
    return block;
  }

  /**
   * Reads the bytes of a block.
   *
   * @throws {SealroomError} IO_READ if the file was cut short.
   */
  async read({ position, length }: SpillBlock): Promise<Uint8Array> {
    const hidden = Buffer.allocUnsafe(length);
    for (let done = 0; done < length;) {
      const { bytesRead } = await this.#file.read(hidden, done, length - done, position + done);
      if (bytesRead === 0) throw new SealroomError('IO_READ', 'a temporary file was cut short');
      done += bytesRead;
    }
    return spillCipher(this.#key, position).update(hidden);
  }

  /** Drops the file and wipes its key. */
  async close(): Promise<void> {
    this.#key.fill(0);
    await this.#file.close();
  }
}

/** A cipher whose key stream starts at a block of a spill file, by its place in bytes; encryption and decryption are the same. */
export function spillCipher(key: Uint8Array, place: number): ReturnType<typeof createCipheriv> {
  const counter = Buffer.alloc(CIPHER_BLOCK_BYTES);
  counter.writeBigUInt64BE(BigInt(place / CIPHER_BLOCK_BYTES), CIPHER_BLOCK_BYTES - 8);
  return createCipheriv('aes-256-ctr', key, counter);
}

/**
 * Opens a temporary file of mode 0600 without a name, so that not even a killed process leaves it behind. Where the system
 * cannot remove open files, it keeps its name until it is closed.
 *
 * @throws {SealroomError} IO_WRITE if the directory cannot be written.
 */
export async function openUnnamedFile(directory: string): Promise<FileHandle> {
  const folder = await createTempFolder(directory);
  try {
    return await open(join(folder, 'spill'), 'wx+', 0o600).catch(failAtTemporary(directory));
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 0 }).catch(() => undefined);
  }
}

/**
 * Creates a directory for temporary files, of mode 0700. The caller removes it.
 *
 * @throws {SealroomError} IO_WRITE if it cannot be created.
 */
export async function createTempFolder(directory: string): Promise<string> {
  return mkdtemp(join(directory, 'sealroom-')).catch(failAtTemporary(directory));
}

/** Converts a failure of a temporary file to a SealroomError. */
export function failAtTemporary(directory: string): (error: unknown) => never {
  return (error) => {
    throw new SealroomError('IO_WRITE', `cannot write temporary files: ${systemReason(error)}`, {
      where: { file: directory },
      hint: 'choose another directory with `--temp-dir`',
      cause: error,
    });
  };
}
