// Decryption of columns: the cells of a column become its values, where they are.
import { CELLS, CELL_BYTES, SLOTS, requireBehind, requireInIo } from '../../../crypto/kernels/wasm/assembly/layout';
import { CIPHERTEXT_AT, openInPlace } from '../../../crypto/kernels/wasm/assembly/open';
import { freeSlots } from '../../../crypto/kernels/wasm/assembly/row-keys';
import { isUtf8 } from '../../../tabular/csv/assembly/utf8';
import { CLEARTEXT, FINGERPRINT, kindOfCell, SEALED, sealedBodyBytes } from './cell-format';
import { isNull, renderValue, textBytes } from './render';

/*
 * The opening: 32-bit integers.
 *
 *  0  rows, up to SLOTS
 *  1  the place of the cells' offsets: one more than rows, from 0
 *  2  the place of the bitmap of their validity
 *  3  the place and 4 the bytes of the cells
 *  5  a sum of the rules below
 *  6  the type byte of the values, or 0 for text
 *  7  the place and 8 the bytes of what follows it in each value that is no null
 *  9  the bytes of a value behind that
 * 10  the place for so many bytes for each row
 * 11  out: sealed cells
 * 12  out: fingerprints
 * 13  out: cells that are neither sealed nor null
 * 14  out: the row of the first of these, or -1
 *
 * Behind it lie, in this order, the offsets, the validity, the cells, and the values of a fixed width: what is written to one of them is
 * never read as another.
 */
const OPENING_BYTES: i32 = 60;

/** The row keys in memory are of other rows. */
const ARE_OTHER_ROWS: i32 = 1;
/** Texts are known to be UTF-8, or need not be. */
const IS_ANY_TEXT: i32 = 2;
/** Cells may be padded with other bytes than zeros. */
const IS_LENIENT: i32 = 4;
/** There is a root to open cells with. */
const CAN_OPEN: i32 = 8;
/** Fingerprints are passed on. */
const PASSES_FINGERPRINTS: i32 = 16;
/** An empty text may be a null. */
const IS_EMPTY_NULL: i32 = 32;

/** No cell is sealed: the column is what it was. */
const UNCHANGED: i32 = 0;
const OPENED: i32 = 1;
/** A cell has to be refused, or is not opened here; nothing that was written counts. */
const UNFIT_CELL: i32 = -2;

const FLOAT: i32 = 0x10;
const DOUBLE: i32 = 0x0e;
const BOOLEAN: i32 = 0x06;

let sealed: i32 = 0;
let fingerprints: i32 = 0;
let others: i32 = 0;
let firstOther: i32 = -1;

/**
 * Opens a column of cells. Text replaces the cells: its offsets and validity replace theirs, and each text begins where the one before it
 * ends. Values of a type with a fixed width are written little-endian, zeros for a null, and only the validity is replaced.
 *
 * @returns `UNCHANGED`, `OPENED` or `UNFIT_CELL`
 */
export function openColumn(opening: usize): i32 {
  requireInIo(opening, OPENING_BYTES);
  const rows = load<i32>(opening);
  if (rows < 1 || rows > SLOTS) unreachable();
  const typeByte = load<i32>(opening, 24);
  const rules = load<i32>(opening, 20);
  const offsetsAt: usize = load<u32>(opening, 4);
  const cells: usize = load<u32>(opening, 12);
  let end = opening + <usize>OPENING_BYTES;
  end = requireNext(offsetsAt, (rows + 1) * 4, end);
  end = requireNext(load<u32>(opening, 8), (rows + 7) >> 3, end);
  end = requireNext(cells, load<i32>(opening, 16), end);
  if (typeByte != 0) {
    const width = load<i32>(opening, 36);
    if (width < 1 || width > 8) unreachable();
    requireInIo(load<u32>(opening, 28), load<i32>(opening, 32));
    requireNext(load<u32>(opening, 40), rows * width, end);
  }
  if (!describeCells(opening, rows, rules)) return UNFIT_CELL;
  store<i32>(opening, sealed, 44);
  store<i32>(opening, fingerprints, 48);
  store<i32>(opening, others, 52);
  store<i32>(opening, firstOther, 56);
  if (typeByte != 0 && others != 0) return UNFIT_CELL;
  if (sealed == 0 && typeByte == 0) {
    return (rules & IS_ANY_TEXT) != 0 || areTexts(offsetsAt, rows, cells) ? UNCHANGED : UNFIT_CELL;
  }
  if ((rules & ARE_OTHER_ROWS) != 0) freeSlots();
  if (sealed > 0 && !openInPlace(sealed, (rules & IS_LENIENT) != 0)) return UNFIT_CELL;
  if (typeByte != 0) return takeFixed(opening, rows) ? OPENED : UNFIT_CELL;
  return takeTexts(opening, rows) && areTexts(offsetsAt, rows, cells) ? OPENED : UNFIT_CELL;
}

