import type { Stats } from 'node:fs';
import { lstat, readlink, realpath } from 'node:fs/promises';
import { parse, sep } from 'node:path';
import { type ErrorCode, quoteForShell, SealroomError } from '../errors/index.ts';
import { readFailure } from './byte-source.ts';
import { isOpenToOthers } from './private-file.ts';

/** Most links on the way to a file, as in Linux. */
const MAX_LINKS = 40;

const STICKY = 0o1000;

/**
 * Resolves a path that nobody but this user and root can lead elsewhere, or change what it leads to. Each of its directories and
 * links, and the file or directory at its end, belongs to one of them, and no one else can write to it; in a directory with the sticky
 * bit, such as /tmp, others may write, because they cannot replace what is not theirs. Use the result instead of the path: a link on
 * the way may have been in a directory that changes later.
 *
 * @param path absolute
 * @param code of the refusal
 * @returns the path without links. On Windows, where files have no user ids, nothing is checked
 * @throws {SealroomError} `code` if others can change something on the way, which the error names with its owner and mode; IO_READ if
 *   something is missing or cannot be looked at.
 */
export async function requireTrustedPath(path: string, code: ErrorCode = 'SECRET_INVALID'): Promise<string> {
  const user = process.getuid?.();
  try {
    if (user === undefined) return await realpath(path);
    return await walk(path, (component, found) => {
      const problem = problemOf(found, user);
      if (problem !== null) throw refusal(component, found, problem, code);
    });
  } catch (error) {
    throw error instanceof SealroomError ? error : readFailure(error, path);
  }
}

/** Looks at the parts of a path from its root on, as the system does when it resolves it; returns the path without links. */
async function walk(path: string, look: (component: string, found: Stats) => void): Promise<string> {
  const { root } = parse(path);
  let resolved = root;
  look(resolved, await lstat(resolved));
  const parts = partsOf(path);
  for (let links = 0, part = parts.shift(); part !== undefined; part = parts.shift()) {
    if (part === '..') {
      resolved = parse(resolved).dir;
      continue;
    }
    const component = `${resolved === root ? root : `${resolved}${sep}`}${part}`;
    const found = await lstat(component);
    look(component, found);
    if (!found.isSymbolicLink()) {
      resolved = component;
      continue;
    }
    if (++links > MAX_LINKS)
      throw new SealroomError('IO_READ', 'the path has too many links', { where: { file: path } });
    const target = await readlink(component);
    parts.unshift(...partsOf(target));
    if (target.startsWith(root)) resolved = root;
  }
  return resolved;
}

function partsOf(path: string): string[] {
  return path.split(sep).filter((part) => part !== '' && part !== '.');
}

/** What lets others change a file, a directory or a link; `null` if nothing does. */
function problemOf(found: Stats, user: number): 'owner' | 'mode' | null {
  if (found.uid !== 0 && found.uid !== user) return 'owner';
  // Links have no mode.
  if (found.isSymbolicLink() || !isOpenToOthers(found.mode, 'write')) return null;
  return found.isDirectory() && (found.mode & STICKY) !== 0 ? null : 'mode';
}

function refusal(file: string, found: Stats, problem: 'owner' | 'mode', code: ErrorCode): SealroomError {
  const kind = found.isDirectory() ? 'directory' : found.isSymbolicLink() ? 'link' : 'file';
  const mode = (found.mode & 0o7777).toString(8);
  const message = `other users can change this ${kind}: its owner is user ${String(found.uid)}, its mode ${mode}`;
  const fix =
    problem === 'mode' ? `run \`chmod go-w ${quoteForShell(file)}\`` : `run \`chown\` on it if it should be yours`;
  return new SealroomError(code, message, {
    where: { file },
    hint: `check who made it and what is in it, then ${fix}, or use a place that only you and root can change`,
  });
}
