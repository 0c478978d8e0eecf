import { decodeUtf8Lenient, isValid } from '../../bytes/index.ts';
import { isFixedType, renderColumn } from '../../crypto/index.ts';
import { SealroomError } from '../../errors/index.ts';
import type { Batch, ColumnData, Field } from '../../columns/index.ts';
import {
  createTable,
  type CreateOptions,
  openTable,
  type TableFormat,
  type TableOutput,
  type TableReader,
} from '../../tabular/index.ts';

function openResult(table: Uint8Array): Promise<TableReader> {
  return openTable({ kind: 'memory', bytes: table, format: 'arrow' });
}

/** A column as text, in the form of CSV output (format F-83 to F-86). */
function asText({ type }: Field, column: ColumnData): ColumnData & { readonly layout: 'bytes' } {
  if (column.layout === 'bytes') return column;
  const isTyped = type.kind !== 'binary' && type.kind !== 'opaque' && type.kind !== 'unsupported';
  if (!isTyped || !isFixedType(type))
    throw new SealroomError('DATA_TYPE', 'the result has a column of a type that has no text form');
  return { layout: 'bytes', ...renderColumn(type, column) };
}

/** Reads all batches of a result, converted to text if `isText`. */
async function* batchesOf(reader: TableReader, isText: boolean): AsyncGenerator<Batch> {
  const { fields } = reader;
  for await (const batch of reader.batches({ columns: fields.map((_, index) => index) })) {
    const columns = batch.columns.map((column, index) => {
      const field = fields[index];
      return isText && field !== undefined ? asText(field, column) : column;
    });
    yield { rows: batch.rows, columns };
  }
}

/** Writes a result, an Arrow stream, as a table of any format. Returns its size in bytes. */
export async function writeResult(
  table: Uint8Array,
  output: TableOutput & { readonly format: TableFormat },
  options: CreateOptions,
): Promise<number> {
  const reader = await openResult(table);
  try {
    const isText = output.format === 'csv';
    const fields = reader.fields.map((field): Field =>
      isText ? { name: field.name, type: { kind: 'string' } } : field,
    );
    const writer = await createTable(output, fields, options);
    try {
      for await (const batch of batchesOf(reader, isText)) await writer.write(batch);
      return await writer.close();
    } catch (error) {
      await writer.abort();
      throw error;
    }
  } finally {
    await reader.close();
  }
}

/** Reads the first rows of a result as text; `null` for a null. */
export async function readRows(
  table: Uint8Array,
  maxRows: number,
): Promise<{ readonly fields: readonly Field[]; readonly rows: readonly (readonly (string | null)[])[] }> {
  const reader = await openResult(table);
  try {
    const { fields } = reader;
    const rows: (string | null)[][] = [];
    for await (const batch of batchesOf(reader, true)) {
      for (let row = 0; row < batch.rows && rows.length < maxRows; row += 1) {
        rows.push(batch.columns.map((column) => textAt(column, row)));
      }
      if (rows.length === maxRows) break;
    }
    return { fields, rows };
  } finally {
    await reader.close();
  }
}

function textAt(column: ColumnData, row: number): string | null {
  if (column.layout !== 'bytes' || !isValid(column.validity, row)) return null;
  return decodeUtf8Lenient(column.bytes.subarray(column.offsets[row], column.offsets[row + 1]));
}
