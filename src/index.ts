/** The public API of sealroom. */
export {
  type CollaborationSettings,
  createCleanRoomsClient,
  fetchCollaborationSettings,
  HIGH_ASSURANCE,
  LOW_ASSURANCE,
  parseSettings,
} from './collab/index.ts';
export { type KernelName, parseSharedSecret, type SharedSecret } from './crypto/index.ts';
export { decryptTable, type DecryptOptions, type DecryptProgress, type DecryptSummary } from './decrypt/index.ts';
export { encryptTable, type EncryptOptions, type EncryptProgress, type EncryptSummary } from './encrypt/index.ts';
export { type ErrorCode, type ErrorPlace, SealroomError } from './errors.ts';
export { parseTableSchema, printTableSchema, type TableSchema } from './schema/index.ts';
export type { TableFormat } from './tabular/index.ts';
