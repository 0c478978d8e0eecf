// The rows of a part, and their random order.
import { requireInIo } from '../../../crypto/kernels/wasm/assembly/layout';

/**
 * Writes the place of each row in [rowsAt, rowsAt + bytes) to `placesAt`, and returns how many there are. Rows are in the
 * format of `row-format.ts`: each begins with its length.
 */
export function findRows(rowsAt: usize, bytes: i32, placesAt: usize): i32 {
  requireInIo(rowsAt, bytes);
  const end = rowsAt + <usize>bytes;
  let to = placesAt;
  for (let at = rowsAt; at < end;) {
    requireInIo(to, 4);
    store<u32>(to, <u32>at);
    to += 4;
    const length = load<i32>(at);
    if (length < 4 || <usize>length > end - at) unreachable();
    at += <usize>length;
  }
  return <i32>((to - placesAt) >> 2);
}

/**
 * Puts the places of rows into a uniformly random order (Fisher-Yates), from the last to the first: the places from `left`
 * on have their order. Takes random numbers of 32 bits from `randomAt`, and returns the new `left` when they are used up;
 * 1 when all places have their order. Numbers that would bias it are skipped.
 */
export function shuffleRows(placesAt: usize, left: i32, randomAt: usize, randoms: i32): i32 {
  if (left < 0 || randoms < 0 || left > 0x1fffffff || randoms > 0x1fffffff) unreachable();
  requireInIo(placesAt, left << 2);
  requireInIo(randomAt, randoms << 2);
  const end = randomAt + (<usize>randoms << 2);
  let choices: u32 = left;
  for (let at = randomAt; at < end && choices > 1; at += 4) {
    const draw = load<u32>(at);
    // 2^32 modulo the choices: so many of the highest numbers would make some choices likelier than others.
    const excess = (0 - choices) % choices;
    if (draw > 0xffffffff - excess) continue;
    const last = placesAt + (<usize>(choices - 1) << 2);
    const other = placesAt + (<usize>(draw % choices) << 2);
    const held = load<u32>(last);
    store<u32>(last, load<u32>(other));
    store<u32>(other, held);
    choices--;
  }
  return max(1, <i32>choices);
}
