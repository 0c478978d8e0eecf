// AES-256-GCM (NIST SP 800-38D) of eight cells at a time. IVs are of 12 bytes: the first counter block is IV ‖ 1.
import { broadcastKeys, encrypt, transpose } from './aes';
import {
  BLOCKS,
  BROADCAST,
  COUNTER_PLANES,
  FIRST_BLOCKS,
  LANES,
  LANE_BYTES,
  LANE_DATA,
  STATE,
  TAG_MASKS,
} from './layout';

/** The cost of `broadcastKeys`, in quarters of the cost of a run of AES. */
const BROADCAST_COST: i32 = 1;
const RUN_COST: i32 = 4;

/** Blocks that the data of a lane fill; the last one may be incomplete. */
// @ts-ignore: decorator
@inline
function blocksOf(lane: i32): i32 {
  return <i32>((<u32>load<i32>(LANE_BYTES + <usize>lane * 4) + 15) >> 4);
}

/** Sets the first counter block of a lane; the IV is at `iv`. */
// @ts-ignore: decorator
@inline
export function setFirstBlock(lane: i32, iv: usize): void {
  v128.store(FIRST_BLOCKS + <usize>lane * 16, i32x4.replace_lane(v128.load(iv), 3, 0x01000000));
}

/** A bit of the counter in every lane: all ones in the bytes of `counter` that have it. */
// @ts-ignore: decorator
@inline
function counterPlane(counter: v128, plane: i32): v128 {
  const bit = i8x16.splat(<i8>(<i32>1 << plane));
  return v128.or(v128.load(COUNTER_PLANES + <usize>plane * 16), i8x16.eq(v128.and(counter, bit), bit));
}

/** Encrypts block `counter` of all lanes: `BLOCKS` then has the key streams, or for 1 the masks of the tags. */
function encryptCounter(keys: usize, counter: u32): void {
  // The counter is public and the same in all lanes: it is put into the planes without being sliced.
  const block = i32x4.replace_lane(i64x2.splat(0), 3, bswap<u32>(counter));
  v128.store(STATE, counterPlane(block, 0), 0);
  v128.store(STATE, counterPlane(block, 1), 16);
  v128.store(STATE, counterPlane(block, 2), 32);
  v128.store(STATE, counterPlane(block, 3), 48);
  v128.store(STATE, counterPlane(block, 4), 64);
  v128.store(STATE, counterPlane(block, 5), 80);
  v128.store(STATE, counterPlane(block, 6), 96);
  v128.store(STATE, counterPlane(block, 7), 112);
  encrypt(keys);
}

/** Computes the masks of the lanes' tags, once the first counter blocks are set (SP 800-38D §7.1, step 6). */
export function maskTags(keys: usize): void {
  for (let lane: usize = 0; lane < 8; lane++) {
    v128.store(BLOCKS + lane * 16, i32x4.replace_lane(v128.load(FIRST_BLOCKS + lane * 16), 3, 0));
  }
  transpose(BLOCKS, COUNTER_PLANES);
  encryptCounter(keys, 1);
  for (let at: usize = 0; at < 128; at += 16) v128.store(TAG_MASKS + at, v128.load(BLOCKS + at));
}

/**
 * How many blocks of all lanes to encrypt side by side. Any further blocks of a lane are encrypted eight at a time. The
 * result depends only on lengths.
 */
function sharedDepth(): i32 {
  let most = 0;
  let least = i32.MAX_VALUE;
  for (let lane = 0; lane < LANES; lane++) {
    const blocks = blocksOf(lane);
    most = max(most, blocks);
    least = min(least, blocks);
  }
  if (most - least < 3) return most;
  let depth = most;
  let cost = <i64>most * RUN_COST;
  for (let candidate = 0; candidate < LANES; candidate++) {
    const shared = blocksOf(candidate);
    let itsCost = <i64>shared * RUN_COST;
    for (let lane = 0; lane < LANES; lane++) {
      const more = blocksOf(lane) - shared;
      if (more > 0) itsCost += <i64>((more + LANES - 1) / LANES) * RUN_COST + BROADCAST_COST;
    }
    if (itsCost < cost) {
      cost = itsCost;
      depth = shared;
    }
  }
  return depth;
}

// @ts-ignore: decorator
@inline
function addBlock(at: usize, stream: usize): void {
  v128.store(at, v128.xor(v128.load(at), v128.load(stream)));
}

/**
 * Encrypts or decrypts the data of all lanes in place, in whole blocks: up to 15 bytes after the data change too. It needs
 * the planes that `maskTags` leaves.
 */
export function cryptLanes(keys: usize): void {
  const depth = sharedDepth();
  for (let block = 0; block < depth; block++) {
    encryptCounter(keys, <u32>block + 2);
    for (let lane = 0; lane < LANES; lane++) {
      if (block < blocksOf(lane)) {
        addBlock(<usize>load<u32>(LANE_DATA + <usize>lane * 4) + <usize>block * 16, BLOCKS + <usize>lane * 16);
      }
    }
  }
  for (let lane = 0; lane < LANES; lane++) if (blocksOf(lane) > depth) cryptRest(keys, lane, depth);
}

/** Encrypts the data of one lane from block `from` on, eight blocks at a time. */
function cryptRest(keys: usize, lane: i32, from: i32): void {
  const blocks = blocksOf(lane);
  const data: usize = load<u32>(LANE_DATA + <usize>lane * 4);
  const first = v128.load(FIRST_BLOCKS + <usize>lane * 16);
  broadcastKeys(keys, lane, BROADCAST);
  for (let block = from; block < blocks; block += LANES) {
    for (let i = 0; i < LANES; i++) {
      const counter = bswap<u32>(<u32>(block + i) + 2);
      v128.store(BLOCKS + <usize>i * 16, i32x4.replace_lane(first, 3, counter));
    }
    transpose(BLOCKS, STATE);
    encrypt(BROADCAST);
    const count = min(blocks - block, LANES);
    for (let i = 0; i < count; i++) addBlock(data + <usize>(block + i) * 16, BLOCKS + <usize>i * 16);
  }
}
