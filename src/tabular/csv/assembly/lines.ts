// Writes the lines of a CSV file, sixteen bytes at a time. A vector that reaches past the end of a field writes up to 15
// bytes too many, which the next field overwrites.

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
const HASH: u8 = 0x23;
const LF: u8 = 0x0a;
const QUOTE: u8 = 0x22;

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
        to = copy(nullAt, nullAt + nullBytes, to);
      } else if (start == end) {
        to = copy(emptyAt, emptyAt + emptyBytes, to);
      } else if (load<i32>(column, 12) != 0) {
        to = copy(start, end, to);
      } else {
        to = putField(start, end, to, column == columnsAt);
      }
      store<u8>(to++, COMMA);
    }
    store<u8>(to - 1, LF);
  }
  return to;
}

// @ts-ignore: decorator
@inline
function copy(from: i32, end: i32, to: i32): i32 {
  const copied = to + (end - from);
  for (; from < end; from += 16, to += 16) v128.store(to, v128.load(from));
  return copied;
}

/** Writes a field unchanged, or in quotes if one of its bytes needs them. */
function putField(from: i32, end: i32, to: i32, isFirst: bool): i32 {
  if (isFirst && load<u8>(from) == HASH) return putQuoted(from, end, to);
  const space = i8x16.splat(0x20);
  const comma = i8x16.splat(COMMA);
  const quote = i8x16.splat(QUOTE);
  const start = from;
  const copied = to + (end - from);
  for (let at = to; from < end; from += 16, at += 16) {
    const bytes = v128.load(from);
    v128.store(at, bytes);
    const wanting = v128.or(i8x16.le_u(bytes, space), v128.or(i8x16.eq(bytes, comma), i8x16.eq(bytes, quote)));
    if ((i8x16.bitmask(wanting) & firstBits(end - from)) != 0) return putQuoted(start, end, to);
  }
  return copied;
}

function putQuoted(from: i32, end: i32, to: i32): i32 {
  const quote = i8x16.splat(QUOTE);
  store<u8>(to++, QUOTE);
  while (from < end) {
    const bytes = v128.load(from);
    v128.store(to, bytes);
    const quotes = i8x16.bitmask(i8x16.eq(bytes, quote)) & firstBits(end - from);
    // Up to and including the first quote, which is then doubled.
    const count = quotes == 0 ? min(16, end - from) : ctz(quotes) + 1;
    from += count;
    to += count;
    if (quotes != 0) store<u8>(to++, QUOTE);
  }
  store<u8>(to++, QUOTE);
  return to;
}

/** A bit for each of the first `count` bytes of a vector, for all of them if there are more. */
// @ts-ignore: decorator
@inline
function firstBits(count: i32): i32 {
  return count >= 16 ? 0xffff : (1 << count) - 1;
}
