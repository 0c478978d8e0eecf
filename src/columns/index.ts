/** Tables as batches of columns, and what may stand in a text column. No I/O. */
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
export { checkTexts } from './text-column.ts';
