// Puts ranges of bytes one after another. Cells are short, so they are copied by vectors of sixteen bytes: the last one of a
// cell writes up to 15 bytes too many, which the next cell overwrites.

/** Bytes that must be free after the input, which are read and ignored, and after the output. */
export const slackBytes: i32 = 16;

/** What {@link measure} returns for a range outside the input. */
export const outside: i32 = -1;
/** What {@link measure} returns for ranges of 2 GiB or more in all. */
export const tooLarge: i32 = -2;

/**
 * Writes the offsets of an output that has `rows` ranges of an input of `inputBytes` bytes one after another: i32, one more than ranges, from
 * 0. Range `i` is from the i32 `i` at `startsAt` to the one at `endsAt`.
 *
 * @returns the number of runs, which are ranges that are adjacent in the input too; or {@link outside}, {@link tooLarge}
 */
export function measure(rows: i32, startsAt: i32, endsAt: i32, inputBytes: i32, offsetsAt: i32): i32 {
  let total: i64 = 0;
  let runs = 0;
  let runEnd = -1;
  store<i32>(offsetsAt, 0);
  for (let row = 0; row < rows; row++) {
    const start = load<i32>(startsAt + (row << 2));
    const end = load<i32>(endsAt + (row << 2));
    if (start < 0 || end < start || end > inputBytes) return outside;
    total += end - start;
    if (total > i32.MAX_VALUE) return tooLarge;
    store<i32>(offsetsAt + (row << 2), <i32>total, 4);
    if (start != runEnd) runs++;
    runEnd = end;
  }
  return runs;
}

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
