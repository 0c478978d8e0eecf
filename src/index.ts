/** The public API of sealroom. */
export {
  type CollaborationSettings,
  createCleanRoomsClient,
  fetchCollaborationSettings,
  HIGH_ASSURANCE,
  LOW_ASSURANCE,
  parseSettings,
} from './collab/index.ts';
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
export { readSecretFromEnvironment } from './custody/index.ts';
export {
  decryptTable,
  type DecryptOptions,
  type DecryptProgress,
  type DecryptSummary,
  type OpenedValue,
  openRecord,
  type OriginalOptions,
  type ReencryptOptions,
  reencryptOriginal,
  reencryptTable,
} from './protect/index.ts';
export {
  createRecordSealer,
  encryptTable,
  type EncryptOptions,
  type EncryptProgress,
  type EncryptSummary,
  type ProtectedRecord,
  type RecordOptions,
  type RecordSealer,
  type RecordValue,
  sealRecord,
} from './protect/index.ts';
export { type ErrorCode, type ErrorPlace, SealroomError } from './errors/index.ts';
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
export { STANDARD_STREAM, type TableFormat } from './tabular/index.ts';
