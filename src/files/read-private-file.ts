import { constants, open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { quoteForShell, SealroomError, systemReason } from '../errors/index.ts';
import { isOpenToOthers } from './private-file.ts';
import { requireTrustedPath } from './trusted-path.ts';

/** What is read, for errors and as a bound. */
export interface PrivateFileKind {
  /** What the file is, such as `secret file`. */
  readonly what: string;
  /** What to do if it cannot be read. */
  readonly hint: string;
  /** The most bytes that it may have. Default: 1 MiB. */
  readonly maxBytes?: number | undefined;
}

/** Far more than any key, identity, PIN or keystore has. */
const MAX_BYTES = 1 << 20;

/**
 * Reads a file that holds a secret: every such file is read here. It is an ordinary file of this user or root, only its owner can read
 * it, and nobody else can change the way to it (`requireTrustedPath`). All of this is checked of the file that is open, and not of
 * whatever has its name later. The caller wipes the bytes.
 *
 * On Windows, where files have no user ids and no modes, only its kind and length are checked.
 *
 * @throws {SealroomError} SECRET_INVALID if it cannot be read, or is not such a file. The message contains nothing of the content.
 */
export async function readPrivateFile(path: string, kind: PrivateFileKind): Promise<Buffer> {
  const { what, hint, maxBytes = MAX_BYTES } = kind;
  const where = { file: path };
  const refuse = (reason: string, way: string): SealroomError =>
    new SealroomError('SECRET_INVALID', `the ${what} ${reason}`, { where, hint: way });
  try {
    const trusted = await requireTrustedPath(resolve(path));
    // A pipe or a device would be waited for.
    const file = await open(trusted, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const facts = await file.stat();
      const { mode, uid, size } = facts;
      const user = process.getuid?.();
      if (!facts.isFile()) throw refuse('is not an ordinary file', hint);
      if (user !== undefined && uid !== user && uid !== 0)
        throw refuse(`belongs to another user, ${String(uid)}`, 'find out who made it, and use a file of your own');
      if (isOpenToOthers(mode, 'any'))
        throw refuse('is open to other users', `run \`chmod 600 ${quoteForShell(path)}\``);
      if (size > maxBytes) throw refuse(`is too long: at most ${String(maxBytes)} bytes, got ${String(size)}`, hint);
      return await file.readFile();
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof SealroomError && error.code !== 'IO_READ') throw error;
    const cause = error instanceof SealroomError && error.cause !== undefined ? error.cause : error;
    throw new SealroomError('SECRET_INVALID', `cannot read the ${what}: ${systemReason(cause)}`, {
      where,
      hint,
      cause,
    });
  }
}
