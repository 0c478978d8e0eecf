import { openSnapshot } from './log-file.ts';
import { type AuditReport, type TrustedLog, verifyLines } from './verify-records.ts';

/** What to check a log against. */
export interface VerifyOptions extends TrustedLog {
  readonly directory: string;
}

/**
 * Checks a whole log: each record, the links, the numbers, the ledger, and every checkpoint against the Merkle tree of the records.
 * It finds and names any record that was changed, removed, added or moved after one of the given checkpoints was signed.
 *
 * It does not find records that were cut off after the last given checkpoint if the log's own checkpoint was replaced by an older
 * one. Keep checkpoints, and give them as `seen`.
 *
 * @throws {SealroomError} IO_READ if the log cannot be read; IO_LOCKED if another process does not release its lock. Problems of the
 *   log itself are in the report.
 */
export async function verifyLog({ directory, ...trusted }: VerifyOptions): Promise<AuditReport> {
  await using snapshot = await openSnapshot(directory);
  return await verifyLines(snapshot.lines(), snapshot.checkpoint, trusted);
}
