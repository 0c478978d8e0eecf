/**
 * A column of fixed-width values: `width` bytes per row, little-endian two's complement or IEEE 754, in one buffer.
 *
 * `validity` as in `ByteColumn`; the bytes of a null value are undefined.
 */
export interface FixedColumn {
  readonly rows: number;
  readonly width: number;
  readonly values: Uint8Array;
  readonly validity: Uint8Array | null;
}
