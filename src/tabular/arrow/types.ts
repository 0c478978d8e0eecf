import { Date as DateTable } from 'apache-arrow/fb/date';
import { DateUnit } from 'apache-arrow/fb/date-unit';
import { Decimal } from 'apache-arrow/fb/decimal';
import { Duration } from 'apache-arrow/fb/duration';
import type { Field as FieldTable } from 'apache-arrow/fb/field';
import { FixedSizeBinary } from 'apache-arrow/fb/fixed-size-binary';
import { FloatingPoint } from 'apache-arrow/fb/floating-point';
import { Int } from 'apache-arrow/fb/int';
import { Interval } from 'apache-arrow/fb/interval';
import { IntervalUnit } from 'apache-arrow/fb/interval-unit';
import { Time } from 'apache-arrow/fb/time';
import { TimeUnit } from 'apache-arrow/fb/time-unit';
import { Timestamp } from 'apache-arrow/fb/timestamp';
import { Type } from 'apache-arrow/fb/type';
import { Union } from 'apache-arrow/fb/union';
import { UnionMode } from 'apache-arrow/fb/union-mode';
import { SealroomError } from '../../errors/index.ts';
import type { ColumnType } from '../../columns/index.ts';

/** How the values of a type are stored: the buffers of a column, without those of its children. */
export type Storage =
  /** A bitmap of nulls, and values of `width` bytes. */
  | { readonly layout: 'fixed'; readonly width: number }
  /** A bitmap of nulls, and one bit for each value. */
  | { readonly layout: 'bits' }
  /** A bitmap of nulls, offsets of 4 or 8 bytes, and bytes. */
  | { readonly layout: 'offsets'; readonly offsetBytes: 4 | 8 }
  /** A bitmap of nulls, views of 16 bytes, and any number of buffers with bytes. */
  | { readonly layout: 'views' }
  /** No buffers; every value is null. */
  | { readonly layout: 'nothing'; readonly width: number }
  /** Nothing but two children: where each run ends, and its value. */
  | { readonly layout: 'runs' }
  /** Any other, which is only stepped over. */
  | { readonly layout: 'other'; readonly buffers: number; readonly hasOldBitmap?: boolean };

/** How stored integers become those of a column: `value × multiply ÷ divide` in `width` bytes. */
export interface IntegerConversion {
  readonly width: number;
  /** What is wrong with a value for which this is not exact. */
  readonly problem: string;
  readonly multiply?: bigint;
  readonly divide?: bigint;
}

/** A type of an Arrow schema. */
export interface ArrowType {
  /** What Arrow calls it: `Utf8View`, `Time32(ms)`, `List`. */
  readonly name: string;
  readonly column: ColumnType;
  readonly storage: Storage;
  /** For storage of fixed width, unless the values are kept as they are. */
  readonly convert: IntegerConversion | 'uuid' | null;
}

const TO_128_BITS: IntegerConversion = { width: 16, problem: 'a decimal has more digits than its type' };
const TO_MILLISECONDS: IntegerConversion = {
  width: 8,
  multiply: 1000n,
  problem: 'a timestamp in seconds is out of range',
};
const MS_PER_DAY = 86_400_000n;
const UUID_BYTES = 16;

/** Most digits of a decimal column. */
const MAX_PRECISION = 38;

function carried(name: string, column: ColumnType, storage: Storage, convert: ArrowType['convert'] = null): ArrowType {
  return { name, column, storage, convert };
}

function fixed(name: string, column: ColumnType, width: number, convert: ArrowType['convert'] = null): ArrowType {
  return carried(name, column, { layout: 'fixed', width }, convert);
}

function opaque(engineType: string, width: number): ColumnType {
  return { kind: 'opaque', engineType, width };
}

function unsupported(name: string, storage: Storage): ArrowType {
  return carried(name, { kind: 'unsupported', engineType: name }, storage);
}

function nested(name: string, buffers: number): ArrowType {
  return unsupported(name, { layout: 'other', buffers });
}

const OFFSETS = { layout: 'offsets', offsetBytes: 4 } as const;
const LARGE_OFFSETS = { layout: 'offsets', offsetBytes: 8 } as const;
const VIEWS = { layout: 'views' } as const;
/** That of values which are only stepped over. */
const FIXED_WIDTH = { layout: 'other', buffers: 2 } as const;

