/** Encrypts tables and records. */
export {
  createRecordSealer,
  type ProtectedRecord,
  type RecordOptions,
  type RecordSealer,
  type RecordValue,
  sealRecord,
} from './record.ts';
export { encryptRows, encryptTable, type EncryptOptions, type EncryptProgress, type EncryptSummary } from './run.ts';
