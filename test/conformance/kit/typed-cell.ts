import { isFixedType, valueAtRow } from 'sealroom/crypto';
import type { ClientValue } from 'sealroom/crypto';
import type { ColumnData, ColumnType } from 'sealroom/tabular';
import { bytesOfHex, bytesOfText, hexOf, isPresent } from './bytes.ts';
import { VectorsError } from './case.ts';
import { isRecord } from '#src/errors/index';

// Cells of Parquet tables as texts, from three sides: what the product reads, what the .json beside a file says, and the raw
// bytes that C3R writes for a decrypted value.

const NANOSECONDS = { ms: 1_000_000n, us: 1000n, ns: 1n } as const;

/** The engine's integer types that the format has no name for. */
const OTHER_INTEGERS = ['TINYINT', 'UTINYINT', 'USMALLINT', 'UINTEGER', 'UBIGINT'];

/** What stands for a null. */
export const NULL_CELL = 'null';

function numberText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

/** A value of a type as a text: numbers by their value, timestamps as nanoseconds. */
function cellText(type: ColumnType, value: ClientValue): string {
  switch (type.kind) {
    case 'timestamp':
      return `time ${String(BigInt(value) * NANOSECONDS[type.unit])}`;
    case 'float':
      return `number ${numberText(Math.fround(Number(value)))}`;
    case 'double':
      return `number ${numberText(Number(value))}`;
    case 'smallint':
    case 'int':
    case 'bigint':
      return `integer ${String(value)}`;
    case 'string':
      return `=${String(value)}`;
    case 'boolean':
    case 'date':
    case 'decimal':
    case 'binary':
    case 'opaque':
    case 'unsupported':
      return `${type.kind} ${String(value)}`;
  }
}

function littleEndian(bytes: Uint8Array, isSigned: boolean): bigint {
  const value = BigInt(`0x${hexOf(bytes.toReversed())}`);
  return isSigned ? BigInt.asIntN(bytes.length * 8, value) : value;
}

/** A cell that the product read. */
export function cellOfData(type: ColumnType, column: ColumnData, row: number): string {
  if (!isPresent(column, row)) return NULL_CELL;
  if (column.layout === 'bytes') {
    const bytes = column.bytes.subarray(column.offsets[row], column.offsets[row + 1]);
    return type.kind === 'string' ? `=${Buffer.from(bytes).toString('utf8')}` : `${type.kind} ${hexOf(bytes)}`;
  }
  if (type.kind === 'opaque') {
    const bytes = column.values.subarray(row * column.width, (row + 1) * column.width);
    if (!OTHER_INTEGERS.includes(type.engineType)) return 'opaque';
    return `integer ${String(littleEndian(bytes, type.engineType === 'TINYINT'))}`;
  }
  if (type.kind === 'binary' || type.kind === 'unsupported' || !isFixedType(type)) {
    throw new VectorsError(`no fixed-width values of type ${type.kind}`);
  }
  return cellText(type, valueAtRow(type, column, row));
}

/** The bytes of a JSON value: a text, or hexadecimal where they are none. */
function bytesOfJson(value: unknown): Uint8Array {
  if (typeof value === 'string') return bytesOfText(value);
  if (isRecord(value) && typeof value['hex'] === 'string') return bytesOfHex(value['hex']);
  throw new VectorsError('a byte string expected a text or `hex`');
}

function numberOfJson(value: unknown): number {
  if (value === 'inf' || value === '-inf') return value === 'inf' ? Infinity : -Infinity;
  return value === 'nan' ? NaN : Number(value);
}

/** A number, a text or a boolean of a .json file, as text. */
function plainText(value: unknown): string {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new VectorsError('a value expected a number, a text or a boolean');
}

/** A cell of a .json file. */
export function cellOfJson(type: ColumnType, value: unknown): string {
  if (value === null || value === undefined) return NULL_CELL;
  switch (type.kind) {
    case 'float':
    case 'double':
      return cellText(type, numberOfJson(value));
    case 'bigint':
    case 'timestamp':
    case 'smallint':
    case 'int':
      return cellText(type, BigInt(plainText(value)));
    case 'boolean':
    case 'date':
    case 'decimal':
      return cellText(type, plainText(value));
    case 'string':
      return `=${Buffer.from(bytesOfJson(value)).toString('utf8')}`;
    case 'binary':
      return `binary ${hexOf(bytesOfJson(value))}`;
    case 'opaque':
    case 'unsupported':
      return typeof value !== 'object' && /^-?\d+$/.test(plainText(value)) ? `integer ${plainText(value)}` : 'opaque';
  }
}

function bigEndian(bytes: Uint8Array): bigint {
  return BigInt.asIntN(bytes.length * 8, BigInt(`0x${hexOf(bytes)}`));
}

/** A decrypted cell of a .json file, where C3R wrote the value's raw bytes, as one of its own type. */
export function cellOfRawJson(type: ColumnType, value: unknown): string {
  if (value === null || value === undefined || type.kind === 'string') return cellOfJson(type, value);
  const bytes = bytesOfJson(value);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  switch (type.kind) {
    case 'float':
      return cellText(type, view.getFloat32(0));
    case 'double':
      return cellText(type, view.getFloat64(0));
    case 'boolean':
      return cellText(type, bytes[0] === 1);
    case 'decimal': {
      const unscaled = bigEndian(bytes);
      const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(type.scale + 1, '0');
      const point = digits.length - type.scale;
      const fraction = type.scale > 0 ? `.${digits.slice(point)}` : '';
      return cellText(type, `${unscaled < 0n ? '-' : ''}${digits.slice(0, point)}${fraction}`);
    }
    case 'smallint':
    case 'int':
    case 'bigint':
    case 'date':
    case 'timestamp':
      return cellText(type, bigEndian(bytes));
    case 'binary':
    case 'opaque':
    case 'unsupported':
      return `${type.kind} ${hexOf(bytes)}`;
  }
}