/** The types without parameters. */
const PLAIN: Readonly<Partial<Record<Type, ArrowType>>> = {
  // As pyarrow writes it to Parquet: integers, of which there are none.
  [Type.Null]: carried('Null', { kind: 'int' }, { layout: 'nothing', width: 4 }),
  [Type.Bool]: carried('Bool', { kind: 'boolean' }, { layout: 'bits' }),
  [Type.Utf8]: carried('Utf8', { kind: 'string' }, OFFSETS),
  [Type.LargeUtf8]: carried('LargeUtf8', { kind: 'string' }, LARGE_OFFSETS),
  [Type.Utf8View]: carried('Utf8View', { kind: 'string' }, VIEWS),
  [Type.Binary]: carried('Binary', { kind: 'binary' }, OFFSETS),
  [Type.LargeBinary]: carried('LargeBinary', { kind: 'binary' }, LARGE_OFFSETS),
  [Type.BinaryView]: carried('BinaryView', { kind: 'binary' }, VIEWS),
  [Type.List]: nested('List', 2),
  [Type.LargeList]: nested('LargeList', 2),
  [Type.ListView]: nested('ListView', 3),
  [Type.LargeListView]: nested('LargeListView', 3),
  [Type.FixedSizeList]: nested('FixedSizeList', 1),
  [Type.Map]: nested('Map', 2),
  [Type.Struct_]: nested('Struct', 1),
  [Type.RunEndEncoded]: unsupported('RunEndEncoded', { layout: 'runs' }),
};

/** The types with parameters. */
const PARAMETRIC: Readonly<Partial<Record<Type, (field: FieldTable) => ArrowType>>> = {
  [Type.Int]: (field) => integerType(tableOf(field, new Int())),
  [Type.FloatingPoint]: (field) => floatType(tableOf(field, new FloatingPoint()).precision()),
  [Type.Decimal]: (field) => decimalType(tableOf(field, new Decimal())),
  [Type.Date]: (field) => dateType(tableOf(field, new DateTable()).unit()),
  [Type.Time]: (field) => timeType(tableOf(field, new Time())),
  [Type.Timestamp]: (field) => timestampType(tableOf(field, new Timestamp())),
  [Type.Interval]: (field) => unsupported(`Interval(${INTERVALS[tableOf(field, new Interval()).unit()]})`, FIXED_WIDTH),
  [Type.Duration]: (field) => unsupported(`Duration(${UNITS[tableOf(field, new Duration()).unit()]})`, FIXED_WIDTH),
  [Type.FixedSizeBinary]: fixedBinaryType,
  [Type.Union]: (field) => {
    const buffers = tableOf(field, new Union()).mode() === UnionMode.Sparse ? 1 : 2;
    return unsupported('Union', { layout: 'other', buffers, hasOldBitmap: true });
  },
};

/**
 * The type of a field, or of the values of its dictionary.
 *
 * @throws {SealroomError} IO_FORMAT for a type that is not known, and so cannot even be stepped over.
 */
//= format F-140
export function readType(field: FieldTable): ArrowType {
  const id = field.typeType();
  const type = PLAIN[id] ?? PARAMETRIC[id]?.(field);
  if (type !== undefined) return type;
  throw new SealroomError('IO_FORMAT', `the Arrow table has a column of a type that is not known: ${String(id)}`, {
    where: { column: field.name() ?? '' },
    hint: 'write it without the column',
  });
}

/** The parameters of a type. */
function tableOf<Table>(field: FieldTable, table: Table): Table {
  const found: unknown = field.type(table);
  if (found === null) throw new RangeError('a type without its parameters');
  return table;
}

const INTERVALS: Readonly<Record<IntervalUnit, string>> = {
  [IntervalUnit.YEAR_MONTH]: 'YearMonth',
  [IntervalUnit.DAY_TIME]: 'DayTime',
  [IntervalUnit.MONTH_DAY_NANO]: 'MonthDayNano',
};

const UNITS: Readonly<Record<TimeUnit, 's' | 'ms' | 'us' | 'ns'>> = {
  [TimeUnit.SECOND]: 's',
  [TimeUnit.MILLISECOND]: 'ms',
  [TimeUnit.MICROSECOND]: 'us',
  [TimeUnit.NANOSECOND]: 'ns',
};

