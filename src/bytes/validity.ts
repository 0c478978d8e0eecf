// Bitmaps of a column's rows: least significant bit first, 1 = present, or `null` when every value is present. All of these work on bytes of
// eight rows, or more.

/** Whether row `row` holds a value (`true`) or is null (`false`). */
export function isValid(validity: Uint8Array | null, row: number): boolean {
  return validity === null || (((validity[row >> 3] ?? 0) >> (row & 7)) & 1) === 1;
}

/** Marks row `row` as null in a bitmap that has room for it. */
export function setNull(validity: Uint8Array, row: number): void {
  validity[row >> 3] = (validity[row >> 3] ?? 0) & ~(1 << (row & 7));
}

/** A bitmap of `rows` present values: `ceil(rows / 8)` bytes, all ones. */
export function allValid(rows: number): Uint8Array {
  return new Uint8Array((rows + 7) >> 3).fill(0xff);
}

/** How many of the first `rows` rows are null. */
export function countNulls(validity: Uint8Array | null, rows: number): number {
  if (validity === null) return 0;
  let present = 0;
  const whole = rows >> 3;
  for (let at = 0; at < whole; at++) present += countBits(validity[at] ?? 0);
  return rows - present - countBits((validity[whole] ?? 0) & ((1 << (rows & 7)) - 1));
}

function countBits(byte: number): number {
  const pairs = byte - ((byte >> 1) & 0x55);
  const fours = (pairs & 0x33) + ((pairs >> 2) & 0x33);
  return (fours + (fours >> 4)) & 0x0f;
}

/** A copy of the bits of rows `[start, start + rows)`: `ceil(rows / 8)` bytes, with ones behind the last row. */
export function sliceValidity(validity: Uint8Array | null, start: number, rows: number): Uint8Array | null {
  if (validity === null) return null;
  const bytes = (rows + 7) >> 3;
  const first = start >> 3;
  const shift = start & 7;
  const bits = new Uint8Array(validity.subarray(first, first + bytes));
  if (shift !== 0) {
    for (let at = 0; at < bytes; at++) {
      bits[at] = ((validity[first + at] ?? 0) >> shift) | ((validity[first + at + 1] ?? 0) << (8 - shift));
    }
  }
  if ((rows & 7) !== 0) bits[bytes - 1] = (bits[bytes - 1] ?? 0) | (0xff << (rows & 7));
  return bits;
}
