// AES-256 (FIPS 197), bit-sliced: eight blocks at a time, each under its own key.
//
// Bit i of byte j of block k is bit k of byte j of plane i. The planes are eight vectors (E. Käsper, P. Schwabe, "Faster
// and Timing-Attack Resistant AES-GCM", CHES 2009). A byte of the state is `row + 4 × column`, as it lies in memory.
// Nothing here branches on a key or a block, or uses them as an address.
import { BLOCKS, SCHEDULE_BYTES, STATE } from './layout';

/** ShiftRows (FIPS 197 §5.1.2). */
// @ts-ignore: decorator
@inline
function shiftRows(plane: v128): v128 {
  return i8x16.swizzle(plane, i8x16(0, 5, 10, 15, 4, 9, 14, 3, 8, 13, 2, 7, 12, 1, 6, 11));
}

/** ShiftRows; then the byte of the next row in the same column replaces each byte. */
// @ts-ignore: decorator
@inline
function shiftRowsThenNextRow(plane: v128): v128 {
  return i8x16.swizzle(plane, i8x16(5, 10, 15, 0, 9, 14, 3, 4, 13, 2, 7, 8, 1, 6, 11, 12));
}

/** The byte two rows further in the same column replaces each byte. */
// @ts-ignore: decorator
@inline
function secondNextRow(plane: v128): v128 {
  return i8x16.swizzle(plane, i8x16(2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13));
}

/**
 * SubBytes (FIPS 197 §5.1.1) of eight planes, `q7` the highest, exclusive-or 63 in every byte; the result is stored in
 * `STATE`. The circuit of 115 gates is that of J. Boyar, R. Peralta, "A depth-16 circuit for the AES S-box" and "A new
 * combinational logic minimization technique with applications to cryptology" (SEA 2010), with their names
 * (U for inputs, y, t and z in between, S for outputs). The 63 is there because its four NOTs are left out.
 */