/** Traps unless `bytes` bytes at `at` lie in IO, and behind `end`; returns the end of them. */
function requireNext(at: usize, bytes: i32, end: usize): usize {
  requireBehind(at, end);
  requireInIo(at, bytes);
  return at + <usize>bytes;
}

/** Describes the sealed cells for `openInPlace`, and counts all; false if one of them has to be refused. Traps unless each lies in the column. */
function describeCells(opening: usize, rows: i32, rules: i32): bool {
  const offsetsAt: usize = load<u32>(opening, 4);
  const validityAt: usize = load<u32>(opening, 8);
  const cells = load<i32>(opening, 12);
  const bytes = load<i32>(opening, 16);
  let cell: usize = CELLS;
  sealed = 0;
  fingerprints = 0;
  others = 0;
  firstOther = -1;
  let to = load<i32>(offsetsAt);
  if (to != 0) unreachable();
  for (let row = 0; row < rows; row++) {
    const from = to;
    to = load<i32>(offsetsAt + (<usize>row << 2), 4);
    if (to < from || to > bytes) unreachable();
    if (!isPresent(validityAt, row)) continue;
    const start = cells + from;
    const end = cells + to;
    const kind = kindOfCell(start, end);
    if (kind == SEALED) {
      const body = sealedBodyBytes(start, end);
      if (body == 0 || (rules & CAN_OPEN) == 0) return false;
      store<i32>(cell, start);
      store<i32>(cell, to - from, 4);
      store<i32>(cell, body, 8);
      store<i32>(cell, row, 20);
      cell += CELL_BYTES;
      sealed++;
      continue;
    }
    if (kind == FINGERPRINT) {
      if ((rules & PASSES_FINGERPRINTS) == 0) return false;
      fingerprints++;
    } else if (kind != CLEARTEXT) {
      return false;
    } else if (from == to && (rules & IS_EMPTY_NULL) != 0) {
      continue;
    }
    others++;
    if (firstOther < 0) firstOther = row;
  }
  return true;
}

// @ts-ignore: decorator
@inline
function isPresent(validityAt: usize, row: i32): bool {
  return ((load<u8>(validityAt + <usize>(row >> 3)) >> (<u8>row & 7)) & 1) != 0;
}

// @ts-ignore: decorator
@inline
function setNull(validityAt: usize, row: i32): void {
  const at = validityAt + <usize>(row >> 3);
  store<u8>(at, load<u8>(at) & ~(<u8>1 << (<u8>row & 7)));
}

/** Whether texts that lie one after another are UTF-8, each by itself. */
function areTexts(offsetsAt: usize, rows: i32, texts: usize): bool {
  // That a text ends as it must shows in how the next one begins.
  for (let row = 0; row < rows; row++) {
    const start = load<u32>(offsetsAt + (<usize>row << 2));
    const end = load<u32>(offsetsAt + (<usize>row << 2), 4);
    if (start != end && (load<u8>(texts + start) & 0xc0) == 0x80) return false;
  }
  return isUtf8(<i32>texts, <i32>texts + load<i32>(offsetsAt + (<usize>rows << 2)));
}

