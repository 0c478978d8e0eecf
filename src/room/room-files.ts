import { type FileHandle, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncDirectory, withLock } from '../files/index.ts';
import { SealroomError, systemReason } from '../errors/index.ts';

/** The files in the directory of a room. */
export const ROOM_FILES = {
  /** Which snapshot of each table is the current one. */
  state: 'room.json',
  manifest: 'manifest.yaml',
  /** The secret key that signs the audit log. */
  signer: 'runner.key',
  /** The public key that verifies the audit log. */
  verifier: 'runner.pub',
  audit: 'audit',
  snapshots: 'snapshots',
  /** Unfinished files; they do not outlive the command that made them. */
  unfinished: 'unfinished',
  lock: 'lock',
} as const;

/** Makes a handler that turns a failure to write to the room's directory into an error. */
export function failAtRoom(directory: string): (error: unknown) => never {
  return (error) => {
    if (error instanceof SealroomError) throw error;
    throw new SealroomError('IO_WRITE', `cannot write the room: ${systemReason(error)}`, {
      where: { file: directory },
      cause: error,
    });
  };
}

/** Replaces a file of the room so that either the old or the new one is there whole, even after a power failure. */
export async function replaceFile(directory: string, name: string, text: string): Promise<void> {
  const folder = join(directory, ROOM_FILES.unfinished);
  const path = join(folder, name);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const file = await open(path, 'w', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(path, join(directory, name));
    await syncDirectory(directory);
  } catch (error) {
    failAtRoom(directory)(error);
  }
}

/**
 * Changes a room while no other process changes it.
 *
 * @throws {SealroomError} IO_READ if there is no room; IO_LOCKED if another process holds the lock for half a minute; and what
 *   `action` throws.
 */
export async function withRoomLock<T>(directory: string, action: () => Promise<T>): Promise<T> {
  let lock: FileHandle;
  try {
    lock = await open(join(directory, ROOM_FILES.lock), 'r+');
  } catch (error) {
    throw noRoom(directory, error);
  }
  try {
    return await withLock(lock, directory, action);
  } finally {
    await lock.close();
  }
}

/** The error for a directory that is not a room. */
export function noRoom(directory: string, cause: unknown): SealroomError {
  return new SealroomError('IO_READ', `not the directory of a room: ${systemReason(cause)}`, {
    where: { file: directory },
    hint: 'make one with `sealroom room init`, or name it with `--room`',
    cause,
  });
}

/** Removes what a killed command has left behind, and snapshots that are no longer used. The caller holds the room's lock. */
export async function sweep(directory: string, usedSnapshots: readonly string[]): Promise<void> {
  const snapshots = join(directory, ROOM_FILES.snapshots);
  try {
    await rm(join(directory, ROOM_FILES.unfinished), { recursive: true, force: true });
    for (const name of await readdir(snapshots)) {
      if (!usedSnapshots.includes(name)) await rm(join(snapshots, name), { recursive: true, force: true });
    }
  } catch (error) {
    failAtRoom(directory)(error);
  }
}
