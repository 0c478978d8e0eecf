// SHA-256 (FIPS 180-4 §6.2) of four messages at a time: lane i of every vector belongs to message i. As in the kernel, which a room
// must not depend on; a test compares both with the runtime's.

/** The message schedule in four lanes: 64 vectors. */
export const WORDS: usize = memory.data(1024, 16);

/** FIPS 180-4 §4.2.2. */
// prettier-ignore
const K: usize = memory.data<u32>([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
], 16);

/** FIPS 180-4 §5.3.3. */
// prettier-ignore
const INITIAL: usize = memory.data<u32>([
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
], 16);

// @ts-ignore: decorator
@inline
function rotateRight(x: v128, bits: i32): v128 {
  return v128.or(i32x4.shr_u(x, bits), i32x4.shl(x, 32 - bits));
}

// The six functions of FIPS 180-4 §4.1.2. `choose` and `majority` use fewer operations than the standard.

// @ts-ignore: decorator
@inline
function choose(x: v128, y: v128, z: v128): v128 {
  return v128.xor(z, v128.and(x, v128.xor(y, z)));
}

/** Majority of x, y and z, from the differences x ^ y and y ^ z. The first of one round is the second of the next. */
// @ts-ignore: decorator
@inline
function majority(y: v128, xy: v128, yz: v128): v128 {
  return v128.xor(y, v128.and(xy, yz));
}

// @ts-ignore: decorator
@inline
function bigSigma0(x: v128): v128 {
  return v128.xor(v128.xor(rotateRight(x, 2), rotateRight(x, 13)), rotateRight(x, 22));
}

// @ts-ignore: decorator
@inline
function bigSigma1(x: v128): v128 {
  return v128.xor(v128.xor(rotateRight(x, 6), rotateRight(x, 11)), rotateRight(x, 25));
}

// @ts-ignore: decorator
@inline
function smallSigma0(x: v128): v128 {
  return v128.xor(v128.xor(rotateRight(x, 7), rotateRight(x, 18)), i32x4.shr_u(x, 3));
}

// @ts-ignore: decorator
@inline
function smallSigma1(x: v128): v128 {
  return v128.xor(v128.xor(rotateRight(x, 17), rotateRight(x, 19)), i32x4.shr_u(x, 10));
}

/** T1 of FIPS 180-4 §6.2.2; `sum` is K + W. */
// @ts-ignore: decorator
@inline
function first(e: v128, f: v128, g: v128, h: v128, sum: v128): v128 {
  return i32x4.add(i32x4.add(h, sum), i32x4.add(bigSigma1(e), choose(e, f, g)));
}

/** T1 + T2. */
// @ts-ignore: decorator
@inline
function second(a: v128, b: v128, ab: v128, bc: v128, t1: v128): v128 {
  return i32x4.add(t1, i32x4.add(bigSigma0(a), majority(b, ab, bc)));
}

/** K + W of round `i` after `w` and `k`. */
// @ts-ignore: decorator
@inline
function sumAt(w: usize, k: usize, i: usize): v128 {
  return i32x4.add(v128.load(w + i * 16), v128.load32_splat(k + i * 4));
}

/** Appends word 16 + i after `w` to the message schedule. */
// @ts-ignore: decorator
@inline
function extend(w: usize, i: usize): void {
  const sum = i32x4.add(
    i32x4.add(smallSigma1(v128.load(w + (i + 14) * 16)), v128.load(w + (i + 9) * 16)),
    i32x4.add(smallSigma0(v128.load(w + (i + 1) * 16)), v128.load(w + i * 16)),
  );
  v128.store(w + (i + 16) * 16, sum);
}