// @ts-ignore: decorator
@inline
function subBytes(q0: v128, q1: v128, q2: v128, q3: v128, q4: v128, q5: v128, q6: v128, q7: v128): void {
  // The top linear transformation; U0 is the highest bit.
  const U0 = q7;
  const U1 = q6;
  const U2 = q5;
  const U3 = q4;
  const U4 = q3;
  const U5 = q2;
  const U6 = q1;
  const U7 = q0;
  const y14 = v128.xor(U3, U5);
  const y13 = v128.xor(U0, U6);
  const y9 = v128.xor(U0, U3);
  const y8 = v128.xor(U0, U5);
  const t0 = v128.xor(U1, U2);
  const y1 = v128.xor(t0, U7);
  const y4 = v128.xor(y1, U3);
  const y12 = v128.xor(y13, y14);
  const y2 = v128.xor(y1, U0);
  const y5 = v128.xor(y1, U6);
  const y3 = v128.xor(y5, y8);
  const t1 = v128.xor(U4, y12);
  const y15 = v128.xor(t1, U5);
  const y20 = v128.xor(t1, U1);
  const y6 = v128.xor(y15, U7);
  const y10 = v128.xor(y15, t0);
  const y11 = v128.xor(y20, y9);
  const y7 = v128.xor(U7, y11);
  const y17 = v128.xor(y10, y11);
  const y19 = v128.xor(y10, y8);
  const y16 = v128.xor(t0, y11);
  const y21 = v128.xor(y13, y16);
  const y18 = v128.xor(U0, y16);
  // The non-linear middle: inversion in GF(2^8) by way of GF(2^4).
  const t2 = v128.and(y12, y15);
  const t3 = v128.and(y3, y6);
  const t4 = v128.xor(t3, t2);
  const t5 = v128.and(y4, U7);
  const t6 = v128.xor(t5, t2);
  const t7 = v128.and(y13, y16);
  const t8 = v128.and(y5, y1);
  const t9 = v128.xor(t8, t7);
  const t10 = v128.and(y2, y7);
  const t11 = v128.xor(t10, t7);
  const t12 = v128.and(y9, y11);
  const t13 = v128.and(y14, y17);
  const t14 = v128.xor(t13, t12);
  const t15 = v128.and(y8, y10);
  const t16 = v128.xor(t15, t12);
  const t17 = v128.xor(t4, t14);
  const t18 = v128.xor(t6, t16);
  const t19 = v128.xor(t9, t14);
  const t20 = v128.xor(t11, t16);
  const t21 = v128.xor(t17, y20);
  const t22 = v128.xor(t18, y19);
  const t23 = v128.xor(t19, y21);
  const t24 = v128.xor(t20, y18);
  const t25 = v128.xor(t21, t22);
  const t26 = v128.and(t21, t23);
  const t27 = v128.xor(t24, t26);
  const t28 = v128.and(t25, t27);
  const t29 = v128.xor(t28, t22);
  const t30 = v128.xor(t23, t24);
  const t31 = v128.xor(t22, t26);
  const t32 = v128.and(t31, t30);
  const t33 = v128.xor(t32, t24);
  const t34 = v128.xor(t23, t33);
  const t35 = v128.xor(t27, t33);
  const t36 = v128.and(t24, t35);
  const t37 = v128.xor(t36, t34);
  const t38 = v128.xor(t27, t36);
  const t39 = v128.and(t29, t38);
  const t40 = v128.xor(t25, t39);
  const t41 = v128.xor(t40, t37);
  const t42 = v128.xor(t29, t33);
  const t43 = v128.xor(t29, t40);
  const t44 = v128.xor(t33, t37);
  const t45 = v128.xor(t42, t41);
  const z0 = v128.and(t44, y15);
  const z1 = v128.and(t37, y6);
  const z2 = v128.and(t33, U7);
  const z3 = v128.and(t43, y16);
  const z4 = v128.and(t40, y1);
  const z5 = v128.and(t29, y7);
  const z6 = v128.and(t42, y11);
  const z7 = v128.and(t45, y17);
  const z8 = v128.and(t41, y10);
  const z9 = v128.and(t44, y12);
  const z10 = v128.and(t37, y3);
  const z11 = v128.and(t33, y4);
  const z12 = v128.and(t43, y13);
  const z13 = v128.and(t40, y5);
  const z14 = v128.and(t29, y2);
  const z15 = v128.and(t42, y9);
  const z16 = v128.and(t45, y14);
  const z17 = v128.and(t41, y8);
  // The bottom linear transformation.
  const t46 = v128.xor(z15, z16);
  const t47 = v128.xor(z10, z11);
  const t48 = v128.xor(z5, z13);
  const t49 = v128.xor(z9, z10);
  const t50 = v128.xor(z2, z12);
  const t51 = v128.xor(z2, z5);
  const t52 = v128.xor(z7, z8);
  const t53 = v128.xor(z0, z3);
  const t54 = v128.xor(z6, z7);
  const t55 = v128.xor(z16, z17);
  const t56 = v128.xor(z12, t48);
  const t57 = v128.xor(t50, t53);
  const t58 = v128.xor(z4, t46);
  const t59 = v128.xor(z3, t54);
  const t60 = v128.xor(t46, t57);
  const t61 = v128.xor(z14, t57);
  const t62 = v128.xor(t52, t58);
  const t63 = v128.xor(t49, t58);
  const t64 = v128.xor(z4, t59);
  const t65 = v128.xor(t61, t62);
  const t66 = v128.xor(z1, t63);
  const S0 = v128.xor(t59, t63);
  const S6 = v128.xor(t56, t62);
  const S7 = v128.xor(t48, t60);
  const t67 = v128.xor(t64, t65);
  const S3 = v128.xor(t53, t66);
  const S4 = v128.xor(t51, t66);
  const S5 = v128.xor(t47, t65);
  const S1 = v128.xor(t64, S3);
  const S2 = v128.xor(t55, t67);
  v128.store(STATE, S7, 0);
  v128.store(STATE, S6, 16);
  v128.store(STATE, S5, 32);
  v128.store(STATE, S4, 48);
  v128.store(STATE, S3, 64);
  v128.store(STATE, S2, 80);
  v128.store(STATE, S1, 96);
  v128.store(STATE, S0, 112);
}

