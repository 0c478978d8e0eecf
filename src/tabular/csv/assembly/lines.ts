// Writes the lines of a CSV file, sixteen bytes at a time.
import { putField, putPlain } from './fields';

/** The place from which the memory is free for columns, marks and lines. */
export const freeAt: i32 = 1024;
/** Bytes that must be free after the bytes of a column, after a mark and after the lines. */
export const slackBytes: i32 = 16;
/**
 * Numbers (i32) in the description of a column: the place of its offsets, of position 0 of its bytes, and of its validity
 * (or 0), and whether its values need no quotes.
 */
export const columnWords: i32 = 4;

const COMMA: u8 = 0x2c;
const LF: u8 = 0x0a;

/**
 * Writes rows [firstRow, firstRow + rows) to `to` and returns the end. The offsets of a column begin with those of `firstRow`,
 * its validity with that of row 0. `nullAt` and `emptyAt` are the marks for a null and for an empty text.
 *
 * The caller has made room: a comma or a line break per field, and for a field a mark or, if it can need quotes, two
 * quotes and twice its bytes.
 */
export function writeLines(
  columnsAt: i32,
  columns: i32,
  firstRow: i32,
  rows: i32,
  nullAt: i32,
  nullBytes: i32,
  emptyAt: i32,
  emptyBytes: i32,
  to: i32,
): i32 {
  const columnsEnd = columnsAt + columns * columnWords * 4;
  for (let index = 0; index < rows; index++) {
    const row = firstRow + index;
    for (let column = columnsAt; column < columnsEnd; column += columnWords * 4) {
      const offset = load<i32>(column) + (index << 2);
      const bytesAt = load<i32>(column, 4);
      const validityAt = load<i32>(column, 8);
      const start = bytesAt + load<i32>(offset);
      const end = bytesAt + load<i32>(offset, 4);
      if (validityAt != 0 && ((load<u8>(validityAt + (row >> 3)) >> (<u8>row & 7)) & 1) == 0) {
        to = putPlain(nullAt, nullBytes, to);
      } else if (start == end) {
        to = putPlain(emptyAt, emptyBytes, to);
      } else if (load<i32>(column, 12) != 0) {
        to = putPlain(start, end - start, to);
      } else {
        to = putField(start, end, to, column == columnsAt);
      }
      store<u8>(to++, COMMA);
    }
    store<u8>(to - 1, LF);
  }
  return to;
}
