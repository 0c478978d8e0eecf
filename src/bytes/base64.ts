import { decodeUtf8Lenient, encodeUtf8 } from './utf8.ts';

const ALPHABET = encodeUtf8('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');
const PAD = 0x3d; // '='
const FOREIGN = 0xff;

/** Six bits per character of the alphabet, `FOREIGN` for every other byte. */
const SEXTETS = new Uint8Array(256).fill(FOREIGN);
ALPHABET.forEach((character, sextet) => {
  SEXTETS[character] = sextet;
});

/** Characters that {@link encodeBase64Into} writes for `bytes` bytes: `4 × ⌈bytes / 3⌉`. */
export function encodedBase64Length(bytes: number): number {
  return Math.ceil(bytes / 3) * 4;
}

/**
 * Writes `source[start .. end)` as padded Base64 (RFC 4648 §4) to `target`, from `at` on.
 *
 * @returns the position after the last character written. `target` must have room for {@link encodedBase64Length} bytes.
 */
export function encodeBase64Into(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  at: number,
): number {
  const wholeGroupsEnd = end - ((end - start) % 3);
  let from = start;
  let to = at;
  for (; from < wholeGroupsEnd; from += 3) {
    const group = ((source[from] ?? 0) << 16) | ((source[from + 1] ?? 0) << 8) | (source[from + 2] ?? 0);
    target[to++] = ALPHABET[group >> 18] ?? 0;
    target[to++] = ALPHABET[(group >> 12) & 63] ?? 0;
    target[to++] = ALPHABET[(group >> 6) & 63] ?? 0;
    target[to++] = ALPHABET[group & 63] ?? 0;
  }
  if (from < end) {
    const hasTwo = end - from === 2;
    const group = ((source[from] ?? 0) << 16) | (hasTwo ? (source[from + 1] ?? 0) << 8 : 0);
    target[to++] = ALPHABET[group >> 18] ?? 0;
    target[to++] = ALPHABET[(group >> 12) & 63] ?? 0;
    target[to++] = hasTwo ? (ALPHABET[(group >> 6) & 63] ?? 0) : PAD;
    target[to++] = PAD;
  }
  return to;
}

/** The end of the characters of the alphabet in `source[start .. end)`, or -1 if its length or padding is not valid. */
function endOfSextets(source: Uint8Array, start: number, end: number): number {
  const length = end - start;
  let sextetsEnd = end;
  if (length > 0 && source[end - 1] === PAD) sextetsEnd -= source[end - 2] === PAD && length > 1 ? 2 : 1;
  const isPadded = sextetsEnd < end;
  if (isPadded && length % 4 !== 0) return -1;
  return (sextetsEnd - start) % 4 === 1 ? -1 : sextetsEnd;
}

/**
 * Bytes that the Base64 in `source[start .. end)` decodes to, or -1 if its length or padding is not valid. The
 * characters themselves are not checked.
 */
export function decodedBase64Length(source: Uint8Array, start: number, end: number): number {
  const sextetsEnd = endOfSextets(source, start, end);
  return sextetsEnd < 0 ? -1 : Math.floor(((sextetsEnd - start) * 3) / 4);
}

/**
 * Decodes the Base64 in `source[start .. end)` to `target`, from `at` on, as Java's basic decoder does.
 *
 * Padding is exact or left off entirely. Unused bits of the last character are ignored. White space, the URL-safe
 * alphabet, wrong padding and anything after the padding are refused. On refusal, `target` may hold part of the result.
 *
 * @returns the position after the last byte written, or -1 if the text is not Base64. `target` must have room for
 *   {@link decodedBase64Length} bytes.
 */
//= format F-2
export function decodeBase64Into(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  at: number,
): number {
  const sextetsEnd = endOfSextets(source, start, end);
  if (sextetsEnd < 0) return -1;
  const rest = (sextetsEnd - start) % 4;
  const wholeGroupsEnd = sextetsEnd - rest;
  let to = at;
  // INVARIANT: `foreign` has a bit above the six only if some character was not of the alphabet.
  let foreign = 0;
  for (let from = start; from < wholeGroupsEnd; from += 4) {
    const a = SEXTETS[source[from] ?? 0] ?? FOREIGN;
    const b = SEXTETS[source[from + 1] ?? 0] ?? FOREIGN;
    const c = SEXTETS[source[from + 2] ?? 0] ?? FOREIGN;
    const d = SEXTETS[source[from + 3] ?? 0] ?? FOREIGN;
    foreign |= a | b | c | d;
    target[to++] = (a << 2) | (b >> 4);
    target[to++] = (b << 4) | (c >> 2);
    target[to++] = (c << 6) | d;
  }
  if (rest > 0) {
    const a = SEXTETS[source[wholeGroupsEnd] ?? 0] ?? FOREIGN;
    const b = SEXTETS[source[wholeGroupsEnd + 1] ?? 0] ?? FOREIGN;
    foreign |= a | b;
    target[to++] = (a << 2) | (b >> 4);
    if (rest === 3) {
      const c = SEXTETS[source[wholeGroupsEnd + 2] ?? 0] ?? FOREIGN;
      foreign |= c;
      target[to++] = (b << 4) | (c >> 2);
    }
  }
  return foreign > 63 ? -1 : to;
}

/** The 24 bits that the four characters from `source[at]` on encode, none of them padding. The characters are not checked. */
export function decodeBase64Group(source: Uint8Array, at: number): number {
  const a = SEXTETS[source[at] ?? 0] ?? FOREIGN;
  const b = SEXTETS[source[at + 1] ?? 0] ?? FOREIGN;
  const c = SEXTETS[source[at + 2] ?? 0] ?? FOREIGN;
  const d = SEXTETS[source[at + 3] ?? 0] ?? FOREIGN;
  return (a << 18) | (b << 12) | (c << 6) | d;
}

/** Whether `source[start .. end)` is valid Base64: characters, length and padding. */
export function isBase64(source: Uint8Array, start: number, end: number): boolean {
  const sextetsEnd = endOfSextets(source, start, end);
  let foreign = 0;
  for (let from = start; from < sextetsEnd; from++) foreign |= SEXTETS[source[from] ?? 0] ?? FOREIGN;
  return sextetsEnd >= 0 && foreign <= 63;
}

/** The padded Base64 of some bytes. */
export function encodeBase64(bytes: Uint8Array): string {
  const target = new Uint8Array(encodedBase64Length(bytes.length));
  encodeBase64Into(bytes, 0, bytes.length, target, 0);
  return decodeUtf8Lenient(target);
}

/**
 * The bytes of a Base64 text, or `null` if it is not Base64; see {@link decodeBase64Into} for what is accepted.
 *
 * The caller owns the result, and wipes it if it is secret.
 */
export function decodeBase64(text: string): Uint8Array | null {
  const source = encodeUtf8(text);
  try {
    const length = decodedBase64Length(source, 0, source.length);
    if (length < 0) return null;
    const target = new Uint8Array(length);
    return decodeBase64Into(source, 0, source.length, target, 0) < 0 ? null : target;
  } finally {
    source.fill(0);
  }
}
