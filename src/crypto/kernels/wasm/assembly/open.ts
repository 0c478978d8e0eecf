// Opening: Base64, keys, AES-256-GCM and padding of cells, in place.
import { decodeInto } from './base64';
import { cryptLanes, maskTags, setFirstBlock } from './gcm';
import { finish, multiply, update } from './ghash';
import {
  AAD_PRODUCTS,
  CELLS,
  CELL_BYTES,
  CELL_OF_SLOT,
  FIRST_BLOCKS,
  LANES,
  LANE_BYTES,
  LANE_CELL,
  LANE_DATA,
  ORDER,
  SCHEDULES,
  SCHEDULE_BYTES,
  SLOTS,
  TABLES,
  TABLE_BYTES,
  TAG_MASKS,
  requireCount,
  requireInIo,
} from './layout';
import { deriveKeys, orderCells, slotOf, slotsInUse, wipeSlots } from './row-keys';
import { copyVectors, hasCells } from './seal';

const CELL_PREFIX_BYTES: i32 = 7;
const AAD_BYTES: i32 = 7;
const NONCE_BYTES: i32 = 32;
/** Where the payload of an opened cell begins in it. */
export const CIPHERTEXT_AT: i32 = 44;
/** Nonce, IV and tag. */
const OVERHEAD_BYTES: i32 = 60;

/** The outcome for a cell, in the fourth number of its description. */
const OPENED: i32 = 0;
const MALFORMED: i32 = 1;
const FORGED: i32 = 2;
const BADLY_PADDED: i32 = 3;

/** `01:enc:` as a block, reversed as GHASH needs it. */
const LEGACY_AAD_UPPER: i64 = 0x30313a656e633a00;

/**
 * Opens contiguous cells as `openInPlace` does. If all opened, the values are contiguous from the first cell's place on.
 */
export function openCells(count: i32, isLenient: bool): bool {
  const hasOpened = openInPlace(count, isLenient);
  if (hasOpened) gatherValues(count);
  return hasOpened;
}

/**
 * Opens the cells of the first `count` descriptions: the place of the cell, its bytes, the bytes that its Base64 decodes to (0
 * if the cell is not sealed), two unused numbers, and the row within the window, each row once. The cells are in the order of
 * their places.
 *
 * A payload that is padded with other bytes than zeros is badly padded, unless it is read leniently.
 *
 * Afterwards a description has the outcome as its fourth and the length of the value as its fifth number. The payload of a
 * sealed cell that is authentic begins 44 bytes into the cell. Returns whether all cells opened.
 */
export function openInPlace(count: i32, isLenient: bool): bool {
  requireCells(count);
  for (let i = 0; i < count; i++) {
    const cell = CELLS + <usize>i * CELL_BYTES;
    if (load<i32>(cell, 8) > 0) decode(cell);
  }
  orderCells(count);
  if (!assignSlots(count)) {
    wipeSlots();
    if (!assignSlots(count)) unreachable();
  }
  deriveKeys();
  for (let slot = 0; slot < slotsInUse(); slot += LANES) if (hasCells(slot)) openGroup(slot, isLenient);
  for (let i = 0; i < count; i++) {
    if (load<i32>(CELLS + <usize>i * CELL_BYTES, 12) != OPENED) return false;
  }
  return true;
}

function requireCells(count: i32): void {
  requireCount(count);
  let end: u32 = 0;
  for (let i = 0; i < count; i++) {
    const cell = CELLS + <usize>i * CELL_BYTES;
    const at = load<u32>(cell, 0);
    const bytes = load<i32>(cell, 4);
    const body = load<i32>(cell, 8);
    requireInIo(at, bytes);
    if (at < end) unreachable();
    end = at + <u32>bytes;
    store<i32>(cell, OPENED, 12);
    store<i32>(cell, bytes, 16);
    store<i32>(cell, max(body - OVERHEAD_BYTES, 0), 24);
    if (body == 0) continue;
    const characters = bytes - CELL_PREFIX_BYTES;
    if (body < OVERHEAD_BYTES || characters < 0) unreachable();
    if (<i64>body > (<i64>characters * 3) >> 2) unreachable();
  }
}

/** Decodes a cell in place; the version replaces the length of the text in its description. */
function decode(cell: usize): void {
  const at: usize = load<u32>(cell, 0);
  const body = load<i32>(cell, 8);
  store<i32>(cell, load<u8>(at, 1) == 0x31 ? 1 : 2, 16);
  // Without padding, an incomplete group has one character more than bytes.
  const characters = <i32>((<i64>body * 4 + 2) / 3);
  if (!decodeInto(at + CELL_PREFIX_BYTES, characters, at)) store<i32>(cell, MALFORMED, 12);
}

function assignSlots(count: i32): bool {
  memory.fill(CELL_OF_SLOT, 0xff, <usize>SLOTS * 4);
  for (let i = 0; i < count; i++) {
    const index = load<i32>(ORDER + <usize>i * 4);
    const cell = CELLS + <usize>index * CELL_BYTES;
    if (load<i32>(cell, 8) == 0 || load<i32>(cell, 12) != OPENED) continue;
    const slot = slotOf(load<i32>(cell, 20), load<u32>(cell, 0));
    if (slot < 0) return false;
    store<i32>(CELL_OF_SLOT + <usize>slot * 4, index);
  }
  return true;
}

