import { allValid, copyBytes, getInt32, isValid, putInt32, setNull } from '../bytes/index.ts';
import type { Batch, ColumnData } from '../tabular/index.ts';

// How rows are kept while they are shuffled: each as one run of bytes. First its length, itself included; then its columns:
// byte strings as their length (-1 for null) and bytes; fixed-width values as a byte 1 and the value, or a byte 0 for null.
// Lengths are i32, little-endian. The form never leaves the process.

/** Bytes of the length of a row, or of a byte string. */
const LENGTH_BYTES = 4;
/** The length that a null has. */
const NULL_LENGTH = -1;

/** The bytes per value of each column, or `null` for a column of byte strings. */
export type RowWidths = readonly (number | null)[];

/** The bytes of each row of a batch. */
export function measureRows(batch: Batch): Int32Array {
  const lengths = new Int32Array(batch.rows).fill(LENGTH_BYTES);
  for (const column of batch.columns) {
    for (let row = 0; row < batch.rows; row++) {
      const present = isValid(column.validity, row);
      let length = 1;
      if (column.layout === 'fixed') length += present ? column.width : 0;
      else length = LENGTH_BYTES + (present ? (column.offsets[row + 1] ?? 0) - (column.offsets[row] ?? 0) : 0);
      lengths[row] = (lengths[row] ?? 0) + length;
    }
  }
  return lengths;
}

/** Writes a row of `length` bytes at `at`, where there is room for it, and returns its end. */
export function putRow(batch: Batch, row: number, length: number, target: Uint8Array, at: number): number {
  let to = putInt32(target, at, length);
  for (const column of batch.columns) to = putCell(column, row, target, to);
  return to;
}

function putCell(column: ColumnData, row: number, bytes: Uint8Array, target: number): number {
  const present = isValid(column.validity, row);
  if (column.layout === 'fixed') {
    bytes[target] = present ? 1 : 0;
    const from = row * column.width;
    return present ? copyBytes(column.values, from, from + column.width, bytes, target + 1) : target + 1;
  }
  if (!present) return putInt32(bytes, target, NULL_LENGTH);
  const from = column.offsets[row] ?? 0;
  const end = column.offsets[row + 1] ?? 0;
  return copyBytes(column.bytes, from, end, bytes, putInt32(bytes, target, end - from));
}

/** Where each row of some rows begins. */
export function rowStarts(rows: Uint8Array): Int32Array {
  const starts: number[] = [];
  for (let at = 0; at < rows.length; at += getInt32(rows, at)) starts.push(at);
  return Int32Array.from(starts);
}

/** The end of the row that begins at `at`. */
export function rowEnd(rows: Uint8Array, at: number): number {
  return at + getInt32(rows, at);
}

/** The columns of the rows that begin at `starts`. */
export function gatherColumns(rows: Uint8Array, starts: Int32Array, widths: RowWidths): Batch {
  // Each row's cursor moves over its columns, left to right.
  const cursors = starts.map((start) => start + LENGTH_BYTES);
  const columns = widths.map((width) =>
    width === null ? gatherTexts(rows, cursors) : gatherFixed(rows, cursors, width),
  );
  return { rows: starts.length, columns };
}

function gatherTexts(source: Uint8Array, cursors: Int32Array): ColumnData {
  const rows = cursors.length;
  const offsets = new Int32Array(rows + 1);
  let validity: Uint8Array | null = null;
  let total = 0;
  for (let row = 0; row < rows; row++) {
    const length = getInt32(source, cursors[row] ?? 0);
    if (length === NULL_LENGTH) setNull((validity ??= allValid(rows)), row);
    else total += length;
    offsets[row + 1] = total;
  }
  const bytes = new Uint8Array(total);
  for (let row = 0; row < rows; row++) {
    const from = (cursors[row] ?? 0) + LENGTH_BYTES;
    const to = offsets[row] ?? 0;
    const length = (offsets[row + 1] ?? 0) - to;
    copyBytes(source, from, from + length, bytes, to);
    cursors[row] = from + length;
  }
  return { layout: 'bytes', rows, offsets, bytes, validity };
}

function gatherFixed(source: Uint8Array, cursors: Int32Array, width: number): ColumnData {
  const rows = cursors.length;
  const values = new Uint8Array(rows * width);
  let validity: Uint8Array | null = null;
  for (let row = 0; row < rows; row++) {
    const at = cursors[row] ?? 0;
    if (source[at] === 0) {
      setNull((validity ??= allValid(rows)), row);
      cursors[row] = at + 1;
    } else {
      copyBytes(source, at + 1, at + 1 + width, values, row * width);
      cursors[row] = at + 1 + width;
    }
  }
  return { layout: 'fixed', rows, width, values, validity };
}
