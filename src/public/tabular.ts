/**
 * Tables as column batches: the one place that reads and writes CSV, Parquet and Arrow.
 *
 * @module sealroom/tabular
 */
export {
  type Batch,
  type ColumnData,
  type ColumnType,
  type Field,
  type ReadRequest,
  type TimeUnit,
} from '../columns/index.ts';
export { readTextFile, sidecarPath, signaturePath } from '../files/index.ts';
export {
  checkedTable,
  readTableSignature,
  type SignedColumn,
  type TableSignature,
  type TableSigning,
  type TableStatement,
} from '../signed-tables/index.ts';
export {
  createTable,
  type CreateOptions,
  formatOf,
  type OpenOptions,
  openTable,
  type TableFormat,
  type TableInput,
  type TableOutput,
  type TableReader,
  type TableWriter,
  type FoundProvenance,
  readProvenance,
  type Protection,
  type Provenance,
} from '../tabular/index.ts';
