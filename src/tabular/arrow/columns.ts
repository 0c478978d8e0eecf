import { type Data, DataType } from 'apache-arrow';
import { allValid, type ByteColumn, byteColumnOf, encodeUtf8, isValid, setNull, valueAt } from '../../bytes/index.ts';
import { SealroomError } from '../../errors/index.ts';
import { columnTypeOf } from './types.ts';
import { type ColumnData, widthOf } from '../../columns/index.ts';
import { checkTexts } from '../../columns/index.ts';

/**
 * Copies the values of an Arrow column into one of our columns, with new buffers.
 *
 * @param asText whether integers are converted to text
 * @throws {SealroomError} DATA_ENCODING with the 0-based row for text that is not UTF-8; DATA_CORRUPT if the buffers do not
 *   fit together.
 */
export function columnOfData(data: Data | undefined, rows: number, asText: boolean): ColumnData {
  if (data?.length !== rows) throw malformed();
  const { type } = data;
  const validity = readValidity(data);
  if (DataType.isDictionary(type)) return { layout: 'bytes', ...expandDictionary(data, validity) };
  if (isText(type) || DataType.isBinary(type) || DataType.isLargeBinary(type)) {
    return { layout: 'bytes', ...readBytes(data, validity) };
  }
  if (asText && DataType.isInt(type)) return { layout: 'bytes', ...printIntegers(data, validity) };
  if (DataType.isBool(type)) return { layout: 'fixed', rows, width: 1, validity, values: unpackBits(data) };
  const width = widthOf(columnTypeOf(type));
  if (width === null) throw malformed();
  return { layout: 'fixed', rows, width, validity, values: bytesOf(data, rows * width).slice() };
}

function isText(type: DataType): boolean {
  return DataType.isUtf8(type) || DataType.isLargeUtf8(type);
}

/** The validity bitmap of a column, which may start in the middle of a byte. */
function readValidity(data: Data): Uint8Array | null {
  if (data.nullCount === 0) return null;
  if (data.nullBitmap.length * 8 < data.offset + data.length) throw malformed();
  const validity = allValid(data.length);
  for (let row = 0; row < data.length; row++) if (!data.getValid(row)) setNull(validity, row);
  return validity;
}

/** The first `count` bytes of a column's values. A column of nulls may have none. */
function bytesOf(data: Data, count: number): Uint8Array {
  const values: unknown = data.values;
  const bytes = ArrayBuffer.isView(values)
    ? new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
    : new Uint8Array(0);
  if (bytes.length >= count) return bytes.subarray(0, count);
  if (bytes.length === 0 && data.nullCount === data.length) return new Uint8Array(count);
  throw malformed();
}

function readBytes(data: Data, validity: Uint8Array | null): ByteColumn {
  const { length: rows } = data;
  const { offsets, first } = readOffsets(data);
  const end = offsets[rows] ?? 0;
  const bytes = bytesOf(data, first + end).slice(first);
  const column: ByteColumn = { rows, offsets, bytes, validity };
  return isText(data.type) ? checkTexts(column) : column;
}

/** Offsets shifted to start at 0, and their original start. */
function readOffsets(data: Data): { offsets: Int32Array; first: number } {
  const source: unknown = data.valueOffsets;
  const offsets = new Int32Array(data.length + 1);
  // A column without rows may have no offsets.
  if (data.length === 0) return { offsets, first: 0 };
  if (!(source instanceof Int32Array || source instanceof BigInt64Array)) throw malformed();
  if (source.length <= data.length) throw malformed();
  const first = Number(source[0]);
  let last = 0;
  for (let row = 0; row <= data.length; row++) {
    const offset = Number(source[row]) - first;
    if (offset < last || offset >= 2 ** 31) throw malformed();
    offsets[row] = offset;
    last = offset;
  }
  if (first < 0) throw malformed();
  return { offsets, first };
}

/**
 * The bytes that the text of a row takes in one of our columns: in a dictionary, one text can be that of all rows. Offsets and keys that
 * make no sense count as 0; {@link columnOfData} refuses them.
 */
export function rowBytesOf(data: Data | undefined): (row: number) => number {
  if (data === undefined) return () => 0;
  if (DataType.isDictionary(data.type)) {
    const keys: unknown = data.values;
    const lengths = ((data.dictionary?.data ?? []) as readonly Data[]).flatMap((chunk) =>
      Array.from({ length: chunk.length }, (_, row) => lengthAt(chunk, row)),
    );
    return isNumbers(keys) ? (row) => lengths[Number(keys[row])] ?? 0 : () => 0;
  }
  return (row) => lengthAt(data, row);
}

function lengthAt({ valueOffsets }: Data, row: number): number {
  const offsets: unknown = valueOffsets;
  if (!(offsets instanceof Int32Array || offsets instanceof BigInt64Array)) return 0;
  const length = Number(offsets[row + 1]) - Number(offsets[row]);
  return length > 0 ? length : 0;
}

function unpackBits(data: Data): Uint8Array {
  const bits = bytesOf(data, (data.offset + data.length + 7) >> 3);
  return Uint8Array.from({ length: data.length }, (_, row) => {
    const bit = data.offset + row;
    return ((bits[bit >> 3] ?? 0) >> (bit & 7)) & 1;
  });
}

function printIntegers(data: Data, validity: Uint8Array | null): ByteColumn {
  const numbers = numbersOf(data);
  const values = Array.from({ length: data.length }, (_, row) =>
    isValid(validity, row) ? encodeUtf8(String(numbers[row])) : null,
  );
  return byteColumnOf(values);
}

function expandDictionary(data: Data, validity: Uint8Array | null): ByteColumn {
  const keys = numbersOf(data);
  // A dictionary that grew has several chunks.
  const chunks = (data.dictionary?.data ?? []) as readonly Data[];
  const entries = chunks.flatMap((chunk) => {
    const column = readBytes(chunk, readValidity(chunk));
    return Array.from({ length: column.rows }, (_, row) => valueAt(column, row));
  });
  const values = Array.from({ length: data.length }, (_, row) => {
    if (!isValid(validity, row)) return null;
    const entry = entries[Number(keys[row])];
    if (entry === undefined) throw malformed();
    return entry;
  });
  return byteColumnOf(values);
}

/** The values of a column of integers, at least one per row. */
function numbersOf(data: Data): ArrayLike<unknown> {
  const values: unknown = data.values;
  if (!isNumbers(values)) throw malformed();
  if (values.length < data.length && data.nullCount < data.length) throw malformed();
  return values;
}

function isNumbers(values: unknown): values is ArrayLike<unknown> {
  return ArrayBuffer.isView(values) && !(values instanceof DataView);
}

function malformed(): SealroomError {
  return new SealroomError('DATA_CORRUPT', 'a column of an Arrow batch is malformed');
}
