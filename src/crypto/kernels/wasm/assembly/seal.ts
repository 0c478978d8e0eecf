// Sealing: IV, payload, AES-256-GCM and Base64 of cells. The keys of their rows are in slots.
import { encodeInto } from './base64';
import { cryptLanes, maskTags, setFirstBlock } from './gcm';
import { finish, update } from './ghash';
import {
  AAD_PRODUCTS,
  AFFIX_BYTES,
  BODIES,
  BODIES_BYTES,
  CELLS,
  CELL_BYTES,
  CELL_OF_SLOT,
  DIGEST,
  FIRST_BLOCKS,
  HEADER,
  HEADER_STATE,
  IVS,
  IV_MESSAGE,
  IV_TEMPLATE,
  LANES,
  LANE_BYTES,
  LANE_CELL,
  LANE_DATA,
  ORDER,
  PREFIX,
  ROW_NONCES,
  SCHEDULES,
  SCHEDULE_BYTES,
  SLOTS,
  SLOT_NONCES,
  TABLES,
  TABLE_BYTES,
  TAG_MASKS,
  WORDS,
  requireCount,
  requireInIo,
} from './layout';
import { deriveKeys, orderCells, slotOf, slotsInUse, wipeSlots } from './row-keys';
import { compress, copyState, initialize, storeDigests, storeWords } from './sha256';

/** Nonce and IV, which precede the ciphertext, and the tag, which follows it. */
const CIPHERTEXT_AT: i32 = 44;
const TAG_BYTES: i32 = 16;
/** `02:enc:`, little-endian; the eighth byte is overwritten by the Base64. */
const CELL_PREFIX: i64 = 0x3a636e653a3230;
const CELL_PREFIX_BYTES: i32 = 7;
const AAD_BYTES: i32 = 7;

/** Bytes of the target header in its last, incomplete block. */
let headerRest: i32 = 0;

/** Bytes of `BODIES` that the current call uses. */
let usedBodyBytes: i32 = 0;

/** Wipes the bodies of the last call: their payloads, and the bytes of other values that were copied with them. */
export function wipeBodies(): void {
  memory.fill(BODIES, 0, <usize>usedBodyBytes);
  usedBodyBytes = 0;
}

/** Begins with a target header. */
export function beginHeader(): void {
  initialize(HEADER_STATE);
}

/** Takes a whole block of the target header from `HEADER`. */
export function addHeaderBlock(): void {
  for (let i: usize = 0; i < 16; i++) {
    v128.store(WORDS + i * 16, i32x4.splat(bswap<u32>(load<u32>(HEADER + i * 4))));
  }
  compress(HEADER_STATE);
}

/** Takes the rest of the header, 0 to 63 bytes, from `HEADER`; the header has `bytes` bytes in total. */
export function endHeader(bytes: i32): void {
  const rest = bytes & 63;
  headerRest = rest;
  // Header, nonce (zero for now), the bit 1, and the length in bits (FIPS 180-4 §5.1.1).
  const end: usize = HEADER + (rest + 32 + 9 > 64 ? 128 : 64);
  memory.fill(HEADER + <usize>rest, 0, 128 - <usize>rest);
  store<u8>(HEADER + <usize>rest + 32, 0x80);
  store<u64>(end - 8, bswap<u64>((<u64>(<u32>bytes) + 32) << 3));
  for (let i: usize = 0; i < 32; i++) {
    v128.store(IV_TEMPLATE + i * 16, i32x4.splat(bswap<u32>(load<u32>(HEADER + i * 4))));
  }
}