/** One step of `transpose`: exchanges the bits of `a` under `mask << bits` with the bits of `b` under `mask`. */
// @ts-ignore: decorator
@inline
function exchanged(a: v128, b: v128, mask: v128, bits: i32): v128 {
  return v128.and(v128.xor(i64x2.shr_u(a, bits), b), mask);
}

/**
 * Turns eight blocks at `source` into eight planes at `target`, or planes into blocks: bit i of byte j of vector k
 * becomes bit k of byte j of vector i.
 */
export function transpose(source: usize, target: usize): void {
  let a = v128.load(source, 0);
  let b = v128.load(source, 16);
  let c = v128.load(source, 32);
  let d = v128.load(source, 48);
  let e = v128.load(source, 64);
  let f = v128.load(source, 80);
  let g = v128.load(source, 96);
  let h = v128.load(source, 112);
  let t: v128;
  const ones = i8x16.splat(0x55);
  t = exchanged(a, b, ones, 1); b = v128.xor(b, t); a = v128.xor(a, i64x2.shl(t, 1));
  t = exchanged(c, d, ones, 1); d = v128.xor(d, t); c = v128.xor(c, i64x2.shl(t, 1));
  t = exchanged(e, f, ones, 1); f = v128.xor(f, t); e = v128.xor(e, i64x2.shl(t, 1));
  t = exchanged(g, h, ones, 1); h = v128.xor(h, t); g = v128.xor(g, i64x2.shl(t, 1));
  const pairs = i8x16.splat(0x33);
  t = exchanged(a, c, pairs, 2); c = v128.xor(c, t); a = v128.xor(a, i64x2.shl(t, 2));
  t = exchanged(b, d, pairs, 2); d = v128.xor(d, t); b = v128.xor(b, i64x2.shl(t, 2));
  t = exchanged(e, g, pairs, 2); g = v128.xor(g, t); e = v128.xor(e, i64x2.shl(t, 2));
  t = exchanged(f, h, pairs, 2); h = v128.xor(h, t); f = v128.xor(f, i64x2.shl(t, 2));
  const nibbles = i8x16.splat(0x0f);
  t = exchanged(a, e, nibbles, 4); e = v128.xor(e, t); a = v128.xor(a, i64x2.shl(t, 4));
  t = exchanged(b, f, nibbles, 4); f = v128.xor(f, t); b = v128.xor(b, i64x2.shl(t, 4));
  t = exchanged(c, g, nibbles, 4); g = v128.xor(g, t); c = v128.xor(c, i64x2.shl(t, 4));
  t = exchanged(d, h, nibbles, 4); h = v128.xor(h, t); d = v128.xor(d, i64x2.shl(t, 4));
  v128.store(target, a, 0);
  v128.store(target, b, 16);
  v128.store(target, c, 32);
  v128.store(target, d, 48);
  v128.store(target, e, 64);
  v128.store(target, f, 80);
  v128.store(target, g, 96);
  v128.store(target, h, 112);
}

