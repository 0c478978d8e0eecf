import type { Stats } from 'node:fs';
import { lstat, readlink, realpath, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { SealroomError } from '../errors/index.ts';
import { writeFailure } from './atomic-write.ts';
import { requireLocalPath } from './local-path.ts';

/** Most links on the way to a file, as in Linux. */
const MAX_LINKS = 40;

/** Others can create files in such a directory, but not replace each other's. */
const SHARED = 0o1002;

/** Where an output goes. */
export interface OutputPlace {
  /** Absolute path of the file itself: where a link leads, also if nothing is there yet. */
  readonly path: string;
  /** The file that is there. */
  readonly existing: Stats | null;
  /** Whether the name that was given is taken: by a file, or by a link, also one that leads nowhere. */
  readonly isTaken: boolean;
}

/**
 * Finds the file that is written for an output. Links are followed and stay; a directory, a device, a pipe, and what the system has
 * instead of them, such as `/dev/stdout`, is never replaced by a file.
 *
 * @throws {SealroomError} IO_ADDRESS for an address; IO_WRITE if it is not a regular file, or a link that cannot be followed.
 */
//= format F-135
export async function findOutput(target: string): Promise<OutputPlace> {
  requireLocalPath(target);
  const where = { file: target };
  let path = resolve(target);
  for (let links = 0; ; links++) {
    const existing = await lstat(path).catch(() => null);
    if (await isOfSystem(path)) throw notRegular(target);
    if (existing?.isSymbolicLink() !== true) {
      if (existing?.isDirectory() === true) throw new SealroomError('IO_WRITE', 'the output is a directory', { where });
      if (existing !== null && !existing.isFile()) throw notRegular(target);
      return { path, existing, isTaken: existing !== null || links > 0 };
    }
    if (links === MAX_LINKS) throw new SealroomError('IO_WRITE', 'the path has too many links', { where });
    await requireOwnLink(path, existing, target);
    path = resolve(await realDirectory(path, target), await readlink(path));
  }
}

/** Whether a file is one of the system's: a link to what a process has open, which leads to any file or to none. */
async function isOfSystem(path: string): Promise<boolean> {
  const directory = await realpath(dirname(path)).catch(() => dirname(path));
  return `${directory}/`.startsWith('/proc/');
}

async function realDirectory(path: string, target: string): Promise<string> {
  return realpath(dirname(path)).catch((error: unknown) => {
    throw writeFailure(error, target);
  });
}

/** As the system does (`protected_symlinks`): in a directory such as /tmp, anybody can put a link where an output is expected. */
async function requireOwnLink(path: string, link: Stats, target: string): Promise<void> {
  const user = process.geteuid?.();
  const directory = await stat(dirname(path));
  if (user === undefined || (directory.mode & SHARED) !== SHARED) return;
  if (link.uid === user || link.uid === directory.uid) return;
  throw new SealroomError('IO_WRITE', `the output is a link that belongs to another user, ${String(link.uid)}`, {
    where: { file: target },
    hint: 'give the path of the file itself, or a directory of your own',
  });
}

function notRegular(target: string): SealroomError {
  return new SealroomError('IO_WRITE', 'the output is a device or a pipe, not a regular file', {
    where: { file: target },
    hint: 'use `-` to write to standard output',
  });
}

/**
 * The path of a file that describes another one and is beside it: beside the name that is given, or, if nothing is there and the name
 * is a link, beside the file itself.
 *
 * @param nameOf the name of the describing file, from that of the described one
 */
export async function companionOf(file: string, nameOf: (file: string) => string): Promise<string> {
  const beside = nameOf(file);
  if ((await lstat(beside).catch(() => null)) !== null) return beside;
  const real = await realpath(file).catch(() => file);
  const besideReal = nameOf(real);
  return (await lstat(besideReal).catch(() => null)) === null ? beside : besideReal;
}
