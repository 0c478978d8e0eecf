import { openSnapshot } from './log-file.ts';
import { type AuditReport, type TrustedLog, verifyLines } from './verify-records.ts';

/** What a log is checked against. */
export interface VerifyOptions extends TrustedLog {
  readonly directory: string;
}

/**
 * Checks a whole log: each record, the links, the numbers, the ledger, and every checkpoint against the Merkle tree of the
 * records. Finds any record that was changed, removed, added or moved after a given checkpoint was signed, and says which.
 *
 * What was cut off after the last given checkpoint is not found if an older checkpoint of the log was put in place: keep
 * checkpoints, and give them as `seen`.
 *
 * @throws {SealroomError} IO_READ if the log cannot be read, IO_LOCKED if it is not let go of. What is wrong with the log
 *   itself is in the report.
 */
export async function verifyLog({ directory, ...trusted }: VerifyOptions): Promise<AuditReport> {
  await using snapshot = await openSnapshot(directory);
  return await verifyLines(snapshot.lines(), snapshot.checkpoint, trusted);
}
