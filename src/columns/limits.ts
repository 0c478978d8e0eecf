import { SealroomError } from '../errors/index.ts';
import type { Batch, Field } from './batch.ts';

/** The longest value of any table, in bytes. No cell is longer than a sixteen-thousandth of it (format F-52). */
export const MAX_VALUE_BYTES = 32 << 20;

/** The longest row of any table, in bytes of its values. */
export const MAX_ROW_BYTES = 64 << 20;

/** Most bytes of texts in a batch of more than one row, so that few of them are in memory at a time. */
export const BATCH_BYTES = 8 << 20;

/** The error for a value over a limit. */
export function valueTooLong(maxBytes: number, bytes: number, row: number, column: string | undefined): SealroomError {
  return new SealroomError('DATA_LENGTH', `a value is at most ${String(maxBytes)} bytes, got ${String(bytes)}`, {
    where: { row, column },
  });
}

/** The error for a row over {@link MAX_ROW_BYTES}. */
export function rowTooLong(bytes: number, row: number, column: string | undefined): SealroomError {
  return new SealroomError('DATA_LENGTH', `a row is at most ${String(MAX_ROW_BYTES)} bytes, got ${String(bytes)}`, {
    where: { row, column },
    hint: 'the column is the one with the longest value',
  });
}

/**
 * Refuses a batch with a value over a limit.
 *
 * @param batch of which no value is copied
 * @param fields of its columns, for the error
 * @param firstRow rows of the table before the batch
 * @param maxBytes the longest value that is accepted
 * @throws {SealroomError} DATA_LENGTH with row and column.
 */
export function requireShortValues(
  batch: Batch,
  fields: readonly (Field | undefined)[],
  firstRow: number,
  maxBytes: number,
): void {
  const { rows, columns } = batch;
  for (const [index, column] of columns.entries()) {
    if (column.layout !== 'bytes') continue;
    const { offsets } = column;
    // Most batches are shorter than one value may be.
    if ((offsets[rows] ?? 0) - (offsets[0] ?? 0) <= maxBytes) continue;
    for (let row = 0; row < rows; row++) {
      const bytes = (offsets[row + 1] ?? 0) - (offsets[row] ?? 0);
      if (bytes > maxBytes) throw valueTooLong(maxBytes, bytes, firstRow + row + 1, fields[index]?.name);
    }
  }
}

/** Splits rows into runs of at most {@link BATCH_BYTES}, or of one row that is longer. */
export function* splitRows(
  rows: number,
  bytesOf: (row: number) => number,
): Generator<{ readonly start: number; readonly rows: number }> {
  let start = 0;
  let total = 0;
  for (let row = 0; row < rows; row++) {
    const bytes = bytesOf(row);
    if (total + bytes > BATCH_BYTES && row > start) {
      yield { start, rows: row - start };
      start = row;
      total = 0;
    }
    total += bytes;
  }
  if (rows > start) yield { start, rows: rows - start };
}
