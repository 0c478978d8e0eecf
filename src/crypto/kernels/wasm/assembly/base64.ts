// Base64 (RFC 4648 §4): twelve bytes or sixteen characters at a time, after W. Muła and D. Lemire, "Faster Base64
// Encoding and Decoding Using AVX2 Instructions" (2018), with shifts for the multiplications that WebAssembly lacks.

/** The sixteen characters of the first twelve bytes. */
// @ts-ignore: decorator
@inline
export function encode12(bytes: v128): v128 {
  // Three bytes per 32-bit lane, the first of them highest; the top byte of the lane is ignored.
  const group = i8x16.swizzle(bytes, i8x16(2, 1, 0, 0, 5, 4, 3, 3, 8, 7, 6, 6, 11, 10, 9, 9));
  const sextets = v128.or(
    v128.or(
      v128.and(i32x4.shr_u(group, 18), i32x4.splat(0x0000003f)),
      v128.and(i32x4.shr_u(group, 4), i32x4.splat(0x00003f00)),
    ),
    v128.or(
      v128.and(i32x4.shl(group, 10), i32x4.splat(0x003f0000)),
      v128.and(i32x4.shl(group, 24), i32x4.splat(0x3f000000)),
    ),
  );
  // 0: a to z, 1 to 10: digits, 11: +, 12: /, 13: A to Z. The table has the number to add to a sextet of each range.
  const range = v128.or(
    i8x16.sub_sat_u(sextets, i8x16.splat(51)),
    v128.and(i8x16.lt_s(sextets, i8x16.splat(26)), i8x16.splat(13)),
  );
  const offsets = i8x16(71, -4, -4, -4, -4, -4, -4, -4, -4, -4, -4, -19, -16, 65, 0, 0);
  return i8x16.add(sextets, i8x16.swizzle(offsets, range));
}

/** Stores the first 4, 8 or 12 characters. */
function storePart(at: usize, characters: v128, length: i32): void {
  if (length >= 8) {
    v128.store64_lane(at, characters, 0);
    if (length > 8) v128.store32_lane(at, characters, 2, 8);
  } else {
    v128.store32_lane(at, characters, 0);
  }
}

/** Writes `bytes > 0` bytes at `source` as Base64 with padding to `target`, without one character more. */
export function encodeInto(source: usize, bytes: i32, target: usize): void {
  let from = source;
  let to = target;
  let left = bytes;
  for (; left >= 12; left -= 12) {
    v128.store(to, encode12(v128.load(from)));
    from += 12;
    to += 16;
  }
  if (left == 0) return;
  const positions = i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const last = v128.and(v128.load(from), i8x16.lt_s(positions, i8x16.splat(<i8>left)));
  const length = ((left + 2) / 3) * 4;
  if (length == 16) v128.store(to, encode12(last));
  else storePart(to, encode12(last), length);
  const rest = left % 3;
  if (rest != 0) {
    store<u8>(to + <usize>length - 1, 0x3d);
    if (rest == 1) store<u8>(to + <usize>length - 2, 0x3d);
  }
}

/** Bits are set where a character is not in the alphabet: the tables for its high and its low nibble share a bit. */
// @ts-ignore: decorator
@inline
function foreign(characters: v128, high: v128): v128 {
  const low = v128.and(characters, i8x16.splat(0x0f));
  const byLow = i8x16(
    0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x13, 0x1a, 0x1b, 0x1b, 0x1b, 0x1a,
  );
  const byHigh = i8x16(
    0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x08, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10,
  );
  return v128.and(i8x16.swizzle(byLow, low), i8x16.swizzle(byHigh, high));
}

/** The twelve bytes of sixteen characters of the alphabet. */
// @ts-ignore: decorator
@inline
function decode16(characters: v128, high: v128): v128 {
  // The number to add to a character, by its high nibble; `/` uses the entry before that of its neighbours.
  const offsets = i8x16(0, 16, 19, 4, -65, -65, -71, -71, 0, 0, 0, 0, 0, 0, 0, 0);
  const isSlash = i8x16.eq(characters, i8x16.splat(0x2f));
  const sextets = i8x16.add(characters, i8x16.swizzle(offsets, i8x16.add(high, isSlash)));
  const groups = v128.or(
    v128.or(
      v128.and(i32x4.shl(sextets, 18), i32x4.splat(0xfc0000)),
      v128.and(i32x4.shl(sextets, 4), i32x4.splat(0x03f000)),
    ),
    v128.or(v128.and(i32x4.shr_u(sextets, 10), i32x4.splat(0x000fc0)), i32x4.shr_u(sextets, 24)),
  );
  return i8x16.swizzle(groups, i8x16(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, 3, 3, 3, 3));
}

/**
 * Decodes `characters > 0` characters, padding left off, from `source` to `target <= source`; the two may overlap. Up to
 * 16 bytes behind the decoded ones are overwritten. Unused bits of the last character are ignored (format F-2).
 *
 * Returns whether all characters were of the alphabet.
 */
export function decodeInto(source: usize, characters: i32, target: usize): bool {
  let from = source;
  let to = target;
  let left = characters;
  let bad = i64x2.splat(0);
  for (; left >= 16; left -= 16) {
    const text = v128.load(from);
    const high = v128.and(i32x4.shr_u(text, 4), i8x16.splat(0x0f));
    bad = v128.or(bad, foreign(text, high));
    v128.store(to, decode16(text, high));
    from += 16;
    to += 12;
  }
  if (left > 0) {
    const positions = i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const isText = i8x16.lt_s(positions, i8x16.splat(<i8>left));
    const text = v128.bitselect(v128.load(from), i8x16.splat(0x41), isText);
    const high = v128.and(i32x4.shr_u(text, 4), i8x16.splat(0x0f));
    bad = v128.or(bad, foreign(text, high));
    v128.store(to, decode16(text, high));
  }
  return !v128.any_true(bad);
}
