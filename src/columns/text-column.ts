import { isUtf8 } from 'node:buffer';
import { type ByteColumn, byteColumnOf, valueAt } from '../bytes/index.ts';
import { SealroomError } from '../errors/index.ts';

/**
 * Checks that the values of a column are UTF-8. Returns the column, or a copy without the bytes of nulls if only those are not.
 *
 * @throws {SealroomError} DATA_ENCODING with `where.row`, the 0-based row of the first value that is not UTF-8.
 */
export function checkTexts(column: ByteColumn): ByteColumn {
  if (isUtf8Throughout(column)) return column;
  const values = Array.from({ length: column.rows }, (_, row) => {
    const value = valueAt(column, row);
    if (value === null || isUtf8(value)) return value;
    throw new SealroomError('DATA_ENCODING', 'text is not valid UTF-8', { where: { row } });
  });
  return byteColumnOf(values);
}

/** Whether the bytes as a whole are UTF-8, and no value begins within a character. */
function isUtf8Throughout({ bytes, offsets, rows }: ByteColumn): boolean {
  const end = offsets[rows] ?? 0;
  if (!isUtf8(bytes.subarray(offsets[0] ?? 0, end))) return false;
  for (let row = 1; row < rows; row++) {
    const start = offsets[row] ?? 0;
    if (start < end && ((bytes[start] ?? 0) & 0xc0) === 0x80) return false;
  }
  return true;
}
