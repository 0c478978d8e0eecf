// GHASH (NIST SP 800-38D §6.4) with tables of the multiples of H, which byte shuffles look up.
//
// An element of GF(2^128) is kept as one vector with the bytes of the block in reverse, that is, as an integer whose
// highest bit is the coefficient of x^0 and whose lowest is that of x^127: multiplying by x is a shift to the right.
//
// The table of a key has two halves of 16 vectors. Vector b of the first half holds, for each n of 0 to 15, byte b of
// n · H, where bit 3 of n is the coefficient of x^0 and bit 0 that of x^3; the second half is the same for x^4 · H. A
// product then needs 32 shuffles whose indexes are the nibbles of the other factor. No address depends on them.

/** The bytes of a block in reverse. */
// @ts-ignore: decorator
@inline
export function reverse(block: v128): v128 {
  return i8x16.swizzle(block, i8x16(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0));
}

/**
 * `low + high · x^128` modulo x^128 + x^7 + x^2 + x + 1 (SP 800-38D §6.3), where the degree of `high` is under 121: x^128 is
 * 1 + x + x^2 + x^7.
 */
// @ts-ignore: decorator
@inline
function reduce(low: v128, high: v128): v128 {
  const shifted = v128.xor(v128.xor(i64x2.shr_u(high, 1), i64x2.shr_u(high, 2)), i64x2.shr_u(high, 7));
  // The bits that the shifts move out of the upper half go to the lower one.
  const out = v128.xor(v128.xor(i64x2.shl(high, 63), i64x2.shl(high, 62)), i64x2.shl(high, 57));
  const carried = v128.shuffle<i64>(out, i64x2.splat(0), 1, 2);
  return v128.xor(v128.xor(low, high), v128.xor(shifted, carried));
}

/** `h · x^power`, 1 to 7. */
// @ts-ignore: decorator
@inline
function timesPower(h: v128, power: i32): v128 {
  const moved = v128.shuffle<i64>(i64x2.shl(h, 64 - power), i64x2.splat(0), 1, 0);
  const fallen = v128.and(moved, i64x2(0, -1));
  return reduce(v128.xor(i64x2.shr_u(h, power), v128.and(moved, i64x2(-1, 0))), fallen);
}

/** Bytes `b` to `b + 3` of 0, p, q, p + q: the entry for each value of half a nibble. */
// @ts-ignore: decorator
@inline
function storeColumns(table: usize, upper: v128, lower: v128): void {
  // Four bytes per b in each: the entry for the upper and the lower two bits of n.
  v128.store(
    table,
    v128.xor(
      i8x16.swizzle(upper, i8x16(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3)),
      i8x16.swizzle(lower, i8x16(0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3)),
    ),
    0,
  );
  v128.store(
    table,
    v128.xor(
      i8x16.swizzle(upper, i8x16(4, 4, 4, 4, 5, 5, 5, 5, 6, 6, 6, 6, 7, 7, 7, 7)),
      i8x16.swizzle(lower, i8x16(4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7)),
    ),
    16,
  );
  v128.store(
    table,
    v128.xor(
      i8x16.swizzle(upper, i8x16(8, 8, 8, 8, 9, 9, 9, 9, 10, 10, 10, 10, 11, 11, 11, 11)),
      i8x16.swizzle(lower, i8x16(8, 9, 10, 11, 8, 9, 10, 11, 8, 9, 10, 11, 8, 9, 10, 11)),
    ),
    32,
  );
  v128.store(
    table,
    v128.xor(
      i8x16.swizzle(upper, i8x16(12, 12, 12, 12, 13, 13, 13, 13, 14, 14, 14, 14, 15, 15, 15, 15)),
      i8x16.swizzle(lower, i8x16(12, 13, 14, 15, 12, 13, 14, 15, 12, 13, 14, 15, 12, 13, 14, 15)),
    ),
    48,
  );
}

// Interleaving of two vectors: bytes and 16-bit units, of the lower and the upper halves.

