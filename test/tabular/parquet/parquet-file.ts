// Writes small Parquet files of any type, so that the tests have the ones that the engine itself does not write: one row
// group, plain encoding, no compression. Written from the format's own description (parquet.thrift, Thrift's compact
// protocol) and independent of the product.

/** A Thrift value in the compact protocol: its type number and its bytes. */
interface ThriftValue {
  readonly type: number;
  readonly bytes: Buffer;
}

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

function zigzag(value: bigint): Buffer {
  return varint(value >= 0n ? value * 2n : -value * 2n - 1n);
}

const i8 = (value: number): ThriftValue => ({ type: 3, bytes: Buffer.from([value]) });
const i32 = (value: number): ThriftValue => ({ type: 5, bytes: zigzag(BigInt(value)) });
const i64 = (value: number): ThriftValue => ({ type: 6, bytes: zigzag(BigInt(value)) });
const bool = (value: boolean): ThriftValue => ({ type: value ? 1 : 2, bytes: Buffer.alloc(0) });

function text(value: string): ThriftValue {
  const bytes = Buffer.from(value);
  return { type: 8, bytes: Buffer.concat([varint(BigInt(bytes.length)), bytes]) };
}

function list(elementType: number, values: readonly ThriftValue[]): ThriftValue {
  const header =
    values.length < 15
      ? Buffer.from([(values.length << 4) | elementType])
      : Buffer.concat([Buffer.from([0xf0 | elementType]), varint(BigInt(values.length))]);
  return { type: 9, bytes: Buffer.concat([header, ...values.map((value) => value.bytes)]) };
}

