// Finds the bytes that can change the state of a CSV scan: the delimiter, LF, CR, quote and NUL, sixteen bytes at a time.

/** The place of the bytes to search: `inputBytes` of them, and 16 more that are read and ignored. */
export const inputAt: i32 = 1024;
export const inputBytes: i32 = 1 << 20;
/** The place of the positions, 4 bytes each; there may be as many as there are bytes. */
export const outputAt: i32 = inputAt + inputBytes + 64;

/** Writes the positions of such bytes among the first `length` to `outputAt`, in order, and returns how many there are. */
export function findStops(length: i32, delimiter: i32): i32 {
  const delimiters = i8x16.splat(<i8>delimiter);
  const lineFeed = i8x16.splat(0x0a);
  const carriageReturn = i8x16.splat(0x0d);
  const quote = i8x16.splat(0x22);
  const nul = i8x16.splat(0);
  let to = outputAt;
  for (let at: i32 = 0; at < length; at += 16) {
    const bytes = v128.load(inputAt + at);
    const ends = v128.or(i8x16.eq(bytes, delimiters), i8x16.eq(bytes, lineFeed));
    const others = v128.or(i8x16.eq(bytes, carriageReturn), i8x16.eq(bytes, nul));
    let mask = i8x16.bitmask(v128.or(v128.or(ends, others), i8x16.eq(bytes, quote)));
    while (mask != 0) {
      const position = at + ctz(mask);
      if (position >= length) break;
      store<i32>(to, position);
      to += 4;
      mask &= mask - 1;
    }
  }
  return (to - outputAt) >> 2;
}