// @ts-ignore: decorator
@inline
function lowBytes(a: v128, b: v128): v128 {
  return v128.shuffle<i8>(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}

// @ts-ignore: decorator
@inline
function highBytes(a: v128, b: v128): v128 {
  return v128.shuffle<i8>(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}

// @ts-ignore: decorator
@inline
function lowUnits(a: v128, b: v128): v128 {
  return v128.shuffle<i16>(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
}

// @ts-ignore: decorator
@inline
function highUnits(a: v128, b: v128): v128 {
  return v128.shuffle<i16>(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
}

/** Half a table: the multiples of four elements, of which the first belongs to bit 3 of n and the last to bit 0. */
// @ts-ignore: decorator
@inline
function storeHalf(table: usize, bit3: v128, bit2: v128, bit1: v128, bit0: v128): void {
  const zero = i64x2.splat(0);
  const bits32 = v128.xor(bit3, bit2);
  const bits10 = v128.xor(bit1, bit0);
  const upperA = lowBytes(zero, bit2);
  const upperB = lowBytes(bit3, bits32);
  const lowerA = lowBytes(zero, bit0);
  const lowerB = lowBytes(bit1, bits10);
  storeColumns(table, lowUnits(upperA, upperB), lowUnits(lowerA, lowerB));
  storeColumns(table + 64, highUnits(upperA, upperB), highUnits(lowerA, lowerB));
  const upperC = highBytes(zero, bit2);
  const upperD = highBytes(bit3, bits32);
  const lowerC = highBytes(zero, bit0);
  const lowerD = highBytes(bit1, bits10);
  storeColumns(table + 128, lowUnits(upperC, upperD), lowUnits(lowerC, lowerD));
  storeColumns(table + 192, highUnits(upperC, upperD), highUnits(lowerC, lowerD));
}

/** Stores the table of `h`, a reversed block, at `table`: 512 bytes. */
export function storeTable(table: usize, h: v128): void {
  storeHalf(table, h, timesPower(h, 1), timesPower(h, 2), timesPower(h, 3));
  storeHalf(table + 256, timesPower(h, 4), timesPower(h, 5), timesPower(h, 6), timesPower(h, 7));
}

/** Byte `b` of the products of all bytes of the other factor, given as upper and lower nibbles. */
// @ts-ignore: decorator
@inline
function column(table: usize, b: usize, upper: v128, lower: v128): v128 {
  return v128.xor(
    i8x16.swizzle(v128.load(table + b * 16), upper),
    i8x16.swizzle(v128.load(table + 256 + b * 16), lower),
  );
}

/** `low` moved down by one byte. */
// @ts-ignore: decorator
@inline
function moveLow(low: v128): v128 {
  return v128.shuffle<i8>(low, i64x2.splat(0), 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16);
}

/** `high` moved down by one byte, the lowest byte of `low` above it. */
// @ts-ignore: decorator
@inline
function moveHigh(high: v128, low: v128): v128 {
  return v128.shuffle<i8>(high, low, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16);
}

/**
 * `y · H`, where H is given as its table. Byte b of the product of the byte of `y` at q belongs at `q + b - 15`: the columns
 * are added from the lowest b on, and move down in between. The bytes that leave the vector are the part from x^128 on.
 */
export function multiply(y: v128, table: usize): v128 {
  const upper = v128.and(i16x8.shr_u(y, 4), i8x16.splat(0x0f));
  const lower = v128.and(y, i8x16.splat(0x0f));
  let low = column(table, 0, upper, lower);
  let high = i64x2.splat(0);
  high = moveHigh(high, low); low = v128.xor(moveLow(low), column(table, 1, upper, lower));
  high = moveHigh(high, low); low = v128.xor(moveLow(low), column(table, 2, upper, lower));
  high = moveHigh(high, low); low = v128.xor(moveLow(low), column(table, 3, upper, lower));
  high = moveHigh(high, low); low = v128.xor(moveLow(low), column(table, 4, upper, lower));
  high = moveHigh(high, low); low = v128.xor(moveLow(low), column(table, 5, upper, lower));
  high = moveHigh(high, low); low = v128.xor(moveLow(low), column(table, 6, upper, lower));
  high = moveHigh(high, low); low = v128.xor(moveLow(low), column(table, 7, upper, lower));
  high = moveHigh(high, low); low = v128.xor(moveLow(low), column(table, 8, upper, lower));
  high = moveHigh(high, low); low = v128.xor(moveLow(low), column(table, 9, upper, lower));
  high = moveHigh(high, low); low = v128.xor(moveLow(low), column(table, 10, upper, lower));
  high = moveHigh(high, low); low = v128.xor(moveLow(low), column(table, 11, upper, lower));
  high = moveHigh(high, low); low = v128.xor(moveLow(low), column(table, 12, upper, lower));
  high = moveHigh(high, low); low = v128.xor(moveLow(low), column(table, 13, upper, lower));
  high = moveHigh(high, low); low = v128.xor(moveLow(low), column(table, 14, upper, lower));
  high = moveHigh(high, low); low = v128.xor(moveLow(low), column(table, 15, upper, lower));
  return reduce(low, high);
}

/** The first `bytes` bytes of a block, 0 to 16; zeros after them. */
// @ts-ignore: decorator
@inline
export function firstBytes(block: v128, bytes: i32): v128 {
  const positions = i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  return v128.and(block, i8x16.lt_s(positions, i8x16.splat(<i8>bytes)));
}

/** Continues GHASH with `bytes` bytes at `data`, filled up with zeros to a whole block. */
export function update(y: v128, data: usize, bytes: i32, table: usize): v128 {
  let at = data;
  let left = bytes;
  for (; left >= 16; left -= 16) {
    y = multiply(v128.xor(y, reverse(v128.load(at))), table);
    at += 16;
  }
  if (left > 0) y = multiply(v128.xor(y, reverse(firstBytes(v128.load(at), left))), table);
  return y;
}

/** Ends GHASH with the lengths of the additional data and the ciphertext (SP 800-38D §7.1, step 5). */
export function finish(y: v128, aadBytes: i32, bytes: i32, table: usize): v128 {
  return reverse(multiply(v128.xor(y, i64x2(<u64>(<u32>bytes) << 3, <u64>(<u32>aadBytes) << 3)), table));
}
