import { allValid, isValid, setNull } from '../../bytes/index.ts';
import { SealroomError } from '../../errors/index.ts';
import { batchTooLong, MAX_PART_BYTES } from './input.ts';
import type { ArrowType } from './types.ts';

/**
 * The values of a column in a batch, where they are stored: fixed-width ones in one buffer; byte strings as ranges of several, whose
 * positions run through them as if they were one.
 */
export type StoredColumn = { readonly rows: number; readonly validity: Uint8Array | null; readonly type: ArrowType } & (
  | { readonly layout: 'fixed'; readonly width: number; readonly values: Uint8Array }
  | {
      readonly layout: 'bytes';
      readonly sources: readonly Uint8Array[];
      readonly starts: Int32Array;
      readonly ends: Int32Array;
    }
);

/**
 * Most bytes that the columns of a batch are copied or unpacked into, beside what is stored. One stored byte can stand for a long value of
 * a dictionary, and many columns can share their buffers, so that the stored bytes bound nothing.
 */
const MAX_MADE_BYTES = 4 * MAX_PART_BYTES;

/** Counts the bytes that are about to be made for a batch. @throws {SealroomError} DATA_LENGTH over {@link MAX_MADE_BYTES}. */
export type MadeBytes = (bytes: number) => void;

/** Starts to count the bytes that are made for a batch. */
export function countMadeBytes(): MadeBytes {
  let total = 0;
  return (bytes) => {
    total += bytes;
    if (total > MAX_MADE_BYTES) throw batchTooLong(total, MAX_MADE_BYTES);
  };
}

/** Bytes for each row of a column of byte strings: where its value starts, and where it ends. */
export const BYTES_OF_PLACE = 8;

/** The bytes that a column holds in memory; a part of a buffer holds the whole buffer. */
export function heldBytes(column: StoredColumn): number {
  if (column.layout === 'fixed') return column.values.buffer.byteLength;
  return column.sources.reduce((sum, { buffer }) => sum + buffer.byteLength, column.rows * BYTES_OF_PLACE);
}

/** The values of a column at the rows that `indexOf` gives; no value where it gives `null`. */
export function pick(
  from: StoredColumn,
  rows: number,
  indexOf: (row: number) => number | null,
  made: MadeBytes,
): StoredColumn {
  made(rows * (from.layout === 'fixed' ? from.width : BYTES_OF_PLACE));
  let validity: Uint8Array | null = null;
  const each = (set: (row: number, index: number) => void): void => {
    for (let row = 0; row < rows; row++) {
      const index = indexOf(row);
      if (index !== null && (index < 0 || index >= from.rows)) throw malformed();
      if (index === null || !isValid(from.validity, index)) setNull((validity ??= allValid(rows)), row);
      else set(row, index);
    }
  };
  if (from.layout === 'fixed') {
    const { width } = from;
    const values = new Uint8Array(rows * width);
    each((row, index) => {
      values.set(from.values.subarray(index * width, (index + 1) * width), row * width);
    });
    return { ...from, rows, validity, values };
  }
  const starts = new Int32Array(rows);
  const ends = new Int32Array(rows);
  each((row, index) => {
    starts[row] = from.starts[index] ?? 0;
    ends[row] = from.ends[index] ?? 0;
  });
  return { ...from, rows, validity, starts, ends };
}

/** One column after another, as a dictionary that has grown. */
export function append(first: StoredColumn, second: StoredColumn): StoredColumn {
  const rows = first.rows + second.rows;
  const validity = allValid(rows);
  for (let row = 0; row < first.rows; row++) if (!isValid(first.validity, row)) setNull(validity, row);
  for (let row = 0; row < second.rows; row++) if (!isValid(second.validity, row)) setNull(validity, first.rows + row);
  if (first.layout === 'fixed' && second.layout === 'fixed') {
    const values = new Uint8Array(rows * first.width);
    values.set(first.values.subarray(0, first.rows * first.width));
    values.set(second.values.subarray(0, second.rows * second.width), first.rows * first.width);
    return { ...first, rows, validity, values };
  }
  if (first.layout !== 'bytes' || second.layout !== 'bytes') throw malformed();
  const shift = first.sources.reduce((sum, { length }) => sum + length, 0);
  const total = second.sources.reduce((sum, { length }) => sum + length, shift);
  if (total > MAX_PART_BYTES) throw batchTooLong(total);
  const starts = new Int32Array(rows);
  const ends = new Int32Array(rows);
  starts.set(first.starts);
  ends.set(first.ends);
  for (let row = 0; row < second.rows; row++) {
    starts[first.rows + row] = (second.starts[row] ?? 0) + shift;
    ends[first.rows + row] = (second.ends[row] ?? 0) + shift;
  }
  return { ...first, rows, validity, sources: [...first.sources, ...second.sources], starts, ends };
}

/** The error for buffers that do not fit together. */
export function malformed(): SealroomError {
  return new SealroomError('DATA_CORRUPT', 'a column of an Arrow batch is malformed');
}
