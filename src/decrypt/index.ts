/** Decrypts tables and records. */
export { type OpenedValue, openRecord } from './record.ts';
export { type ColumnCells, inspectCells, openSealedColumns } from './opened-reader.ts';
export { decryptTable, type DecryptOptions, type DecryptProgress, type DecryptSummary } from './run.ts';
