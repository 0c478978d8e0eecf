import { randomBytes } from 'node:crypto';
import { fstatSync } from 'node:fs';
import { access, chmod, constants, lstat, open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { Writable } from 'node:stream';
import { SealroomError, systemReason } from '../errors/index.ts';
import { hashFile } from './hash-file.ts';

/** A table that is complete and has not its name yet. */
export interface WrittenFile {
  /** Size in bytes; 0 where it was written past this process, as Parquet is to standard output. */
  readonly bytes: number;
  /** SHA-256 of its bytes in hexadecimal, or `null` where they are gone. */
  sha256(): Promise<string | null>;
}

/** Called with a finished file before it gets its name. If it throws, no file is left behind. */
export type BeforeCommit = (written: WrittenFile) => Promise<void>;

/** The file that a table is written to, under a temporary name beside its target until it is complete. */
export interface OutputTarget {
  /** The path to write to. */
  readonly path: string;
  /** Renames the finished file into place, and returns its size in bytes. */
  commit(): Promise<number>;
  /** Removes the unfinished file. */
  abort(): Promise<void>;
}

/** Options for a target. */
export interface TargetOptions {
  readonly overwrite: boolean;
  /** The input file, which must not be the target as well. */
  readonly input?: string | undefined;
  /** Files beside it that speak of what was there before: removed when the new file has its name. */
  readonly companions?: readonly string[];
}

/**
 * Checks that a target can be written, without writing anything.
 *
 * @throws {SealroomError} IO_EXISTS if it exists and `overwrite` is false; IO_WRITE if it is not a regular file, or is the
 *   input itself, or if its directory is missing or not writable.
 */
export async function checkTarget(target: string, options: TargetOptions): Promise<void> {
  const path = resolve(target);
  const where = { file: target };
  if (options.input !== undefined && (await isSameFile(resolve(options.input), path))) {
    throw new SealroomError('IO_WRITE', 'the output is the same file as the input', { where });
  }
  const existing = await lstat(path).catch(() => null);
  if (existing?.isDirectory() === true) {
    throw new SealroomError('IO_WRITE', 'the output is a directory', { where });
  }
  // The output replaces an existing file, but must not replace a device or a pipe.
  if (existing !== null && !existing.isFile() && !existing.isSymbolicLink()) {
    throw new SealroomError('IO_WRITE', 'the output is a device or a pipe, not a regular file', {
      where,
      hint: 'use `-` to write to standard output',
    });
  }
  if (existing !== null && !options.overwrite) {
    throw new SealroomError('IO_EXISTS', 'the output already exists', {
      where,
      hint: 'give another name, or replace it with `--overwrite`',
    });
  }
  await checkDirectory(dirname(path), target);
}

/** Whether two paths lead to the same file, through any links. */
async function isSameFile(first: string, second: string): Promise<boolean> {
  if (first === second) return true;
  const [a, b] = await Promise.all([identify(first), identify(second)]);
  return a !== null && a === b;
}

async function identify(path: string): Promise<string | null> {
  const facts = await stat(path).catch(() => null);
  return facts === null ? null : `${String(facts.dev)}:${String(facts.ino)}`;
}

/**
 * Checks that files can be created in a directory.
 *
 * @param name the file or directory that errors name
 * @throws {SealroomError} IO_WRITE if it is missing, not a directory, or not writable.
 */
export async function checkDirectory(directory: string, name: string): Promise<void> {
  try {
    await access(directory, constants.W_OK | constants.X_OK);
    if (!(await stat(directory)).isDirectory()) throw Object.assign(new Error(), { code: 'ENOTDIR' });
  } catch (error) {
    throw new SealroomError('IO_WRITE', `cannot write: ${systemReason(error)}`, {
      where: { file: name },
      cause: error,
    });
  }
}

/**
 * Creates a target: an empty file of mode 0600 with a temporary name in the target's directory.
 *
 * @throws {SealroomError} IO_EXISTS, IO_WRITE as {@link checkTarget}.
 */
export async function createTarget(target: string, options: TargetOptions): Promise<OutputTarget> {
  await checkTarget(target, options);
  const path = resolve(target);
  const temporary = join(dirname(path), `.${basename(path).slice(0, 64)}.${randomBytes(6).toString('hex')}.tmp`);
  const fail = (error: unknown): never => {
    throw new SealroomError('IO_WRITE', `cannot write: ${systemReason(error)}`, {
      where: { file: target },
      cause: error,
    });
  };
  await open(temporary, 'wx', 0o600).then((file) => file.close(), fail);
  return {
    path: temporary,
    commit: () => commitFile(temporary, path, options.companions ?? []).catch(fail),
    abort: () => rm(temporary, { force: true }),
  };
}

async function commitFile(temporary: string, path: string, companions: readonly string[]): Promise<number> {
  await chmod(temporary, 0o600);
  const file = await open(temporary, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
  const { size } = await stat(temporary);
  await rename(temporary, path);
  //= format F-91
  await removeIfThere(join(dirname(path), `.${basename(path)}.crc`));
  for (const companion of companions) await removeIfThere(companion);
  return size;
}

async function removeIfThere(path: string): Promise<void> {
  await rm(path, { force: true }).catch((error: unknown) => {
    // What has a name that is too long is not there.
    if (!(error instanceof Error && 'code' in error && error.code === 'ENAMETOOLONG')) throw error;
  });
}

/** A target that calls `check` with the finished file before it is renamed into place. */
export function checkedFile(target: OutputTarget, check: BeforeCommit | undefined): OutputTarget {
  if (check === undefined) return target;
  return {
    ...target,
    async commit() {
      let hash: Promise<string> | null = null;
      const { size: bytes } = await stat(target.path);
      await check({ bytes, sha256: () => (hash ??= hashFile(target.path)) });
      return target.commit();
    },
  };
}

/** A target that cannot be read again, and that calls `check` when it is complete. */
export function checkedStream(target: OutputTarget, check: BeforeCommit | undefined): OutputTarget {
  if (check === undefined) return target;
  return {
    ...target,
    async commit() {
      await check({ bytes: 0, sha256: () => Promise.resolve(null) });
      return target.commit();
    },
  };
}

/**
 * Makes a stream a target for engines that write to paths; what was written cannot be undone.
 *
 * @throws {SealroomError} IO_FORMAT if it is not a file, pipe or device of the system.
 */
export function standardOutput(stream: Writable): OutputTarget {
  // A socket, which some programs give their children as standard output, cannot be opened by its path.
  if (!('fd' in stream) || typeof stream.fd !== 'number' || fstatSync(stream.fd).isSocket()) {
    throw new SealroomError('IO_FORMAT', 'Parquet cannot be written to this stream', {
      hint: 'give a file, redirect the standard output to a file or a pipe, or choose another format',
    });
  }
  return { path: `/dev/fd/${String(stream.fd)}`, commit: () => Promise.resolve(0), abort: () => Promise.resolve() };
}
