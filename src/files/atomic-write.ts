import { randomBytes } from 'node:crypto';
import { chmod, link, lstat, open, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { SealroomError, systemReason } from '../errors/index.ts';
import { syncDirectory } from './sync-directory.ts';

/** How a file gets its name. */
export interface PlaceOptions {
  /** Whether what has the name is replaced; else it stays, and the call fails with the system's `EEXIST`. */
  readonly replaces: boolean;
  /** Files beside it that speak of what was there before, and go with it. */
  readonly obsolete?: readonly string[] | undefined;
}

/** How a file is written. */
export interface AtomicWriteOptions extends PlaceOptions {
  /**
   * Where it is until it is complete, on the same file system; what a killed process left there is replaced. By default a
   * new name beside the target.
   */
  readonly temporary?: string | undefined;
}

/** A file that is being written: under a temporary name, until it is complete. */
export interface OutputTarget {
  /** The path to write to. */
  readonly path: string;
  /** Gives the complete file its name and returns its size in bytes. */
  commit(): Promise<number>;
  /** Removes the unfinished file. */
  abort(): Promise<void>;
}

/**
 * Starts a file that is there as a whole or not at all, whatever happens to the process or the power: an empty file of mode
 * 0600 under a temporary name. `commit` puts its bytes onto the disk, then gives it its name, then puts that onto the disk.
 *
 * Every file that must last is written this way. What fails, fails as the system says it.
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
 * Writes a small file as {@link startFile} has it.
 *
 * @param path absolute
 * @param check looks at what was written, under its temporary name; what it throws leaves everything as it was
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

/** How the temporary files of a path begin; they end with `.tmp`. */
export function temporaryPrefix(path: string): string {
  return `.${basename(path).slice(0, 64)}.`;
}

/** A new name beside a path for what is not complete yet. */
export function temporaryName(path: string): string {
  return join(dirname(path), `${temporaryPrefix(path)}${randomBytes(6).toString('hex')}.tmp`);
}

/** Puts a file's bytes onto the disk. Whoever made it, and under whatever mode: only its owner can read it from then on. */
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
 * Gives a complete file, or a directory, another name on its file system, and puts that onto the disk.
 *
 * @param to absolute
 */
export async function placeFile(from: string, to: string, { replaces, obsolete = [] }: PlaceOptions): Promise<void> {
  await (replaces ? rename(from, to) : renameToNew(from, to));
  for (const path of obsolete) await removeIfThere(path);
  await syncDirectory(dirname(to));
  if (dirname(from) !== dirname(to)) await syncDirectory(dirname(from));
}

/** What a file system answers that has no links. */
const NO_LINKS: readonly unknown[] = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'];

async function renameToNew(from: string, to: string): Promise<void> {
  try {
    // Unlike a renamed file, a linked one replaces none.
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
    // What has a name that is too long is not there.
    if (systemCode(error) !== 'ENAMETOOLONG') throw error;
  });
}

function systemCode(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

/** Whether the system refused because there is something of that name. */
export function isExisting(error: unknown): boolean {
  return systemCode(error) === 'EEXIST';
}

/** The one-line error for a file that cannot be written. */
export function writeFailure(error: unknown, file: string): SealroomError {
  if (error instanceof SealroomError) return error;
  return new SealroomError('IO_WRITE', `cannot write: ${systemReason(error)}`, { where: { file }, cause: error });
}
