import { fstatSync } from 'node:fs';
import { access, constants, lstat, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { Writable } from 'node:stream';
import { SealroomError } from '../errors/index.ts';
import { isExisting, type OutputTarget, startFile, writeFailure } from './atomic-write.ts';
import { hashFile } from './hash-file.ts';

/** The sidecar of a file: what is known of it and does not stand in it, in a file beside it that is named after it. */
export function sidecarPath(file: string): string {
  return `${file}.sealroom.json`;
}

/** What speaks of an output and would be wrong beside another one: its sidecar, and the checksum that C3R's Java leaves. */
function companionsOf(path: string): readonly string[] {
  //= format F-91
  return [join(dirname(path), `.${basename(path)}.crc`), sidecarPath(path)];
}

/** A table that is complete and has not its name yet. */
export interface WrittenFile {
  /** Size in bytes; 0 where it was written past this process, as Parquet is to standard output. */
  readonly bytes: number;
  /** SHA-256 of its bytes in hexadecimal, or `null` where they are gone. */
  sha256(): Promise<string | null>;
}

/** Is shown a file that is complete; what it throws leaves no file. */
export type BeforeCommit = (written: WrittenFile) => Promise<void>;

/** How a target is treated. */
export interface TargetOptions {
  readonly overwrite: boolean;
  /** The file that is read, which the target must not be. */
  readonly input?: string | undefined;
}

/**
 * Checks that a target can be written, without writing anything.
 *
 * @throws {SealroomError} IO_EXISTS if it exists and `overwrite` is false; IO_WRITE if it is no ordinary file, the input
 *   itself, or its directory is missing or not writable.
 */
export async function checkTarget(target: string, options: TargetOptions): Promise<void> {
  const path = resolve(target);
  const where = { file: target };
  if (options.input !== undefined && (await isSameFile(resolve(options.input), path))) {
    throw new SealroomError('IO_WRITE', 'expected an output other than the input', { where });
  }
  const existing = await lstat(path).catch(() => null);
  if (existing?.isDirectory() === true) {
    throw new SealroomError('IO_WRITE', 'expected a file as output, got a directory', { where });
  }
  // The output replaces what is there, and must not replace a device or a pipe.
  if (existing !== null && !existing.isFile() && !existing.isSymbolicLink()) {
    throw new SealroomError('IO_WRITE', 'expected an ordinary file as output, got a device or a pipe', {
      where,
      hint: 'write to standard output with `-`',
    });
  }
  if (existing !== null && !options.overwrite) throw outputExists(target);
  await checkDirectory(dirname(path), target);
}

/** Whether two paths lead to one file, by whatever links. */
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
 * @param name what an error calls the file or directory that is meant
 * @throws {SealroomError} IO_WRITE if it is missing, no directory, or not writable.
 */
export async function checkDirectory(directory: string, name: string): Promise<void> {
  try {
    await access(directory, constants.W_OK | constants.X_OK);
    if (!(await stat(directory)).isDirectory()) throw Object.assign(new Error(), { code: 'ENOTDIR' });
  } catch (error) {
    throw writeFailure(error, name);
  }
}

/**
 * Starts an output as {@link startFile} has it. What speaks of a file that it replaces goes with that.
 *
 * @throws {SealroomError} as {@link checkTarget}; `commit` IO_EXISTS if a file came there meanwhile.
 */
export async function createTarget(target: string, options: TargetOptions): Promise<OutputTarget> {
  await checkTarget(target, options);
  const path = resolve(target);
  const fail = (error: unknown): never => {
    throw isExisting(error) ? outputExists(target) : writeFailure(error, target);
  };
  const file = await startFile(path, { replaces: options.overwrite, obsolete: companionsOf(path) }).catch(fail);
  return { ...file, commit: () => file.commit().catch(fail) };
}

function outputExists(file: string): SealroomError {
  return new SealroomError('IO_EXISTS', 'the output exists already', {
    where: { file },
    hint: 'give another name, or replace it with `--overwrite`',
  });
}

/** A target whose file is shown to `check` before it gets its name. */
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

/** A target that cannot be read again, and that is shown to `check` when it is complete. */
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
 * A stream as a target of engines that write to paths; it cannot be taken back.
 *
 * @throws {SealroomError} IO_FORMAT if it is no file, pipe or device of the system.
 */
export function standardOutput(stream: Writable): OutputTarget {
  // A socket, which is what some programs give their children as standard output, cannot be opened by its path.
  if (!('fd' in stream) || typeof stream.fd !== 'number' || fstatSync(stream.fd).isSocket()) {
    throw new SealroomError('IO_FORMAT', 'Parquet cannot be written to this stream', {
      hint: 'give a file, redirect the standard output to a file or a pipe, or choose another format',
    });
  }
  return { path: `/dev/fd/${String(stream.fd)}`, commit: () => Promise.resolve(0), abort: () => Promise.resolve() };
}
