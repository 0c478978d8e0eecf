// Hashes of rows and of the nodes of a Merkle tree over them (RFC 6962 §2.1), four at a time.
import { compressActive } from './compress-active';
import { WORDS } from './layout';
import { compress, initialize, storeDigests, storeWords } from './sha256';

/** The place from which the memory is free. */
export const freeAt: usize = (__heap_base + 63) & ~63;
/** Bytes that must be free after what is read and after a message, which copies by vectors may reach. */
export const slackBytes: i32 = 16;
/** Numbers (i32) in the description of a column: the place of its offsets, of position 0 of its bytes, and of its validity, or 0. */
export const columnWords: i32 = 4;
/** Most bytes that follow the content of a message in its last blocks: the bit 1, zeros and a length of eight bytes. */
export const paddingBytes: i32 = 72;

/** A state in four lanes: 8 vectors. */
const STATE: usize = memory.data(128, 16);
/** The messages of four nodes: 65 bytes and their padding. */
const NODES: usize = memory.data(4 * 128, 16);
const NODE_BYTES: i32 = 65;

/** Blocks of a message of `bytes` bytes. */
// @ts-ignore: decorator
@inline
function countBlocks(bytes: i32): i32 {
  return <i32>((<u32>bytes + 72) >> 6);
}

/** Ends the message of `bytes` bytes at `message` as FIPS 180-4 §5.1.1 does. */
function pad(message: usize, bytes: i32): void {
  const end = message + (<usize>countBlocks(bytes) << 6);
  store<u8>(message + bytes, 0x80);
  memory.fill(message + bytes + 1, 0, end - 8 - (message + bytes + 1));
  store<u64>(end - 8, bswap<u64>((<u64>bytes) << 3));
}

/** Loads block `block` of the messages into `WORDS`. A message that has ended is read beyond its end, and not used. */
function loadBlock(p: usize, q: usize, r: usize, s: usize, block: i32): void {
  for (let part = 0; part < 4; part++) {
    const at = <usize>(block * 64 + part * 16);
    storeWords(WORDS + <usize>part * 64, v128.load(p + at), v128.load(q + at), v128.load(r + at), v128.load(s + at));
  }
}

/** Writes `00 ‖ for each column: null (1) ‖ length (4) ‖ bytes` to `to`, and returns its length. */
function putRow(columnsAt: i32, columnsEnd: i32, row: i32, message: usize): i32 {
  store<u8>(message, 0);
  let to = message + 1;
  for (let column = columnsAt; column < columnsEnd; column += columnWords * 4) {
    const validityAt = load<i32>(column, 8);
    if (validityAt != 0 && ((load<u8>(validityAt + (row >> 3)) >> (<u8>row & 7)) & 1) == 0) {
      store<u8>(to, 1);
      store<u32>(to, 0, 1);
      to += 5;
      continue;
    }
    const offset = load<i32>(column) + (row << 2);
    const start = load<i32>(offset);
    const length = load<i32>(offset, 4) - start;
    store<u8>(to, 0);
    store<u32>(to, bswap<u32>(length), 1);
    to += 5;
    let from = load<i32>(column, 4) + start;
    const end = to + length;
    for (let at = to; at < end; at += 16, from += 16) v128.store(at, v128.load(from));
    to = end;
  }
  return <i32>(to - message);
}

/**
 * Writes the hashes of rows [0, rows) to `outAt`, 32 bytes each. A message has `stride` bytes at `messagesAt`, of which there are four:
 * at least those of the longest row, padding and slack.
 *
 * The caller has checked that offsets rise and that all places lie within the memory.
 */
export function hashRows(
  columnsAt: i32,
  columns: i32,
  rows: i32,
  messagesAt: i32,
  stride: i32,
  outAt: i32,
): void {
  const columnsEnd = columnsAt + columns * columnWords * 4;
  const p: usize = messagesAt;
  const q = p + stride;
  const r = q + stride;
  const s = r + stride;
  for (let row = 0; row < rows; row += 4) {
    // Unused lanes repeat the last row.
    const last = rows - 1;
    const rowQ = min(row + 1, last);
    const rowR = min(row + 2, last);
    const rowS = min(row + 3, last);
    const bytesP = putRow(columnsAt, columnsEnd, row, p);
    const bytesQ = putRow(columnsAt, columnsEnd, rowQ, q);
    const bytesR = putRow(columnsAt, columnsEnd, rowR, r);
    const bytesS = putRow(columnsAt, columnsEnd, rowS, s);
    pad(p, bytesP);
    pad(q, bytesQ);
    pad(r, bytesR);
    pad(s, bytesS);
    const most = countBlocks(max(max(bytesP, bytesQ), max(bytesR, bytesS)));
    const least = countBlocks(min(min(bytesP, bytesQ), min(bytesR, bytesS)));
    initialize(STATE);
    for (let block = 0; block < most; block++) {
      loadBlock(p, q, r, s, block);
      if (block < least) {
        compress(STATE);
      } else {
        let active = i32x4.splat(block < countBlocks(bytesP) ? -1 : 0);
        active = i32x4.replace_lane(active, 1, block < countBlocks(bytesQ) ? -1 : 0);
        active = i32x4.replace_lane(active, 2, block < countBlocks(bytesR) ? -1 : 0);
        active = i32x4.replace_lane(active, 3, block < countBlocks(bytesS) ? -1 : 0);
        compressActive(STATE, active);
      }
    }
    storeHashes(outAt, row, rowQ, rowR, rowS);
  }
}

// @ts-ignore: decorator
@inline
function storeHashes(outAt: i32, p: i32, q: i32, r: i32, s: i32): void {
  const out = <usize>outAt;
  for (let half: usize = 0; half < 2; half++) {
    const at = out + half * 16;
    storeDigests(STATE + half * 64, at + (p << 5), at + (q << 5), at + (r << 5), at + (s << 5));
  }
}

/** Writes the hashes `SHA-256(01 ‖ left ‖ right)` of `pairs` neighbours at `inAt` to `outAt`, which may be the same place. */
export function hashNodes(inAt: i32, pairs: i32, outAt: i32): void {
  for (let lane: usize = 0; lane < 4; lane++) {
    store<u8>(NODES + lane * 128, 1);
    pad(NODES + lane * 128, NODE_BYTES);
  }
  for (let pair = 0; pair < pairs; pair += 4) {
    const last = pairs - 1;
    const pairQ = min(pair + 1, last);
    const pairR = min(pair + 2, last);
    const pairS = min(pair + 3, last);
    putNode(0, inAt + (pair << 6));
    putNode(1, inAt + (pairQ << 6));
    putNode(2, inAt + (pairR << 6));
    putNode(3, inAt + (pairS << 6));
    initialize(STATE);
    for (let block = 0; block < 2; block++) {
      loadBlock(NODES, NODES + 128, NODES + 256, NODES + 384, block);
      compress(STATE);
    }
    storeHashes(outAt, pair, pairQ, pairR, pairS);
  }
}

// @ts-ignore: decorator
@inline
function putNode(lane: usize, from: usize): void {
  const to = NODES + lane * 128 + 1;
  v128.store(to, v128.load(from, 0), 0);
  v128.store(to, v128.load(from, 16), 16);
  v128.store(to, v128.load(from, 32), 32);
  v128.store(to, v128.load(from, 48), 48);
}
