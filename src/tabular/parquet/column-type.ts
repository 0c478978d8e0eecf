import type { ColumnType, Field } from '../../columns/index.ts';
import { opaqueType } from '../../engine/native.ts';
import { isUtc, type ParquetElement, parquetTypeName, timeUnitOf } from './type-name.ts';

/** Options for reading a Parquet file. */
export interface ParquetReadOptions {
  /** Whether binary columns without an annotation are text. */
  readonly binaryAsString: boolean;
  /** Whether columns that can only be passed through are read as text, for text output. */
  readonly opaqueAsText: boolean;
}

/** The field of a column, from the file's own schema and what the engine makes of it. */
//= format F-87
export function fieldOf(element: ParquetElement, engineType: string, options: ParquetReadOptions): Field {
  const { name } = element;
  const isNested = element.isGroup || engineType.endsWith(']');
  const type = isNested ? opaqueType(engineType) : typeOf(element, engineType, options);
  const typeName = parquetTypeName(element);
  // What the engine makes of a column that it cannot carry says nothing about the file.
  if (type.kind === 'unsupported') return { name, type: { kind: 'unsupported', engineType: typeName } };
  if (type.kind === 'binary') return { name, type, typeName };
  if (type.kind !== 'opaque') return { name, type };
  return { name, type: options.opaqueAsText ? { ...type, width: null } : type, typeName };
}

function typeOf(element: ParquetElement, engineType: string, options: ParquetReadOptions): ColumnType {
  const { physical, converted, logical, typeLength } = element;
  const isPlain = logical === '' && converted === '';
  const decimal = /^DECIMAL\((\d+),(\d+)\)$/.exec(engineType);
  if (decimal !== null) return { kind: 'decimal', precision: Number(decimal[1]), scale: Number(decimal[2]) };
  switch (physical) {
    case 'BYTE_ARRAY':
      if (logical.startsWith('StringType') || converted === 'UTF8') return { kind: 'string' };
      if (isGeometry(engineType)) return { kind: 'binary' };
      if (!isPlain) return opaqueType(engineType);
      //= format F-88
      return { kind: options.binaryAsString ? 'string' : 'binary' };
    case 'FIXED_LEN_BYTE_ARRAY':
      return isPlain && engineType === 'BLOB' ? { kind: 'binary', byteWidth: typeLength } : opaqueType(engineType);
    case 'BOOLEAN':
      return { kind: 'boolean' };
    case 'FLOAT':
      return engineType === 'FLOAT' ? { kind: 'float' } : opaqueType(engineType);
    case 'DOUBLE':
      return engineType === 'DOUBLE' ? { kind: 'double' } : opaqueType(engineType);
    case 'INT32':
    case 'INT64':
      return integerType(element, engineType);
    default:
      return opaqueType(engineType);
  }
}

/** Whether the engine parses the bytes of a column as a shape, with or without its coordinate system. */
export function isGeometry(engineType: string): boolean {
  return engineType.startsWith('GEOMETRY');
}

function integerType(element: ParquetElement, engineType: string): ColumnType {
  const timestamp = timestampType(element, engineType);
  if (timestamp !== null) return timestamp;
  switch (engineType) {
    case 'SMALLINT':
      return { kind: 'smallint' };
    case 'INTEGER':
      return { kind: 'int' };
    case 'BIGINT':
      return { kind: 'bigint' };
    case 'DATE':
      return { kind: 'date' };
    case 'TIME':
      // The engine reads them in microseconds.
      return opaqueType(element.physical === 'INT32' ? 'TIME_MS' : engineType);
    case 'TIME WITH TIME ZONE':
      return hasLostDigits(element) ? lostDigits(engineType) : opaqueType(engineType);
    default:
      return opaqueType(engineType);
  }
}

function timestampType(element: ParquetElement, engineType: string): ColumnType | null {
  const { converted, logical } = element;
  if (logical.startsWith('TimestampType')) {
    const [unit, utc] = [timeUnitOf(logical), isUtc(logical)];
    return hasLostDigits(element) ? lostDigits(engineType) : { kind: 'timestamp', unit, utc };
  }
  if (converted === 'TIMESTAMP_MILLIS') return { kind: 'timestamp', unit: 'ms', utc: true };
  if (converted === 'TIMESTAMP_MICROS') return { kind: 'timestamp', unit: 'us', utc: true };
  return null;
}

/** Whether the engine reads a time or a timestamp in microseconds that the file has in nanoseconds, and drops digits. */
function hasLostDigits({ logical }: ParquetElement): boolean {
  return isUtc(logical) && timeUnitOf(logical) === 'ns';
}

function lostDigits(engineType: string): ColumnType {
  return { kind: 'unsupported', engineType };
}
