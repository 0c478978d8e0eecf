import {
  Binary,
  Bool,
  DataType,
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
import { SealroomError } from '../../errors/index.ts';
import type { ColumnType, Field } from '../../columns/index.ts';

// `DataType.isX` guards work across copies of the library; instances do not.

/** The column type of an Arrow type; that of a dictionary of texts is the type of its values. */
export function columnTypeOf(type: DataType): ColumnType {
  if (DataType.isDictionary(type)) {
    const values = columnTypeOf(type.dictionary as DataType);
    return values.kind === 'string' || values.kind === 'binary' ? values : unsupported('Dictionary of non-text values');
  }
  if (DataType.isUtf8(type) || DataType.isLargeUtf8(type)) return { kind: 'string' };
  if (DataType.isBinary(type) || DataType.isLargeBinary(type)) return { kind: 'binary' };
  if (DataType.isBool(type)) return { kind: 'boolean' };
  if (DataType.isInt(type)) return type.isSigned ? signedType(type.bitWidth) : unsignedType(type.bitWidth);
  if (DataType.isFloat(type)) return floatType(type.precision);
  if (DataType.isDate(type)) return type.unit === DateUnit.DAY ? { kind: 'date' } : unsupported('Date in milliseconds');
  if (DataType.isTimestamp(type)) return timestampType(type.unit, type.timezone ?? '');
  if (DataType.isDecimal(type)) {
    const { precision, scale, bitWidth } = type;
    if (bitWidth !== 128) return unsupported(`Decimal of ${String(bitWidth)} bits`);
    // No other format has these types.
    if (scale < 0 || scale > precision) return unsupported('Decimal with a scale outside its precision');
    return { kind: 'decimal', precision, scale };
  }
  return unsupported(Type[type.typeId]);
}

function unsupported(engineType: string): ColumnType {
  return { kind: 'unsupported', engineType };
}

function signedType(bitWidth: number): ColumnType {
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

function unsignedType(bitWidth: number): ColumnType {
  const names: Readonly<Record<number, string>> = { 8: 'UTINYINT', 16: 'USMALLINT', 32: 'UINTEGER', 64: 'UBIGINT' };
  return { kind: 'opaque', engineType: names[bitWidth] ?? '', width: bitWidth / 8 };
}

function floatType(precision: Precision): ColumnType {
  if (precision === Precision.SINGLE) return { kind: 'float' };
  return precision === Precision.DOUBLE ? { kind: 'double' } : unsupported('Float16');
}

function timestampType(unit: TimeUnit, timezone: string): ColumnType {
  const utc = timezone !== '';
  switch (unit) {
    case TimeUnit.MILLISECOND:
      return { kind: 'timestamp', unit: 'ms', utc };
    case TimeUnit.MICROSECOND:
      return { kind: 'timestamp', unit: 'us', utc };
    case TimeUnit.NANOSECOND:
      return { kind: 'timestamp', unit: 'ns', utc };
    case TimeUnit.SECOND:
      return unsupported('Timestamp in seconds');
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
      const make = Object.hasOwn(OPAQUE, type.engineType) ? OPAQUE[type.engineType] : undefined;
      if (make !== undefined) return make();
      throw new SealroomError('IO_FORMAT', `a column of type ${type.engineType} cannot be written as Arrow`, {
        where: { column: name },
        hint: 'write Parquet or CSV, or leave the column out',
      });
    }
  }
}
