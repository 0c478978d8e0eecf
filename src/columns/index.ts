/** Tables as batches of columns, and what may stand in a text column. No I/O. */
export {
  type Batch,
  buffersOf,
  bytesAt,
  type ColumnData,
  type ColumnType,
  copyColumn,
  type Field,
  type TimeUnit,
  widthOf,
} from './batch.ts';
export {
  BATCH_BYTES,
  MAX_ROW_BYTES,
  MAX_VALUE_BYTES,
  requireShortValues,
  rowTooLong,
  splitRows,
  valueTooLong,
} from './limits.ts';
export { textOfOpaque, uuidAt, uuidValues } from './opaque.ts';
export { type ColumnSource, type ColumnTable, type ReadRequest, sourceOf } from './source.ts';
export { checkTexts } from './text-column.ts';
export { tableOfTexts, textsOfTable } from './text-table.ts';
