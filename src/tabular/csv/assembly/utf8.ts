// Checks that a text is UTF-8, sixteen bytes at a time: J. Keiser, D. Lemire, Validating UTF-8 In Less Than One Instruction Per Byte
// (https://arxiv.org/abs/2010.03090). A table for each half of a byte says which faults it can be a part of together with the byte
// before; the bits that all tables agree on are faults.

/** A lead byte or ASCII where a continuation must be. */
const TOO_SHORT: i8 = 0x01;
/** A continuation after ASCII. */
const TOO_LONG: i8 = 0x02;
const OVERLONG_3: i8 = 0x04;
/** Beyond U+10FFFF. */
const TOO_LARGE: i8 = 0x08;
const SURROGATE: i8 = 0x10;
const OVERLONG_2: i8 = 0x20;
/** Beyond U+10FFFF, or of four bytes where fewer do. */
const TOO_LARGE_OR_OVERLONG_4: i8 = 0x40;
/** A continuation after a continuation; a fault unless a lead of three or four bytes is before. */
const TWO_CONTINUATIONS: i8 = -0x80;
const CARRY: i8 = TOO_SHORT | TOO_LONG | TWO_CONTINUATIONS;

/** By the upper half of the byte before. */
// @ts-ignore: decorator
@inline
function lastHigh(): v128 {
  return i8x16(
    TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG,
    TWO_CONTINUATIONS, TWO_CONTINUATIONS, TWO_CONTINUATIONS, TWO_CONTINUATIONS,
    TOO_SHORT | OVERLONG_2,
    TOO_SHORT,
    TOO_SHORT | OVERLONG_3 | SURROGATE,
    TOO_SHORT | TOO_LARGE | TOO_LARGE_OR_OVERLONG_4,
  );
}

/** By the lower half of the byte before. */
// @ts-ignore: decorator
@inline
function lastLow(): v128 {
  return i8x16(
    CARRY | OVERLONG_3 | OVERLONG_2 | TOO_LARGE_OR_OVERLONG_4,
    CARRY | OVERLONG_2,
    CARRY, CARRY,
    CARRY | TOO_LARGE,
    CARRY | TOO_LARGE | TOO_LARGE_OR_OVERLONG_4, CARRY | TOO_LARGE | TOO_LARGE_OR_OVERLONG_4,
    CARRY | TOO_LARGE | TOO_LARGE_OR_OVERLONG_4, CARRY | TOO_LARGE | TOO_LARGE_OR_OVERLONG_4,
    CARRY | TOO_LARGE | TOO_LARGE_OR_OVERLONG_4, CARRY | TOO_LARGE | TOO_LARGE_OR_OVERLONG_4,
    CARRY | TOO_LARGE | TOO_LARGE_OR_OVERLONG_4, CARRY | TOO_LARGE | TOO_LARGE_OR_OVERLONG_4,
    CARRY | TOO_LARGE | TOO_LARGE_OR_OVERLONG_4 | SURROGATE,
    CARRY | TOO_LARGE | TOO_LARGE_OR_OVERLONG_4, CARRY | TOO_LARGE | TOO_LARGE_OR_OVERLONG_4,
  );
}

/** By the upper half of the byte itself. */
// @ts-ignore: decorator
@inline
function high(): v128 {
  return i8x16(
    TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT,
    TOO_LONG | OVERLONG_2 | TWO_CONTINUATIONS | OVERLONG_3 | TOO_LARGE_OR_OVERLONG_4,
    TOO_LONG | OVERLONG_2 | TWO_CONTINUATIONS | OVERLONG_3 | TOO_LARGE,
    TOO_LONG | OVERLONG_2 | TWO_CONTINUATIONS | SURROGATE | TOO_LARGE,
    TOO_LONG | OVERLONG_2 | TWO_CONTINUATIONS | SURROGATE | TOO_LARGE,
    TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT,
  );
}

/** Whether the bytes [at, end) are whole characters in UTF-8. The bytes behind them are read, up to 63 of them, and ignored. */
export function isUtf8(at: i32, end: i32): bool {
  let last = i8x16.splat(0);
  let isInside = false;
  while (at + 64 <= end) {
    const a = v128.load(at);
    const b = v128.load(at, 16);
    const c = v128.load(at, 32);
    const d = v128.load(at, 48);
    if (i8x16.bitmask(v128.or(v128.or(a, b), v128.or(c, d))) == 0) {
      if (isInside && v128.any_true(faultsOf(a, last))) return false;
      isInside = false;
    } else {
      const faults = v128.or(v128.or(faultsOf(a, last), faultsOf(b, a)), v128.or(faultsOf(c, b), faultsOf(d, c)));
      if (v128.any_true(faults)) return false;
      isInside = true;
    }
    last = d;
    at += 64;
  }
  // The rest, and a NUL behind it that no character can go on with.
  let faults = i8x16.splat(0);
  for (; at <= end; at += 16) {
    const places = i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const isText = i8x16.lt_s(places, i8x16.splat(<i8>min(16, end - at)));
    const bytes = v128.and(v128.load(at), isText);
    faults = v128.or(faults, faultsOf(bytes, last));
    last = bytes;
  }
  return !v128.any_true(faults);
}

/** Bits for the faults of sixteen bytes after sixteen others. */
// @ts-ignore: decorator
@inline
function faultsOf(bytes: v128, before: v128): v128 {
  const one = i8x16.shuffle(before, bytes, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30);
  const two = i8x16.shuffle(before, bytes, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29);
  const three = i8x16.shuffle(before, bytes, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28);
  const low = i8x16.splat(0x0f);
  const special = v128.and(
    v128.and(i8x16.swizzle(lastHigh(), i8x16.shr_u(one, 4)), i8x16.swizzle(lastLow(), v128.and(one, low))),
    i8x16.swizzle(high(), i8x16.shr_u(bytes, 4)),
  );
  const isThird = i8x16.sub_sat_u(two, i8x16.splat(<i8>(0xe0 - 0x80)));
  const isFourth = i8x16.sub_sat_u(three, i8x16.splat(<i8>(0xf0 - 0x80)));
  const mustContinue = v128.and(v128.or(isThird, isFourth), i8x16.splat(-0x80));
  return v128.xor(mustContinue, special);
}
