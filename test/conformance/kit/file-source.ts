import { parseTableSchema } from 'sealroom';
import type { TableSchema } from 'sealroom';
import type { ColumnType } from 'sealroom/tabular';
import { countSourceNulls, dataRecordsOf } from './csv-rules.ts';
import type { CsvInput } from './csv-rules.ts';
import type { FileCase } from './file-case.ts';
import { normaliseHeader } from './header-rules.ts';
import { readTextFile } from './json.ts';
import { readJsonTable } from './parquet-table.ts';
import type { JsonTable } from './parquet-table.ts';

/** The input of a case and its schema. */
export type FileSource = { readonly schema: TableSchema } & (
  { readonly format: 'csv'; readonly csv: CsvInput } | { readonly format: 'parquet'; readonly table: JsonTable }
);

/** A column of a schema. */
export type SchemaColumn = TableSchema['columns'][number];

/** Reads the input of a case, a Parquet file by the .json beside it. @throws {SealroomError} if its schema is refused. */
export async function readSource(files: FileCase): Promise<FileSource> {
  const schema = parseTableSchema(files.schemaText);
  if (files.format === 'parquet') return { format: 'parquet', schema, table: await readJsonTable(files.input) };
  const { inputNull, outputNull } = files.encrypt.options;
  const { preserveNulls } = files.settings;
  return {
    format: 'csv',
    schema,
    csv: { schema, csv: await readTextFile(files.input), inputNull, outputNull, preserveNulls },
  };
}

/** The place of a column's source in a Parquet table, or -1. */
export function sourceIndexIn(table: JsonTable, column: SchemaColumn): number {
  return table.headers.findIndex((header) => normaliseHeader(header) === column.sourceHeader);
}

/** The type of a column's source. */
export function sourceTypeOf(source: FileSource, column: SchemaColumn): ColumnType {
  const type = source.format === 'parquet' ? source.table.types[sourceIndexIn(source.table, column)] : undefined;
  return type ?? { kind: 'string' };
}

/** How many values of a column's source are null. */
export function countNulls(source: FileSource, column: SchemaColumn): number {
  if (source.format === 'csv') return countSourceNulls(source.csv, column);
  const index = sourceIndexIn(source.table, column);
  return source.table.rows.filter((row) => (row[index] ?? null) === null).length;
}

/** How many rows an input has. */
export function countRows(source: FileSource): number {
  return source.format === 'csv' ? dataRecordsOf(source.csv).length : source.table.rows.length;
}
