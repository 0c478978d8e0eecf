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