/** Encrypts the planes in `STATE` under the round keys at `keys`, and leaves the blocks in `BLOCKS`. */
export function encrypt(keys: usize): void {
  let k = keys;
  let q0 = v128.xor(v128.load(STATE, 0), v128.load(k, 0));
  let q1 = v128.xor(v128.load(STATE, 16), v128.load(k, 16));
  let q2 = v128.xor(v128.load(STATE, 32), v128.load(k, 32));
  let q3 = v128.xor(v128.load(STATE, 48), v128.load(k, 48));
  let q4 = v128.xor(v128.load(STATE, 64), v128.load(k, 64));
  let q5 = v128.xor(v128.load(STATE, 80), v128.load(k, 80));
  let q6 = v128.xor(v128.load(STATE, 96), v128.load(k, 96));
  let q7 = v128.xor(v128.load(STATE, 112), v128.load(k, 112));
  for (let round = 1; ; round++) {
    k += 128;
    subBytes(q0, q1, q2, q3, q4, q5, q6, q7);
    if (round == 14) break;
    // MixColumns (FIPS 197 §5.1.3): b = 2(a ^ next) ^ next ^ (a ^ next, two rows further).
    const n0 = shiftRowsThenNextRow(v128.load(STATE, 0));
    const n1 = shiftRowsThenNextRow(v128.load(STATE, 16));
    const n2 = shiftRowsThenNextRow(v128.load(STATE, 32));
    const n3 = shiftRowsThenNextRow(v128.load(STATE, 48));
    const n4 = shiftRowsThenNextRow(v128.load(STATE, 64));
    const n5 = shiftRowsThenNextRow(v128.load(STATE, 80));
    const n6 = shiftRowsThenNextRow(v128.load(STATE, 96));
    const n7 = shiftRowsThenNextRow(v128.load(STATE, 112));
    const t0 = v128.xor(shiftRows(v128.load(STATE, 0)), n0);
    const t1 = v128.xor(shiftRows(v128.load(STATE, 16)), n1);
    const t2 = v128.xor(shiftRows(v128.load(STATE, 32)), n2);
    const t3 = v128.xor(shiftRows(v128.load(STATE, 48)), n3);
    const t4 = v128.xor(shiftRows(v128.load(STATE, 64)), n4);
    const t5 = v128.xor(shiftRows(v128.load(STATE, 80)), n5);
    const t6 = v128.xor(shiftRows(v128.load(STATE, 96)), n6);
    const t7 = v128.xor(shiftRows(v128.load(STATE, 112)), n7);
    // Doubling moves each plane up by one and adds the highest to those of 1B (FIPS 197 §4.2.1).
    q0 = v128.xor(v128.xor(t7, n0), v128.xor(secondNextRow(t0), v128.load(k, 0)));
    q1 = v128.xor(v128.xor(v128.xor(t0, t7), n1), v128.xor(secondNextRow(t1), v128.load(k, 16)));
    q2 = v128.xor(v128.xor(t1, n2), v128.xor(secondNextRow(t2), v128.load(k, 32)));
    q3 = v128.xor(v128.xor(v128.xor(t2, t7), n3), v128.xor(secondNextRow(t3), v128.load(k, 48)));
    q4 = v128.xor(v128.xor(v128.xor(t3, t7), n4), v128.xor(secondNextRow(t4), v128.load(k, 64)));
    q5 = v128.xor(v128.xor(t4, n5), v128.xor(secondNextRow(t5), v128.load(k, 80)));
    q6 = v128.xor(v128.xor(t5, n6), v128.xor(secondNextRow(t6), v128.load(k, 96)));
    q7 = v128.xor(v128.xor(t6, n7), v128.xor(secondNextRow(t7), v128.load(k, 112)));
  }
  for (let i: usize = 0; i < 128; i += 16) {
    v128.store(STATE + i, v128.xor(shiftRows(v128.load(STATE + i)), v128.load(k + i)));
  }
  transpose(STATE, BLOCKS);
}

/** Bits of the constant 63 that `subBytes` leaves out: all ones for its planes 0, 1, 5 and 6. */
// @ts-ignore: decorator
@inline
function bitOf63(plane: i32): v128 {
  const bit: i32 = (0x63 >> plane) & 1;
  return i8x16.splat(<i8>(0 - bit));
}

/**
 * Half a round key, four words (FIPS 197 §5.2). `before` is the half two before it; every word of `word` is the transformed
 * last word of the half in between. Each word of the result is the exclusive-or of `word` and all words of `before` up to it.
 */
// @ts-ignore: decorator
@inline
function nextRoundKey(before: v128, word: v128): v128 {
  const zero = i64x2.splat(0);
  const two = v128.xor(before, v128.shuffle<i32>(zero, before, 0, 4, 5, 6));
  const four = v128.xor(two, v128.shuffle<i64>(zero, two, 0, 2));
  return v128.xor(four, word);
}

/** The last words of a plane of four round keys, 128 bytes before `p` to `s`. */
// @ts-ignore: decorator
@inline
function lastWords(p: usize, q: usize, r: usize, s: usize, plane: usize): v128 {
  const at = plane * 16 - 128;
  const pq = v128.shuffle<i32>(v128.load(p + at), v128.load(q + at), 3, 7, 3, 7);
  const rs = v128.shuffle<i32>(v128.load(r + at), v128.load(s + at), 3, 7, 3, 7);
  return v128.shuffle<i64>(pq, rs, 0, 2);
}

