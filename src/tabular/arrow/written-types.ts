import {
  Binary,
  Bool,
  type DataType,
  DateDay,
  Decimal,
  FixedSizeBinary,
  Float32,
  Float64,
  Int16,
  Int32,
  Int64,
  Int8,
  TimeMicrosecond,
  TimeMillisecond,
  TimeNanosecond,
  TimeSecond,
  TimestampMicrosecond,
  TimestampMillisecond,
  TimestampNanosecond,
  Uint16,
  Uint32,
  Uint64,
  Uint8,
  Utf8,
} from 'apache-arrow';
import { type ColumnData, type ColumnType, type Field, uuidAt } from '../../columns/index.ts';
import { SealroomError } from '../../errors/index.ts';

const OPAQUE: Readonly<Record<string, () => DataType>> = {
  TINYINT: () => new Int8(),
  UTINYINT: () => new Uint8(),
  USMALLINT: () => new Uint16(),
  UINTEGER: () => new Uint32(),
  UBIGINT: () => new Uint64(),
  TIME_S: () => new TimeSecond(),
  TIME_MS: () => new TimeMillisecond(),
  TIME: () => new TimeMicrosecond(),
  'TIME WITH TIME ZONE': () => new TimeMicrosecond(),
  TIME_NS: () => new TimeNanosecond(),
  TIMESTAMP: () => new TimestampMicrosecond(null),
  UUID: () => new FixedSizeBinary(16),
  VARCHAR: () => new Utf8(),
  JSON: () => new Utf8(),
  BLOB: () => new Binary(),
};

/**
 * The Arrow type of a column.
 *
 * @throws {SealroomError} IO_FORMAT if Arrow output does not support it.
 */
export function arrowTypeOf({ name, type, typeName }: Field): DataType {
  switch (type.kind) {
    case 'string':
      return new Utf8();
    case 'binary':
      return type.byteWidth === undefined ? new Binary() : new FixedSizeBinary(type.byteWidth);
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
      throw new SealroomError(
        'IO_FORMAT',
        `a column of type ${typeName ?? type.engineType} cannot be written as Arrow`,
        {
          where: { column: name },
          hint: 'write Parquet or CSV, or leave the column out',
        },
      );
    }
  }
}

/** The metadata of a field that says more than its type: that bytes are a UUID. */
export function arrowMetadataOf({ type }: Field): Map<string, string> {
  const isUuid = type.kind === 'opaque' && type.engineType === 'UUID';
  return new Map(
    isUuid
      ? [
          ['ARROW:extension:name', 'arrow.uuid'],
          ['ARROW:extension:metadata', ''],
        ]
      : [],
  );
}

/** The values of a fixed-width column as Arrow has them, in a new buffer: the engine's own form of some types is another one. */
export function arrowValues(column: Extract<ColumnData, { layout: 'fixed' }>, type: ColumnType): Uint8Array {
  const values = column.values.slice(0, column.rows * column.width);
  if (type.kind !== 'opaque') return values;
  if (type.engineType === 'UUID') {
    for (let row = 0; row < column.rows; row++) values.set(uuidAt(column.values, row), row * column.width);
  }
  if (type.engineType === 'TIME WITH TIME ZONE') {
    // The offset to UTC is in the low bits; what is read of a file has none.
    const times = new BigInt64Array(values.buffer);
    times.forEach((time, row) => (times[row] = time >> OFFSET_BITS));
  }
  return values;
}

/** Bits of the offset to UTC, below the microseconds of the engine's time with a zone. */
const OFFSET_BITS = 24n;
