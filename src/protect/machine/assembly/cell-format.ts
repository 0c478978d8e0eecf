// What a protected cell looks like in a text.

const PREFIX_BYTES: i32 = 7;
const LEAST_BODY_BYTES: i32 = 60;
const PAD: u8 = 0x3d;

/** Bytes that the Base64 of the sealed cell [start, end) decodes to; 0 if its length or padding is wrong, or it is too short. */
//= format F-37
export function sealedBodyBytes(start: i32, end: i32): i32 {
  const length = end - start - PREFIX_BYTES;
  let characters = length;
  if (length > 0 && load<u8>(end - 1) == PAD) {
    if ((length & 3) != 0) return 0;
    characters -= load<u8>(end - 2) == PAD ? 2 : 1;
  }
  if ((characters & 3) == 1) return 0;
  const bytes = <i32>((<i64>characters * 3) >> 2);
  return bytes < LEAST_BODY_BYTES ? 0 : bytes;
}

/** Text that is no protected cell. */
export const CLEARTEXT: i32 = 1;
export const FINGERPRINT: i32 = 2;
export const SEALED: i32 = 3;
/** What else begins like a sealed cell: the kernel says what it is. */
export const OTHER_VERSION: i32 = 4;

/** The kind of the cell [start, end). Up to seven bytes behind it are read. */
// @ts-ignore: decorator
@inline
export function kindOfCell(start: i32, end: i32): i32 {
  const bytes = end - start;
  //= format F-47
  //= format F-48
  // The version, and `hmac:` or `enc:` behind it.
  const head = load<u64>(start);
  const descriptor = head >> 24;
  if (bytes >= 8 && descriptor == 0x3a63616d68) return FINGERPRINT;
  if (bytes < 7 || <u32>descriptor != 0x3a636e65) return CLEARTEXT;
  const version = <u32>head & 0xffffff;
  return version == 0x3a3230 || version == 0x3a3130 ? SEALED : OTHER_VERSION;
}
