import { fstatSync } from 'node:fs';
import { access, constants, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { Writable } from 'node:stream';
import { SealroomError } from '../errors/index.ts';
import {
  type AtomicWriteOptions,
  isExisting,
  type OutputTarget,
  placeWrittenFile,
  startFile,
  writeFailure,
} from './atomic-write.ts';
import { hashFile } from './hash-file.ts';
import { findOutput, type OutputPlace } from './output-path.ts';

/** The path of the sidecar of a protected file that is not Parquet: beside it, named after it. */
export function sidecarPath(file: string): string {
  return `${file}.sealroom.json`;
}

/** The path of the signature of a table, beside it and named after it, in every format. */
export function signaturePath(file: string): string {
  return `${file}.sealroom.sig.json`;
}

/** The files that describe an output and would be wrong beside a new one: its sidecar, its signature, and a checksum of Hadoop's. */
export function companionsOf(path: string): readonly string[] {
  //= format F-91
  return [join(dirname(path), `.${basename(path)}.crc`), sidecarPath(path), signaturePath(path)];
}

/** A finished table that is not yet renamed into place. */
export interface WrittenFile {
  /** Size in bytes; 0 where it was written past this process, as Parquet is to standard output. */
  readonly bytes: number;
  /** SHA-256 of its bytes in hexadecimal, or `null` where they are gone. */
  sha256(): Promise<string | null>;
}

/** Called with a finished file before it gets its name. If it throws, no file is left behind. */
export type BeforeCommit = (written: WrittenFile) => Promise<void>;

/** Options for a target. */
export interface TargetOptions {
  readonly overwrite: boolean;
  /** The input file, which must not be the target as well. */
  readonly input?: string | undefined;
}

/**
 * Checks that a target can be written, without writing anything.
 *
 * @returns where it is written
 * @throws {SealroomError} IO_EXISTS if it exists and `overwrite` is false; IO_WRITE if it is the input itself, or if its directory is
 *   missing or not writable; as {@link findOutput}.
 */
export async function checkTarget(target: string, options: TargetOptions): Promise<OutputPlace> {
  const place = await findOutput(target);
  const { path, isTaken } = place;
  if (options.input !== undefined && (await isSameFile(resolve(options.input), path))) {
    throw new SealroomError('IO_WRITE', 'the output is the same file as the input', { where: { file: target } });
  }
  if (isTaken && !options.overwrite) throw outputExists(target);
  await checkDirectory(dirname(path), target);
  return place;
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
    throw writeFailure(error, name);
  }
}

/**
 * Creates a target as {@link startFile} does, where a link leads. A file that is replaced leaves its mode to the new one. `commit` also
 * removes the files that describe what it replaces.
 *
 * @throws {SealroomError} IO_EXISTS, IO_WRITE as {@link checkTarget}; `commit` throws IO_EXISTS if a file was created there
 *   meanwhile.
 */
export async function createTarget(target: string, options: TargetOptions): Promise<OutputTarget> {
  const place = await checkTarget(target, options);
  const fail = failAt(target);
  const file = await startFile(place.path, writeOptions(target, place, options)).catch(fail);
  return { ...file, commit: () => file.commit().catch(fail) };
}

/**
 * Gives a complete file the name of a target, as {@link createTarget} does. It is on the target's file system.
 *
 * @param from absolute
 * @throws {SealroomError} IO_EXISTS, IO_WRITE as {@link checkTarget}, also if a file was created there meanwhile.
 */
export async function placeOutput(from: string, target: string, options: TargetOptions): Promise<void> {
  const place = await checkTarget(target, options);
  await placeWrittenFile(from, place.path, writeOptions(target, place, options)).catch(failAt(target));
}

function writeOptions(
  target: string,
  { path, existing }: OutputPlace,
  { overwrite }: TargetOptions,
): AtomicWriteOptions {
  return {
    replaces: overwrite,
    // Also those beside a link to it.
    obsolete: [...new Set([...companionsOf(path), ...companionsOf(resolve(target))])],
    like: existing ?? undefined,
    // A user's folder, and a table that can be made again.
    allowsUnsyncedDirectory: true,
  };
}

function failAt(target: string): (error: unknown) => never {
  return (error) => {
    throw isExisting(error) ? outputExists(target) : writeFailure(error, target);
  };
}

/** The error for an output that is there already. */
export function outputExists(file: string): SealroomError {
  return new SealroomError('IO_EXISTS', 'the output already exists', {
    where: { file },
    hint: 'give another name, or replace it with `--overwrite`',
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
