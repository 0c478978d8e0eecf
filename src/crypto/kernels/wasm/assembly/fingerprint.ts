// Fingerprints: HMAC-SHA-256 (RFC 2104) of four values at a time.
import { encode12 } from './base64';
import { CELLS, CELL_BYTES, DIGEST, INNER, KEY, OUTER, WORDS, requireCount, requireInIo } from './layout';
import { compress, copyState, initialize, storeWords, swapBytes } from './sha256';

/** `02:hmac:`, little-endian. */
const PREFIX: i64 = 0x3a63616d683a3230;
/** Length of a fingerprint cell. */
const FINGERPRINT_CELL_BYTES: i32 = 52;

/** The state after the key block, with every byte of the key exclusive-or `mask` (RFC 2104 §2, steps 2 and 5). */
function prepareKeyBlock(state: usize, mask: u32): void {
  for (let i: usize = 0; i < 8; i++) {
    const word = bswap<u32>(load<u32>(KEY + i * 4));
    v128.store(WORDS + i * 16, i32x4.splat(word ^ mask));
    v128.store(WORDS + 128 + i * 16, i32x4.splat(mask));
  }
  initialize(state);
  compress(state);
}

/** Prepares the key in `KEY`, 32 bytes. */
export function setFingerprintKey(): void {
  prepareKeyBlock(INNER, 0x36363636);
  prepareKeyBlock(OUTER, 0x5c5c5c5c);
}

/** Blocks of the inner message after the key: value, type byte, the bit 1 and a length of eight bytes. */
// @ts-ignore: decorator
@inline
function countBlocks(bytes: i32): i32 {
  return <i32>((<u32>bytes + 73) >> 6);
}

/** Bytes `[at, at + 16)` of value ‖ `last` ‖ 80 ‖ zeros. A mask removes the memory after the value. */
// @ts-ignore: decorator
@inline
function piece(source: usize, bytes: i32, last: i32, at: i32): v128 {
  const positions = i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const left = i8x16.splat(<i8>max(min(bytes - at, 16), -2));
  // If nothing is left, the load is from the beginning of the value: its address never leaves the value.
  const loaded = v128.load(source + (at < bytes ? <usize>at : 0));
  return v128.or(
    v128.and(loaded, i8x16.lt_s(positions, left)),
    v128.or(
      v128.and(i8x16.splat(<i8>last), i8x16.eq(positions, left)),
      v128.and(i8x16.splat(<i8>0x80), i8x16.eq(i8x16.sub(positions, i8x16.splat(1)), left)),
    ),
  );
}

/** Length of the inner message in bits if block `block` is its last, otherwise 0. */
// @ts-ignore: decorator
@inline
function bitLength(bytes: i32, block: i32): u64 {
  return block == countBlocks(bytes) - 1 ? (<u64>(<u32>bytes) + 65) << 3 : 0;
}

/**
 * Writes the fingerprint cells of the first `count` descriptions: the place of the value, its bytes, the byte hashed after
 * it, an unused number, the place of the cell.
 */
export function fingerprintCells(count: i32): void {
  requireCount(count);
  for (let i = 0; i < count; i++) {
    const cell = CELLS + <usize>i * CELL_BYTES;
    requireInIo(load<u32>(cell, 0), load<i32>(cell, 4));
    requireInIo(load<u32>(cell, 16), FINGERPRINT_CELL_BYTES);
  }
  for (let i = 0; i < count; i += 4) {
    // Unused lanes repeat the last cell.
    const last = count - 1;
    fingerprintFour(
      CELLS + <usize>i * CELL_BYTES,
      CELLS + <usize>min(i + 1, last) * CELL_BYTES,
      CELLS + <usize>min(i + 2, last) * CELL_BYTES,
      CELLS + <usize>min(i + 3, last) * CELL_BYTES,
    );
  }
}

function fingerprintFour(p: usize, q: usize, r: usize, s: usize): void {
  const sourceP: usize = load<u32>(p);
  const sourceQ: usize = load<u32>(q);
  const sourceR: usize = load<u32>(r);
  const sourceS: usize = load<u32>(s);
  const bytesP = load<i32>(p, 4);
  const bytesQ = load<i32>(q, 4);
  const bytesR = load<i32>(r, 4);
  const bytesS = load<i32>(s, 4);
  const lastP = load<i32>(p, 8);
  const lastQ = load<i32>(q, 8);
  const lastR = load<i32>(r, 8);
  const lastS = load<i32>(s, 8);
  const most = max(max(bytesP, bytesQ), max(bytesR, bytesS));
  const least = min(min(bytesP, bytesQ), min(bytesR, bytesS));
  const blocks = countBlocks(most);
  const sharedBlocks = countBlocks(least);

  copyState(DIGEST, INNER);
  for (let block = 0; block < blocks; block++) {
    for (let part = 0; part < 4; part++) {
      const at = block * 64 + part * 16;
      storeWords(
        WORDS + <usize>part * 64,
        piece(sourceP, bytesP, lastP, at),
        piece(sourceQ, bytesQ, lastQ, at),
        piece(sourceR, bytesR, lastR, at),
        piece(sourceS, bytesS, lastS, at),
      );
    }
    const lengthP = bitLength(bytesP, block);
    const lengthQ = bitLength(bytesQ, block);
    const lengthR = bitLength(bytesR, block);
    const lengthS = bitLength(bytesS, block);
    let low = i32x4.splat(<i32>lengthP);
    low = i32x4.replace_lane(low, 1, <i32>lengthQ);
    low = i32x4.replace_lane(low, 2, <i32>lengthR);
    low = i32x4.replace_lane(low, 3, <i32>lengthS);
    let high = i32x4.splat(<i32>(lengthP >> 32));
    high = i32x4.replace_lane(high, 1, <i32>(lengthQ >> 32));
    high = i32x4.replace_lane(high, 2, <i32>(lengthR >> 32));
    high = i32x4.replace_lane(high, 3, <i32>(lengthS >> 32));
    v128.store(WORDS + 14 * 16, v128.or(v128.load(WORDS + 14 * 16), high));
    v128.store(WORDS + 15 * 16, v128.or(v128.load(WORDS + 15 * 16), low));
    if (block < sharedBlocks) {
      compress(DIGEST);
    } else {
      // A lane whose message has ended keeps its state.
      let active = i32x4.splat(block < countBlocks(bytesP) ? -1 : 0);
      active = i32x4.replace_lane(active, 1, block < countBlocks(bytesQ) ? -1 : 0);
      active = i32x4.replace_lane(active, 2, block < countBlocks(bytesR) ? -1 : 0);
      active = i32x4.replace_lane(active, 3, block < countBlocks(bytesS) ? -1 : 0);
      compressActive(active);
    }
  }

  // The inner digest is in the form that the outer message needs: a word of all four lanes per vector.
  copyState(WORDS, DIGEST);
  v128.store(WORDS + 8 * 16, i32x4.splat(0x80000000));
  for (let word: usize = 9; word < 15; word++) v128.store(WORDS + word * 16, i32x4.splat(0));
  v128.store(WORDS + 15 * 16, i32x4.splat((64 + 32) * 8));
  copyState(DIGEST, OUTER);
  compress(DIGEST);
  storeCells(load<u32>(p, 16), load<u32>(q, 16), load<u32>(r, 16), load<u32>(s, 16));
}

