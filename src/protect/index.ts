/** Protects tables and records, opens them, and takes them from one secret to the next. */
export type { DecryptOptions, DecryptProgress, DecryptSummary } from './decrypt/decrypt-options.ts';
export { decryptTable } from './decrypt/decrypt-table.ts';
export { type DecryptColumnsOptions, decryptColumns, type DecryptedColumns } from './decrypt/core/decrypt-columns.ts';
export { type OpenedValue, openRecord } from './decrypt/core/open-record.ts';
export { type ReportScope } from './encrypt/core/report.ts';
export { type EncryptColumnsOptions, encryptColumns, type EncryptedColumns } from './encrypt/core/encrypt-columns.ts';
export type { EncryptOptions, EncryptProgress, EncryptSummary } from './encrypt/encrypt-options.ts';
export { encryptTable } from './encrypt/encrypt-table.ts';
export { checkSettings } from './encrypt/core/plan.ts';
export { matchSources } from './encrypt/core/sources.ts';
export type { NormalisedColumn } from './encrypt/core/row-ingest.ts';
export {
  createRecordSealer,
  type ProtectedRecord,
  type RecordOptions,
  type RecordSealer,
  type RecordValue,
  sealRecord,
} from './encrypt/core/seal-record.ts';
export { type NormaliseOptions, type NormaliseSummary, normaliseTable } from './normalise/normalise-table.ts';
export type { RunSummary } from './run-summary.ts';
export {
  type OriginalOptions,
  type ReencryptOptions,
  reencryptOriginal,
  reencryptTable,
} from './reencrypt/reencrypt-table.ts';