/** A struct, or a union with one member; fields by their numbers, in rising order. */
function struct(fields: Readonly<Record<number, ThriftValue | undefined>>): ThriftValue {
  const parts: Buffer[] = [];
  let last = 0;
  for (const [number, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    const step = Number(number) - last;
    // A step of more than 15 is written as the number itself.
    const head =
      step > 15 ? [Buffer.from([value.type]), zigzag(BigInt(number))] : [Buffer.from([(step << 4) | value.type])];
    parts.push(...head, value.bytes);
    last = Number(number);
  }
  return { type: 12, bytes: Buffer.concat([...parts, Buffer.from([0])]) };
}

const PHYSICAL = {
  BOOLEAN: 0,
  INT32: 1,
  INT64: 2,
  INT96: 3,
  FLOAT: 4,
  DOUBLE: 5,
  BYTE_ARRAY: 6,
  FIXED_LEN_BYTE_ARRAY: 7,
} as const;

const EMPTY = struct({});
const UNITS = { ms: 1, us: 2, ns: 3 } as const;

/** Logical types as unions. */
export const LOGICAL = {
  string: struct({ 1: EMPTY }),
  list: struct({ 3: EMPTY }),
  enumeration: struct({ 4: EMPTY }),
  decimal: (precision: number, scale: number) => struct({ 5: struct({ 1: i32(scale), 2: i32(precision) }) }),
  date: struct({ 6: EMPTY }),
  time: (unit: keyof typeof UNITS, utc: boolean) =>
    struct({ 7: struct({ 1: bool(utc), 2: struct({ [UNITS[unit]]: EMPTY }) }) }),
  timestamp: (unit: keyof typeof UNITS, utc: boolean) =>
    struct({ 8: struct({ 1: bool(utc), 2: struct({ [UNITS[unit]]: EMPTY }) }) }),
  integer: (bitWidth: number, isSigned: boolean) => struct({ 10: struct({ 1: i8(bitWidth), 2: bool(isSigned) }) }),
  json: struct({ 12: EMPTY }),
  bson: struct({ 13: EMPTY }),
  unknown: struct({ 11: EMPTY }),
  uuid: struct({ 14: EMPTY }),
  float16: struct({ 15: EMPTY }),
  geometry: struct({ 17: EMPTY }),
  geography: struct({ 18: EMPTY }),
} as const;

/** Converted types, the annotation of old files. */
export const CONVERTED = {
  UTF8: 0,
  DECIMAL: 5,
  DATE: 6,
  TIMESTAMP_MILLIS: 9,
  TIMESTAMP_MICROS: 10,
  UINT_32: 13,
  INT_16: 16,
  INTERVAL: 21,
} as const;

/** A column of a file to be written: `values` in plain encoding. */
export interface ParquetColumn {
  readonly name: string;
  readonly physical: keyof typeof PHYSICAL;
  readonly logical?: ThriftValue;
  readonly converted?: number;
  readonly typeLength?: number;
  readonly precision?: number;
  readonly scale?: number;
  /** Number of the codec that the file claims; the values are not compressed. */
  readonly codec?: number;
  /** Default `required`; a repeated column has one value per row. */
  readonly repetition?: 'required' | 'repeated';
  readonly values: readonly Buffer[];
}

/** Plain encodings of single values. */
export const PLAIN = {
  int32(value: number): Buffer {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32LE(value);
    return bytes;
  },
  int64(value: bigint): Buffer {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(value);
    return bytes;
  },
  bytes(value: string | Uint8Array): Buffer {
    const content = Buffer.from(value);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(content.length);
    return Buffer.concat([length, content]);
  },
} as const;

function schemaElement(column: ParquetColumn): ThriftValue {
  const { converted, typeLength, precision, scale } = column;
  return struct({
    1: i32(PHYSICAL[column.physical]),
    2: typeLength === undefined ? undefined : i32(typeLength),
    3: i32(column.repetition === 'repeated' ? 2 : 0),
    4: text(column.name),
    6: converted === undefined ? undefined : i32(converted),
    7: scale === undefined ? undefined : i32(scale),
    8: precision === undefined ? undefined : i32(precision),
    10: column.logical,
  });
}

/** Repetition levels of 0 and definition levels of 1, each as one run. */
function levels(rows: number): Buffer {
  const run = (level: number): Buffer => Buffer.concat([varint(BigInt(rows) * 2n), Buffer.from([level])]);
  return Buffer.concat([run(0), run(1)].flatMap((bytes) => [PLAIN.int32(bytes.length), bytes]));
}

function pageOf(column: ParquetColumn, rows: number): Buffer {
  const data = Buffer.concat([...(column.repetition === 'repeated' ? [levels(rows)] : []), ...column.values]);
  const header = struct({
    1: i32(0),
    2: i32(data.length),
    3: i32(data.length),
    5: struct({ 1: i32(rows), 2: i32(0), 3: i32(3), 4: i32(3) }),
  });
  return Buffer.concat([header.bytes, data]);
}

/** A Parquet file with these columns, all of `rows` values. */
export function parquetFile(columns: readonly ParquetColumn[], rows = 1): Buffer {
  const parts: Buffer[] = [Buffer.from('PAR1')];
  let offset = 4;
  const chunks = columns.map((column) => {
    const page = pageOf(column, rows);
    const chunk = struct({
      2: i64(offset),
      3: struct({
        1: i32(PHYSICAL[column.physical]),
        2: list(5, [i32(0), i32(3)]),
        3: list(8, [text(column.name)]),
        4: i32(column.codec ?? 0),
        5: i64(rows),
        6: i64(page.length),
        7: i64(page.length),
        9: i64(offset),
      }),
    });
    parts.push(page);
    offset += page.length;
    return chunk;
  });
  const root = struct({ 4: text('schema'), 5: i32(columns.length) });
  const footer = struct({
    1: i32(1),
    2: list(12, [root, ...columns.map(schemaElement)]),
    3: i64(rows),
    4: list(12, [struct({ 1: list(12, chunks), 2: i64(offset), 3: i64(rows) })]),
  }).bytes;
  return Buffer.concat([...parts, footer, PLAIN.int32(footer.length), Buffer.from('PAR1')]);
}
