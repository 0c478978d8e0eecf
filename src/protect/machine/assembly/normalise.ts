// The normalising steps that are the same for all of ASCII: blanks at the ends, lower case, and NFC, which leaves ASCII as it is. The
// meaning of the steps is in src/normalise.
import { isInTexts } from './texts';

/** Steps of a column, as bits. */
export const NORMALISED: i32 = 1;
export const TRIM: i32 = 2;
export const LOWER: i32 = 4;

/** What a value becomes beside a text of some length: null, because it stands for none; or nothing that these steps can say. */
export const MISSING: i32 = -1;
export const NOT_ASCII: i32 = -2;

const SPACE: i32 = 0x20;

/** Whether the last value that was normalised became another text. */
export let hasChanged: bool = false;

/** Normalises the value [start, end) in place, and returns its new length, `MISSING` or `NOT_ASCII`. */
//= format F-102
export function normaliseValue(steps: i32, nullsAt: i32, start: i32, end: i32): i32 {
  if (!isAscii(start, end)) return NOT_ASCII;
  let first = start;
  let last = end;
  while (first < last && <i32>load<u8>(first) <= SPACE) first++;
  while (last > first && <i32>load<u8>(last - 1) <= SPACE) last--;
  hasChanged = false;
  if (first == last || isInTexts(nullsAt, first, last)) return MISSING;
  if ((steps & LOWER) != 0 && lower(first, last)) {
    hasChanged = true;
    if (isInTexts(nullsAt, first, last)) return MISSING;
  }
  if ((steps & TRIM) == 0 || last - first == end - start) return end - start;
  hasChanged = true;
  memory.copy(<usize>start, <usize>first, <usize>(last - first));
  return last - first;
}

/** Whether a value has ASCII alone; up to fifteen bytes behind it are read. */
function isAscii(at: i32, end: i32): bool {
  for (; at + 16 <= end; at += 16) if (i8x16.bitmask(v128.load(at)) != 0) return false;
  return at == end || (i8x16.bitmask(v128.load(at)) & ((1 << (end - at)) - 1)) == 0;
}

/** Makes capitals of ASCII small ones, and returns whether there were any. */
function lower(at: i32, end: i32): bool {
  let found = false;
  for (; at < end; at++) {
    const byte = <i32>load<u8>(at);
    if (<u32>(byte - 0x41) >= 26) continue;
    store<u8>(at, <u8>(byte + 0x20));
    found = true;
  }
  return found;
}
