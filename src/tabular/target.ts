import { randomBytes } from 'node:crypto';
import { access, chmod, constants, lstat, open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { SealroomError } from '../errors.ts';
import { systemReason } from './byte-source.ts';

/** Where a table is written: under a temporary name beside its target, until it is complete. */
export interface OutputTarget {
  /** The path to write to. */
  readonly path: string;
  /** Gives the complete file its name and returns its size in bytes. */
  commit(): Promise<number>;
  /** Removes the unfinished file. */
  discard(): Promise<void>;
}

/** How a target is treated. */
export interface TargetOptions {
  readonly overwrite: boolean;
  /** The file that is read, which the target must not be. */
  readonly input?: string | undefined;
}

/**
 * Checks that a target can be written, without writing anything.
 *
 * @throws {SealroomError} IO_EXISTS if it exists and `overwrite` is false; IO_WRITE if it is a directory, the input
 *   itself, or its directory is missing or not writable.
 */
export async function checkTarget(target: string, options: TargetOptions): Promise<void> {
  const path = resolve(target);
  const where = { file: target };
  if (options.input !== undefined && resolve(options.input) === path) {
    throw new SealroomError('IO_WRITE', 'expected an output other than the input', { where });
  }
  const existing = await lstat(path).catch(() => null);
  if (existing?.isDirectory() === true) {
    throw new SealroomError('IO_WRITE', 'expected a file as output, got a directory', { where });
  }
  if (existing !== null && !options.overwrite) {
    throw new SealroomError('IO_EXISTS', 'the output exists already', {
      where,
      hint: 'choose another `--output`, or replace it with `--overwrite`',
    });
  }
  await checkDirectory(dirname(path), target);
}

/**
 * Checks that files can be created in a directory.
 *
 * @param name what an error calls the file or directory that is meant
 * @throws {SealroomError} IO_WRITE if it is missing, no directory, or not writable.
 */
export async function checkDirectory(directory: string, name: string): Promise<void> {
  try {
    await access(directory, constants.W_OK | constants.X_OK);
    if (!(await stat(directory)).isDirectory()) throw Object.assign(new Error(), { code: 'ENOTDIR' });
  } catch (error) {
    throw new SealroomError('IO_WRITE', `cannot write: ${systemReason(error)}`, { where: { file: name }, cause: error });
  }
}

/**
 * Starts a target: an empty file of mode 0600 with a temporary name in the target's directory.
 *
 * @throws {SealroomError} as {@link checkTarget}.
 */
export async function createTarget(target: string, options: TargetOptions): Promise<OutputTarget> {
  await checkTarget(target, options);
  const path = resolve(target);
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    await (await open(temporary, 'wx', 0o600)).close();
  } catch (error) {
    throw new SealroomError('IO_WRITE', `cannot write: ${systemReason(error)}`, { where: { file: target }, cause: error });
  }
  return {
    path: temporary,
    async commit() {
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
      await rm(join(dirname(path), `.${basename(path)}.crc`), { force: true });
      return size;
    },
    discard: () => rm(temporary, { force: true }),
  };
}

/** Standard output as a target of engines that write to paths; it cannot be taken back. */
export function standardOutput(): OutputTarget {
  return { path: '/dev/stdout', commit: () => Promise.resolve(0), discard: () => Promise.resolve() };
}