/** IVs of four cells: the first 12 bytes of SHA-256(header ‖ nonce) (format F-31). */
function deriveIvs(nonceP: usize, nonceQ: usize, nonceR: usize, nonceS: usize, ivs: usize): void {
  for (let i: usize = 0; i < 512; i += 16) v128.store(IV_MESSAGE + i, v128.load(IV_TEMPLATE + i));
  for (let half: usize = 0; half < 2; half++) {
    storeWords(
      WORDS + half * 64,
      v128.load(nonceP + half * 16),
      v128.load(nonceQ + half * 16),
      v128.load(nonceR + half * 16),
      v128.load(nonceS + half * 16),
    );
  }
  // The nonce begins within a word: each of its words is spread over two.
  const at = IV_MESSAGE + (<usize>headerRest >> 2) * 16;
  const down = (headerRest & 3) * 8;
  let before = i64x2.splat(0);
  for (let i: usize = 0; i < 8; i++) {
    const word = v128.load(WORDS + i * 16);
    const carried = down == 0 ? i64x2.splat(0) : i32x4.shl(before, 32 - down);
    v128.store(at + i * 16, v128.or(v128.load(at + i * 16), v128.or(carried, i32x4.shr_u(word, down))));
    before = word;
  }
  if (down != 0) v128.store(at + 128, v128.or(v128.load(at + 128), i32x4.shl(before, 32 - down)));

  copyState(DIGEST, HEADER_STATE);
  copyState(WORDS, IV_MESSAGE);
  copyState(WORDS + 128, IV_MESSAGE + 128);
  compress(DIGEST);
  if (headerRest + 32 + 9 > 64) {
    copyState(WORDS, IV_MESSAGE + 256);
    copyState(WORDS + 128, IV_MESSAGE + 384);
    compress(DIGEST);
  }
  storeDigests(DIGEST, ivs, ivs + 16, ivs + 32, ivs + 48);
}

/** The length of the longest payload. Each cell is checked: no later write can leave its buffer. */
function requireCells(count: i32): i32 {
  requireCount(count);
  let longest = 0;
  for (let i = 0; i < count; i++) {
    const cell = CELLS + <usize>i * CELL_BYTES;
    const bytes = load<i32>(cell, 4);
    const prefixBytes = load<i32>(cell, 8);
    const zeros = load<i32>(cell, 12);
    requireInIo(load<u32>(cell, 0), bytes);
    if (prefixBytes < 0 || prefixBytes > <i32>AFFIX_BYTES) unreachable();
    if (zeros < 0 || zeros > 0xffff || bytes > <i32>BODIES_BYTES) unreachable();
    const payload = prefixBytes + bytes + zeros + 2;
    store<i32>(cell, payload, 24);
    longest = max(longest, payload);
    requireInIo(load<u32>(cell, 16), CELL_PREFIX_BYTES + ((CIPHERTEXT_AT + payload + TAG_BYTES + 2) / 3) * 4);
  }
  return longest;
}

/** Finds a slot for the row of each cell, whose nonces are in `ROW_NONCES`. Returns whether there were enough. */
function assignSlots(count: i32): bool {
  memory.fill(CELL_OF_SLOT, 0xff, <usize>SLOTS * 4);
  for (let i = 0; i < count; i++) {
    const index = load<i32>(ORDER + <usize>i * 4);
    const row = load<i32>(CELLS + <usize>index * CELL_BYTES, 20);
    if (<u32>row >= <u32>SLOTS) unreachable();
    const slot = slotOf(row, ROW_NONCES + <usize>row * 32);
    if (slot < 0) return false;
    store<i32>(CELL_OF_SLOT + <usize>slot * 4, index);
  }
  return true;
}

/**
 * Writes the cells of the first `count` descriptions: the place of the value, its bytes, the bytes of the prefix before it,
 * the zeros after it, the place of the cell, and the row within the window, each row once.
 */
export function sealCells(count: i32): void {
  const longest = requireCells(count);
  // Payloads are written and encrypted in whole vectors: there is room for one more at both ends.
  const stride = (CIPHERTEXT_AT + longest + TAG_BYTES + 47) & ~15;
  if (stride * LANES > <i32>BODIES_BYTES) unreachable();
  usedBodyBytes = stride * LANES;
  orderCells(count);
  if (!assignSlots(count)) {
    wipeSlots();
    if (!assignSlots(count)) unreachable();
  }
  deriveKeys();
  for (let i = 0; i < count; i += 4) {
    deriveIvs(nonceOf(i), nonceOf(min(i + 1, count - 1)), nonceOf(min(i + 2, count - 1)), nonceOf(min(i + 3, count - 1)), IVS + <usize>i * 16);
  }
  for (let slot = 0; slot < slotsInUse(); slot += LANES) {
    if (hasCells(slot)) sealGroup(slot, <usize>stride);
  }
}

// @ts-ignore: decorator
@inline
function nonceOf(cell: i32): usize {
  return ROW_NONCES + <usize>load<i32>(CELLS + <usize>cell * CELL_BYTES, 20) * 32;
}

