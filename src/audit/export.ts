import { decodeUtf8, equalConstantTime } from '../bytes/index.ts';
import { SealroomError } from '../errors/index.ts';
import { openCheckpoint } from '../tlog/index.ts';
import type { Verifier } from '../tlog/index.ts';
import { type LogSnapshot, openSnapshot } from './log-file.ts';
import { hashLeaf, HashTree, proveConsistency, proveInclusion } from '../tlog/index.ts';
import { printConsistencyProof, printInclusionProof } from '../tlog/index.ts';
import { type AuditRecord, parseRecord, parseSignedRecord } from './audit-record.ts';

/** A log, and the verifiers whose checkpoints are accepted. */
export interface LogSource {
  readonly directory: string;
  readonly verifiers: readonly Verifier[];
}

/** A record and its line. */
export interface RecordLine {
  readonly record: AuditRecord;
  /** The line without line break. */
  readonly line: string;
}

/**
 * The signed checkpoint of a log, after checking that the records match it. Keep it to check the log against it later.
 *
 * @throws {SealroomError} AUDIT_CHAIN if the records do not match; AUDIT_NOTE if the checkpoint is not validly signed; IO_READ.
 */
export async function readCheckpoint({ directory, verifiers }: LogSource): Promise<string> {
  await using snapshot = await openSnapshot(directory);
  await readTree(snapshot, directory, verifiers);
  return snapshot.checkpoint;
}

/**
 * The proof that a record is in the log, against its checkpoint: text of c2sp.org/tlog-proof.
 *
 * @throws {SealroomError} AUDIT_PROOF if there is no such record, and the codes of {@link readCheckpoint}.
 */
export async function proveRecord({ directory, verifiers }: LogSource, index: number): Promise<string> {
  await using snapshot = await openSnapshot(directory);
  const tree = await readTree(snapshot, directory, verifiers);
  return printInclusionProof(index, proveInclusion(tree, index), snapshot.checkpoint);
}

/**
 * As {@link proveRecord}, for a member.
 *
 * @returns `null` for a record that the member may not see, as {@link exportRecords} decides, and for one that is not there
 * @throws {SealroomError} the codes of {@link readCheckpoint}.
 */
export async function proveRecordTo(
  { directory, verifiers }: LogSource,
  member: string,
  index: number,
): Promise<string | null> {
  await using snapshot = await openSnapshot(directory);
  const tree = await readTree(snapshot, directory, verifiers);
  if (index >= tree.size) return null;
  let at = 0;
  for await (const { bytes } of snapshot.lines()) {
    if (at === index) {
      if (!concerns(parseSignedRecord(bytes), member)) return null;
      return printInclusionProof(index, proveInclusion(tree, index), snapshot.checkpoint);
    }
    at++;
  }
  return null;
}

/**
 * The proof that the log grew out of its first `size` records, against its checkpoint.
 *
 * @throws {SealroomError} AUDIT_PROOF if there are fewer records, and the codes of {@link readCheckpoint}.
 */
export async function proveGrowth({ directory, verifiers }: LogSource, size: number): Promise<string> {
  await using snapshot = await openSnapshot(directory);
  const tree = await readTree(snapshot, directory, verifiers);
  return printConsistencyProof(size, proveConsistency(tree, size), snapshot.checkpoint);
}

/**
 * The records of a log in order, without checking them against its checkpoint.
 *
 * @throws {SealroomError} AUDIT_RECORD, with the line number, for a line that is not a record; IO_READ.
 */
export async function* readRecords(directory: string): AsyncGenerator<RecordLine> {
  await using snapshot = await openSnapshot(directory);
  let line = 0;
  for await (const { bytes, isComplete } of snapshot.lines()) {
    line++;
    // An incomplete line is not a record: nothing was allowed or released because of it.
    if (!isComplete) return;
    try {
      yield { record: parseRecord(bytes), line: decodeUtf8(bytes) };
    } catch (error) {
      throw error instanceof SealroomError ? error.at({ file: directory, line }) : error;
    }
  }
}

/**
 * What a member may see of a log, as a line of JSON for each record: `{"proof", "record"}`, with the record's text as in the log and
 * the proof that it is in the log. A member sees the records of its own attempts, of attempts whose results it receives, and of
 * attempts that name one of its tables; all attempts whose tables are not known; when its tables were loaded and removed; and which
 * manifests were in force.
 *
 * It does not prove that no record was left out, since the member may not see the records of others.
 *
 * @throws {SealroomError} the codes of {@link readCheckpoint}.
 */
export async function* exportRecords({ directory, verifiers }: LogSource, member: string): AsyncGenerator<string> {
  //= audit A-28
  await using snapshot = await openSnapshot(directory);
  const tree = await readTree(snapshot, directory, verifiers);
  let index = 0;
  for await (const { bytes } of snapshot.lines()) {
    if (index === tree.size) return;
    if (concerns(parseSignedRecord(bytes), member)) {
      const proof = printInclusionProof(index, proveInclusion(tree, index), snapshot.checkpoint);
      yield JSON.stringify({ proof, record: decodeUtf8(bytes) });
    }
    index++;
  }
}

function concerns({ event }: AuditRecord, member: string): boolean {
  switch (event.kind) {
    case 'start':
      return event.member === member || event.tables.some(({ owner }) => owner === member);
    case 'attempt':
      return (
        event.member === member ||
        event.receivers.includes(member) ||
        event.tables === null ||
        event.tables.some(({ owner }) => owner === member)
      );
    case 'load':
    case 'remove':
      return event.owner === member;
    case 'manifest':
    case 'clock':
    case 'repair':
      return true;
    case 'key':
      return event.member === null || event.member === member || event.peer === member;
  }
}

/**
 * The tree over the records that the log's checkpoint covers.
 *
 * @throws {SealroomError} AUDIT_CHAIN if the records do not match it; AUDIT_NOTE if it is not validly signed.
 */
export async function readTree(
  snapshot: LogSnapshot,
  directory: string,
  verifiers: readonly Verifier[],
): Promise<HashTree> {
  const { size, root } = openCheckpoint(snapshot.checkpoint, verifiers);
  const leaves: Uint8Array[] = [];
  for await (const { bytes, isComplete } of snapshot.lines()) {
    if (leaves.length === size || !isComplete) break;
    leaves.push(hashLeaf(bytes));
  }
  const tree = new HashTree(leaves);
  if (tree.size !== size || !equalConstantTime(tree.root(), root)) {
    throw new SealroomError('AUDIT_CHAIN', `the records are not the ${String(size)} that were signed`, {
      where: { file: directory },
      hint: 'run `sealroom audit verify` to see where',
    });
  }
  return tree;
}
