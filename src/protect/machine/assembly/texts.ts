// Lists of short texts that values are compared with: their number, then for each its length and its bytes, at multiples of four.
import { requireInIo } from '../../../crypto/kernels/wasm/assembly/layout';

/** Traps unless a list is in IO. Returns its end. */
export function requireTexts(listAt: i32): usize {
  let at = <usize>listAt;
  requireInIo(at, 4);
  for (let left = load<i32>(listAt); left > 0; left--) {
    requireInIo((at += 4), 4);
    const bytes = load<i32>(at);
    requireInIo(at + 4, bytes);
    at += (bytes + 3) & ~3;
  }
  return at + 4;
}

/** Whether a value is one of the texts of a list. */
// @ts-ignore: decorator
@inline
export function isInTexts(listAt: i32, start: i32, end: i32): bool {
  return load<i32>(listAt) != 0 && isAmong(listAt, start, end);
}

function isAmong(listAt: i32, start: i32, end: i32): bool {
  let at = listAt + 4;
  for (let left = load<i32>(listAt); left > 0; left--) {
    const bytes = load<i32>(at);
    if (bytes == end - start && memory.compare(<usize>at + 4, <usize>start, <usize>bytes) == 0) return true;
    at += 4 + ((bytes + 3) & ~3);
  }
  return false;
}
