import {
  ByteReader,
  concatBytes,
  decodeUtf8Lenient,
  encodeF32,
  encodeF64,
  encodeI16,
  encodeI32,
  encodeI64,
  encodeUtf8,
} from '../bytes/index.ts';
import { SealroomError } from '../errors/index.ts';
import { isUtf8 } from '../platform/index.ts';
import { encodeNull, encodePrefix, equivalenceClass, kindOfTypeByte } from './client-type.ts';
import { NULL_FLAG, typeByteOf, unitOfNumber } from './client-type.ts';
import type { ClientKind, ClientType, TimestampUnit } from './client-type.ts';
import type { OpenCellOptions } from './kernels/kernel.ts';
import { MAX_DECIMAL_DIGITS } from './limits.ts';
import { fitsDecimal, formatDecimal, parseDecimal } from './decimal.ts';

/**
 * A non-null value in JavaScript. `string`: text types, and decimals in plain notation. `bigint`: bigint, and timestamps in
 * ticks of their unit. `number`: int, smallint, float, double, and dates in days since 1970-01-01. `boolean`: boolean.
 */
export type ClientValue = string | bigint | number | boolean;

/** A value, or a null, and its type. */
export interface TypedValue {
  readonly type: ClientType;
  readonly value: ClientValue | null;
}

/** A decoded value, or a null, and its type. */
export interface DecodedValue {
  readonly kind: ClientKind;
  /** The type with its parameters, or `null` for a null whose metadata was left out. */
  readonly type: ClientType | null;
  readonly value: ClientValue | null;
}

const UNPAIRED_SURROGATE = /\p{Surrogate}/u;

function refuse(type: ClientType, expected: string): never {
  throw new SealroomError('DATA_VALUE', `${type.kind} value must be ${expected}`);
}

function requireInteger(type: ClientType, value: ClientValue, bits: number): number {
  const limit = 2 ** (bits - 1);
  if (typeof value !== 'number' || !Number.isInteger(value) || value < -limit || value >= limit) {
    refuse(type, `a ${bits}-bit integer`);
  }
  return value;
}

function requireBigint(type: ClientType, value: ClientValue): bigint {
  if (typeof value !== 'bigint' || BigInt.asIntN(64, value) !== value) refuse(type, 'a 64-bit bigint');
  return value;
}

function requireNumber(type: ClientType, value: ClientValue): number {
  if (typeof value !== 'number') refuse(type, 'a number');
  return value;
}

function requireText(type: ClientType, value: ClientValue): string {
  if (typeof value !== 'string') refuse(type, 'a string');
  //= format F-11
  if (UNPAIRED_SURROGATE.test(value)) {
    throw new SealroomError('DATA_ENCODING', `${type.kind} value is not Unicode text: it has an unpaired surrogate`);
  }
  return value;
}

/**
 * The canonical bytes of a value: what follows the prefix when it is sealed, without type byte and metadata.
 *
 * @throws {SealroomError} DATA_VALUE if the value does not belong to the type.
 * @throws {SealroomError} DATA_ENCODING if a text has an unpaired surrogate.
 */
export function canonicalBytes(type: ClientType, value: ClientValue): Uint8Array {
  switch (type.kind) {
    case 'string':
    case 'char':
      return encodeUtf8(requireText(type, value));
    case 'varchar': {
      const text = requireText(type, value);
      //= format F-13
      if (text.length > type.maxLength) refuse(type, `at most ${type.maxLength} UTF-16 units long`);
      return encodeUtf8(text);
    }
    //= format F-14
    case 'smallint':
      return encodeI16(requireInteger(type, value, 16));
    case 'int':
      return encodeI32(requireInteger(type, value, 32));
    case 'bigint':
      return encodeI64(requireBigint(type, value));
    //= format F-15
    case 'boolean':
      if (typeof value !== 'boolean') refuse(type, 'a boolean');
      return Uint8Array.of(value ? 1 : 0);
    //= format F-16
    case 'date':
      return encodeI32(requireInteger(type, value, 32));
    //= format F-17
    case 'float':
      return encodeF32(requireNumber(type, value));
    case 'double':
      return encodeF64(requireNumber(type, value));
    case 'decimal': {
      const decimal = typeof value === 'string' ? parseDecimal(value) : null;
      if (decimal === null) return refuse(type, `a decimal number of at most ${MAX_DECIMAL_DIGITS} digits as a string`);
      //= format F-19
      if (!fitsDecimal(decimal, type.precision, type.scale)) {
        refuse(type, `within precision ${type.precision} and scale ${type.scale}`);
      }
      //= format F-18
      return encodeUtf8(formatDecimal(decimal));
    }
    case 'timestamp':
      //= format F-21
      return encodeI64(requireBigint(type, value));
  }
}

/**
 * An encoded value, `type byte ‖ metadata ‖ value`, or an encoded null.
 *
 * @throws {SealroomError} DATA_VALUE if the value does not belong to the type.
 * @throws {SealroomError} DATA_ENCODING if a text has an unpaired surrogate.
 */
export function encodeValue({ type, value }: TypedValue): Uint8Array {
  if (value === null) return encodeNull(type);
  return concatBytes([encodePrefix(type), canonicalBytes(type, value)]);
}