const SIGNED: Readonly<Record<number, ColumnType>> = {
  8: opaque('TINYINT', 1),
  16: { kind: 'smallint' },
  32: { kind: 'int' },
  64: { kind: 'bigint' },
};

const UNSIGNED: Readonly<Record<number, ColumnType>> = {
  8: opaque('UTINYINT', 1),
  16: opaque('USMALLINT', 2),
  32: opaque('UINTEGER', 4),
  64: opaque('UBIGINT', 8),
};

function integerType(table: Int): ArrowType {
  const bits = table.bitWidth();
  const name = `${table.isSigned() ? 'Int' : 'Uint'}${String(bits)}`;
  const column = (table.isSigned() ? SIGNED : UNSIGNED)[bits];
  return column === undefined ? unsupported(name, FIXED_WIDTH) : fixed(name, column, bits / 8);
}

function floatType(precision: number): ArrowType {
  if (precision === 1) return fixed('Float32', { kind: 'float' }, 4);
  if (precision === 2) return fixed('Float64', { kind: 'double' }, 8);
  return unsupported(precision === 0 ? 'Float16' : 'FloatingPoint', FIXED_WIDTH);
}

function dateType(unit: DateUnit): ArrowType {
  if (unit === DateUnit.DAY) return fixed('Date32', { kind: 'date' }, 4);
  return fixed('Date64', { kind: 'date' }, 8, {
    width: 4,
    divide: MS_PER_DAY,
    problem: 'a date in milliseconds has a time of day, or is out of range',
  });
}

function decimalType(table: Decimal): ArrowType {
  const [bits, precision, scale] = [table.bitWidth(), table.precision(), table.scale()];
  const name = `Decimal${String(bits)}(${String(precision)}, ${String(scale)})`;
  const width = bits / 8;
  // No other format has a scale outside the precision.
  const isCarried = [4, 8, 16, 32].includes(width) && precision <= MAX_PRECISION && scale >= 0 && scale <= precision;
  if (!isCarried) return unsupported(name, FIXED_WIDTH);
  return fixed(name, { kind: 'decimal', precision, scale }, width, width === 16 ? null : TO_128_BITS);
}

function timeType(table: Time): ArrowType {
  const unit = UNITS[table.unit()];
  const width = table.bitWidth() / 8;
  const name = `Time${String(table.bitWidth())}(${unit})`;
  const engineType = { s: 'TIME_S', ms: 'TIME_MS', us: 'TIME', ns: 'TIME_NS' }[unit];
  if (width !== 4 && width !== 8) return unsupported(name, FIXED_WIDTH);
  return fixed(
    name,
    opaque(engineType, 8),
    width,
    width === 8 ? null : { width: 8, problem: 'a time is out of range' },
  );
}

function timestampType(table: Timestamp): ArrowType {
  const unit = UNITS[table.unit()];
  const zone = table.timezone() ?? '';
  const name = `Timestamp(${unit}${zone === '' ? '' : ', with zone'})`;
  const utc = zone !== '';
  if (unit === 's') return fixed(name, { kind: 'timestamp', unit: 'ms', utc }, 8, TO_MILLISECONDS);
  return fixed(name, { kind: 'timestamp', unit, utc }, 8);
}

function fixedBinaryType(field: FieldTable): ArrowType {
  const width = tableOf(field, new FixedSizeBinary()).byteWidth();
  if (width < 0) throw new RangeError('a negative width');
  if (width === UUID_BYTES && extensionOf(field) === 'arrow.uuid') {
    return fixed('arrow.uuid', opaque('UUID', width), width, 'uuid');
  }
  return fixed(`FixedSizeBinary(${String(width)})`, { kind: 'binary', byteWidth: width }, width);
}

/** The name of the extension that gives the values of a field another meaning, or `null`. */
function extensionOf(field: FieldTable): string | null {
  const entries = field.customMetadataLength();
  if (entries > (field.bb?.capacity() ?? 0)) throw new RangeError('more metadata than there is');
  for (let index = 0; index < entries; index++) {
    const entry = field.customMetadata(index);
    if (entry?.key() === 'ARROW:extension:name') return entry.value();
  }
  return null;
}
