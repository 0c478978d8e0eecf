// Decryption: the records of a protected CSV file become the lines of the opened one. Sealed cells are opened where they are.
import { CELLS, CELL_BYTES, SLOTS, requireInIo } from '../../../crypto/kernels/wasm/assembly/layout';
import { CIPHERTEXT_AT, openInPlace } from '../../../crypto/kernels/wasm/assembly/open';
import { freeSlots } from '../../../crypto/kernels/wasm/assembly/row-keys';
import { putField, putPlain } from '../../../tabular/csv/assembly/fields';
import {
  copyFieldTo,
  FIELD_BYTES,
  INCOMPLETE,
  IRREGULAR,
  QUOTED,
  setRecordDialect,
  splitRecord,
} from '../../../tabular/csv/assembly/records';
import { isUtf8 } from '../../../tabular/csv/assembly/utf8';
import { CLEARTEXT, FINGERPRINT, kindOfCell, SEALED as SEALED_CELL, sealedBodyBytes } from './cell-format';
import { isNull, renderValue, textBytes } from './render';
import { isInTexts, requireTexts } from './texts';

/*
 * The plan: 32-bit integers.
 *
 *  0  the delimiter
 *  1  what separates records, as `setRecordDialect` takes it
 *  2  columns
 *  3  the most rows of a call, up to SLOTS
 *  4  the place of what is known of the fields: FIELD_BYTES for each field of so many rows
 *  5  the place of the counts: COUNTS numbers for each column
 *  6  the place for values that are not in the text as they are, as many bytes as the text has
 *  7  the place and 8 the bytes of the field of a null
 *  9  the place and 10 the bytes of the field of an empty text
 * 11  a sum of the rules below
 * 12  the place of the list of texts that are nulls
 * 13  out: the end of the records that were opened
 * 14  out: the end of their lines
 */
const PLAN_BYTES: i32 = 60;

/** A blank field is a null. */
const BLANK_IS_NULL: i32 = 1;
/** An empty field in quotes is a null. */
const QUOTED_EMPTY_IS_NULL: i32 = 2;
/** Cells may be padded with other bytes than zeros. */
const IS_LENIENT: i32 = 4;
/** There is a root to open cells with. */
const CAN_OPEN: i32 = 8;
/** Fingerprints are passed on. */
const PASSES_FINGERPRINTS: i32 = 16;

/** What the driver counts in a column: sealed cells, fingerprints, and cells that are neither sealed nor null. */
const COUNTS: i32 = 3;

/** What the fields' flags are replaced by: what they have to become in their lines. */
const TEXT: i32 = 0;
const NULL: i32 = 1;
const SEALED: i32 = 2;

const COMMA: u8 = 0x2c;
const LF: u8 = 0x0a;

/** Returned for text that is not UTF-8, and for records that are not split here. */
const IRREGULAR_TEXT: i32 = -1;
/** Returned for a cell that has to be refused, or is not opened here. */
const UNFIT_CELL: i32 = -2;

let plan: usize = 0;
let columns: i32 = 0;
let fieldsAt: usize = 0;
let refinedAt: i32 = 0;

/** Sets the plan for `openLines`. Traps unless it and all that it points to lie in IO. */
export function setOpening(planAt: usize): void {
  plan = planAt;
  takePlan();
}

/** Takes what the plan says now. Traps unless it and all that it points to lie in IO. */
function takePlan(): void {
  requireInIo(plan, PLAN_BYTES);
  columns = load<i32>(plan, 8);
  fieldsAt = load<u32>(plan, 16);
  const rows = load<i32>(plan, 12);
  if (rows < 1 || rows > SLOTS || columns < 1 || columns > i32.MAX_VALUE / (SLOTS * FIELD_BYTES)) unreachable();
  requireInIo(fieldsAt, rows * columns * FIELD_BYTES);
  requireInIo(load<u32>(plan, 20), columns * COUNTS * 4);
  requireInIo(load<u32>(plan, 28), load<i32>(plan, 32));
  requireInIo(load<u32>(plan, 36), load<i32>(plan, 40));
  requireTexts(load<i32>(plan, 48));
}

/**
 * Opens the records of the text [at, end) that begin before `stop`, as many as a call may have, and writes their lines to `to`. The
 * cells are opened in the text, which is not to be read again.
 *
 * There must be room for the lines: twice the bytes of the text, and for each field of a call the longer mark and three bytes more.
 *
 * @param isLast whether the file ends with the text
 * @returns how many records they are, of which blank lines are none, and which are fewer if the next one goes on behind the text; or
 *   `IRREGULAR_TEXT` or `UNFIT_CELL`, after which nothing that was written counts
 */
export function openLines(at: i32, stop: i32, end: i32, isLast: bool, to: i32): i32 {
  takePlan();
  const most = load<i32>(plan, 12);
  requireInIo(<usize>at, end - at);
  requireInIo(load<u32>(plan, 24), end - at);
  const marks = <i64>max(load<i32>(plan, 32), load<i32>(plan, 40)) + 3;
  const room = (<i64>(end - at) << 1) + <i64>(most * columns) * marks;
  if (room > i32.MAX_VALUE) unreachable();
  requireInIo(<usize>to, <i32>room);
  refinedAt = load<i32>(plan, 24);
  let next = at;
  let rows = 0;
  while (rows < most && next < stop) {
    const fields = <i32>fieldsAt + rows * columns * FIELD_BYTES;
    setRecordDialect(load<i32>(plan, 0), load<i32>(plan, 4), columns, fields);
    const after = splitRecord(next, end, isLast);
    if (after == INCOMPLETE) break;
    if (after == IRREGULAR) return IRREGULAR_TEXT;
    next = abs(after);
    if (after < 0) continue;
    if (!classifyRecord(fields)) return UNFIT_CELL;
    rows++;
  }
  if (!isUtf8(at, next)) return IRREGULAR_TEXT;
  freeSlots();
  for (let column = 0; column < columns; column++) if (!openColumn(column, rows)) return UNFIT_CELL;
  store<i32>(plan, next, 52);
  store<i32>(plan, <i32>writeLines(rows, <usize>to), 56);
  return rows;
}

