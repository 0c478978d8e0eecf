import { type FileHandle, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SealroomError, systemReason } from '../errors/index.ts';
import type { Line } from './line.ts';
import { readLines } from './lines.ts';
import { withLock, writeFileAtomically } from '../files/index.ts';

/** The files of a log's directory. */
export const LOG_FILES = { records: 'log.jsonl', checkpoint: 'checkpoint', lock: 'lock' } as const;

/** A log as it was at one moment, for reading. */
export interface LogSnapshot extends AsyncDisposable {
  /** The text of the checkpoint, not verified. */
  readonly checkpoint: string;
  /** The lines that were there at that moment. */
  lines(): AsyncGenerator<Line>;
}

/**
 * Opens a log for reading. It waits for a process that is writing, so that the records and the checkpoint are from the same moment;
 * a read-only copy is read as it is.
 *
 * @throws {SealroomError} IO_READ if there is no log; IO_LOCKED if another process does not release its lock.
 */
export async function openSnapshot(directory: string): Promise<LogSnapshot> {
  const lock = await open(join(directory, LOG_FILES.lock), 'r+').catch(() => null);
  try {
    const take = (): Promise<LogSnapshot> => takeSnapshot(directory);
    return await (lock === null ? take() : withLock(lock, directory, take));
  } finally {
    await lock?.close();
  }
}

async function takeSnapshot(directory: string): Promise<LogSnapshot> {
  const read = async <T>(name: string, action: (path: string) => Promise<T>): Promise<T> => {
    const path = join(directory, name);
    try {
      return await action(path);
    } catch (error) {
      throw new SealroomError('IO_READ', `cannot read the audit log: ${systemReason(error)}`, {
        where: { file: path },
        hint: 'the log of a room is its directory `audit`; the log of your keys begins when you first use one',
        cause: error,
      });
    }
  };
  const checkpoint = await read(LOG_FILES.checkpoint, (path) => readFile(path, 'utf8'));
  const file: FileHandle = await read(LOG_FILES.records, (path) => open(path, 'r'));
  const { size } = await file.stat();
  return {
    checkpoint,
    lines: () => readLines(file, 0, size),
    [Symbol.asyncDispose]: () => file.close(),
  };
}

/** Opens a file of a log for reading and writing. @throws {SealroomError} IO_READ */
export async function openLogFile(directory: string, name: string): Promise<FileHandle> {
  try {
    return await open(join(directory, name), 'r+');
  } catch (error) {
    throw unreadable(directory, name, error);
  }
}

/** The error for a file of a log that cannot be opened. */
export function unreadable(directory: string, name: string, cause: unknown): SealroomError {
  return new SealroomError('IO_READ', `cannot open the audit log: ${systemReason(cause)}`, {
    where: { file: join(directory, name) },
    cause,
  });
}

/** Replaces the checkpoint so that either the old or the new one is there whole, even after a power failure. */
export async function replaceCheckpoint(directory: string, note: string): Promise<void> {
  const path = join(directory, LOG_FILES.checkpoint);
  await writeFileAtomically(path, note, { replaces: true, temporary: `${path}.tmp` });
}

/** The error for a log that cannot be written. */
export function logWriteFailure(error: unknown, file: string): SealroomError {
  if (error instanceof SealroomError) return error;
  return new SealroomError('IO_WRITE', `cannot write the audit log: ${systemReason(error)}`, {
    where: { file },
    cause: error,
  });
}
