import { randomBytes } from 'node:crypto';
import { type FileHandle, link, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { SealroomError, systemReason } from '../errors/index.ts';
import { syncDirectory } from './sync-directory.ts';

/** How {@link writePrivateFile} puts a file in its place. */
export interface PrivateFileOptions {
  /** Whether a file of that name is replaced; else it is an error that there is one. */
  readonly replaces: boolean;
  /** Looks at what was written, under its temporary name; what it throws leaves everything as it was. */
  readonly check?: (temporary: string) => Promise<void>;
}

/**
 * Writes a file that only its owner can read: beside its place, synced, and then renamed, so that there is the old one or the
 * new one as a whole, also after the power went. Directories that are missing are made, for the owner only.
 *
 * @param path absolute
 * @throws {SealroomError} IO_EXISTS if there is a file and it is not to be replaced; IO_WRITE; what `check` throws.
 */
export async function writePrivateFile(
  path: string,
  content: string | Uint8Array,
  { replaces, check }: PrivateFileOptions,
): Promise<void> {
  const directory = dirname(path);
  const temporary = join(directory, `${temporaryPrefix(path)}${randomBytes(6).toString('hex')}.tmp`);
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await writeSynced(await open(temporary, 'wx', 0o600), content);
    await check?.(temporary);
    // Unlike a renamed file, a linked one replaces none.
    await (replaces ? rename(temporary, path) : link(temporary, path));
    if (!replaces) await rm(temporary);
    await syncDirectory(directory);
  } catch (error) {
    await rm(temporary, { force: true });
    if (error instanceof SealroomError) throw error;
    const exists = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    const message = exists ? 'there is a file already' : `cannot write: ${systemReason(error)}`;
    throw new SealroomError(exists ? 'IO_EXISTS' : 'IO_WRITE', message, { where: { file: path }, cause: error });
  }
}

const temporaryPrefix = (path: string): string => `.${basename(path).slice(0, 64)}.`;

/**
 * The temporary files of a path that {@link writePrivateFile} left because its process was stopped, or is writing just now.
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
    await writeSynced(file, randomBytes((await file.stat()).size));
    await rm(path);
    await syncDirectory(dirname(path));
  } catch (error) {
    throw new SealroomError('IO_WRITE', `cannot destroy the file: ${systemReason(error)}`, {
      where: { file: path },
      cause: error,
    });
  }
}

async function writeSynced(file: FileHandle, content: string | Uint8Array): Promise<void> {
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}
