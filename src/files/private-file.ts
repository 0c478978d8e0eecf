import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SealroomError, systemReason } from '../errors/index.ts';
import { isExisting, temporaryPrefix, writeFailure, writeFileAtomically } from './atomic-write.ts';
import { syncDirectory } from './sync-directory.ts';

/** The options of {@link writePrivateFile}. */
export interface PrivateFileOptions {
  /** Whether an existing file is replaced; otherwise it is an error. */
  readonly replaces: boolean;
  /** Called with the temporary name of the written file; if it throws, nothing has changed. */
  readonly check?: (temporary: string) => Promise<void>;
}

/**
 * Writes a file that only its owner can read, so that even after a power failure either the old or the new file is there as a
 * whole. Missing directories are created, for the owner only.
 *
 * @param path absolute
 * @throws {SealroomError} IO_EXISTS if the file exists and is not to be replaced; IO_WRITE; errors of `check`.
 */
export async function writePrivateFile(
  path: string,
  content: string | Uint8Array,
  { replaces, check }: PrivateFileOptions,
): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFileAtomically(path, content, { replaces }, check);
  } catch (error) {
    if (!isExisting(error)) throw writeFailure(error, path);
    throw new SealroomError('IO_EXISTS', 'the file already exists', { where: { file: path }, cause: error });
  }
}

/** Whether a mode gives users other than the owner any access to a file or directory, or write access. */
export function isOpenToOthers(mode: number, access: 'any' | 'write'): boolean {
  // Windows has no such bits and reports them as set.
  return process.platform !== 'win32' && (mode & (access === 'any' ? 0o077 : 0o022)) !== 0;
}

/**
 * Lists the temporary files of a path that {@link writePrivateFile} is writing, or left because its process was stopped.
 *
 * @param path absolute
 * @throws {SealroomError} IO_READ if its directory cannot be read.
 */
export async function temporariesOf(path: string): Promise<readonly string[]> {
  const directory = dirname(path);
  try {
    const names = await readdir(directory);
    const isOne = (name: string): boolean => name.startsWith(temporaryPrefix(path)) && name.endsWith('.tmp');
    return names.filter(isOne).map((name) => join(directory, name));
  } catch (error) {
    throw new SealroomError('IO_READ', `cannot read: ${systemReason(error)}`, {
      where: { file: directory },
      cause: error,
    });
  }
}

const BLOCK_BYTES = 1 << 20;

/**
 * Overwrites a file with random bytes and removes it. Best effort: a file system or a disk that writes elsewhere, and any
 * copy of the file, still has the old bytes.
 *
 * @param path absolute
 * @throws {SealroomError} IO_WRITE if it cannot be overwritten or removed.
 */
export async function destroyFile(path: string): Promise<void> {
  try {
    const file = await open(path, 'r+');
    try {
      const { size } = await file.stat();
      for (let at = 0; at < size; at += BLOCK_BYTES) {
        const block = randomBytes(Math.min(BLOCK_BYTES, size - at));
        await file.writeFile(block);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await rm(path);
    await syncDirectory(dirname(path));
  } catch (error) {
    throw new SealroomError('IO_WRITE', `cannot destroy the file: ${systemReason(error)}`, {
      where: { file: path },
      cause: error,
    });
  }
}
