/** `"`, which also escapes itself. */
export const QUOTE = 0x22;
/** `,`, the delimiter unless another one is given or found. */
export const COMMA = 0x2c;
/** A line feed. */
export const LF = 0x0a;
/** A carriage return. */
export const CR = 0x0d;
/** `#`. */
export const HASH_SIGN = 0x23;
/** A space; it and all bytes below it are white space. */
export const SPACE = 0x20;
/** The byte order mark of UTF-8. */
export const MARK: readonly number[] = [0xef, 0xbb, 0xbf];

/** Whether bytes start with the byte order mark of UTF-8. */
export function startsWithMark(bytes: Uint8Array): boolean {
  return MARK.every((byte, at) => bytes[at] === byte);
}
