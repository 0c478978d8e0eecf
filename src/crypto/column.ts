import { type ByteColumn, encodeUtf8, type FixedColumn, isValid } from '../bytes/index.ts';
import { SealroomError } from '../errors/index.ts';
import type { ClientType } from './client-type.ts';
import { fitsDecimal, formatDecimal, parseDecimal } from './decimal.ts';
import { renderValue } from './render.ts';
import type { ClientValue } from './value.ts';

// Columns of numbers, dates and so on arrive little-endian, as engines store them. Here they are converted to the canonical
// bytes that are sealed or fingerprinted, to text, and back.

/** Bytes of a fixed-width value in memory. Text types have none. */
const WIDTHS = {
  boolean: 1,
  smallint: 2,
  int: 4,
  bigint: 8,
  float: 4,
  double: 8,
  date: 4,
  timestamp: 8,
  decimal: 16,
} as const;

/** The types with fixed-width columns. */
export type FixedType =
  | { readonly kind: 'boolean' | 'smallint' | 'int' | 'bigint' | 'float' | 'double' | 'date' }
  | Extract<ClientType, { readonly kind: 'timestamp' | 'decimal' }>;

/** Whether columns of a type are fixed-width; all others are byte strings. */
export function isFixedType(type: ClientType): type is FixedType {
  return Object.hasOwn(WIDTHS, type.kind);
}

/** Creates a column of `rows` values, to be filled by {@link storeValue}. */
export function fixedColumnOf(type: FixedType, rows: number, validity: Uint8Array | null): FixedColumn {
  const width = WIDTHS[type.kind];
  return { rows, width, values: new Uint8Array(rows * width), validity };
}

/**
 * A column's values as they are sealed, without type byte and metadata.
 *
 * @throws {SealroomError} DATA_VALUE with `where.row` (0-based) if a decimal does not fit its precision and scale.
 */
export function sealedBytesOf(type: FixedType, column: FixedColumn): ByteColumn {
  if (type.kind === 'decimal') return decimalTexts(type, column);
  return reverseBytes(column, column.width);
}

/** A column's values as they are fingerprinted, without type byte: integers of all widths as 8 bytes. */
export function fingerprintedBytesOf(type: FixedType, column: FixedColumn): ByteColumn {
  //= format F-26
  return reverseBytes(column, type.kind === 'smallint' || type.kind === 'int' ? 8 : column.width);
}

/** Big-endian copies of little-endian values, sign-extended to `width` bytes. */
function reverseBytes(column: FixedColumn, width: number): ByteColumn {
  const { rows, validity, values } = column;
  const offsets = Int32Array.from({ length: rows + 1 }, (_, row) => row * width);
  const bytes = new Uint8Array(rows * width);
  for (let row = 0; row < rows; row++) {
    const last = (row + 1) * column.width - 1;
    const sign = width > column.width && (values[last] ?? 0) > 0x7f ? 0xff : 0;
    for (let index = 0; index < width; index++) {
      bytes[(row + 1) * width - 1 - index] = index < column.width ? (values[row * column.width + index] ?? 0) : sign;
    }
  }
  return { rows, offsets, bytes, validity };
}

function decimalTexts(type: FixedType & { kind: 'decimal' }, column: FixedColumn): ByteColumn {
  return textColumn(column, (row) => {
    const decimal = { unscaled: readUnscaled(column, row), scale: type.scale };
    if (!fitsDecimal(decimal, type.precision, type.scale)) {
      throw new SealroomError(
        'DATA_VALUE',
        `decimal value must be within precision ${String(type.precision)} and scale ${String(type.scale)}`,
        { where: { row } },
      );
    }
    return formatDecimal(decimal);
  });
}

/** Formats a column as text for CSV output (format F-83 to F-86). */
export function renderColumn(type: FixedType, column: FixedColumn): ByteColumn {
  return textColumn(
    column,
    (row) => renderValue({ kind: type.kind, type, value: valueAtRow(type, column, row) }) ?? '',
  );
}

function textColumn(column: FixedColumn, textOf: (row: number) => string): ByteColumn {
  const offsets = new Int32Array(column.rows + 1);
  let texts = '';
  for (let row = 0; row < column.rows; row++) {
    // All texts of these types are ASCII, so a character is a byte.
    if (isValid(column.validity, row)) texts += textOf(row);
    offsets[row + 1] = texts.length;
  }
  return { rows: column.rows, offsets, bytes: encodeUtf8(texts), validity: column.validity };
}

/** One non-null value of a column. */
export function valueAtRow(type: FixedType, column: FixedColumn, row: number): ClientValue {
  const view = viewOf(column);
  const at = row * column.width;
  switch (type.kind) {
    case 'boolean':
      return view.getUint8(at) !== 0;
    case 'smallint':
      return view.getInt16(at, true);
    case 'int':
    case 'date':
      return view.getInt32(at, true);
    case 'bigint':
    case 'timestamp':
      return view.getBigInt64(at, true);
    case 'float':
      return view.getFloat32(at, true);
    case 'double':
      return view.getFloat64(at, true);
    case 'decimal':
      return formatDecimal({ unscaled: readUnscaled(column, row), scale: type.scale });
  }
}

/** Stores a value of the type in a row of a column. Decimals are rescaled to the type's scale. */
export function storeValue(type: FixedType, column: FixedColumn, row: number, value: ClientValue): void {
  const view = viewOf(column);
  const at = row * column.width;
  switch (type.kind) {
    case 'boolean':
      view.setUint8(at, value === true ? 1 : 0);
      return;
    case 'smallint':
      view.setInt16(at, Number(value), true);
      return;
    case 'int':
    case 'date':
      view.setInt32(at, Number(value), true);
      return;
    case 'bigint':
    case 'timestamp':
      view.setBigInt64(at, BigInt(value), true);
      return;
    case 'float':
      view.setFloat32(at, Number(value), true);
      return;
    case 'double':
      view.setFloat64(at, Number(value), true);
      return;
    case 'decimal': {
      const decimal = parseDecimal(String(value));
      if (decimal === null) throw new Error('a decimal column holds a value that is not a decimal number');
      const unscaled = decimal.unscaled * 10n ** BigInt(type.scale - decimal.scale);
      view.setBigUint64(at, BigInt.asUintN(64, unscaled), true);
      view.setBigInt64(at + 8, unscaled >> 64n, true);
      return;
    }
  }
}

function readUnscaled(column: FixedColumn, row: number): bigint {
  const view = viewOf(column);
  return (view.getBigInt64(row * 16 + 8, true) << 64n) | view.getBigUint64(row * 16, true);
}

function viewOf({ values }: FixedColumn): DataView {
  return new DataView(values.buffer, values.byteOffset, values.byteLength);
}