/** Compresses the block in the first 16 of `WORDS` into the state at `state`; the rest of `WORDS` is overwritten. */
export function compress(state: usize): void {
  let a = v128.load(state, 0);
  let b = v128.load(state, 16);
  let c = v128.load(state, 32);
  let d = v128.load(state, 48);
  let e = v128.load(state, 64);
  let f = v128.load(state, 80);
  let g = v128.load(state, 96);
  let h = v128.load(state, 112);
  // Differences of neighbours among a, b and c, for `majority`.
  let p: v128;
  let q = v128.xor(b, c);
  let w = WORDS;
  let k = K;
  for (let round = 0; round < 64; round += 8) {
    h = first(e, f, g, h, sumAt(w, k, 0)); d = i32x4.add(d, h); p = v128.xor(a, b); h = second(a, b, p, q, h);
    if (round < 48) { extend(w, 0); extend(w, 1); }
    g = first(d, e, f, g, sumAt(w, k, 1)); c = i32x4.add(c, g); q = v128.xor(h, a); g = second(h, a, q, p, g);
    f = first(c, d, e, f, sumAt(w, k, 2)); b = i32x4.add(b, f); p = v128.xor(g, h); f = second(g, h, p, q, f);
    if (round < 48) { extend(w, 2); extend(w, 3); }
    e = first(b, c, d, e, sumAt(w, k, 3)); a = i32x4.add(a, e); q = v128.xor(f, g); e = second(f, g, q, p, e);
    d = first(a, b, c, d, sumAt(w, k, 4)); h = i32x4.add(h, d); p = v128.xor(e, f); d = second(e, f, p, q, d);
    if (round < 48) { extend(w, 4); extend(w, 5); }
    c = first(h, a, b, c, sumAt(w, k, 5)); g = i32x4.add(g, c); q = v128.xor(d, e); c = second(d, e, q, p, c);
    b = first(g, h, a, b, sumAt(w, k, 6)); f = i32x4.add(f, b); p = v128.xor(c, d); b = second(c, d, p, q, b);
    if (round < 48) { extend(w, 6); extend(w, 7); }
    a = first(f, g, h, a, sumAt(w, k, 7)); e = i32x4.add(e, a); q = v128.xor(b, c); a = second(b, c, q, p, a);
    w += 128;
    k += 32;
  }
  v128.store(state, i32x4.add(a, v128.load(state, 0)), 0);
  v128.store(state, i32x4.add(b, v128.load(state, 16)), 16);
  v128.store(state, i32x4.add(c, v128.load(state, 32)), 32);
  v128.store(state, i32x4.add(d, v128.load(state, 48)), 48);
  v128.store(state, i32x4.add(e, v128.load(state, 64)), 64);
  v128.store(state, i32x4.add(f, v128.load(state, 80)), 80);
  v128.store(state, i32x4.add(g, v128.load(state, 96)), 96);
  v128.store(state, i32x4.add(h, v128.load(state, 112)), 112);
}

/** Sets the state at `state` to the initial hash value. */
export function initialize(state: usize): void {
  for (let i: usize = 0; i < 8; i++) v128.store(state + i * 16, v128.load32_splat(INITIAL + i * 4));
}

/** Reverses the bytes of each word of a vector: SHA-256 is big-endian, WebAssembly little-endian. */
// @ts-ignore: decorator
@inline
function swapBytes(x: v128): v128 {
  return i8x16.swizzle(x, i8x16(3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12));
}

/** Stores four words of each of four messages, given as bytes, as four vectors at `words`. */
// @ts-ignore: decorator
@inline
export function storeWords(words: usize, p: v128, q: v128, r: v128, s: v128): void {
  const a = swapBytes(p);
  const b = swapBytes(q);
  const c = swapBytes(r);
  const d = swapBytes(s);
  const lowAb = v128.shuffle<i32>(a, b, 0, 4, 1, 5);
  const highAb = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
  const lowCd = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
  const highCd = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
  v128.store(words, v128.shuffle<i64>(lowAb, lowCd, 0, 2), 0);
  v128.store(words, v128.shuffle<i64>(lowAb, lowCd, 1, 3), 16);
  v128.store(words, v128.shuffle<i64>(highAb, highCd, 0, 2), 32);
  v128.store(words, v128.shuffle<i64>(highAb, highCd, 1, 3), 48);
}

/** Stores half a digest (words 0 to 3, or 4 to 7, at `words`) of four messages as 16 bytes each. */
export function storeDigests(words: usize, p: usize, q: usize, r: usize, s: usize): void {
  const a = v128.load(words, 0);
  const b = v128.load(words, 16);
  const c = v128.load(words, 32);
  const d = v128.load(words, 48);
  const lowAb = v128.shuffle<i32>(a, b, 0, 4, 1, 5);
  const highAb = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
  const lowCd = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
  const highCd = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
  v128.store(p, swapBytes(v128.shuffle<i64>(lowAb, lowCd, 0, 2)));
  v128.store(q, swapBytes(v128.shuffle<i64>(lowAb, lowCd, 1, 3)));
  v128.store(r, swapBytes(v128.shuffle<i64>(highAb, highCd, 0, 2)));
  v128.store(s, swapBytes(v128.shuffle<i64>(highAb, highCd, 1, 3)));
}

/** `compress` for the lanes of which `active` has all bits; the others keep their states. */
export function compressActive(state: usize, active: v128): void {
  const a = v128.load(state, 0);
  const b = v128.load(state, 16);
  const c = v128.load(state, 32);
  const d = v128.load(state, 48);
  const e = v128.load(state, 64);
  const f = v128.load(state, 80);
  const g = v128.load(state, 96);
  const h = v128.load(state, 112);
  compress(state);
  v128.store(state, v128.bitselect(v128.load(state, 0), a, active), 0);
  v128.store(state, v128.bitselect(v128.load(state, 16), b, active), 16);
  v128.store(state, v128.bitselect(v128.load(state, 32), c, active), 32);
  v128.store(state, v128.bitselect(v128.load(state, 48), d, active), 48);
  v128.store(state, v128.bitselect(v128.load(state, 64), e, active), 64);
  v128.store(state, v128.bitselect(v128.load(state, 80), f, active), 80);
  v128.store(state, v128.bitselect(v128.load(state, 96), g, active), 96);
  v128.store(state, v128.bitselect(v128.load(state, 112), h, active), 112);
}