/** Stores the next round key at `key` plane by plane: `word` is SubWord of the last one. */
// @ts-ignore: decorator
@inline
function storeRoundKey(key: usize, plane: usize, word: v128): void {
  const at = key + plane * 16;
  v128.store(at, nextRoundKey(v128.load(at - 256), word));
}

/** Slices the halves of eight keys of 32 bytes, which are the first two round keys. */
function sliceKeys(keys: usize, schedule: usize): void {
  for (let half: usize = 0; half < 2; half++) {
    for (let lane: usize = 0; lane < 8; lane++) {
      v128.store(BLOCKS + lane * 16, v128.load(keys + lane * 32 + half * 16));
    }
    transpose(BLOCKS, schedule + half * 128);
  }
}

/** Adds the 63 that `subBytes` leaves out to round keys 1 to 14. ShiftRows and MixColumns do not change it. */
function add63(schedule: usize): void {
  for (let key = schedule + 128; key < schedule + 15 * 128; key += 128) {
    for (let plane: usize = 0; plane < 8; plane++) {
      const at = key + plane * 16;
      v128.store(at, v128.xor(v128.load(at), bitOf63(<i32>plane)));
    }
  }
}

/**
 * KeyExpansion (FIPS 197 §5.2) of 8 to 32 keys, 32 bytes each at `keys`, in groups of eight: 15 × 8 vectors per group at
 * `schedules`. SubWord applies to one word of a round key, so the words of four groups fill a vector. The last group takes
 * the place of missing ones.
 */
export function expandKeys(keys: usize, schedules: usize, groups: i32): void {
  for (let group: usize = 0; group < <usize>groups; group++) {
    sliceKeys(keys + group * 256, schedules + group * SCHEDULE_BYTES);
  }
  const last = <usize>(groups - 1);
  const p = schedules;
  const q = schedules + min<usize>(1, last) * SCHEDULE_BYTES;
  const r = schedules + min<usize>(2, last) * SCHEDULE_BYTES;
  const s = schedules + min<usize>(3, last) * SCHEDULE_BYTES;
  for (let round: usize = 2; round < 15; round++) {
    const key = round * 128;
    subBytes(
      lastWords(p + key, q + key, r + key, s + key, 0),
      lastWords(p + key, q + key, r + key, s + key, 1),
      lastWords(p + key, q + key, r + key, s + key, 2),
      lastWords(p + key, q + key, r + key, s + key, 3),
      lastWords(p + key, q + key, r + key, s + key, 4),
      lastWords(p + key, q + key, r + key, s + key, 5),
      lastWords(p + key, q + key, r + key, s + key, 6),
      lastWords(p + key, q + key, r + key, s + key, 7),
    );
    const isEven = (round & 1) == 0;
    for (let plane: usize = 0; plane < 8; plane++) {
      let words = v128.xor(v128.load(STATE + plane * 16), bitOf63(<i32>plane));
      if (isEven) {
        words = i8x16.swizzle(words, i8x16(1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12)); // RotWord
        // Rcon[i] is 1 << (i - 1) in the first byte, and i is half the round.
        if (plane == (round >> 1) - 1) words = v128.xor(words, i32x4.splat(0xff));
      }
      storeRoundKey(p + key, plane, v128.shuffle<i32>(words, words, 0, 0, 0, 0));
      if (groups > 1) storeRoundKey(q + key, plane, v128.shuffle<i32>(words, words, 1, 1, 1, 1));
      if (groups > 2) storeRoundKey(r + key, plane, v128.shuffle<i32>(words, words, 2, 2, 2, 2));
      if (groups > 3) storeRoundKey(s + key, plane, v128.shuffle<i32>(words, words, 3, 3, 3, 3));
    }
  }
  for (let group: usize = 0; group < <usize>groups; group++) add63(schedules + group * SCHEDULE_BYTES);
}

/** Copies round keys of 15 × 8 vectors so that lane `lane` of `source` is in all lanes of `target`. */
export function broadcastKeys(source: usize, lane: i32, target: usize): void {
  const bit = i8x16.splat(<i8>(<i32>1 << lane));
  for (let at: usize = 0; at < SCHEDULE_BYTES; at += 16) {
    v128.store(target + at, i8x16.eq(v128.and(v128.load(source + at), bit), bit));
  }
}
