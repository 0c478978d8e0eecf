// Row keys: cell key, AES round keys and GHASH table of each nonce, in slots. A row of the window points to a slot, and
// keeps it as long as its nonce stays the same, so that all columns of a row share one derivation.
import { encrypt, expandKeys } from './aes';
import { multiply, reverse, storeTable } from './ghash';
import {
  AAD_PRODUCTS,
  BLOCKS,
  CELLS,
  CELL_BYTES,
  CELL_KEYS,
  DIGEST,
  KEY,
  MOST_TALLIED_BLOCKS,
  ORDER,
  ROOT_WORDS,
  SCHEDULES,
  SCHEDULE_BYTES,
  SLOTS,
  SLOT_NONCES,
  SLOT_OF_ROW,
  STATE,
  TABLES,
  TABLE_BYTES,
  TALLIES,
  WORDS,
} from './layout';
import { compress, compressPadding, initialize, storeDigests, storeWords } from './sha256';

/** Number of assigned slots; those from `derivedSlots` on have no keys yet. */
let usedSlots: i32 = 0;
let derivedSlots: i32 = 0;
/** Number of slots that may hold keys: those of slots that were freed are still there. */
let filledSlots: i32 = 0;

/** `02:enc:` as a block, reversed as GHASH needs it: the lower half is zero. */
const AAD_UPPER: i64 = 0x30323a656e633a00;

/**
 * Makes all slots free again and leaves their keys, for more rows under the same root: each slot that is assigned again gets new
 * keys, and `wipeSlots` wipes the others too.
 */
export function freeSlots(): void {
  filledSlots = max(filledSlots, usedSlots);
  memory.fill(SLOT_OF_ROW, 0xff, <usize>SLOTS * 4);
  usedSlots = 0;
  derivedSlots = 0;
}

/** Makes all slots free again and wipes their keys. */
export function wipeSlots(): void {
  freeSlots();
  const slots = (<usize>(filledSlots + 7)) & ~7;
  memory.fill(SCHEDULES, 0, (slots / 8) * SCHEDULE_BYTES);
  memory.fill(TABLES, 0, slots * TABLE_BYTES);
  memory.fill(AAD_PRODUCTS, 0, slots * 16);
  memory.fill(CELL_KEYS, 0, slots * 32);
  memory.fill(SLOT_NONCES, 0, slots * 32);
  filledSlots = 0;
}

/** Takes the sealing root from `KEY`, 32 bytes. Assigned slots must have the same root. */
export function setRoot(): void {
  for (let i: usize = 0; i < 8; i++) {
    v128.store(ROOT_WORDS + i * 16, i32x4.splat(bswap<u32>(load<u32>(KEY + i * 4))));
  }
}

/** The slot of row `row`, whose nonce is at `nonce`; a new one without keys, if needed; -1 if none is left. */
export function slotOf(row: i32, nonce: usize): i32 {
  if (<u32>row >= <u32>SLOTS) unreachable();
  const first = v128.load(nonce, 0);
  const second = v128.load(nonce, 16);
  let slot = load<i32>(SLOT_OF_ROW + <usize>row * 4);
  if (slot >= 0) {
    const known = SLOT_NONCES + <usize>slot * 32;
    const difference = v128.or(v128.xor(first, v128.load(known, 0)), v128.xor(second, v128.load(known, 16)));
    // Nonces are public: every cell contains one.
    if (!v128.any_true(difference)) return slot;
  }
  if (usedSlots == SLOTS) return -1;
  slot = usedSlots++;
  store<i32>(SLOT_OF_ROW + <usize>row * 4, slot);
  v128.store(SLOT_NONCES + <usize>slot * 32, first, 0);
  v128.store(SLOT_NONCES + <usize>slot * 32, second, 16);
  return slot;
}

/**
 * Orders the cells by the number of their blocks, the seventh number of their descriptions. Cells that are new in this call
 * then share a group of slots with cells of the same length, and no lane waits for another.
 */
export function orderCells(count: i32): void {
  memory.fill(TALLIES, 0, <usize>(MOST_TALLIED_BLOCKS + 2) * 4);
  for (let i = 0; i < count; i++) {
    const next = TALLIES + <usize>tallyOf(i) * 4 + 4;
    store<i32>(next, load<i32>(next) + 1);
  }
  for (let at = TALLIES; at < TALLIES + <usize>MOST_TALLIED_BLOCKS * 4; at += 4) {
    store<i32>(at + 4, load<i32>(at) + load<i32>(at + 4));
  }
  for (let i = 0; i < count; i++) {
    const place = TALLIES + <usize>tallyOf(i) * 4;
    store<i32>(ORDER + <usize>load<i32>(place) * 4, i);
    store<i32>(place, load<i32>(place) + 1);
  }
}

// @ts-ignore: decorator
@inline
function tallyOf(cell: i32): i32 {
  const bytes = load<i32>(CELLS + <usize>cell * CELL_BYTES, 24);
  return min(<i32>((<u32>bytes + 15) >> 4), MOST_TALLIED_BLOCKS);
}

/** How many slots are assigned, counted from the first. */
export function slotsInUse(): i32 {
  return usedSlots;
}

/** Derives the keys of the slots that have none. */
export function deriveKeys(): void {
  // Whole groups of eight are derived: the keys of some slots are derived again, and are the same.
  const end = (usedSlots + 7) & ~7;
  for (let slot = derivedSlots & ~7; slot < end; slot += 32) {
    const groups = min((end - slot) >> 3, 4);
    for (let four = 0; four < groups * 2; four++) deriveFour(slot + four * 4);
    expandKeys(CELL_KEYS + <usize>slot * 32, SCHEDULES + <usize>(slot >> 3) * SCHEDULE_BYTES, groups);
    for (let group = 0; group < groups; group++) deriveTables(slot + group * 8);
  }
  derivedSlots = usedSlots;
}

/** GHASH tables of eight slots. */
function deriveTables(slot: i32): void {
  // H is the encryption of the zero block (SP 800-38D §7.1, step 1).
  memory.fill(STATE, 0, 128);
  encrypt(SCHEDULES + <usize>(slot >> 3) * SCHEDULE_BYTES);
  for (let lane: i32 = 0; lane < 8; lane++) {
    const table = TABLES + <usize>(slot + lane) * TABLE_BYTES;
    storeTable(table, reverse(v128.load(BLOCKS + <usize>lane * 16)));
    v128.store(AAD_PRODUCTS + <usize>(slot + lane) * 16, multiply(i64x2(0, AAD_UPPER), table));
  }
}

/** Cell keys of four slots: SHA-256(root ‖ nonce) (format F-30). */
function deriveFour(slot: i32): void {
  const nonces = SLOT_NONCES + <usize>slot * 32;
  for (let i: usize = 0; i < 128; i += 16) v128.store(WORDS + i, v128.load(ROOT_WORDS + i));
  for (let half: usize = 0; half < 2; half++) {
    const at = nonces + half * 16;
    storeWords(WORDS + 128 + half * 64, v128.load(at, 0), v128.load(at, 32), v128.load(at, 64), v128.load(at, 96));
  }
  initialize(DIGEST);
  compress(DIGEST);
  compressPadding(DIGEST);
  const keys = CELL_KEYS + <usize>slot * 32;
  storeDigests(DIGEST, keys, keys + 32, keys + 64, keys + 96);
  storeDigests(DIGEST + 64, keys + 16, keys + 48, keys + 80, keys + 112);
}
