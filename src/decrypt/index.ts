/** Decrypts tables and records. */
export { decryptTable, type DecryptOptions, type DecryptProgress, type DecryptSummary } from './run.ts';
