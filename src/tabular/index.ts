/** Tables as column batches: the one place that reads and writes CSV, Parquet and Arrow. */
export {
  findInput,
  formatOf,
  nameOf,
  type TableInput,
  type TableOutput,
  toTableInput,
  toTableOutput,
  unknownFormat,
} from './input-output.ts';
export {
  type CreateOptions,
  createTable,
  type CsvReading,
  openCsvStart,
  type OpenOptions,
  openTable,
  preloadArrow,
} from './open.ts';
export { csvHeaderBytes, csvNullMarks } from './csv/serialise.ts';
export { dataOfFiles } from './csv/data.ts';
export type { CsvStart, NoCsvStart } from './csv/start.ts';
export type { NullRule } from './csv/null-rules.ts';
export type { Protection, Provenance } from './provenance/place.ts';
export { type FoundProvenance, readProvenance } from './provenance/provenance.ts';
export { noteSlowness, type TableFormat, type TableReader, type TableWriter } from './table.ts';
export {
  checkTransfer,
  createOutput,
  failInParts,
  holdInput,
  type InputTraits,
  type TransferResult,
  type TransferOptions,
  stoppedBy,
  transferTable,
} from './transfer.ts';
export {
  type CsvLines,
  copyBatch,
  takeBuffer,
  RowEncoder,
  type RowsForWriter,
  buffersOfRows,
  writeEncodedRows,
} from './worker-rows.ts';
export { metadataOfTable, readCarriedTable } from './provenance/carried-manifest.ts';