/** Moves the texts together; false if a value is not read here. None moves up. */
function takeTexts(opening: usize, rows: i32): bool {
  const offsetsAt: usize = load<u32>(opening, 4);
  const validityAt: usize = load<u32>(opening, 8);
  const texts: usize = load<u32>(opening, 12);
  const last = CELLS + <usize>sealed * CELL_BYTES;
  let cell: usize = CELLS;
  let to = texts;
  let end: u32 = 0;
  for (let row = 0; row < rows; row++) {
    const start = end;
    const offset = offsetsAt + (<usize>row << 2);
    end = load<u32>(offset, 4);
    if (isPresent(validityAt, row)) {
      if (cell < last && load<i32>(cell, 20) == row) {
        const next = takeText(cell, to, validityAt, row);
        if (next == 0) return false;
        to = next;
        cell += CELL_BYTES;
      } else {
        memory.copy(to, texts + start, end - start);
        to += end - start;
      }
    }
    store<u32>(offset, <u32>(to - texts), 4);
  }
  return true;
}

/** Copies the text of an opened cell to `to`, and returns the end of it; 0 if it is not read here. */
//= format F-83
function takeText(cell: usize, to: usize, validityAt: usize, row: i32): usize {
  const at: usize = load<u32>(cell);
  const value = at + CIPHERTEXT_AT;
  const bytes = load<i32>(cell, 16);
  const type = load<u8>(value);
  const text = textBytes(type, value, bytes);
  if (text >= 0) {
    // Before the next cell, there is more room behind a value than a vector overwrites: Base64 is longer than its bytes.
    const from = value + <usize>(bytes - text);
    for (let i: usize = 0; i < <usize>text; i += 16) v128.store(to + i, v128.load(from + i));
    return to + <usize>text;
  }
  if (isNull(type, value, bytes)) {
    setNull(validityAt, row);
    return to;
  }
  // Nonce and IV, which are in front of the value, are no longer needed, and the longest text is shorter.
  const end = renderValue(type, value + 1, bytes - 1, at);
  if (end == 0) return 0;
  memory.copy(to, at, end - at);
  return to + (end - at);
}

/** Writes the values of a type with a fixed width; false if one is of another type, or not read here. */
//= format F-90
function takeFixed(opening: usize, rows: i32): bool {
  const validityAt: usize = load<u32>(opening, 8);
  const type = load<i32>(opening, 24);
  const metadataAt: usize = load<u32>(opening, 28);
  const metadata = load<i32>(opening, 32);
  const width = load<i32>(opening, 36);
  let to: usize = load<u32>(opening, 40);
  let cell: usize = CELLS;
  const last = CELLS + <usize>sealed * CELL_BYTES;
  for (let row = 0; row < rows; row++, to += <usize>width) {
    if (cell >= last || load<i32>(cell, 20) != row) {
      memory.fill(to, 0, <usize>width);
      setNull(validityAt, row);
      continue;
    }
    const value = <usize>load<u32>(cell) + CIPHERTEXT_AT;
    const bytes = load<i32>(cell, 16);
    cell += CELL_BYTES;
    const found = <i32>load<u8>(value);
    // A null may leave out its metadata, so only its type counts.
    if (found == (type | 1) && isNull(<u8>found, value, bytes)) {
      memory.fill(to, 0, <usize>width);
      setNull(validityAt, row);
      continue;
    }
    if (found != type || bytes != 1 + metadata + width) return false;
    if (memory.compare(value + 1, metadataAt, <usize>metadata) != 0) return false;
    if (!takeNumber(type, value + 1 + <usize>metadata, width, to)) return false;
  }
  return true;
}

/** Writes a big-endian number little-endian; false for one that JavaScript may change, or that its type does not have. */
// @ts-ignore: decorator
@inline
function takeNumber(type: i32, from: usize, width: i32, to: usize): bool {
  if (width == 8) {
    const number = bswap<u64>(load<u64>(from));
    if (type == DOUBLE && (number & 0x7fffffffffffffff) > 0x7ff0000000000000) return false;
    store<u64>(to, number);
  } else if (width == 4) {
    const number = bswap<u32>(load<u32>(from));
    if (type == FLOAT && (number & 0x7fffffff) > 0x7f800000) return false;
    store<u32>(to, number);
  } else if (width == 2) {
    store<u16>(to, bswap<u16>(load<u16>(from)));
  } else {
    const byte = load<u8>(from);
    if (width != 1 || (type == BOOLEAN && byte > 1)) return false;
    store<u8>(to, byte);
  }
  return true;
}
