/**
 * The public API of sealroom.
 *
 * @module sealroom
 */
export type { CollaborationSettings } from './collab/index.ts';
export {
  createCleanRoomsClient,
  fetchCollaborationSettings,
  HIGH_ASSURANCE,
  LOW_ASSURANCE,
  parseSettings,
} from './collab/light.ts';
export { type Batch, type ColumnTable, type Field, tableOfTexts, textsOfTable } from './columns/index.ts';
export {
  createKernel,
  defaultKernel,
  deriveFingerprintKey,
  deriveSealingRoot,
  fingerprintValue,
  KERNEL_NAMES,
  type KernelName,
  openCell,
  parseSharedSecret,
  sealCell,
  type SharedSecret,
} from './crypto/index.ts';
export { readSecretFromEnvironment } from './custody/load-secret.ts';
export {
  type DecryptColumnsOptions,
  decryptColumns,
  type DecryptedColumns,
  decryptTable,
  type DecryptOptions,
  type DecryptProgress,
  type DecryptSummary,
  type NormaliseOptions,
  type NormaliseSummary,
  normaliseTable,
  type OpenedValue,
  openRecord,
  type OriginalOptions,
  type ReencryptOptions,
  reencryptOriginal,
  reencryptTable,
} from './protect/index.ts';
export {
  createRecordSealer,
  type EncryptColumnsOptions,
  encryptColumns,
  type EncryptedColumns,
  encryptTable,
  type EncryptOptions,
  type EncryptProgress,
  type EncryptSummary,
  type NormalisedColumn,
  type ProtectedRecord,
  type RecordOptions,
  type RecordSealer,
  type RecordValue,
  type RunSummary,
  sealRecord,
} from './protect/index.ts';
export { ERROR_CODES, type ErrorCode, type ErrorPlace, listProblems, SealroomError } from './errors/index.ts';
export {
  type CheckContext,
  checkQuery,
  describeObligation,
  type Finding,
  type Obligation,
  type ParsedQuery,
  QueryParser,
  renderFindings,
  type Statement,
  type Verdict,
} from './query/index.ts';
export { parseTableSchema, printTableSchema, type TableSchema } from './schema/index.ts';
export { readTextFile } from './files/index.ts';
export type { TableSignature, TableSigning } from './signed-tables/index.ts';
export type { TableFormat, TableInput, TableOutput } from './tabular/index.ts';
