import { decodeUtf8Lenient, isValid } from '../../src/bytes/index.ts';
import { isFixedType, renderColumn } from '../../src/crypto/index.ts';
import { SealroomError } from '../../src/errors/index.ts';
import { type Batch, type ColumnData, type Field } from '../../src/columns/index.ts';
import {
  createTable,
  type CreateOptions,
  formatOf,
  openTable,
  type TableFormat,
  type TableOutput,
  type TableReader,
} from '../../src/tabular/index.ts';
import { STANDARD_STREAM } from '../terminal.ts';

/** Rows that a terminal shows. */
const MAX_SHOWN_ROWS = 100;

/** Characters of a value that a terminal shows. */
const MAX_SHOWN_CHARACTERS = 48;

function openResult(table: Uint8Array): Promise<TableReader> {
  return openTable({ kind: 'memory', bytes: table, format: 'arrow' });
}

/** A column as text, in the form of CSV output (format F-83 to F-86). */
function asText({ type }: Field, column: ColumnData): ColumnData & { readonly layout: 'bytes' } {
  if (column.layout === 'bytes') return column;
  const isTyped = type.kind !== 'binary' && type.kind !== 'opaque' && type.kind !== 'unsupported';
  if (!isTyped || !isFixedType(type))
    throw new SealroomError('DATA_TYPE', 'expected a result of types that text has, got another');
  return { layout: 'bytes', ...renderColumn(type, column) };
}

/** All batches of a result, with text in the place of other types if that is asked for. */
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

/** The format of an output: as given, or what its name says, or CSV on standard output. */
export function outputFormatOf(output: string, given: TableFormat | undefined): TableFormat {
  const format = given ?? (output === STANDARD_STREAM ? 'csv' : formatOf(output));
  if (format !== null) return format;
  throw new SealroomError('IO_FORMAT', 'expected a name ending in .csv, .parquet or .arrow', {
    where: { file: output },
    hint: 'say the format with `--output-format csv|parquet|arrow`; a package for its receivers is made with `--package`',
  });
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

/** The first rows of a result, or all of them, as text; null where there is no value. */
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

/** A value as one that a terminal shows on one line, and does not obey. */
function printable(text: string): string {
  const plain = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, '\uFFFD');
  return plain.length <= MAX_SHOWN_CHARACTERS ? plain : `${plain.slice(0, MAX_SHOWN_CHARACTERS - 1)}…`;
}

/** The lines of a result on a terminal: headers, a rule, rows with numbers to the right, and how many are left out. */
export async function drawResult(table: Uint8Array, totalRows: number): Promise<readonly string[]> {
  const { fields, rows } = await readRows(table, MAX_SHOWN_ROWS);
  const headers = fields.map(({ name }) => printable(name));
  const cells = rows.map((row) => row.map((value) => (value === null ? 'NULL' : printable(value))));
  const widths = headers.map((header, index) =>
    Math.max(header.length, ...cells.map((row) => row[index]?.length ?? 0)),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((value, index) => {
        const width = widths[index] ?? 0;
        const isLeft = ['string', 'boolean', 'date', 'timestamp'].includes(fields[index]?.type.kind ?? '');
        return isLeft ? value.padEnd(width) : value.padStart(width);
      })
      .join('  ')
      .trimEnd();
  const more = totalRows - rows.length;
  return [
    line(headers),
    widths.map((width) => '-'.repeat(width)).join('  '),
    ...cells.map(line),
    ...(more > 0 ? [`… ${String(more)} rows more; write them to a file with \`--output\``] : []),
  ];
}
