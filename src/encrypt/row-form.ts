import { allValid, copyBytes, getInt32, isValid, putInt32, setNull } from '../bytes/index.ts';
import { type Batch, type ColumnData, type CsvSerialiser, type Field, widthOf } from '../tabular/index.ts';

/** The length that a null has in the binary form. */
const NULL_LENGTH = -1;

/**
 * How rows are kept while they are shuffled: each row as one run of bytes, in the form in which the output needs it. The
 * forms never leave the process, except that CSV lines are the output itself.
 */
export interface RowForm<Output> {
  /** Adds to `lengths` the bytes of each row of a batch. */
  measure(batch: Batch, lengths: Int32Array): void;
  /** Writes a row at `at`, where there is room for it, and returns its end. */
  put(batch: Batch, row: number, target: Uint8Array, at: number): number;
  /**
   * Puts rows together: row `i` is `bytes[starts[i], starts[i] + lengths[i])`. The result may be reused by the next call.
   */
  gather(bytes: Uint8Array, starts: Int32Array, lengths: Int32Array): Output;
}

/** Rows as lines of a CSV file; gathered, they are a part of the file. */
export function lineForm(serialiser: CsvSerialiser): RowForm<Uint8Array> {
  let lines = new Uint8Array(0);
  return {
    measure: (batch, lengths) => {
      serialiser.measure(batch, lengths);
    },
    put: (batch, row, target, at) => serialiser.put(batch, row, target, at),
    gather(bytes, starts, lengths) {
      let total = 0;
      for (const length of lengths) total += length;
      if (total > lines.length) lines = new Uint8Array(total + (total >> 3));
      let to = 0;
      for (let row = 0; row < starts.length; row++) {
        const start = starts[row] ?? 0;
        to = copyBytes(bytes, start, start + (lengths[row] ?? 0), lines, to);
      }
      return lines.subarray(0, total);
    },
  };
}

// The binary form, column by column: byte strings as their length (i32, -1 for null) and bytes; fixed-width values as a
// byte 1 and the value, or a byte 0 for null. Little-endian.

/** Rows as the values of their columns; gathered, they are a batch. */
export function binaryForm(fields: readonly Field[]): RowForm<Batch> {
  return {
    measure(batch, lengths) {
      for (const column of batch.columns) {
        for (let row = 0; row < batch.rows; row++) {
          const present = isValid(column.validity, row);
          let length = 1;
          if (column.layout === 'fixed') length += present ? column.width : 0;
          else length = 4 + (present ? (column.offsets[row + 1] ?? 0) - (column.offsets[row] ?? 0) : 0);
          lengths[row] = (lengths[row] ?? 0) + length;
        }
      }
    },
    put(batch, row, target, at) {
      let to = at;
      for (const column of batch.columns) to = putCell(column, row, target, to);
      return to;
    },
    gather(bytes, starts) {
      // Each row's cursor moves over its columns, left to right.
      const cursors = starts.slice();
      const columns = fields.map((field) => {
        const width = widthOf(field.type);
        return width === null ? gatherTexts(bytes, cursors) : gatherFixed(bytes, cursors, width);
      });
      return { rows: starts.length, columns };
    },
  };
}

function putCell(column: ColumnData, row: number, bytes: Uint8Array, target: number): number {
  const present = isValid(column.validity, row);
  if (column.layout === 'fixed') {
    bytes[target] = present ? 1 : 0;
    if (!present) return target + 1;
    return copyBytes(column.values, row * column.width, (row + 1) * column.width, bytes, target + 1);
  }
  if (!present) return putInt32(bytes, target, NULL_LENGTH);
  const from = column.offsets[row] ?? 0;
  const end = column.offsets[row + 1] ?? 0;
  return copyBytes(column.bytes, from, end, bytes, putInt32(bytes, target, end - from));
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
    const from = (cursors[row] ?? 0) + 4;
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
