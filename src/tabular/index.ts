/** Tables as column batches: the only code that reads and writes CSV, Parquet and Arrow. */
export {
  type Batch,
  buffersOf,
  type ColumnData,
  type ColumnType,
  copyColumn,
  type Field,
  type TimeUnit,
  widthOf,
} from './batch.ts';
export { quoteName as quoteIdentifier, quoteText } from './engine.ts';
export { hashFile } from './hash-file.ts';
export { CsvSerialiser } from './csv/index.ts';
export { EngineTask } from './engine-task.ts';
export { createTable, type CreateOptions, formatOf, type OpenOptions, openTable, STANDARD_STREAM } from './open.ts';
export type { ReadRequest, TableFormat, TableReader, TableWriter } from './table.ts';
export { type FoundProvenance, readProvenance } from './provenance.ts';
export { type Protection, type Provenance, sidecarPath } from './provenance-place.ts';
export { checkTarget } from './target.ts';
export { createTempFolder, type SpillBlock, SpillFile } from './temporary.ts';
export { checkTexts } from './text-column.ts';
export { readTextFile, writeTextFile, writeWholeFile } from './text-file.ts';
export { type LinesFormat, packBatch, Packer, type Parcel, parcelBuffers, writeParcel } from './parcel.ts';
export { createOutput, transferTable, type TransferFacts, type TransferOptions } from './transfer.ts';
export { readVector } from './vectors.ts';
