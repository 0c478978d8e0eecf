// The memory map. Every region has a fixed place and size, except the last, IO, which ends where the memory ends.
//
// Below LAYOUT_AT are the constants of the modules, such as the round constants of SHA-256; the compiler puts them there.

/** Rows whose keys are in memory at a time; a batch of the product never has more. */
export const SLOTS: i32 = 2048;
/** Blocks, and so cells, that one run of the bit-sliced AES encrypts. */
export const LANES: i32 = 8;

const LAYOUT_AT: usize = 4096;

// ---- Row keys: secret, wiped by `wipeSlots`. A slot has the keys that are derived from one nonce.

/** Bytes of the 15 round keys of 8 slots: 15 × 8 planes × 16 bytes. */
export const SCHEDULE_BYTES: usize = 1920;
/** Bit-sliced round keys, one set per group of 8 slots. */
export const SCHEDULES: usize = LAYOUT_AT;
/** Bytes of the GHASH table of a slot: 16 columns of 16 products for each of both nibbles. */
export const TABLE_BYTES: usize = 512;
/** GHASH tables, one per slot. */
export const TABLES: usize = SCHEDULES + (<usize>SLOTS / 8) * SCHEDULE_BYTES;
/** GHASH of the additional data `02:enc:`, 16 bytes per slot. */
export const AAD_PRODUCTS: usize = TABLES + <usize>SLOTS * TABLE_BYTES;
/** AES-256 keys, 32 bytes per slot. */
export const CELL_KEYS: usize = AAD_PRODUCTS + <usize>SLOTS * 16;
/** The nonces that the keys were derived from, 32 bytes per slot. */
export const SLOT_NONCES: usize = CELL_KEYS + <usize>SLOTS * 32;
export const SLOTS_END: usize = SLOT_NONCES + <usize>SLOTS * 32;

// ---- The cells of a call.

/** The slot of each row of the window, or -1: 4 bytes per row. */
export const SLOT_OF_ROW: usize = SLOTS_END;
/** The cell that a slot serves in this call, or -1: 4 bytes per slot. */
export const CELL_OF_SLOT: usize = SLOT_OF_ROW + <usize>SLOTS * 4;
/** The nonces of the window's rows, for sealing: 32 bytes per row. */
export const ROW_NONCES: usize = CELL_OF_SLOT + <usize>SLOTS * 4;
/** The IV of each cell, for sealing: 16 bytes per cell, of which 12 are used. */
export const IVS: usize = ROW_NONCES + <usize>SLOTS * 32;
/** Bytes of the description of a cell: eight 32-bit integers. */
export const CELL_BYTES: usize = 32;
/** The descriptions of the cells, see `sealCells`, `openCells` and `fingerprintCells`. */
export const CELLS: usize = IVS + <usize>SLOTS * 16;

/** The order in which cells without a slot get one: 4 bytes per cell. */
export const ORDER: usize = CELLS + <usize>SLOTS * CELL_BYTES;
/** Counters for making this order: 4 bytes per number of blocks. */
export const TALLIES: usize = ORDER + <usize>SLOTS * 4;
export const MOST_TALLIED_BLOCKS: i32 = 127;

// ---- Scratch: secret, wiped by `wipeCall`.

export const SCRATCH: usize = TALLIES + <usize>(MOST_TALLIED_BLOCKS + 2) * 4;
/** A key as bytes, from outside: the sealing root or a fingerprint key. */
export const KEY: usize = SCRATCH;
/** The sealing root as 8 vectors, each word in all four lanes. */
export const ROOT_WORDS: usize = KEY + 32;
/** A state of SHA-256 in four lanes: 8 vectors. */
export const DIGEST: usize = ROOT_WORDS + 128;
/** The message schedule of SHA-256 in four lanes: 64 vectors. */
export const WORDS: usize = DIGEST + 128;
/** States of SHA-256 after the inner and the outer key block of HMAC: 8 vectors each. */
export const INNER: usize = WORDS + 1024;
export const OUTER: usize = INNER + 128;
/** A block of the target header as bytes, from outside; room for two. */
export const HEADER: usize = OUTER + 128;
/** State of SHA-256 after the whole blocks of the target header: 8 vectors. */
export const HEADER_STATE: usize = HEADER + 128;
/** The words before and after the nonce in the last one or two blocks of the IV's hash: 32 vectors. */
export const IV_TEMPLATE: usize = HEADER_STATE + 128;
/** The same with the nonces of four cells filled in. */
export const IV_MESSAGE: usize = IV_TEMPLATE + 512;
/** The bit planes that AES works on: 8 vectors. */
export const STATE: usize = IV_MESSAGE + 512;
/** The bit planes of the lanes' first counter blocks, the counter zero: 8 vectors. */
export const COUNTER_PLANES: usize = STATE + 128;
/** Eight blocks as bytes: the input before slicing, and the resulting key stream. */
export const BLOCKS: usize = COUNTER_PLANES + 128;
/** The lanes' first counter blocks, and their encryption: the masks of the tags. */
export const FIRST_BLOCKS: usize = BLOCKS + 128;
export const TAG_MASKS: usize = FIRST_BLOCKS + 128;
/** The round keys of one slot in all eight lanes. */
export const BROADCAST: usize = TAG_MASKS + 128;
/** For each lane: the place of its data, their length in bytes, and the description of its cell or 0. */
export const LANE_DATA: usize = BROADCAST + SCHEDULE_BYTES;
export const LANE_BYTES: usize = LANE_DATA + 32;
export const LANE_CELL: usize = LANE_BYTES + 32;
/** Bytes after a buffer that loads and stores of whole vectors may reach. */
export const SLACK: usize = 64;
/** The encoding of nulls and the prefix of values, from outside. */
export const AFFIX_BYTES: usize = 12_288;
export const PREFIX: usize = LANE_CELL + 32;
/** The bodies of eight cells before their Base64: nonce, IV, payload, tag. */
export const BODIES: usize = PREFIX + AFFIX_BYTES + SLACK;
export const BODIES_BYTES: usize = 8 * (12_288 + 2 * SLACK);
export const SCRATCH_END: usize = BODIES + BODIES_BYTES + SLACK;

// ---- Values in, cells out.

export const IO: usize = (SCRATCH_END + 63) & ~63;

/** Traps unless `[at, at + bytes)` lies in IO and leaves the slack free. */
export function requireInIo(at: usize, bytes: i32): void {
  const end = (<u64>memory.size()) << 16;
  if (at < IO || bytes < 0 || <u64>at + <u64>bytes + <u64>SLACK > end) unreachable();
}

/** Traps unless what begins at `next` lies behind what ends at `end`: so that to write to one of them changes nothing in the other. */
export function requireBehind(next: usize, end: usize): void {
  if (next < end) unreachable();
}

/** Traps unless a call has 1 to `SLOTS` cells. */
export function requireCount(count: i32): void {
  if (count < 1 || count > SLOTS) unreachable();
}
