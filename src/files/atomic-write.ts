import { randomBytes } from 'node:crypto';
import type { Stats } from 'node:fs';
import { constants, type FileHandle, link, lstat, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { SealroomError, systemReason } from '../errors/index.ts';
import { syncDirectory } from './sync-directory.ts';

/** Options for renaming a file into place. */
export interface PlaceOptions {
  /** Whether an existing file is replaced. If not, it stays, and the call fails with the system's `EEXIST`. */
  readonly replaces: boolean;
  /** Files that describe the replaced file; they are removed with it. */
  readonly obsolete?: readonly string[] | undefined;
  /**
   * Whether a directory that cannot be flushed, by its file system or for want of rights, is put up with. Default false: what is
   * counted or kept secret must be there after a power failure, or the call fails.
   */
  readonly allowsUnsyncedDirectory?: boolean | undefined;
}

/** Options for writing a file. */
export interface AtomicWriteOptions extends PlaceOptions {
  /**
   * The path until the file is complete, on the same file system; a file left there by a killed process is replaced.
   * Default: a new name beside the target.
   */
  readonly temporary?: string | undefined;
  /** The file that is replaced, whose mode, owner and group the new one gets as far as that gives nobody more. Default: mode 0600. */
  readonly like?: FileRights | undefined;
}

/** Who may do what with a file. */
export type FileRights = Pick<Stats, 'mode' | 'uid' | 'gid'>;

/** A file that is being written, under a temporary name until it is complete. */
export interface OutputTarget {
  /** The path to write to. */
  readonly path: string;
  /** Renames the finished file into place, and returns its size in bytes. */
  commit(): Promise<number>;
  /** Removes the unfinished file. */
  abort(): Promise<void>;
}

/** A file that was just created, with the handle that created it. */
export interface StartedFile extends OutputTarget {
  /** Writes to the file that was created, whatever is under its temporary name by now. `commit` and `abort` close it. */
  readonly handle: FileHandle;
}

/**
 * Creates an empty file of mode 0600 under a temporary name. `commit` flushes its bytes to the disk, renames it into place,
 * and flushes the directory, so that the file is there as a whole or not at all after a crash or a power failure.
 *
 * Every file that must last is written this way. Errors are the system's. A file that was swapped for another, which whoever can
 * write to the directory can do, is refused with `EBUSY`.
 *
 * @param path absolute
 */
export async function startFile(path: string, options: AtomicWriteOptions): Promise<StartedFile> {
  const { temporary = temporaryName(path) } = options;
  if (options.temporary !== undefined) await rm(temporary, { force: true });
  const handle = await open(temporary, 'wx', 0o600);
  return {
    path: temporary,
    handle,
    async commit() {
      const size = await finishFile(handle, temporary, options.like);
      await placeFile(temporary, path, options);
      return size;
    },
    async abort() {
      await handle.close();
      await rm(temporary, { force: true });
    },
  };
}

/** Flushes a written file and closes it; returns its size in bytes. */
async function finishFile(handle: FileHandle, path: string, like: FileRights | undefined): Promise<number> {
  try {
    await handle.chmod(like === undefined ? 0o600 : await takeRights(handle, like));
    await handle.sync();
    const [own, named] = [await handle.stat(), await lstat(path)];
    if (own.dev !== named.dev || own.ino !== named.ino) throw Object.assign(new Error(), { code: 'EBUSY' });
    return own.size;
  } finally {
    await handle.close();
  }
}

/**
 * Flushes a complete file that was written by its name, gives it the rights of the one that it replaces, or mode 0600, and renames it into place.
 *
 * @param to absolute
 */
export async function placeWrittenFile(
  from: string,
  to: string,
  options: Omit<AtomicWriteOptions, 'temporary'>,
): Promise<void> {
  const handle = await open(from, constants.O_RDWR | constants.O_NOFOLLOW);
  await finishFile(handle, from, options.like);
  await placeFile(from, to, options);
}

/** Gives a file the owner and the group of another, if this user can, and returns the mode that it may then have. */
//= format F-135
async function takeRights(handle: FileHandle, { mode, uid, gid }: FileRights): Promise<number> {
  const own = await handle.stat();
  // Without the others' bits until the mode is set: a change of owner happens between the two.
  if (own.uid !== uid || own.gid !== gid) await handle.chown(own.uid, gid).catch(() => undefined);
  if (own.uid !== uid) await handle.chown(uid, gid).catch(() => undefined);
  const kept = mode & 0o777;
  const { gid: group } = await handle.stat();
  // Another group gets no more than everybody had.
  return group === gid ? kept : (kept & 0o707) | (kept & ((kept & 0o007) << 3));
}

/**
 * Writes the content of a file with {@link startFile}.
 *
 * @param path absolute
 * @param check called with the path of the written and flushed file before it is renamed; if it throws, nothing has changed
 */
export async function writeFileAtomically(
  path: string,
  content: string | Uint8Array,
  options: AtomicWriteOptions,
  check?: (temporary: string) => Promise<void>,
): Promise<void> {
  const file = await startFile(path, options);
  try {
    // By its handle and not by its name: the content may be a key.
    await file.handle.writeFile(content);
    if (check !== undefined) {
      await file.handle.sync();
      await check(file.path);
    }
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
  const file = await open(path, constants.O_RDWR | constants.O_NOFOLLOW);
  try {
    await file.chmod(0o600);
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
export async function placeFile(from: string, to: string, options: PlaceOptions): Promise<void> {
  const { replaces, obsolete = [], allowsUnsyncedDirectory = false } = options;
  await (replaces ? rename(from, to) : renameToNew(from, to));
  for (const path of obsolete) await removeIfThere(path);
  for (const directory of new Set([dirname(to), dirname(from)])) {
    await syncDirectory(directory).catch((error: unknown) => {
      if (!allowsUnsyncedDirectory || !CANNOT_SYNC.includes(systemCode(error))) throw error;
    });
  }
}

/** The errors of file systems that cannot flush a directory, and of directories in which files can be created but not listed. */
const CANNOT_SYNC: readonly unknown[] = ['EINVAL', 'ENOTSUP', 'EACCES'];

/** The errors of file systems without links. */
const NO_LINKS: readonly unknown[] = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'];

async function renameToNew(from: string, to: string): Promise<void> {
  try {
    // Unlike a rename, a link never replaces a file.
    await link(from, to);
  } catch (error) {
    if (!NO_LINKS.includes(systemCode(error))) throw error;
    await renameByClaim(from, to);
    return;
  }
  await rm(from);
}

/** Renames where there are no links: of several at once, one can create the empty file whose place it takes. */
async function renameByClaim(from: string, to: string): Promise<void> {
  await (await open(to, 'wx', 0o600)).close();
  try {
    await rename(from, to);
  } catch (error) {
    await rm(to, { force: true });
    throw error;
  }
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
