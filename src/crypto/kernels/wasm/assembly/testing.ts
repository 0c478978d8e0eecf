// AES-256-GCM with additional data of any length, for test vectors that no cell can express. The product's functions
// compute everything; only their order is written here.
import { expandKeys } from './aes';
import { cryptLanes, maskTags, setFirstBlock } from './gcm';
import { finish, reverse, storeTable, update } from './ghash';
import { encrypt } from './aes';
import {
  BLOCKS,
  BODIES,
  FIRST_BLOCKS,
  LANES,
  LANE_BYTES,
  LANE_DATA,
  SCHEDULES,
  STATE,
  TABLES,
  TAG_MASKS,
  requireInIo,
} from './layout';

/**
 * Encrypts, or decrypts, `bytes` bytes at `data` in place under the key (32 bytes) at `key` and the IV (12) at `iv`, and
 * writes the tag to `tag`. Lane `lane` does the work; the others have the same key and no data. It leaves the keys in slots,
 * so do not use it with secrets.
 */
export function gcmForTests(
  key: usize,
  iv: usize,
  aad: usize,
  aadBytes: i32,
  data: usize,
  bytes: i32,
  tag: usize,
  lane: i32,
  isDecrypting: bool,
): void {
  requireInIo(key, 32);
  requireInIo(iv, 12);
  requireInIo(aad, aadBytes);
  requireInIo(data, bytes);
  requireInIo(tag, 16);
  if (<u32>lane >= <u32>LANES) unreachable();
  for (let i: usize = 0; i < 8; i++) memory.copy(BODIES + i * 32, key, 32);
  expandKeys(BODIES, SCHEDULES, 1);
  memory.fill(STATE, 0, 128);
  encrypt(SCHEDULES);
  storeTable(TABLES, reverse(v128.load(BLOCKS + <usize>lane * 16)));
  for (let i = 0; i < LANES; i++) {
    store<i32>(LANE_BYTES + <usize>i * 4, 0);
    v128.store(FIRST_BLOCKS + <usize>i * 16, i64x2.splat(0));
  }
  setFirstBlock(lane, iv);
  store<u32>(LANE_DATA + <usize>lane * 4, <u32>data);
  store<i32>(LANE_BYTES + <usize>lane * 4, bytes);
  maskTags(SCHEDULES);
  const hash = update(i64x2.splat(0), aad, aadBytes, TABLES);
  if (!isDecrypting) cryptLanes(SCHEDULES);
  const sum = finish(update(hash, data, bytes, TABLES), aadBytes, bytes, TABLES);
  v128.store(tag, v128.xor(sum, v128.load(TAG_MASKS + <usize>lane * 16)));
  if (isDecrypting) cryptLanes(SCHEDULES);
}
