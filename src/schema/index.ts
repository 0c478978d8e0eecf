/** Table schemas: headers, columns, pads, and their JSON. No I/O. */
export { COLUMN_KINDS, type ColumnKind } from './column-kind.ts';
export type { CleartextColumn, ColumnNames, ColumnSchema, FingerprintColumn, SealedColumn } from './column.ts';
export {
  addSuffix,
  defaultTargetHeader,
  type Header,
  legalHeader,
  normaliseHeader,
  parseHeader,
  parseSourceHeader,
  positionalHeader,
  type SourceHeader,
  suffixedHeader,
  unusedHeader,
} from './header.ts';
export { MAX_HEADER_LENGTH, MAX_PAD_LENGTH_BYTES, MAX_TARGET_COLUMNS } from './limits.ts';
export { type Pad, PAD_KINDS, type PadKind, parsePad, parsePadLength } from './pad.ts';
export { type NormalisedSource, type PlainSchema, toPlainSchema } from './plain-schema.ts';
export {
  readSourceTable,
  type SourceColumn,
  type SourceContent,
  type SourceField,
  type SourceTable,
  type UnusableColumn,
} from './source-column.ts';
export {
  createTableSchema,
  type DescribeColumn,
  describeTableSchema,
  parseTableSchema,
  printTableSchema,
  sourceHeadersOf,
  type TableSchema,
  type TableSchemaParts,
} from './table-schema.ts';
export { type SchemaTemplate, type TemplateNote, templateSchema } from './template.ts';
