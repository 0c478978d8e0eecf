import { SealroomError } from '../errors/index.ts';

// `ignoreBOM` keeps a leading U+FEFF: it is part of a value, and dropping it would change the value.
const encoder = new TextEncoder();
const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const lenientDecoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Encodes a string as UTF-8. Unpaired surrogates become U+FFFD; check with `String.isWellFormed` first to refuse them. */
export function encodeUtf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/**
 * The text of UTF-8 bytes. A byte order mark is kept.
 *
 * @throws {SealroomError} DATA_ENCODING if the bytes are not UTF-8.
 */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return strictDecoder.decode(bytes);
  } catch {
    // The decoder's error says nothing more.
    throw new SealroomError('DATA_ENCODING', 'text is not valid UTF-8');
  }
}

/** The text of bytes that may not be UTF-8: each malformed part becomes U+FFFD. A byte order mark is kept. */
export function decodeUtf8Lenient(bytes: Uint8Array): string {
  return lenientDecoder.decode(bytes);
}
