/** The audit log and the ledger of access budgets: records, their Merkle tree, signed checkpoints, proofs. I/O in its files only. */
export {
  AuditLog,
  type AuditLogOptions,
  type Receipt,
  type ReleaseOutcome,
  type ReleaseRequest,
  type StartOutcome,
  type StartRequest,
} from './audit-log.ts';
export {
  type AttemptEvent,
  type AuditEvent,
  type AuditRecord,
  type BudgetChange,
  durationBucket,
  MAX_FINDINGS,
  MAX_RECORD_BYTES,
  type JsonValue,
  parseRecord,
  printRecord,
  type RoomEvent,
  type StartEvent,
  type TableUse,
} from './audit-record.ts';
export { type BudgetLimit, budgetPeriod, type BudgetUnit, type Charge, type ChargeOutcome } from './budget.ts';
export type { AuditProblem } from './chain.ts';
export { createAuditLog } from './create-log.ts';
export {
  exportRecords,
  type LogSource,
  proveGrowth,
  proveRecord,
  proveRecordTo,
  readCheckpoint,
  readRecords,
  type RecordLine,
} from './export.ts';
export { type AttemptTrace, findAttempts } from './find-attempts.ts';
export type { KeyEvent } from './key-event.ts';
export { type ClockJumps, SteadyClock } from './steady-clock.ts';
export { type RecordedQuery, recordQuery } from './query-text.ts';
export { createSignerFile, readSignerFile } from './signer-file.ts';
export { verifyLog, type VerifyOptions } from './verify.ts';
export { checkedExport, type ExportReport, verifyExport } from './verify-export.ts';
export { type AuditReport, verifyRecords } from './verify-records.ts';
