// Rows in, lines of a CSV file out: the kernel writes its cells straight into the lines.
import { fieldBytes, putField, putPlain } from '../../../tabular/csv/assembly/fields';
import { fingerprintCells, setFingerprintKey } from '../../../crypto/kernels/wasm/assembly/fingerprint';
import {
  AFFIX_BYTES,
  CELLS,
  CELL_BYTES,
  HEADER,
  KEY,
  PREFIX,
  ROW_NONCES,
  SCHEDULES,
  TALLIES,
  requireBehind,
  requireCount,
  requireInIo,
} from '../../../crypto/kernels/wasm/assembly/layout';
import {
  CLEARTEXT,
  FINGERPRINT,
  NULL_BYTES,
  SEALED,
  columnAt,
  emptyAt,
  emptyBytes,
  encodedNullAt,
  encodedNullBytes,
  headerAt,
  headerBytes,
  keepsNulls,
  keyAt,
  kindOf,
  nullAt,
  nullBytes,
  nullTypeByte,
  openRow,
  padBytes,
  planEnd,
  prefixAt,
  prefixBytes,
  requirePlan,
  rootAt,
  setMeasured,
  storedOf,
  targetColumns,
  typeByte,
  valueAt,
  valueBytes,
} from './plan';
import { freeSlots, setRoot, wipeSlots } from '../../../crypto/kernels/wasm/assembly/row-keys';
import { addHeaderBlock, beginHeader, endHeader, sealCells } from '../../../crypto/kernels/wasm/assembly/seal';

/** Length of a fingerprint cell. */
const FINGERPRINT_CELL_BYTES: i32 = 52;
/** Random bytes that are fingerprinted for a null (format F-28). */
const FILLER_BYTES: i32 = 32;
/** `02:enc:`, nonce, IV, the count of a payload's zeros, and the tag. */
const CELL_PREFIX_BYTES: i32 = 7;
const NONCE_AND_IV_BYTES: i32 = 44;
const PAD_COUNT_BYTES: i32 = 2;
const TAG_BYTES: i32 = 16;
/** Messages are grouped by block count up to this; longer ones are hashed together in the order they come. */
const MOST_BLOCKS: i32 = 64;

/** Bytes of a row's position in the source table. */
const POSITION_BYTES: usize = 8;
/** Bytes of the note of a cell, see `protectLines`. */
const NOTE_BYTES: usize = 12;
export const noteBytes: i32 = 12;
export const fillerBytes: i32 = FILLER_BYTES;

const COMMA: u8 = 0x2c;
const LF: u8 = 0x0a;

/** Whether a column has a cell for such a value: a null may stay one. */
// @ts-ignore: decorator
@inline
function hasCell(column: usize, bytes: i32): bool {
  return bytes != NULL_BYTES || !keepsNulls(column);
}

/** The bytes of a value, or of an encoded null, with what comes before and behind it in the payload (format F-32). */
// @ts-ignore: decorator
@inline
function payloadBytes(column: usize, bytes: i32): i32 {
  const pad = padBytes(column);
  if (pad >= 0) return pad + PAD_COUNT_BYTES;
  return (bytes == NULL_BYTES ? encodedNullBytes(column) : prefixBytes(column) + bytes) + PAD_COUNT_BYTES;
}

/** The length of the cell of a value, or of a null that becomes one. */
// @ts-ignore: decorator
@inline
function cellBytes(column: usize, bytes: i32): i32 {
  if (kindOf(column) == FINGERPRINT) return FINGERPRINT_CELL_BYTES;
  const body = NONCE_AND_IV_BYTES + payloadBytes(column, bytes) + TAG_BYTES;
  return CELL_PREFIX_BYTES + ((body + 2) / 3) * 4;
}

/**
 * Measures the lines of the rows whose places are at `placesAt`, behind the rows, as long as they have no more than `mostBytes` bytes, but
 * at least one. Returns how many rows that are; the bytes of their lines, and how many fillers they need, go to the plan.
 */
