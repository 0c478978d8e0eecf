import { randomBytes } from 'node:crypto';
import { chmod, link, lstat, open, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { SealroomError, systemReason } from '../errors/index.ts';
import { syncDirectory } from './sync-directory.ts';

/** Options for renaming a file into place. */
export interface PlaceOptions {
  /** Whether an existing file is replaced. If not, it stays, and the call fails with the system's `EEXIST`. */
  readonly replaces: boolean;
  /** Files that describe the replaced file; they are removed with it. */
  readonly obsolete?: readonly string[] | undefined;
}

/** Options for writing a file. */
export interface AtomicWriteOptions extends PlaceOptions {
  /**
   * The path until the file is complete, on the same file system; a file left there by a killed process is replaced.
   * Default: a new name beside the target.
   */
  readonly temporary?: string | undefined;
}

/** A file that is being written, under a temporary name until it is complete. */
export interface OutputTarget {
  /** The path to write to. */
  readonly path: string;
  /** Renames the finished file into place, and returns its size in bytes. */
  commit(): Promise<number>;
  /** Removes the unfinished file. */
  abort(): Promise<void>;
}

/**
 * Creates an empty file of mode 0600 under a temporary name. `commit` flushes its bytes to the disk, renames it into place,
 * and flushes the directory, so that the file is there as a whole or not at all after a crash or a power failure.
 *
 * Every file that must last is written this way. Errors are the system's.
 *
 * @param path absolute
 */
export async function startFile(path: string, options: AtomicWriteOptions): Promise<OutputTarget> {
  const { temporary = temporaryName(path) } = options;
  if (options.temporary !== undefined) await rm(temporary, { force: true });
  await (await open(temporary, 'wx', 0o600)).close();
  return {
    path: temporary,
    async commit() {
      await syncFile(temporary);
      const { size } = await stat(temporary);
      await placeFile(temporary, path, options);
      return size;
    },
    abort: () => rm(temporary, { force: true }),
  };
}

/**
 * Writes the content of a file with {@link startFile}.
 *
 * @param path absolute
 * @param check called with the path of the written file before it is renamed; if it throws, nothing has changed
 */
export async function writeFileAtomically(
  path: string,
  content: string | Uint8Array,
  options: AtomicWriteOptions,
  check?: (temporary: string) => Promise<void>,
): Promise<void> {
  const file = await startFile(path, options);
  try {
    await writeFile(file.path, content);
    await check?.(file.path);
    await file.commit();
  } catch (error) {
    await file.abort();
    throw error;
  }
}

/** The prefix of the temporary files of a path, which end in `.tmp`. */
export function temporaryPrefix(path: string): string {
  return `.${basename(path).slice(0, 64)}.`;
}

/** A new temporary path beside a path. */
export function temporaryName(path: string): string {
  return join(dirname(path), `${temporaryPrefix(path)}${randomBytes(6).toString('hex')}.tmp`);
}

/** Flushes a file to the disk, after giving it mode 0600. */
export async function syncFile(path: string): Promise<void> {
  await chmod(path, 0o600);
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * Renames a complete file or directory within its file system, and flushes the change to the disk.
 *
 * @param to absolute
 */
export async function placeFile(from: string, to: string, { replaces, obsolete = [] }: PlaceOptions): Promise<void> {
  await (replaces ? rename(from, to) : renameToNew(from, to));
  for (const path of obsolete) await removeIfThere(path);
  await syncDirectory(dirname(to));
  if (dirname(from) !== dirname(to)) await syncDirectory(dirname(from));
}

/** The errors of file systems without links. */
const NO_LINKS: readonly unknown[] = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'];

async function renameToNew(from: string, to: string): Promise<void> {
  try {
    // Unlike a rename, a link never replaces a file.
    await link(from, to);
  } catch (error) {
    if (!NO_LINKS.includes(systemCode(error))) throw error;
    if ((await lstat(to).catch(() => null)) !== null) throw Object.assign(new Error(), { code: 'EEXIST' });
    await rename(from, to);
    return;
  }
  await rm(from);
}

async function removeIfThere(path: string): Promise<void> {
  await rm(path, { force: true }).catch((error: unknown) => {
    // A file whose name is too long does not exist.
    if (systemCode(error) !== 'ENAMETOOLONG') throw error;
  });
}

function systemCode(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

/** Whether a system error says that the file exists already. */
export function isExisting(error: unknown): boolean {
  return systemCode(error) === 'EEXIST';
}

/** The one-line error for a file that cannot be written. */
export function writeFailure(error: unknown, file: string): SealroomError {
  if (error instanceof SealroomError) return error;
  return new SealroomError('IO_WRITE', `cannot write: ${systemReason(error)}`, { where: { file }, cause: error });
}
