import { Buffer } from 'node:buffer';

/** A column of byte strings or nulls, as the kernels take it. */
export interface Column {
  readonly rows: number;
  readonly offsets: Int32Array;
  readonly bytes: Uint8Array;
  readonly validity: Uint8Array | null;
}

/** The column of some values; `null` is a null. */
export function columnOf(values: readonly (Uint8Array | null)[]): Column {
  const offsets = new Int32Array(values.length + 1);
  const validity = new Uint8Array((values.length + 7) >> 3);
  values.forEach((value, row) => {
    offsets[row + 1] = (offsets[row] ?? 0) + (value?.length ?? 0);
    if (value !== null) validity[row >> 3] = (validity[row >> 3] ?? 0) | (1 << (row & 7));
  });
  const bytes = new Uint8Array(offsets[values.length] ?? 0);
  values.forEach((value, row) => {
    if (value !== null) bytes.set(value, offsets[row]);
  });
  return { rows: values.length, offsets, bytes, validity };
}

/** Whether a row holds a value. */
export function isPresent(column: { readonly validity: Uint8Array | null }, row: number): boolean {
  return column.validity === null || ((column.validity[row >> 3] ?? 0) & (1 << (row & 7))) !== 0;
}

/** One value of a column, or `null`. */
export function valueIn(column: Column, row: number): Uint8Array | null {
  return isPresent(column, row) ? column.bytes.subarray(column.offsets[row], column.offsets[row + 1]) : null;
}

/** The text of UTF-8 bytes, or `null`. */
export function textOfBytes(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes).toString('utf8');
}

/** The bytes of a text in UTF-8. */
export function bytesOfText(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'utf8'));
}

/** The bytes of a text in Base64; the vectors' own byte strings are well-formed. */
export function bytesOfBase64(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'base64'));
}

/** The bytes of a text in hexadecimal. */
export function bytesOfHex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'hex'));
}

/** Bytes in hexadecimal. */
export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