export function measureLines(plan: usize, placesAt: usize, rows: i32, mostBytes: i32): i32 {
  requirePlan(plan);
  requireCount(rows);
  requireInIo(placesAt, rows * 4);
  if (mostBytes < 0) unreachable();
  const columns = targetColumns(plan);
  let bytes = 0;
  let fillers = 0;
  let row = 0;
  for (; row < rows; row++) {
    const at: usize = load<u32>(placesAt + <usize>row * 4);
    openRow(plan, at, placesAt);
    let lineBytes: i64 = columns;
    let lineFillers = 0;
    for (let index = 0; index < columns; index++) {
      const column = columnAt(plan, index);
      const length = valueBytes(at, storedOf(column));
      if (kindOf(column) == CLEARTEXT) lineBytes += cleartextBytes(plan, column, length, index == 0);
      else if (!hasCell(column, length)) lineBytes += nullBytes(plan);
      else {
        lineBytes += cellBytes(column, length);
        if (kindOf(column) == FINGERPRINT && length == NULL_BYTES) lineFillers++;
      }
    }
    if (lineBytes < columns || lineBytes > i32.MAX_VALUE) unreachable();
    if (row > 0 && lineBytes > mostBytes - bytes) break;
    bytes += <i32>lineBytes;
    fillers += lineFillers;
  }
  setMeasured(plan, bytes, fillers);
  return row;
}

/** The bytes of a cleartext value in its line. */
// @ts-ignore: decorator
@inline
function cleartextBytes(plan: usize, column: usize, bytes: i32, isFirst: bool): i32 {
  if (bytes == NULL_BYTES) return nullBytes(plan);
  if (bytes == 0) return emptyBytes(plan);
  const at = valueAt(plan, storedOf(column));
  return fieldBytes(at, at + <usize>bytes, isFirst);
}

/**
 * Writes the lines of the rows whose places are at `placesAt` to [linesAt, linesAt + lineBytes), which `measureLines` has
 * measured. The nonces of the rows are in `ROW_NONCES`, and random bytes for nulls, 32 for each, at `fillersAt`.
 *
 * `notesAt` has room for a note per target column and row, which stays for `gatherColumn`: the place of the value, its bytes
 * or -1, and the place of the cell or 0; the notes of a column are together.
 *
 * Traps unless plan, rows, places, notes and lines lie one behind the other.
 */
export function protectLines(
  plan: usize,
  placesAt: usize,
  rows: i32,
  notesAt: usize,
  fillersAt: usize,
  linesAt: usize,
  lineBytes: i32,
): void {
  requirePlan(plan);
  requireCount(rows);
  requireInIo(placesAt, rows * 4);
  requireInIo(linesAt, lineBytes);
  const columns = targetColumns(plan);
  requireNotes(notesAt, columns, rows);
  requireBehind(notesAt, placesAt + <usize>rows * 4);
  requireBehind(linesAt, notesAt + <usize>(columns * rows) * NOTE_BYTES);
  layLines(plan, placesAt, rows, notesAt, linesAt, linesAt + <usize>lineBytes);

  let filler = fillersAt;
  let hasRoot = false;
  for (let index = 0; index < columns; index++) {
    const column = columnAt(plan, index);
    const notes = notesAt + <usize>(index * rows) * NOTE_BYTES;
    if (kindOf(column) == FINGERPRINT) filler = fingerprintColumn(column, notes, rows, filler);
    else if (kindOf(column) == SEALED) {
      if (!hasRoot) {
        memory.copy(KEY, rootAt(plan), 32);
        setRoot();
        freeSlots();
        hasRoot = true;
      }
      sealColumn(column, notes, rows);
    }
  }
}

/** Traps unless the notes of so many columns lie in IO. */
function requireNotes(notesAt: usize, columns: i32, rows: i32): void {
  if (<u64>columns * <u64>rows * <u64>NOTE_BYTES > 0x7fffffff) unreachable();
  requireInIo(notesAt, columns * rows * <i32>NOTE_BYTES);
}

/** Writes the lines but for the cells of the kernel, and notes where these go. */
function layLines(plan: usize, placesAt: usize, rows: i32, notesAt: usize, linesAt: usize, linesEnd: usize): void {
  const columns = targetColumns(plan);
  let to = linesAt;
  for (let row = 0; row < rows; row++) {
    const at: usize = load<u32>(placesAt + <usize>row * 4);
    openRow(plan, at, placesAt);
    for (let index = 0; index < columns; index++) {
      const column = columnAt(plan, index);
      const length = valueBytes(at, storedOf(column));
      const start = valueAt(plan, storedOf(column));
      const note = notesAt + <usize>(index * rows + row) * NOTE_BYTES;
      store<u32>(note, <u32>start, 0);
      store<i32>(note, length, 4);
      store<u32>(note, 0, 8);
      if (kindOf(column) == CLEARTEXT) {
        // One byte more is for what separates the fields.
        if (<usize>cleartextBytes(plan, column, length, index == 0) >= linesEnd - to) unreachable();
        to =
          length == NULL_BYTES
            ? putPlain(nullAt(plan), nullBytes(plan), to)
            : length == 0
              ? putPlain(emptyAt(plan), emptyBytes(plan), to)
              : putField(start, start + <usize>length, to, index == 0);
      } else if (hasCell(column, length)) {
        const bytes = <usize>cellBytes(column, length);
        if (bytes >= linesEnd - to) unreachable();
        store<u32>(note, <u32>to, 8);
        to += bytes;
      } else {
        if (<usize>nullBytes(plan) >= linesEnd - to) unreachable();
        to = putPlain(nullAt(plan), nullBytes(plan), to);
      }
      store<u8>(to++, COMMA);
    }
    store<u8>(to - 1, LF);
  }
  if (to != linesEnd) unreachable();
}

