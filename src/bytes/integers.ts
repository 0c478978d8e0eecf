/**
 * Big-endian integer codecs. They read and write within a buffer that the caller has measured.
 */

/** Bytes of an `i16`, `i32` and `i64`. */
export const I16_BYTES = 2;
export const I32_BYTES = 4;
export const I64_BYTES = 8;

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Reads the signed 16-bit integer at `at`. */
export function readI16(bytes: Uint8Array, at: number): number {
  return viewOf(bytes).getInt16(at);
}

/** Reads the signed 32-bit integer at `at`. */
export function readI32(bytes: Uint8Array, at: number): number {
  return viewOf(bytes).getInt32(at);
}

/** Reads the signed 64-bit integer at `at`. */
export function readI64(bytes: Uint8Array, at: number): bigint {
  return viewOf(bytes).getBigInt64(at);
}

/** The two bytes of a signed 16-bit integer. */
export function encodeI16(value: number): Uint8Array {
  const bytes = new Uint8Array(I16_BYTES);
  viewOf(bytes).setInt16(0, value);
  return bytes;
}

/** The four bytes of a signed 32-bit integer. */
export function encodeI32(value: number): Uint8Array {
  const bytes = new Uint8Array(I32_BYTES);
  viewOf(bytes).setInt32(0, value);
  return bytes;
}

/** The eight bytes of a signed 64-bit integer. */
export function encodeI64(value: bigint): Uint8Array {
  const bytes = new Uint8Array(I64_BYTES);
  viewOf(bytes).setBigInt64(0, value);
  return bytes;
}

/** The four bytes of an IEEE 754 binary32. */
export function encodeF32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  viewOf(bytes).setFloat32(0, value);
  return bytes;
}

/** The eight bytes of an IEEE 754 binary64. */
export function encodeF64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  viewOf(bytes).setFloat64(0, value);
  return bytes;
}
