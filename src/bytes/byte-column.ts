import { allValid, isValid, setNull } from './validity.ts';

/**
 * A column of byte strings, laid out as Arrow lays out `Binary` and `Utf8`.
 *
 * Shape: value `i` is `bytes[offsets[i] .. offsets[i + 1])`; `offsets` has `rows + 1` entries and starts at any value;
 * `validity` is a bitmap, least significant bit first, 1 = present, or `null` when every value is present. The range of
 * a null value is empty or ignored.
 */
export interface ByteColumn {
  readonly rows: number;
  readonly offsets: Int32Array;
  readonly bytes: Uint8Array;
  readonly validity: Uint8Array | null;
}

/** The bytes of one value, as a view into the column, or `null` for a null value. */
export function valueAt(column: ByteColumn, row: number): Uint8Array | null {
  if (!isValid(column.validity, row)) return null;
  return column.bytes.subarray(column.offsets[row], column.offsets[row + 1]);
}

/** A column built from single values; for cells, tests and small tables, not for hot paths. */
export function byteColumnOf(values: readonly (Uint8Array | null)[]): ByteColumn {
  const rows = values.length;
  const offsets = new Int32Array(rows + 1);
  let length = 0;
  values.forEach((value, row) => {
    length += value?.length ?? 0;
    offsets[row + 1] = length;
  });
  const bytes = new Uint8Array(length);
  let validity: Uint8Array | null = null;
  values.forEach((value, row) => {
    if (value === null) setNull((validity ??= allValid(rows)), row);
    else bytes.set(value, offsets[row]);
  });
  return { rows, offsets, bytes, validity };
}