function compressActive(active: v128): void {
  const a = v128.load(DIGEST, 0);
  const b = v128.load(DIGEST, 16);
  const c = v128.load(DIGEST, 32);
  const d = v128.load(DIGEST, 48);
  const e = v128.load(DIGEST, 64);
  const f = v128.load(DIGEST, 80);
  const g = v128.load(DIGEST, 96);
  const h = v128.load(DIGEST, 112);
  compress(DIGEST);
  v128.store(DIGEST, v128.bitselect(v128.load(DIGEST, 0), a, active), 0);
  v128.store(DIGEST, v128.bitselect(v128.load(DIGEST, 16), b, active), 16);
  v128.store(DIGEST, v128.bitselect(v128.load(DIGEST, 32), c, active), 32);
  v128.store(DIGEST, v128.bitselect(v128.load(DIGEST, 48), d, active), 48);
  v128.store(DIGEST, v128.bitselect(v128.load(DIGEST, 64), e, active), 64);
  v128.store(DIGEST, v128.bitselect(v128.load(DIGEST, 80), f, active), 80);
  v128.store(DIGEST, v128.bitselect(v128.load(DIGEST, 96), g, active), 96);
  v128.store(DIGEST, v128.bitselect(v128.load(DIGEST, 112), h, active), 112);
}

/** Stores `02:hmac:` and the 44 characters of the 32 bytes `high ‖ low`. */
// @ts-ignore: decorator
@inline
function storeCell(at: usize, high: v128, low: v128): void {
  store<i64>(at, PREFIX);
  v128.store(at, encode12(high), 8);
  v128.store(at, encode12(v128.shuffle<i8>(high, low, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 24, 24, 24)), 24);
  const end = encode12(i8x16.swizzle(low, i8x16(8, 9, 10, 11, 12, 13, 14, 15, 16, 16, 16, 16, 16, 16, 16, 16)));
  v128.store64_lane(at, end, 0, 40);
  v128.store32_lane(at, end, 2, 48);
  store<u8>(at, 0x3d, 51);
}

/** Turns the digests of four lanes into four cells. */
// @ts-ignore: decorator
@inline
function storeCells(p: usize, q: usize, r: usize, s: usize): void {
  // Two transpositions of 4 × 4 words, as in `storeWords`: `high` is the first half of a lane's digest, `low` the other.
  let a = swapBytes(v128.load(DIGEST, 0));
  let b = swapBytes(v128.load(DIGEST, 16));
  let c = swapBytes(v128.load(DIGEST, 32));
  let d = swapBytes(v128.load(DIGEST, 48));
  const highLowPq = v128.shuffle<i32>(a, b, 0, 4, 1, 5);
  const highLowRs = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
  const highHighPq = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
  const highHighRs = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
  a = swapBytes(v128.load(DIGEST, 64));
  b = swapBytes(v128.load(DIGEST, 80));
  c = swapBytes(v128.load(DIGEST, 96));
  d = swapBytes(v128.load(DIGEST, 112));
  const lowLowPq = v128.shuffle<i32>(a, b, 0, 4, 1, 5);
  const lowLowRs = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
  const lowHighPq = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
  const lowHighRs = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
  storeCell(p, v128.shuffle<i64>(highLowPq, highHighPq, 0, 2), v128.shuffle<i64>(lowLowPq, lowHighPq, 0, 2));
  storeCell(q, v128.shuffle<i64>(highLowPq, highHighPq, 1, 3), v128.shuffle<i64>(lowLowPq, lowHighPq, 1, 3));
  storeCell(r, v128.shuffle<i64>(highLowRs, highHighRs, 0, 2), v128.shuffle<i64>(lowLowRs, lowHighRs, 0, 2));
  storeCell(s, v128.shuffle<i64>(highLowRs, highHighRs, 1, 3), v128.shuffle<i64>(lowLowRs, lowHighRs, 1, 3));
}