/** Whether any of the eight slots from `slot` on has a cell in this call. */
export function hasCells(slot: i32): bool {
  const at = CELL_OF_SLOT + <usize>slot * 4;
  // A slot without a cell has -1, the only number here whose highest bit is set.
  return (i32x4.bitmask(v128.load(at, 0)) & i32x4.bitmask(v128.load(at, 16))) != 15;
}

/** Copies `bytes` bytes in whole vectors: up to 15 more are read and written. */
// @ts-ignore: decorator
@inline
export function copyVectors(target: usize, source: usize, bytes: i32): void {
  for (let at: usize = 0; at < <usize>bytes; at += 16) v128.store(target + at, v128.load(source + at));
}

/** Writes the payload of a cell to `at` (format F-32): prefix, value, zeros, and how many. Returns its length. */
// @ts-ignore: decorator
@inline
function writePayload(cell: usize, at: usize): i32 {
  const bytes = load<i32>(cell, 4);
  const prefixBytes = load<i32>(cell, 8);
  const zeros = load<i32>(cell, 12);
  // The order is from front to back: each part overwrites what the part before it wrote past its end.
  copyVectors(at, PREFIX, prefixBytes);
  copyVectors(at + <usize>prefixBytes, load<u32>(cell, 0), bytes);
  const end = at + <usize>(prefixBytes + bytes);
  for (let i: usize = 0; i < <usize>zeros; i += 16) v128.store(end + i, i64x2.splat(0));
  store<u8>(end + <usize>zeros, <u8>(zeros >> 8), 0);
  store<u8>(end + <usize>zeros, <u8>zeros, 1);
  return prefixBytes + bytes + zeros + 2;
}

/** Seals the cells of the eight slots from `slot` on. */
function sealGroup(slot: i32, stride: usize): void {
  for (let lane = 0; lane < LANES; lane++) {
    const index = load<i32>(CELL_OF_SLOT + <usize>(slot + lane) * 4);
    const at = <usize>lane * 4;
    if (index < 0) {
      store<i32>(LANE_BYTES + at, 0);
      v128.store(FIRST_BLOCKS + <usize>lane * 16, i64x2.splat(0));
      continue;
    }
    const cell = CELLS + <usize>index * CELL_BYTES;
    const body = BODIES + <usize>lane * stride;
    const nonce = SLOT_NONCES + <usize>(slot + lane) * 32;
    v128.store(body, v128.load(nonce, 0), 0);
    v128.store(body, v128.load(nonce, 16), 16);
    v128.store(body, v128.load(IVS + <usize>index * 16), 32);
    setFirstBlock(lane, IVS + <usize>index * 16);
    store<u32>(LANE_CELL + at, <u32>cell);
    store<u32>(LANE_DATA + at, <u32>body + CIPHERTEXT_AT);
    store<i32>(LANE_BYTES + at, writePayload(cell, body + CIPHERTEXT_AT));
  }
  const keys = SCHEDULES + <usize>(slot >> 3) * SCHEDULE_BYTES;
  maskTags(keys);
  cryptLanes(keys);
  for (let lane = 0; lane < LANES; lane++) {
    const bytes = load<i32>(LANE_BYTES + <usize>lane * 4);
    if (bytes == 0) continue;
    const data: usize = load<u32>(LANE_DATA + <usize>lane * 4);
    const table = TABLES + <usize>(slot + lane) * TABLE_BYTES;
    const hash = update(v128.load(AAD_PRODUCTS + <usize>(slot + lane) * 16), data, bytes, table);
    const tag = v128.xor(finish(hash, AAD_BYTES, bytes, table), v128.load(TAG_MASKS + <usize>lane * 16));
    v128.store(data + <usize>bytes, tag);
  }
  for (let lane = 0; lane < LANES; lane++) {
    const bytes = load<i32>(LANE_BYTES + <usize>lane * 4);
    if (bytes == 0) continue;
    const target: usize = load<u32>(load<u32>(LANE_CELL + <usize>lane * 4), 16);
    store<i64>(target, CELL_PREFIX);
    encodeInto(BODIES + <usize>lane * stride, CIPHERTEXT_AT + bytes + TAG_BYTES, target + CELL_PREFIX_BYTES);
  }
}
