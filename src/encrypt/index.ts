/** Encrypts tables and records. */
export { encryptTable, type EncryptOptions, type EncryptProgress, type EncryptSummary } from './run.ts';
