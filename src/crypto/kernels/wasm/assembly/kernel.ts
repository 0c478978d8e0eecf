// The kernel's exports, for every module that has the kernel; the declaration of each says what it expects in memory.
import { AFFIX_BYTES, CELLS, HEADER, IO, KEY, PREFIX, ROW_NONCES, SCRATCH, SLACK, SLOTS, requireInIo } from './layout';
import { wipeSlots } from './row-keys';
import { wipeBodies } from './seal';
import { prepareSha256 } from './sha256';

export { setFingerprintKey, fingerprintCells } from './fingerprint';
export { openCells } from './open';
export { setRoot, wipeSlots } from './row-keys';
export { addHeaderBlock, beginHeader, endHeader, sealCells } from './seal';
export { gcmForTests } from './testing';

export const keyAt = KEY;
export const headerAt = HEADER;
export const prefixAt = PREFIX;
export const prefixBytes = AFFIX_BYTES;
export const rowNoncesAt = ROW_NONCES;
export const cellsAt = CELLS;
export const ioAt = IO;
export const slots = SLOTS;
export const slackBytes = SLACK;

/** Wipes everything that the calls leave behind except the row keys: scratch, and `ioBytes` bytes of values and cells. */
export function wipeCall(ioBytes: i32): void {
  requireInIo(IO, ioBytes);
  memory.fill(SCRATCH, 0, PREFIX - SCRATCH);
  wipeBodies();
  memory.fill(IO, 0, <usize>ioBytes);
}

prepareSha256();
wipeSlots();
