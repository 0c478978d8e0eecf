import { type ByteColumn, type FixedColumn, isValid, valueAt } from '../bytes/index.ts';
import type { ColumnData, ColumnType } from '../columns/index.ts';
import { quoteForMessage, SealroomError } from '../errors/index.ts';
import { encodeDecimal, encodeNumber, encodeTime } from './encodings.ts';
import { parseStored } from './parse-stored.ts';

// The bytes that stand for a value in its row's hash. They are the same whether the value is in a CSV file, a Parquet file or an
// Arrow table.

/**
 * The name of a column's type in a signature; `null` for types that cannot be signed, because the formats have them differently.
 *
 * A timestamp has no unit and no zone: writing a file may change both, and CSV has neither.
 */
export function signedTypeOf(type: ColumnType): string | null {
  switch (type.kind) {
    case 'string':
    case 'binary':
    case 'boolean':
    case 'smallint':
    case 'int':
    case 'bigint':
    case 'float':
    case 'double':
    case 'date':
    case 'timestamp':
      return type.kind;
    case 'decimal':
      return `decimal(${String(type.precision)},${String(type.scale)})`;
    case 'opaque':
    case 'unsupported':
      return null;
  }
}

/** Whether a column of a file can hold the values of a signed type: it has the type, or their text, as every column of CSV. */
export function canHold(type: ColumnType, signed: string): boolean {
  return type.kind === 'string' || signedTypeOf(type) === signed;
}

/**
 * The bytes of a column's values (format F-94): text and binary values as they are, others in the encoding of their type.
 *
 * @throws {SealroomError} FORMAT_SIGNATURE with the column, and the row in the batch from 0, for text that is no value of the type.
 */
//= format F-94
export function storedBytes(column: ColumnData, type: ColumnType, signed: string, name: string): ByteColumn {
  if (column.layout === 'fixed') return encodeFixed(column, type);
  if (signed === 'string' || signed === 'binary') return column;
  return encodeRows(column, (row) => {
    const text = valueAt(column, row);
    const bytes = text === null ? null : parseStored(text, signed);
    if (bytes !== null) return bytes;
    throw new SealroomError(
      'FORMAT_SIGNATURE',
      `the column ${quoteForMessage(name)} was signed with values of type ${signed}, and has another text`,
      { where: { row, column: name }, hint: 'get the table from its owner again' },
    );
  });
}

function encodeRows(column: Pick<ByteColumn, 'rows' | 'validity'>, encode: (row: number) => Uint8Array): ByteColumn {
  const { rows, validity } = column;
  const offsets = new Int32Array(rows + 1);
  const values: Uint8Array[] = [];
  let length = 0;
  for (let row = 0; row < rows; row++) {
    if (isValid(validity, row)) {
      const value = encode(row);
      values.push(value);
      length += value.length;
    }
    offsets[row + 1] = length;
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const value of values) {
    bytes.set(value, at);
    at += value.length;
  }
  return { rows, offsets, bytes, validity };
}

function encodeFixed(column: FixedColumn, type: ColumnType): ByteColumn {
  const view = new DataView(column.values.buffer, column.values.byteOffset, column.values.byteLength);
  switch (type.kind) {
    case 'timestamp':
      return encodeRows(column, (row) => encodeTime(view.getBigInt64(row * 8, true), type.unit));
    case 'decimal':
      return encodeRows(column, (row) =>
        encodeDecimal((view.getBigInt64(row * 16 + 8, true) << 64n) | view.getBigUint64(row * 16, true), type.scale),
      );
    case 'float':
      return encodeRows(column, (row) => encodeNumber(view.getFloat32(row * 4, true), 'float'));
    case 'double':
      return encodeRows(column, (row) => encodeNumber(view.getFloat64(row * 8, true), 'double'));
    case 'boolean':
    case 'smallint':
    case 'int':
    case 'bigint':
    case 'date':
      return reverseBytes(column);
    case 'string':
    case 'binary':
    case 'opaque':
    case 'unsupported':
      throw new Error(`a column of type ${type.kind} that is not signed`);
  }
}

/** Integers, dates and booleans, which files hold with the lowest byte first. */
function reverseBytes({ rows, width, values, validity }: FixedColumn): ByteColumn {
  const bytes = new Uint8Array(rows * width);
  for (let at = 0; at < bytes.length; at += width) {
    for (let index = 0; index < width; index++) bytes[at + index] = values[at + width - 1 - index] ?? 0;
  }
  return { rows, offsets: Int32Array.from({ length: rows + 1 }, (_, row) => row * width), bytes, validity };
}
