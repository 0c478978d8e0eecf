import {
  Binary,
  Bool,
  type DataType,
  DateDay,
  DateUnit,
  Decimal,
  Float32,
  Float64,
  Int16,
  Int32,
  Int64,
  Int8,
  Precision,
  TimestampMicrosecond,
  TimestampMillisecond,
  TimestampNanosecond,
  TimeUnit,
  Type,
  Uint16,
  Uint32,
  Uint64,
  Uint8,
  Utf8,
} from 'apache-arrow';
import { SealroomError } from '../errors.ts';
import type { ColumnType, Field } from './batch.ts';

// `DataType.isX` guards work across copies of the library; instances do not.

/** The column type of an Arrow type; dictionaries count as their values. */
export function columnTypeOf(type: DataType): ColumnType {
  switch (type.typeId) {
    case Type.Dictionary:
      return columnTypeOf((type as DataType & { dictionary: DataType }).dictionary);
    case Type.Utf8:
    case Type.LargeUtf8:
      return { kind: 'string' };
    case Type.Binary:
    case Type.LargeBinary:
      return { kind: 'binary' };
    case Type.Bool:
      return { kind: 'boolean' };
    case Type.Int:
      return integerType(type as DataType & { bitWidth: number; isSigned: boolean });
    case Type.Float:
      return floatType(type as DataType & { precision: Precision });
    case Type.Date:
      return (type as DataType & { unit: DateUnit }).unit === DateUnit.DAY
        ? { kind: 'date' }
        : { kind: 'unsupported', engineType: String(type) };
    case Type.Timestamp:
      return timestampType(type as DataType & { unit: TimeUnit; timezone?: string | null });
    case Type.Decimal: {
      const { precision, scale, bitWidth } = type as DataType & { precision: number; scale: number; bitWidth: number };
      return bitWidth === 128 ? { kind: 'decimal', precision, scale } : { kind: 'unsupported', engineType: String(type) };
    }
    default:
      return { kind: 'unsupported', engineType: String(type) };
  }
}

function integerType({ bitWidth, isSigned }: { bitWidth: number; isSigned: boolean }): ColumnType {
  if (!isSigned) {
    const names: Readonly<Record<number, string>> = { 8: 'UTINYINT', 16: 'USMALLINT', 32: 'UINTEGER', 64: 'UBIGINT' };
    return { kind: 'opaque', engineType: names[bitWidth] ?? '', width: bitWidth / 8 };
  }
  switch (bitWidth) {
    case 8:
      return { kind: 'opaque', engineType: 'TINYINT', width: 1 };
    case 16:
      return { kind: 'smallint' };
    case 32:
      return { kind: 'int' };
    default:
      return { kind: 'bigint' };
  }
}

function floatType({ precision }: { precision: Precision }): ColumnType {
  if (precision === Precision.SINGLE) return { kind: 'float' };
  return precision === Precision.DOUBLE ? { kind: 'double' } : { kind: 'unsupported', engineType: 'Float16' };
}

function timestampType({ unit, timezone }: { unit: TimeUnit; timezone?: string | null }): ColumnType {
  const utc = timezone !== null && timezone !== undefined && timezone !== '';
  switch (unit) {
    case TimeUnit.MILLISECOND:
      return { kind: 'timestamp', unit: 'ms', utc };
    case TimeUnit.MICROSECOND:
      return { kind: 'timestamp', unit: 'us', utc };
    case TimeUnit.NANOSECOND:
      return { kind: 'timestamp', unit: 'ns', utc };
    case TimeUnit.SECOND:
      return { kind: 'unsupported', engineType: 'Timestamp in seconds' };
  }
}

const OPAQUE: Readonly<Record<string, () => DataType>> = {
  TINYINT: () => new Int8(),
  UTINYINT: () => new Uint8(),
  USMALLINT: () => new Uint16(),
  UINTEGER: () => new Uint32(),
  UBIGINT: () => new Uint64(),
};

/**
 * The Arrow type of a column.
 *
 * @throws {SealroomError} IO_FORMAT if Arrow output does not support it.
 */
export function arrowTypeOf({ name, type }: Field): DataType {
  switch (type.kind) {
    case 'string':
      return new Utf8();
    case 'binary':
      return new Binary();
    case 'boolean':
      return new Bool();
    case 'smallint':
      return new Int16();
    case 'int':
      return new Int32();
    case 'bigint':
      return new Int64();
    case 'float':
      return new Float32();
    case 'double':
      return new Float64();
    case 'date':
      return new DateDay();
    case 'decimal':
      return new Decimal(type.scale, type.precision, 128);
    case 'timestamp': {
      const zone = type.utc ? 'UTC' : null;
      if (type.unit === 'ms') return new TimestampMillisecond(zone);
      return type.unit === 'us' ? new TimestampMicrosecond(zone) : new TimestampNanosecond(zone);
    }
    case 'opaque':
    case 'unsupported': {
      const make = OPAQUE[type.engineType];
      if (make !== undefined) return make();
      throw new SealroomError('IO_FORMAT', `a column of type ${type.engineType} cannot be written as Arrow`, {
        where: { column: name },
        hint: 'write Parquet or CSV, or leave the column out',
      });
    }
  }
}
