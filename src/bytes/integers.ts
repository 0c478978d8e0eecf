// Big-endian numbers as bytes; `ByteReader` reads them.

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The two bytes of a signed 16-bit integer. */
export function encodeI16(value: number): Uint8Array {
  const bytes = new Uint8Array(2);
  viewOf(bytes).setInt16(0, value);
  return bytes;
}

/** The four bytes of a signed 32-bit integer. */
export function encodeI32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  viewOf(bytes).setInt32(0, value);
  return bytes;
}

/** The eight bytes of a signed 64-bit integer. */
export function encodeI64(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
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