/** Opens the cells of the eight slots from `slot` on. */
function openGroup(slot: i32, isLenient: bool): void {
  for (let lane = 0; lane < LANES; lane++) {
    const index = load<i32>(CELL_OF_SLOT + <usize>(slot + lane) * 4);
    const at = <usize>lane * 4;
    if (index < 0) {
      store<i32>(LANE_BYTES + at, 0);
      store<u32>(LANE_CELL + at, 0);
      v128.store(FIRST_BLOCKS + <usize>lane * 16, i64x2.splat(0));
      continue;
    }
    const cell = CELLS + <usize>index * CELL_BYTES;
    const body: usize = load<u32>(cell, 0);
    setFirstBlock(lane, body + NONCE_BYTES);
    store<u32>(LANE_CELL + at, <u32>cell);
    store<u32>(LANE_DATA + at, <u32>body + CIPHERTEXT_AT);
    store<i32>(LANE_BYTES + at, load<i32>(cell, 8) - OVERHEAD_BYTES);
  }
  const keys = SCHEDULES + <usize>(slot >> 3) * SCHEDULE_BYTES;
  maskTags(keys);
  for (let lane = 0; lane < LANES; lane++) {
    const cell: usize = load<u32>(LANE_CELL + <usize>lane * 4);
    if (cell != 0 && !isAuthentic(slot, lane, cell)) {
      store<i32>(cell, FORGED, 12);
      // The cell is not decrypted at all.
      store<i32>(LANE_BYTES + <usize>lane * 4, 0);
      store<u32>(LANE_CELL + <usize>lane * 4, 0);
    }
  }
  cryptLanes(keys);
  for (let lane = 0; lane < LANES; lane++) {
    const cell: usize = load<u32>(LANE_CELL + <usize>lane * 4);
    if (cell == 0) continue;
    removePadding(cell, load<u32>(LANE_DATA + <usize>lane * 4), load<i32>(LANE_BYTES + <usize>lane * 4), isLenient);
  }
}

/** Whether the tag of a lane's cell is right. All 16 bytes are always compared. */
function isAuthentic(slot: i32, lane: i32, cell: usize): bool {
  const data: usize = load<u32>(LANE_DATA + <usize>lane * 4);
  const bytes = load<i32>(LANE_BYTES + <usize>lane * 4);
  const table = TABLES + <usize>(slot + lane) * TABLE_BYTES;
  let hash = v128.load(AAD_PRODUCTS + <usize>(slot + lane) * 16);
  //= format F-55
  if (load<i32>(cell, 16) == 1) hash = multiply(i64x2(0, LEGACY_AAD_UPPER), table);
  hash = finish(update(hash, data, bytes, table), AAD_BYTES, bytes, table);
  const tag = v128.xor(hash, v128.load(TAG_MASKS + <usize>lane * 16));
  return !v128.any_true(v128.xor(tag, v128.load(data + <usize>bytes)));
}

/** Stores the length of the value in an authentic payload (format F-39). */
function removePadding(cell: usize, payload: usize, bytes: i32, isLenient: bool): void {
  const countAt = bytes - 2;
  if (countAt < 1) {
    store<i32>(cell, BADLY_PADDED, 12);
    return;
  }
  const at = payload + <usize>countAt;
  const zeros = <i32>(<i16>(((<i32>load<u8>(at, 0)) << 8) | (<i32>load<u8>(at, 1))));
  const length = countAt - zeros;
  if (length < 1 || length > (isLenient ? bytes : countAt)) {
    store<i32>(cell, BADLY_PADDED, 12);
    return;
  }
  if (!isLenient && !areZeros(payload + <usize>length, zeros)) store<i32>(cell, BADLY_PADDED, 12);
  store<i32>(cell, length, 16);
}

/** Whether `bytes` bytes are zeros. All of them are always read, and one bit results. */
function areZeros(at: usize, bytes: i32): bool {
  let others = i64x2.splat(0);
  const vectors = bytes & ~15;
  for (let i = 0; i < vectors; i += 16) others = v128.or(others, v128.load(at + <usize>i));
  let rest: i32 = 0;
  for (let i = vectors; i < bytes; i++) rest |= load<u8>(at + <usize>i);
  return !v128.any_true(others) && rest == 0;
}

/** Moves the values together. A value never moves up, and never overlaps that of the next cell. */
function gatherValues(count: i32): void {
  let to: usize = load<u32>(CELLS, 0);
  for (let i = 0; i < count; i++) {
    const cell = CELLS + <usize>i * CELL_BYTES;
    const at: usize = load<u32>(cell, 0);
    const bytes = load<i32>(cell, 16);
    if (load<i32>(cell, 8) == 0) memory.copy(to, at, <usize>bytes);
    else copyVectors(to, at + CIPHERTEXT_AT, bytes);
    to += <usize>bytes;
  }
}