/**
 * What is hashed for a fingerprint: the value's bytes in its equivalence class, without the type byte.
 *
 * @throws {SealroomError} DATA_TYPE if values of the type cannot be fingerprinted.
 * @throws {SealroomError} DATA_VALUE if the value does not belong to the type.
 * @throws {SealroomError} DATA_ENCODING if a text has an unpaired surrogate.
 */
export function fingerprintBytes(type: ClientType, value: ClientValue): Uint8Array {
  //= format F-26
  if (equivalenceClass(type) !== 'bigint') return canonicalBytes(type, value);
  if (type.kind === 'bigint') return canonicalBytes(type, value);
  return encodeI64(BigInt(requireInteger(type, value, type.kind === 'smallint' ? 16 : 32)));
}

/**
 * The whole message of a fingerprint, `value ‖ type byte of the class`. Kernels append the type byte themselves.
 *
 * @throws {SealroomError} DATA_TYPE, DATA_VALUE, DATA_ENCODING as {@link fingerprintBytes}.
 */
export function fingerprintMessage(type: ClientType, value: ClientValue): Uint8Array {
  return concatBytes([fingerprintBytes(type, value), Uint8Array.of(typeByteOf(equivalenceClass(type), false))]);
}

function invalid(message: string): never {
  throw new SealroomError('FORMAT_VALUE', `a sealed value ${message}`);
}

function readFlag(reader: ByteReader): boolean {
  //= format F-15
  const flag = reader.u8();
  if (flag > 1) invalid('holds a boolean that is neither 00 nor 01');
  return flag === 1;
}

function readUnit(reader: ByteReader): TimestampUnit {
  const unit = unitOfNumber(reader.i32());
  if (unit === null) invalid('has an unknown timestamp unit');
  return unit;
}

function readType(kind: ClientKind, reader: ByteReader): ClientType {
  switch (kind) {
    case 'varchar':
      return { kind, maxLength: reader.i32() };
    case 'decimal':
      return { kind, precision: reader.i32(), scale: reader.i32() };
    case 'timestamp': {
      const utc = readFlag(reader);
      return { kind, unit: readUnit(reader), utc };
    }
    case 'string':
    case 'char':
    case 'boolean':
    case 'smallint':
    case 'int':
    case 'bigint':
    case 'float':
    case 'double':
    case 'date':
      return { kind };
  }
}

function readText(reader: ByteReader, lenientCells: boolean): string {
  const bytes = reader.rest();
  //= format F-12
  if (!lenientCells && !isUtf8(bytes)) throw textError();
  return decodeUtf8Lenient(bytes);
}

/** The error for sealed text that is not UTF-8. */
export function textError(): SealroomError {
  return new SealroomError('FORMAT_VALUE', 'a sealed text is not UTF-8', {
    hint: 'it may have been made to open as two texts under two secrets; `--lenient-cells` opens it, with U+FFFD for each malformed part',
  });
}

function readDecimal(precision: number, scale: number, reader: ByteReader): string {
  if (precision > MAX_DECIMAL_DIGITS) {
    invalid(`has a decimal precision over the limit: at most ${MAX_DECIMAL_DIGITS} digits, got ${precision}`);
  }
  const decimal = parseDecimal(decodeUtf8Lenient(reader.rest()), Math.max(precision, 1));
  if (decimal === null) return invalid(`is not a decimal number of at most ${precision} digits`);
  //= format F-19
  if (!fitsDecimal(decimal, precision, scale)) invalid(`exceeds precision ${precision} or scale ${scale}`);
  return formatDecimal(decimal);
}

function readValue(type: ClientType, reader: ByteReader, lenientCells: boolean): ClientValue {
  switch (type.kind) {
    case 'string':
    case 'char':
      return readText(reader, lenientCells);
    case 'varchar': {
      const text = readText(reader, lenientCells);
      if (text.length > type.maxLength)
        invalid(`is too long: at most ${type.maxLength} UTF-16 units, got ${text.length}`);
      return text;
    }
    case 'smallint':
      return reader.i16();
    case 'int':
    case 'date':
      return reader.i32();
    case 'bigint':
    case 'timestamp':
      return reader.i64();
    case 'boolean':
      return readFlag(reader);
    case 'float':
      return reader.f32();
    case 'double':
      return reader.f64();
    case 'decimal':
      return readDecimal(type.precision, type.scale, reader);
  }
}

/**
 * Decodes the content of a sealed cell, without its padding. Decimals are returned in plain notation, whatever the cell's.
 *
 * @throws {SealroomError} FORMAT_VALUE if the type is unknown, or the value is too short, too long, or invalid for its type; if a text
 *   is not UTF-8 and not read leniently.
 */
export function decodeValue(encoded: Uint8Array, { lenientCells = false }: OpenCellOptions = {}): DecodedValue {
  const reader = new ByteReader(encoded, 'FORMAT_VALUE', 'a sealed value');
  //= format F-22
  const typeByte = reader.u8();
  const kind = kindOfTypeByte(typeByte);
  if (kind === null) return invalid('has an unknown type byte');
  const isNull = (typeByte & NULL_FLAG) !== 0;
  //= format F-23
  if (isNull && reader.remaining === 0) {
    const isWhole = kind !== 'varchar' && kind !== 'decimal' && kind !== 'timestamp';
    return { kind, type: isWhole ? { kind } : null, value: null };
  }
  const type = readType(kind, reader);
  const value = isNull ? null : readValue(type, reader, lenientCells);
  reader.end();
  return { kind, type, value };
}
