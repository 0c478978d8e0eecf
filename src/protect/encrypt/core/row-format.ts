import { type Allocator, allValid, compact, getInt32, isValid, setNull } from '../../../bytes/index.ts';
import type { Batch, ColumnData } from '../../../columns/index.ts';

// The format of rows while they are shuffled: each is one run of bytes. First its length, including that field; then the
// length of each column's value, -1 for null; then the values. Lengths are i32, little-endian. It never leaves the process.

/** Bytes of a length field. */
const LENGTH_BYTES = 4;
/** The length field of a null. */
const NULL_LENGTH = -1;

/** The bytes per value of each column, or `null` for a column of byte strings. */
export type RowWidths = readonly (number | null)[];

/** What rows have before their first value, in bytes, and how many of their columns are stored values. */
export interface RowShape {
  readonly headBytes: number;
  readonly storedColumns: number;
}

/** The shape of rows with columns of these widths, of which the last one is their place in the source table where it is kept. */
export function rowShape(widths: RowWidths, hasPlaces: boolean): RowShape {
  return {
    headBytes: (widths.length + 1) * LENGTH_BYTES,
    storedColumns: hasPlaces ? widths.length - 1 : widths.length,
  };
}

/** Rows one after another. */
export interface Rows {
  readonly bytes: Uint8Array;
  /** Row `i` is `bytes[offsets[i], offsets[i + 1])`. */
  readonly offsets: Int32Array;
}

/** Writes rows of a batch one after another in the given order, into buffers from `memory`. */
export function writeRows(batch: Batch, order: Int32Array, memory: Allocator): Rows {
  const { columns } = batch;
  const pieces = columns.length + 1;
  const headers = memory.ints(order.length * pieces);
  const starts = memory.ints(order.length * pieces).fill(0);
  const ends = memory.ints(order.length * pieces).fill(0);
  const sources: Uint8Array[] = [new Uint8Array(headers.buffer, headers.byteOffset, headers.byteLength)];
  for (let index = 0; index < order.length; index++) {
    const piece = index * pieces;
    headers[piece] = pieces * LENGTH_BYTES;
    starts[piece] = piece * LENGTH_BYTES;
    ends[piece] = (piece + pieces) * LENGTH_BYTES;
  }
  let base = headers.byteLength;
  columns.forEach((column, position) => {
    const isFixed = column.layout === 'fixed';
    for (let index = 0; index < order.length; index++) {
      const row = order[index] ?? 0;
      const first = index * pieces;
      const piece = first + 1 + position;
      if (!isValid(column.validity, row)) {
        headers[piece] = NULL_LENGTH;
        continue;
      }
      const start = isFixed ? row * column.width : (column.offsets[row] ?? 0);
      const end = isFixed ? start + column.width : (column.offsets[row + 1] ?? 0);
      headers[piece] = end - start;
      headers[first] = (headers[first] ?? 0) + end - start;
      starts[piece] = base + start;
      ends[piece] = base + end;
    }
    const source = isFixed ? column.values : column.bytes;
    sources.push(source);
    base += source.length;
  });
  const { bytes, offsets } = compact(sources, starts, ends, memory);
  const rowOffsets = memory.ints(order.length + 1);
  for (let index = 0; index <= order.length; index++) rowOffsets[index] = offsets[index * pieces] ?? 0;
  return { bytes, offsets: rowOffsets };
}

/** The offsets at which the rows start. */
export function rowStarts(rows: Uint8Array): Int32Array {
  const starts: number[] = [];
  for (let at = 0; at < rows.length;) {
    starts.push(at);
    const end = rowEnd(rows, at);
    if (end <= at || end > rows.length) throw new Error('rows that were damaged while they were kept');
    at = end;
  }
  return Int32Array.from(starts);
}

/** The end of the row that starts at `at`. */
export function rowEnd(rows: Uint8Array, at: number): number {
  return at + getInt32(rows, at);
}

/** Reads the rows that start at `starts` back into columns, which share buffers from `memory`. */
export function gatherColumns(rows: Uint8Array, starts: Int32Array, widths: RowWidths, memory: Allocator): Batch {
  const count = starts.length;
  const pieceStarts = memory.ints(count * widths.length);
  const pieceEnds = memory.ints(count * widths.length);
  const validities = widths.map((): Uint8Array | null => null);
  for (let row = 0; row < count; row++) {
    const start = starts[row] ?? 0;
    let at = start + (widths.length + 1) * LENGTH_BYTES;
    for (let position = 0; position < widths.length; position++) {
      const length = getInt32(rows, start + (position + 1) * LENGTH_BYTES);
      const piece = position * count + row;
      pieceStarts[piece] = at;
      if (length === NULL_LENGTH) setNull((validities[position] ??= allValid(count)), row);
      else at += length;
      pieceEnds[piece] = at;
    }
  }
  const { bytes, offsets } = compact([rows], pieceStarts, pieceEnds, memory);
  const columns = widths.map((width, position): ColumnData => {
    const validity = validities[position] ?? null;
    const ends = offsets.subarray(position * count, (position + 1) * count + 1);
    return width === null
      ? { layout: 'bytes', rows: count, offsets: ends, bytes, validity }
      : { layout: 'fixed', rows: count, width, values: spreadValues(bytes, ends, width, validity), validity };
  });
  return { rows: count, columns };
}

/** Values of a fixed width, with room for the nulls among them. */
export function spreadValues(
  bytes: Uint8Array,
  offsets: Int32Array,
  width: number,
  validity: Uint8Array | null,
): Uint8Array {
  const rows = offsets.length - 1;
  if (validity === null) return bytes.subarray(offsets[0], offsets[rows]);
  const values = new Uint8Array(rows * width);
  for (let row = 0; row < rows; row++) values.set(bytes.subarray(offsets[row], offsets[row + 1]), row * width);
  return values;
}
