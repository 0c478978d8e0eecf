import { type FileHandle, lstat, mkdir, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { withLock, writeFailure, writeFileAtomically } from '../files/index.ts';
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
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFileAtomically(join(directory, name), text, { replaces: true, temporary: join(folder, name) });
  } catch (error) {
    failAtRoom(directory)(error);
  }
}

/**
 * Makes a directory in a room, unless it is there. As in the rest of a room, there are no links in it.
 *
 * @throws {SealroomError} ROOM_STATE if there is a link in it or in its place; IO_WRITE.
 */
export async function makeRoomDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw writeFailure(error, path);
  });
  await requireNoLink(path);
  const link = (await readdir(path, { withFileTypes: true })).find((entry) => entry.isSymbolicLink());
  if (link !== undefined) throw linkInRoom(join(path, link.name));
}

/** The directories of a room; all others of its paths are files. */
const DIRECTORIES: readonly string[] = [ROOM_FILES.audit, ROOM_FILES.snapshots, ROOM_FILES.unfinished];

/**
 * Refuses a room with a link among its files and directories. sealroom makes none: one that came with an archive, or that somebody put
 * there, would have it read, write or remove things elsewhere. The room's directory itself may be reached through links.
 *
 * @throws {SealroomError} ROOM_STATE with the link; IO_READ if a directory of the room cannot be read.
 */
export async function requireNoLinks(directory: string): Promise<void> {
  const paths = Object.values(ROOM_FILES).map((name) => join(directory, name));
  for (const path of paths) await requireNoLink(path);
  for (const name of DIRECTORIES) {
    const entries = await readdir(join(directory, name), { withFileTypes: true }).catch((error: unknown) => {
      if (isMissing(error)) return [];
      throw new SealroomError('IO_READ', `cannot read: ${systemReason(error)}`, {
        where: { file: join(directory, name) },
        cause: error,
      });
    });
    const link = entries.find((entry) => entry.isSymbolicLink());
    if (link !== undefined) throw linkInRoom(join(directory, name, link.name));
  }
}

async function requireNoLink(path: string): Promise<void> {
  const facts = await lstat(path).catch(() => null);
  if (facts?.isSymbolicLink() === true) throw linkInRoom(path);
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}

function linkInRoom(file: string): SealroomError {
  return new SealroomError('ROOM_STATE', 'a room must not contain links', {
    where: { file },
    hint: 'find out who put it there, and put the file or directory itself in its place',
  });
}

/**
 * Changes a room while no other process changes it.
 *
 * @throws {SealroomError} IO_READ if there is no room; ROOM_STATE if there is a link in it; IO_LOCKED if another process holds the lock
 *   for half a minute; and what `action` throws.
 */
export async function withRoomLock<T>(directory: string, action: () => Promise<T>): Promise<T> {
  await requireNoLinks(directory);
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
  // What a link points to is not the room's to remove.
  await requireNoLinks(directory);
  try {
    await rm(join(directory, ROOM_FILES.unfinished), { recursive: true, force: true });
    for (const name of await readdir(snapshots)) {
      if (!usedSnapshots.includes(name)) await rm(join(snapshots, name), { recursive: true, force: true });
    }
  } catch (error) {
    failAtRoom(directory)(error);
  }
}
