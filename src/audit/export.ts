import { decodeUtf8, encodeUtf8, equalConstantTime } from '../bytes/index.ts';
import { isRecord, parseJson, SealroomError } from '../errors/index.ts';
import type { AuditProblem } from './chain.ts';
import { openCheckpoint } from '../tlog/index.ts';
import type { Verifier } from '../tlog/index.ts';
import { type LogSnapshot, openSnapshot } from './log-file.ts';
import { hashLeaf, HashTree, proveConsistency, proveInclusion } from '../tlog/index.ts';
import { checkInclusionProof, printConsistencyProof, printInclusionProof } from '../tlog/index.ts';
import { type AuditRecord, parseRecord, parseSignedRecord } from './audit-record.ts';

/** A log, and whose checkpoints of it count. */
export interface LogSource {
  readonly directory: string;
  readonly verifiers: readonly Verifier[];
}

/** A record, and the line that it is. */
export interface RecordLine {
  readonly record: AuditRecord;
  /** The line without line break. */
  readonly line: string;
}

/**
 * The signed checkpoint of a log, which the records agree with: what somebody keeps to hold the log to it.
 *
 * @throws {SealroomError} AUDIT_CHAIN if the records are others; AUDIT_NOTE; IO_READ.
 */
export async function readCheckpoint({ directory, verifiers }: LogSource): Promise<string> {
  await using snapshot = await openSnapshot(directory);
  await readTree(snapshot, directory, verifiers);
  return snapshot.checkpoint;
}

/**
 * The proof that a record is in the log, against its checkpoint: text of c2sp.org/tlog-proof.
 *
 * @throws {SealroomError} AUDIT_PROOF if there is no such record; as {@link readCheckpoint}.
 */
export async function proveRecord({ directory, verifiers }: LogSource, index: number): Promise<string> {
  await using snapshot = await openSnapshot(directory);
  const tree = await readTree(snapshot, directory, verifiers);
  return printInclusionProof(index, proveInclusion(tree, index), snapshot.checkpoint);
}

/**
 * The proof that the log grew out of its first `size` records, against its checkpoint.
 *
 * @throws {SealroomError} AUDIT_PROOF if there are fewer records; as {@link readCheckpoint}.
 */
export async function proveGrowth({ directory, verifiers }: LogSource, size: number): Promise<string> {
  await using snapshot = await openSnapshot(directory);
  const tree = await readTree(snapshot, directory, verifiers);
  return printConsistencyProof(size, proveConsistency(tree, size), snapshot.checkpoint);
}

/**
 * The records of a log in their order, as they are: not checked against its checkpoint.
 *
 * @throws {SealroomError} AUDIT_RECORD at a line that is no record, with the line; IO_READ.
 */
export async function* readRecords(directory: string): AsyncGenerator<RecordLine> {
  await using snapshot = await openSnapshot(directory);
  let line = 0;
  for await (const { bytes, isComplete } of snapshot.lines()) {
    line++;
    // A torn line is none: nothing was allowed or released because of it.
    if (!isComplete) return;
    try {
      yield { record: parseRecord(bytes), line: decodeUtf8(bytes) };
    } catch (error) {
      throw error instanceof SealroomError ? error.at({ file: directory, line }) : error;
    }
  }
}

/**
 * What a member may see of a log, a line of JSON for each record: `{"proof", "record"}`, the record as the text that it is
 * in the log, and the proof that it is there. A member sees the records of its own attempts, of those whose results it
 * gets, and of those that name a table of its; all attempts of which it is not known what tables they name; when its tables
 * were loaded and removed; and the manifests that were in force.
 *
 * It is not shown that no record was left out: the records of others are not for the member to see.
 *
 * @throws {SealroomError} as {@link readCheckpoint}.
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

/** What was found in an export. */
export interface ExportReport {
  readonly records: number;
  /** Records of the log that the export was made from. */
  readonly size: number;
  readonly problems: readonly AuditProblem[];
}

/**
 * Checks an export: that each of its records is in the log that a known key signed.
 *
 * @throws {SealroomError} AUDIT_RECORD if the text is no export. What is wrong with its records is in the report.
 */
export function verifyExport(text: string, verifiers: readonly Verifier[]): ExportReport {
  const problems: AuditProblem[] = [];
  const lines = text.split('\n');
  if (lines.pop() !== '') throw notExport(lines.length + 1);
  let size = 0;
  for (const [place, line] of lines.entries()) {
    const { proof, record } = parseExportLine(line, place + 1);
    try {
      const bytes = encodeUtf8(record);
      const { index, checkpoint } = checkInclusionProof(proof, bytes, verifiers);
      size = Math.max(size, checkpoint.size);
      if (parseRecord(bytes).index !== index) throw new SealroomError('AUDIT_PROOF', 'the proof is for another place');
    } catch (error) {
      if (!(error instanceof SealroomError)) throw error;
      problems.push({ record: null, message: `line ${String(place + 1)}: ${error.message}` });
    }
  }
  return { records: lines.length, size, problems };
}

function parseExportLine(line: string, place: number): { readonly proof: string; readonly record: string } {
  const value = parseJson(line);
  const { proof, record } = isRecord(value) ? value : {};
  if (typeof proof !== 'string' || typeof record !== 'string') throw notExport(place);
  return { proof, record };
}

function notExport(line: number): SealroomError {
  return new SealroomError('AUDIT_RECORD', 'expected lines with a proof and a record, got others', {
    where: { line },
    hint: 'this checks what `sealroom audit export` writes',
  });
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
    case 'repair':
      return true;
    case 'key':
      return event.member === null || event.member === member || event.peer === member;
  }
}

/** The tree over the records that the log's checkpoint is of. */
async function readTree(snapshot: LogSnapshot, directory: string, verifiers: readonly Verifier[]): Promise<HashTree> {
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
