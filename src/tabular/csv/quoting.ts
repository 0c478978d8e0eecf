import { decodeUtf8, encodeUtf8 } from '../../bytes/index.ts';
import { COMMA, HASH_SIGN, QUOTE, SPACE } from './bytes.ts';

/** Bytes for which a field needs quotes wherever they occur: comma, quote, space and control characters. */
const QUOTED_BYTES = new Uint8Array(256).map((_, byte) => (byte <= SPACE || byte === COMMA || byte === QUOTE ? 1 : 0));

/** Whether a non-empty field needs quotes; `isFirst` if it is the first of its record. */
//= format F-82
export function needsQuotes(bytes: Uint8Array, start: number, end: number, isFirst: boolean): boolean {
  if (isFirst && bytes[start] === HASH_SIGN) return true;
  for (let index = start; index < end; index++) if (QUOTED_BYTES[bytes[index] ?? 0] === 1) return true;
  return false;
}

/** The bytes that quoting adds to a field: none, or two plus one for each quote in it. */
export function quotingBytes(bytes: Uint8Array, start: number, end: number, isFirst: boolean): number {
  if (!needsQuotes(bytes, start, end, isFirst)) return 0;
  let added = 2;
  for (let index = start; index < end; index++) if (bytes[index] === QUOTE) added++;
  return added;
}

/** Quotes a text. */
export function quoteField(text: Uint8Array): Uint8Array {
  return encodeUtf8(`"${decodeUtf8(text).replaceAll('"', '""')}"`);
}

/** Writes a field in quotes at `at`, which must have room for it, and returns its end. */
export function putQuoted(bytes: Uint8Array, start: number, end: number, target: Uint8Array, at: number): number {
  let to = at;
  target[to++] = QUOTE;
  for (let index = start; index < end; index++) {
    const byte = bytes[index] ?? 0;
    if (byte === QUOTE) target[to++] = QUOTE;
    target[to++] = byte;
  }
  target[to++] = QUOTE;
  return to;
}
