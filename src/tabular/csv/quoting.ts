import { decodeUtf8, encodeUtf8 } from '../../bytes/index.ts';
import { COMMA, HASH, QUOTE, SPACE } from './bytes.ts';

/** Bytes that make a field quoted wherever they stand: comma, quote, space and control characters. */
const QUOTED_BYTES = new Uint8Array(256).map((_, byte) => (byte <= SPACE || byte === COMMA || byte === QUOTE ? 1 : 0));

/** Whether a field, which is not empty, is written in quotes; `isFirst` if it is its record's first. */
//= format F-82
export function needsQuotes(bytes: Uint8Array, start: number, end: number, isFirst: boolean): boolean {
  if (isFirst && bytes[start] === HASH) return true;
  for (let index = start; index < end; index++) if (QUOTED_BYTES[bytes[index] ?? 0] === 1) return true;
  return false;
}

/** How many bytes quoting adds to a field: none, or two and one for each quote in it. */
export function quotingBytes(bytes: Uint8Array, start: number, end: number, isFirst: boolean): number {
  if (!needsQuotes(bytes, start, end, isFirst)) return 0;
  let added = 2;
  for (let index = start; index < end; index++) if (bytes[index] === QUOTE) added++;
  return added;
}

/** A text in quotes. */
export function quoteField(text: Uint8Array): Uint8Array {
  return encodeUtf8(`"${decodeUtf8(text).replaceAll('"', '""')}"`);
}

/** Writes a field in quotes at `at`, where there is room for it, and returns its end. */
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
