import { join } from 'node:path';
import type { ClockJumps } from '../../audit/index.ts';
import { SealroomError } from '../../errors/index.ts';
import { destroyFile, fileExists } from '../../files/index.ts';
import { type LoadSummary, loadTable, type RoomReader } from '../../room/index.ts';
import { textWithin } from '../../wire/index.ts';
import { requireOwnTable } from '../ask.ts';
import { openForMembers } from '../gate.ts';
import { describeHead, type LoadHead } from './job-file.ts';
import { describeJobFailure, type EndedJob } from './query-job.ts';

/** A file that may be what kills the room is not loaded a third time. */
const MOST_BEGUN = 2;

/** What tables are loaded with. */
export interface LoadJobParts {
  /** Absolute path of the room. */
  readonly directory: string;
  readonly reader: RoomReader;
  readonly now: () => Date;
  readonly allowClockJump?: ClockJumps | undefined;
  /** Is awaited before anything is run or released, and does not return if another process may have the room by now. */
  readonly requireLock?: (() => Promise<void>) | undefined;
}

/**
 * Loads a file into a table of the caller.
 *
 * @throws {SealroomError} RULE_ROLE if the caller may not load tables by now; SERVER_NOT_FOUND if the table is another's; as `loadTable`.
 */
export async function runLoadJob(
  { directory, reader, now, allowClockJump, requireLock }: LoadJobParts,
  head: LoadHead,
  signal: AbortSignal,
): Promise<EndedJob> {
  const { caller, table, path, format, csvInputNull, sha256 } = head;
  const { manifest } = await openForMembers(reader);
  requireOwnTable(manifest, caller, table);
  const file = join(directory, path);
  if (!(await fileExists(file))) {
    throw new SealroomError('UPLOAD_INCOMPLETE', 'the file is no longer there', { hint: 'send it again' });
  }
  await requireLock?.();
  const summary = await loadTable({
    directory,
    table,
    input: { kind: 'file', path: file, format },
    csvInputNull: csvInputNull ?? undefined,
    sourceSha256: sha256,
    now,
    allowClockJump,
    signal,
  });
  return { job: doneJob(head, summary, file), result: null, cause: null };
}

function doneJob(head: LoadHead, summary: LoadSummary, file: string): EndedJob['job'] {
  const { snapshot } = summary.table;
  if (snapshot === null) throw new TypeError('a table that was loaded has no snapshot');
  const { rows, sourceSha256, sha256: snapshotSha256 } = snapshot;
  const { replacedSha256, leftOut, signedBy, notes, warnings } = summary;
  // The member knows the file under another name.
  const hide = (text: string): string => textWithin(text.replaceAll(file, 'the file'));
  return {
    ...describeHead(head),
    state: 'done',
    rows,
    sourceSha256,
    snapshotSha256,
    replacedSha256,
    leftOut: leftOut.map(textWithin),
    signedBy,
    notes: notes.map(hide),
    warnings: warnings.map(hide),
  };
}

/** The end of a load that failed; nothing was loaded. */
export function failedLoad(head: LoadHead, cause: unknown): EndedJob {
  const told = isUnprotected(cause)
    ? new SealroomError(cause.code, `${cause.message}; cleartext reached the room, whose copy was overwritten`, cause)
    : cause;
  const failure = describeJobFailure(told, head.id);
  return { job: { ...describeHead(head), state: 'failed', failure }, result: null, cause };
}

function isUnprotected(cause: unknown): cause is SealroomError {
  return cause instanceof SealroomError && cause.code === 'RULE_PROTECTION';
}

/** Why a load is given up that was begun this often when the room was killed; `null` if it is tried again. */
export function givenUp({ begun }: LoadHead): SealroomError | null {
  if (begun < MOST_BEGUN) return null;
  return new SealroomError('SERVER_INTERNAL', 'the room was killed twice while it loaded this file', {
    hint: 'ask its operator before you send the file again',
  });
}

/** Overwrites and removes the file of a load, if it is there: what is not protected may be in it. */
export async function destroyLoaded(directory: string, { path }: LoadHead): Promise<void> {
  const file = join(directory, path);
  if (await fileExists(file)) await destroyFile(file);
}
