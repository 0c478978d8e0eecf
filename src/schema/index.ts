/** Table schemas: headers, columns, pads, their JSON, and proposals for new ones. No I/O. */
export type { CleartextColumn, ColumnNames, ColumnSchema, FingerprintColumn, SealedColumn } from './column.ts';
export type { ColumnKind } from './column-kind.ts';
export { COLUMN_KINDS } from './column-kind.ts';
export type { Header } from './header.ts';
export { addSuffix, defaultTargetHeader, normaliseHeader, parseHeader, positionalHeader } from './header.ts';
export { MAX_HEADER_LENGTH, MAX_PAD_LENGTH_BYTES, MAX_TARGET_COLUMNS } from './limits.ts';
export type { Pad, PadKind } from './pad.ts';
export { PAD_KINDS, parsePad, parsePadLength } from './pad.ts';
export { joinProblems, listProblems } from './problems.ts';
export type { DescribeColumn, TableSchema, TableSchemaParts } from './table-schema.ts';
export {
  createTableSchema,
  describeTableSchema,
  parseTableSchema,
  printTableSchema,
  sourceHeadersOf,
} from './table-schema.ts';
export { isRecord } from './json.ts';
export { describeValue, didYouMean, findNearest, quoteName } from './words.ts';
export type { ColumnProfile, ColumnProfiler, ValueShape } from './column-profile.ts';
export { profileColumn, VALUE_SHAPES } from './column-profile.ts';
export type { ColumnAdvice, SchemaDraft } from './draft.ts';
export { printDraft, suggestSchema } from './draft.ts';
export type { SourceColumn, SourceContent, SourceField, SourceTable, UnusableColumn } from './source-column.ts';
export { readSourceTable } from './source-column.ts';
export type { SchemaTemplate, TemplateNote } from './template.ts';
export { templateSchema } from './template.ts';
