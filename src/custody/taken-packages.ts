import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SealroomError, systemReason } from '../errors/index.ts';
import { fileExists, writePrivateFile } from '../files/index.ts';
import { findFork, openCheckpoint, type Verifier } from '../tlog/index.ts';
import type { MemberHome } from './home.ts';
import { requireOwnHome } from './own-home.ts';

/** The name of a file of an opened package. */
const ATTEMPT = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** A result package that was opened: the attempt that it is the result of, and the checkpoint of the room's log in it. */
export interface TakenPackage {
  /** A UUID. */
  readonly attempt: string;
  readonly checkpoint: string;
}

/**
 * Refuses a package that was opened in this home before, since an old result could pass for a new one, and a package whose checkpoint
 * contradicts one that came with another package: the room's operator then signed two logs.
 *
 * @param isAgain whether the package may have been opened before
 * @throws {SealroomError} FORMAT_REPLAY; AUDIT_FORK, with both checkpoints as evidence; SECRET_INVALID if others can change the home, and so
 *   what was opened in it; IO_READ.
 */
export async function requireNewPackage(
  home: MemberHome,
  { attempt, checkpoint }: TakenPackage,
  verifiers: readonly Verifier[],
  isAgain: boolean,
): Promise<void> {
  await requireOwnHome(home);
  if (!isAgain && (await fileExists(fileOf(home, attempt)))) throw openedBefore(attempt);
  const isComparable = (note: string): boolean => headOf(note) === headOf(checkpoint);
  const earlier = (await readCheckpoints(home)).filter(isComparable);
  const fork = findFork([...earlier, checkpoint].map((note) => openCheckpoint(note, verifiers)));
  if (fork !== null) throw new SealroomError('AUDIT_FORK', fork.message, { evidence: fork.evidence });
}

/**
 * Records that a package was opened, before its table gets its name. Of two processes that open the same package, one succeeds.
 *
 * @throws {SealroomError} FORMAT_REPLAY as {@link requireNewPackage}; IO_WRITE.
 */
export async function recordTakenPackage(
  home: MemberHome,
  { attempt, checkpoint }: TakenPackage,
  isAgain: boolean,
): Promise<void> {
  try {
    await writePrivateFile(fileOf(home, attempt), checkpoint, { replaces: isAgain });
  } catch (error) {
    throw error instanceof SealroomError && error.code === 'IO_EXISTS' ? openedBefore(attempt) : error;
  }
}

/** The file of an attempt: the checkpoint, so that all files one after another are what `audit verify --seen` takes. */
function fileOf(home: MemberHome, attempt: string): string {
  return join(home.packages, attempt.toLowerCase());
}

/** Origin and size of a checkpoint. */
function headOf(note: string): string {
  return note.split('\n', 2).join('\n');
}

async function readCheckpoints({ packages }: MemberHome): Promise<readonly string[]> {
  if (!(await fileExists(packages))) return [];
  try {
    const names = (await readdir(packages)).filter((name) => ATTEMPT.test(name));
    return await Promise.all(names.map((name) => readFile(join(packages, name), 'utf8')));
  } catch (error) {
    throw new SealroomError('IO_READ', `cannot read the packages that were opened: ${systemReason(error)}`, {
      where: { file: packages },
      cause: error,
    });
  }
}

function openedBefore(attempt: string): SealroomError {
  return new SealroomError('FORMAT_REPLAY', `the package of attempt ${attempt} was opened in this home before`, {
    hint: 'if you expected a new result, this one is old; to open it once more, add `--again`',
  });
}
