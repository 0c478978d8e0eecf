// Puts ranges of bytes one after another. Cells are short, so they are copied by vectors of sixteen bytes: the last one of a
// cell writes up to 15 bytes too many, which the next cell overwrites.

/** Bytes that must be free after the input, which are read and ignored, and after the output. */
export const slackBytes: i32 = 16;

/**
 * Copies `rows` ranges of the bytes at `inputAt` to `outputAt`, one after another. Range `i` begins at the i32 `i` at
 * `startsAt` and its length is the difference of the i32 `i + 1` and `i` at `offsetsAt`: offsets of the output, from 0.
 *
 * The caller has checked that every range lies within the input.
 */
export function gather(rows: i32, startsAt: i32, offsetsAt: i32, inputAt: i32, outputAt: i32): void {
  let to = outputAt;
  for (let row = 0; row < rows; row++) {
    let from = inputAt + load<i32>(startsAt + (row << 2));
    const end = outputAt + load<i32>(offsetsAt + (row << 2), 4);
    for (let at = to; at < end; at += 16, from += 16) v128.store(at, v128.load(from));
    to = end;
  }
}
