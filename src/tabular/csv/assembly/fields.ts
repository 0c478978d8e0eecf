// Writes the fields of a CSV file, sixteen bytes at a time. A vector that reaches past the end of a field reads and writes up
// to 15 bytes too many; the next field overwrites what was written.

const COMMA: u8 = 0x2c;
const HASH: u8 = 0x23;
const QUOTE: u8 = 0x22;

/** Writes a field that needs no quotes to `to`, and returns the end. */
// @ts-ignore: decorator
@inline
export function putPlain(from: usize, bytes: i32, to: usize): usize {
  for (let at: usize = 0; at < <usize>bytes; at += 16) v128.store(to + at, v128.load(from + at));
  return to + <usize>bytes;
}

/** Writes the field of the text [from, end), in quotes if one of its bytes needs them, and returns the end. */
export function putField(from: usize, end: usize, to: usize, isFirst: bool): usize {
  if (isFirst && load<u8>(from) == HASH) return putQuoted(from, end, to);
  for (let at: usize = 0; at < end - from; at += 16) {
    const bytes = v128.load(from + at);
    v128.store(to + at, bytes);
    if ((quotedBytes(bytes) & firstBits(end - from - at)) != 0) return putQuoted(from, end, to);
  }
  return to + (end - from);
}

/** The bytes that `putField` would write. */
export function fieldBytes(from: usize, end: usize, isFirst: bool): i32 {
  let needsQuotes = isFirst && load<u8>(from) == HASH;
  let quotes = 0;
  for (let at = from; at < end; at += 16) {
    const bytes = v128.load(at);
    const mask = quotedBytes(bytes) & firstBits(end - at);
    if (mask == 0) continue;
    needsQuotes = true;
    quotes += popcnt(i8x16.bitmask(i8x16.eq(bytes, i8x16.splat(QUOTE))) & mask);
  }
  return <i32>(end - from) + (needsQuotes ? 2 + quotes : 0);
}

/** A bit for each byte for which a field needs quotes: commas, quotes, spaces and control characters. */
// @ts-ignore: decorator
@inline
function quotedBytes(bytes: v128): i32 {
  const isBlank = i8x16.le_u(bytes, i8x16.splat(0x20));
  const isSign = v128.or(i8x16.eq(bytes, i8x16.splat(COMMA)), i8x16.eq(bytes, i8x16.splat(QUOTE)));
  return i8x16.bitmask(v128.or(isBlank, isSign));
}

function putQuoted(start: usize, end: usize, target: usize): usize {
  const quote = i8x16.splat(QUOTE);
  let from = start;
  let to = target;
  store<u8>(to++, QUOTE);
  while (from < end) {
    const bytes = v128.load(from);
    v128.store(to, bytes);
    const quotes = i8x16.bitmask(i8x16.eq(bytes, quote)) & firstBits(end - from);
    // Up to and including the first quote, which is then doubled.
    const count: usize = quotes == 0 ? min(<usize>16, end - from) : <usize>ctz(quotes) + 1;
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
function firstBits(count: usize): i32 {
  return count >= 16 ? 0xffff : (1 << <i32>count) - 1;
}
