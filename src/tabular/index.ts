/** Tables as column batches: the one place that reads and writes CSV, Parquet and Arrow. */
export { type Batch, type ColumnData, type ColumnType, type Field, type TimeUnit, widthOf } from './batch.ts';
export { createTempFolder, failAtTemporary, openUnnamedFile } from './byte-source.ts';
export { CsvSerialiser } from './csv/index.ts';
export { quoteName as quoteIdentifier, quoteText } from './engine.ts';
export { EngineTask } from './engine-task.ts';
export { createTable, type CreateOptions, formatOf, type OpenOptions, openTable, STANDARD_STREAM } from './open.ts';
export type { ReadRequest, TableFormat, TableReader, TableWriter } from './table.ts';
export { checkTarget } from './target.ts';
export { checkTexts } from './text-column.ts';
export { readTextFile, writeTextFile, writeWholeFile } from './text-file.ts';
export { createOutput, transferTable, type TransferOptions } from './transfer.ts';
export { readVector } from './vectors.ts';