// @ts-ignore: decorator
@inline
function isNoted(note: usize): bool {
  return load<u32>(note, 8) != 0;
}

/** SHA-256 blocks that a message takes after the key. */
// @ts-ignore: decorator
@inline
function countBlocks(bytes: i32): i32 {
  return <i32>min((<u32>bytes + 73) >> 6, <u32>MOST_BLOCKS);
}

/** Fingerprints the noted values of a column. Returns the place of the next filler. */
function fingerprintColumn(column: usize, notes: usize, rows: i32, fillersAt: usize): usize {
  const end = notes + <usize>rows * NOTE_BYTES;
  // Cells are described in order of message length, so that four that are hashed together end together.
  memory.fill(TALLIES, 0, <usize>(MOST_BLOCKS + 2) * 4);
  for (let note = notes; note < end; note += NOTE_BYTES) {
    if (!isNoted(note)) continue;
    const bytes = load<i32>(note, 4);
    const tally = TALLIES + <usize>(countBlocks(bytes == NULL_BYTES ? FILLER_BYTES : bytes) + 1) * 4;
    store<i32>(tally, load<i32>(tally) + 1);
  }
  for (let blocks: usize = 1; blocks < <usize>(MOST_BLOCKS + 2); blocks++) {
    const tally = TALLIES + blocks * 4;
    store<i32>(tally, load<i32>(tally) + load<i32>(tally - 4));
  }
  const count = load<i32>(TALLIES + <usize>(MOST_BLOCKS + 1) * 4);
  if (count == 0) return fillersAt;
  let filler = fillersAt;
  for (let note = notes; note < end; note += NOTE_BYTES) {
    if (!isNoted(note)) continue;
    let from: usize = load<u32>(note, 0);
    let bytes = load<i32>(note, 4);
    let last = typeByte(column);
    if (bytes == NULL_BYTES) {
      from = filler;
      filler += FILLER_BYTES;
      bytes = FILLER_BYTES;
      last = nullTypeByte(column);
    }
    const tally = TALLIES + <usize>countBlocks(bytes) * 4;
    const place = load<i32>(tally);
    store<i32>(tally, place + 1);
    const cell = CELLS + <usize>place * CELL_BYTES;
    store<u32>(cell, <u32>from, 0);
    store<i32>(cell, bytes, 4);
    store<i32>(cell, last, 8);
    store<u32>(cell, load<u32>(note, 8), 16);
  }
  memory.copy(KEY, keyAt(column), 32);
  setFingerprintKey();
  fingerprintCells(count);
  return filler;
}

/** Seals the noted values of a column. */
function sealColumn(column: usize, notes: usize, rows: i32): void {
  const pad = padBytes(column);
  let count = 0;
  for (let row = 0; row < rows; row++) {
    const note = notes + <usize>row * NOTE_BYTES;
    if (!isNoted(note)) continue;
    let from: usize = load<u32>(note, 0);
    let bytes = load<i32>(note, 4);
    let before = prefixBytes(column);
    if (bytes == NULL_BYTES) {
      from = encodedNullAt(column);
      bytes = encodedNullBytes(column);
      before = 0;
    }
    const cell = CELLS + <usize>count * CELL_BYTES;
    store<u32>(cell, <u32>from, 0);
    store<i32>(cell, bytes, 4);
    store<i32>(cell, before, 8);
    store<i32>(cell, pad < 0 ? 0 : pad - before - bytes, 12);
    store<u32>(cell, load<u32>(note, 8), 16);
    store<i32>(cell, row, 20);
    count++;
  }
  if (count == 0) return;
  setHeader(headerAt(column), headerBytes(column));
  if (prefixBytes(column) > <i32>AFFIX_BYTES) unreachable();
  memory.copy(PREFIX, prefixAt(column), <usize>prefixBytes(column));
  sealCells(count);
}

