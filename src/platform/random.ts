/** Most bytes that one call of `getRandomValues` gives (W3C Web Cryptography, §10.1.1). */
const QUOTA_BYTES = 65_536;

/** Fills an array with random numbers of the platform's generator, which has the same name in Node and browsers. */
export function fillRandom<
  Numbers extends Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> | Uint32Array<ArrayBuffer>,
>(numbers: Numbers): Numbers {
  const bytes = new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
  for (let at = 0; at < bytes.length; at += QUOTA_BYTES) {
    globalThis.crypto.getRandomValues(bytes.subarray(at, Math.min(at + QUOTA_BYTES, bytes.length)));
  }
  return numbers;
}

/** Random bytes of the platform's generator. */
export function randomBytes(length: number): Uint8Array<ArrayBuffer> {
  return fillRandom(new Uint8Array(length));
}