/** Finds out what the fields of a record are, and counts them; false if one of them has to be refused. */
function classifyRecord(fields: i32): bool {
  let counts: usize = load<u32>(plan, 20);
  const rules = load<i32>(plan, 44);
  for (let column = 0; column < columns; column++, counts += COUNTS * 4) {
    const field = <usize>fields + <usize>column * FIELD_BYTES;
    const flags = load<i32>(field, 8);
    if (flags > QUOTED) refine(field, column);
    const start = load<i32>(field);
    const bytes = load<i32>(field, 4) - start;
    store<i32>(field, TEXT, 8);
    if (bytes == 0) {
      if ((rules & (flags == 0 ? BLANK_IS_NULL : QUOTED_EMPTY_IS_NULL)) != 0) store<i32>(field, NULL, 8);
      continue;
    }
    if (isInTexts(load<i32>(plan, 48), start, start + bytes)) {
      store<i32>(field, NULL, 8);
      continue;
    }
    const kind = kindOfCell(start, start + bytes);
    if (kind == SEALED_CELL) {
      // What sealed cells with quotes or line breaks are, the kernel says.
      if (flags > QUOTED || (rules & CAN_OPEN) == 0) return false;
      store<i32>(field, SEALED, 8);
      count(counts);
      continue;
    }
    if (kind == FINGERPRINT) {
      if ((rules & PASSES_FINGERPRINTS) == 0) return false;
      count(counts + 4);
    } else if (kind != CLEARTEXT) {
      return false;
    }
    count(counts + 8);
  }
  return true;
}

// @ts-ignore: decorator
@inline
function count(at: usize): void {
  store<i32>(at, load<i32>(at) + 1);
}

/** Copies a value with doubled quotes or CRLF, as it is without them. */
function refine(field: usize, column: i32): void {
  const end = copyFieldTo(column, refinedAt);
  store<i32>(field, refinedAt);
  store<i32>(field, end, 4);
  refinedAt = end;
}

/** Opens the sealed cells of a column; false if one of them does not open. */
function openColumn(column: i32, rows: i32): bool {
  const stride = <usize>columns * FIELD_BYTES;
  const fields = fieldsAt + <usize>column * FIELD_BYTES;
  const isLenient = (load<i32>(plan, 44) & IS_LENIENT) != 0;
  let cells = 0;
  let cell: usize = CELLS;
  for (let row = 0; row < rows; row++) {
    const field = fields + <usize>row * stride;
    if (load<i32>(field, 8) != SEALED) continue;
    const start = load<i32>(field);
    const end = load<i32>(field, 4);
    const body = sealedBodyBytes(start, end);
    if (body == 0) return false;
    store<i32>(cell, start);
    store<i32>(cell, end - start, 4);
    store<i32>(cell, body, 8);
    store<i32>(cell, row, 20);
    cell += CELL_BYTES;
    cells++;
  }
  if (cells == 0) return true;
  if (!openInPlace(cells, isLenient)) return false;
  cell = CELLS;
  for (let row = 0; row < rows; row++) {
    const field = fields + <usize>row * stride;
    if (load<i32>(field, 8) != SEALED) continue;
    if (!readValue(field, load<u32>(cell), load<i32>(cell, 16))) return false;
    cell += CELL_BYTES;
  }
  return true;
}

/**
 * Makes the encoded value of an opened cell the text of its field; false if it is not opened here.
 *
 * @param cell where the cell is; the value is `CIPHERTEXT_AT` bytes into it
 * @param bytes the length of the value, 1 or more
 */
function readValue(field: usize, cell: usize, bytes: i32): bool {
  const value = cell + CIPHERTEXT_AT;
  const type = load<u8>(value);
  const text = textBytes(type, value, bytes);
  if (text >= 0) {
    const end = value + <usize>bytes;
    const start = end - <usize>text;
    //= format F-12
    if (!isUtf8(<i32>start, <i32>end)) return false;
    store<u32>(field, <u32>start);
    store<u32>(field, <u32>end, 4);
    store<i32>(field, TEXT, 8);
    return true;
  }
  if (isNull(type, value, bytes)) {
    store<i32>(field, NULL, 8);
    return true;
  }
  // Nonce and IV, which are in front of the value, are no longer needed, and the longest text is shorter.
  const end = renderValue(type, value + 1, bytes - 1, cell);
  if (end == 0) return false;
  store<u32>(field, <u32>cell);
  store<u32>(field, <u32>end, 4);
  store<i32>(field, TEXT, 8);
  return true;
}

function writeLines(rows: i32, target: usize): usize {
  const nullAt: usize = load<u32>(plan, 28);
  const nullBytes = load<i32>(plan, 32);
  const emptyAt: usize = load<u32>(plan, 36);
  const emptyBytes = load<i32>(plan, 40);
  let to = target;
  let field = fieldsAt;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, field += FIELD_BYTES) {
      const start: usize = load<u32>(field);
      const end: usize = load<u32>(field, 4);
      if (load<i32>(field, 8) == NULL) to = putPlain(nullAt, nullBytes, to);
      else if (start == end) to = putPlain(emptyAt, emptyBytes, to);
      else to = putField(start, end, to, column == 0);
      store<u8>(to++, COMMA);
    }
    store<u8>(to - 1, LF);
  }
  return to;
}