/** Hashes the whole blocks of a target header, and leaves the remainder in the kernel. */
function setHeader(at: usize, bytes: i32): void {
  beginHeader();
  let done = 0;
  for (; done + 64 <= bytes; done += 64) {
    memory.copy(HEADER, at + <usize>done, 64);
    addHeaderBlock();
  }
  memory.copy(HEADER, at + <usize>done, <usize>(bytes - done));
  endHeader(bytes);
}

/**
 * Combines the random bytes in `ROW_NONCES` with what makes nonces of other rows other ones (format F-93): 32 bytes that all rows
 * share, and the number of each, from `firstRow` on.
 */
export function maskNonces(maskAt: usize, rows: i32, firstRow: i32): void {
  requireCount(rows);
  requireInIo(maskAt, 32);
  const low = v128.load(maskAt, 0);
  const high = v128.load(maskAt, 16);
  for (let row = 0; row < rows; row++) {
    const nonce = ROW_NONCES + <usize>row * 32;
    const number = i32x4(firstRow + row, 0, 0, 0);
    v128.store(nonce, v128.xor(v128.xor(v128.load(nonce, 0), low), number), 0);
    v128.store(nonce, v128.xor(v128.load(nonce, 16), high), 16);
  }
}

/**
 * Copies what the last lines have in a target column: to `offsetsAt` where each value or cell ends, beginning with 0; their
 * bytes to `bytesAt`, of which there are at most `mostBytes`; to `validityAt` a bit for each that is not null. Returns the bytes.
 *
 * Traps unless plan, notes, offsets, bits and bytes lie one behind the other.
 */
export function gatherColumn(
  plan: usize,
  index: i32,
  rows: i32,
  notesAt: usize,
  offsetsAt: usize,
  validityAt: usize,
  bytesAt: usize,
  mostBytes: i32,
): i32 {
  requirePlan(plan);
  requireCount(rows);
  if (index < 0 || index >= targetColumns(plan)) unreachable();
  requireNotes(notesAt, index + 1, rows);
  requireInIo(offsetsAt, (rows + 1) * 4);
  requireInIo(validityAt, (rows + 7) >> 3);
  requireInIo(bytesAt, mostBytes);
  requireBehind(notesAt, planEnd(plan));
  requireBehind(offsetsAt, notesAt + <usize>((index + 1) * rows) * NOTE_BYTES);
  requireBehind(validityAt, offsetsAt + <usize>(rows + 1) * 4);
  requireBehind(bytesAt, validityAt + <usize>((rows + 7) >> 3));
  const column = columnAt(plan, index);
  memory.fill(validityAt, 0, <usize>((rows + 7) >> 3));
  store<i32>(offsetsAt, 0);
  let end = 0;
  for (let row = 0; row < rows; row++) {
    const note = notesAt + <usize>(index * rows + row) * NOTE_BYTES;
    const length = load<i32>(note, 4);
    const isCell = isNoted(note);
    if (isCell || (kindOf(column) == CLEARTEXT && length != NULL_BYTES)) {
      const from: usize = isCell ? load<u32>(note, 8) : load<u32>(note, 0);
      const bytes = isCell ? cellBytes(column, length) : length;
      if (bytes > mostBytes - end) unreachable();
      requireInIo(from, bytes);
      memory.copy(bytesAt + <usize>end, from, <usize>bytes);
      end += bytes;
      const byte = validityAt + <usize>(row >> 3);
      store<u8>(byte, load<u8>(byte) | (1 << (<u8>row & 7)));
    }
    store<i32>(offsetsAt + <usize>(row + 1) * 4, end);
  }
  return end;
}

/** Copies the last 8 bytes of each row, which are its position in the source table, to `to`. */
export function gatherPositions(placesAt: usize, rows: i32, to: usize): void {
  requireCount(rows);
  requireInIo(placesAt, rows * 4);
  requireInIo(to, rows * <i32>POSITION_BYTES);
  for (let row: usize = 0; row < <usize>rows; row++) {
    const at: usize = load<u32>(placesAt + row * 4);
    requireInIo(at, 4);
    const bytes = load<i32>(at);
    if (bytes < <i32>POSITION_BYTES) unreachable();
    requireInIo(at, bytes);
    store<u64>(to + row * POSITION_BYTES, load<u64>(at + <usize>bytes - POSITION_BYTES));
  }
}

/** Wipes everything that a table leaves behind: row keys, scratch, and all of IO. */
export function wipeTable(): void {
  memory.fill(SCHEDULES, 0, ((<usize>memory.size()) << 16) - SCHEDULES);
  wipeSlots();
}
