import { decodeUtf8 } from '../bytes/index.ts';
import { printInclusionProof, proveInclusion } from '../tlog/index.ts';
import type { Receipt } from './audit-log.ts';
import { type AttemptEvent, parseSignedRecord, type StartEvent } from './audit-record.ts';
import { type LogSource, readTree } from './export.ts';
import { openSnapshot } from './log-file.ts';

/** What a log has of an attempt. */
export interface AttemptTrace {
  /** The record that it is about to run, and that record's time; `null` if it never ran. */
  readonly start: { readonly event: StartEvent; readonly time: string } | null;
  /** The record of its end, with a proof against the log's present checkpoint; `null` if there is none. */
  readonly end: { readonly event: AttemptEvent; readonly receipt: Receipt } | null;
}

/** The id of an attempt in the text of a record. Within a text of the record, the quotes would be escaped. */
const ATTEMPT = /"attempt":"([0-9a-f-]{36})"/g;

/**
 * Finds what a log has of some attempts, by id; an attempt that it does not have is not in the answer.
 *
 * @param attempts ids, as the log has them
 * @throws {SealroomError} AUDIT_CHAIN if the records are not those that were signed; AUDIT_NOTE if the checkpoint is not validly signed;
 *   IO_READ.
 */
export async function findAttempts(
  { directory, verifiers }: LogSource,
  attempts: readonly string[],
): Promise<ReadonlyMap<string, AttemptTrace>> {
  const wanted = new Set(attempts);
  const found = new Map<string, AttemptTrace>();
  await using snapshot = await openSnapshot(directory);
  const { checkpoint } = snapshot;
  const tree = await readTree(snapshot, directory, verifiers);
  let index = 0;
  for await (const { bytes } of snapshot.lines()) {
    if (index === tree.size) break;
    const line = decodeUtf8(bytes);
    // Most records are of others, and parsing takes most of the time.
    if ([...line.matchAll(ATTEMPT)].some(([, id = '']) => wanted.has(id))) {
      const { event, time } = parseSignedRecord(bytes);
      if (event.kind === 'start' && wanted.has(event.attempt)) {
        found.set(event.attempt, { start: { event, time }, end: null });
      }
      if (event.kind === 'attempt' && wanted.has(event.attempt)) {
        const proof = printInclusionProof(index, proveInclusion(tree, index), checkpoint);
        const start = found.get(event.attempt)?.start ?? null;
        found.set(event.attempt, { start, end: { event, receipt: { index, checkpoint, record: line, proof } } });
      }
    }
    index++;
  }
  return found;
}
