import { type Allocator, decodeBase64Group, isValid } from '../../bytes/index.ts';
import type { ColumnData, ColumnType } from '../../columns/index.ts';
import { FINGERPRINT_BASE64_START } from './cells.ts';

/** Words of 32 bits in a half of a fingerprint. */
const HALF_WORDS = 4;

/** The type of both halves: unsigned numbers of 128 bits, whose highest byte is the half's first. */
export const HALF_TYPE: ColumnType = { kind: 'opaque', engineType: 'UHUGEINT', width: 4 * HALF_WORDS };

/** A fingerprint column as a room stores it. */
export interface FingerprintHalves {
  /** The first 16 bytes of each fingerprint, by which queries compare. */
  readonly first: ColumnData;
  /** The other 16 bytes. */
  readonly rest: ColumnData;
}

/** The name of the column with the second halves. No header has a colon in it (format F-63), so no query can name it. */
export function restOf(column: string): string {
  return `${column}:rest`;
}

/**
 * Decodes a column of fingerprints, whose form `requireProtection` has checked, into memory of the caller.
 *
 * Shape: `cell = "02:hmac:" ‖ Base64(first (16) ‖ rest (16))`. The engine has the lowest words of its numbers first.
 */
//= format F-27
export function splitFingerprints(
  { rows, bytes, offsets, validity }: Extract<ColumnData, { readonly layout: 'bytes' }>,
  memory: Allocator,
): FingerprintHalves {
  const first = memory.ints(rows * HALF_WORDS);
  const rest = memory.ints(rows * HALF_WORDS);
  for (let row = 0; row < rows; row += 1) {
    if (!isValid(validity, row)) continue;
    const at = (offsets[row] ?? 0) + FINGERPRINT_BASE64_START;
    const word = row * HALF_WORDS;
    // 32 bytes are ten groups of 24 bits and one of 16, whose padding is shifted out.
    const second = decodeBase64Group(bytes, at + 4);
    const third = decodeBase64Group(bytes, at + 8);
    const sixth = decodeBase64Group(bytes, at + 20);
    const seventh = decodeBase64Group(bytes, at + 24);
    const tenth = decodeBase64Group(bytes, at + 36);
    first[word + 3] = (decodeBase64Group(bytes, at) << 8) | (second >> 16);
    first[word + 2] = (second << 16) | (third >> 8);
    first[word + 1] = (third << 24) | decodeBase64Group(bytes, at + 12);
    first[word] = (decodeBase64Group(bytes, at + 16) << 8) | (sixth >> 16);
    rest[word + 3] = (sixth << 16) | (seventh >> 8);
    rest[word + 2] = (seventh << 24) | decodeBase64Group(bytes, at + 28);
    rest[word + 1] = (decodeBase64Group(bytes, at + 32) << 8) | (tenth >> 16);
    rest[word] = (tenth << 16) | (decodeBase64Group(bytes, at + 40) >> 8);
  }
  const half = (words: Int32Array): ColumnData => {
    const values = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
    return { layout: 'fixed', rows, width: 4 * HALF_WORDS, values, validity };
  };
  return { first: half(first), rest: half(rest) };
}
