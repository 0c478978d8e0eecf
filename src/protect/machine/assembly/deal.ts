// Deals the rows of a CSV text to parts: splits its records, refuses what needs the exact reader, and writes the stored columns of each row
// behind the other rows of a random part, in the format of src/protect/encrypt/core/row-format.ts. Between the values of a row and its position,
// if that is kept, there may be zeros.
import { IO, SLACK, requireInIo } from '../../../crypto/kernels/wasm/assembly/layout';
import { copyFieldTo, fieldAt, fieldCount, INCOMPLETE, IRREGULAR, splitRecord } from '../../../tabular/csv/assembly/records';
import { hasChanged, MISSING, NORMALISED, normaliseValue } from './normalise';
import { requireDialect, requireField, requireText } from './records';
import { isInTexts, requireTexts } from './texts';

// ---- What `dealRows` returns.

/** All records that start before the stop were dealt. */
const DONE: i32 = 0;
/** The text ends before the next record does. */
const NEEDS_TEXT: i32 = 1;
/** All random numbers were used. */
const NEEDS_DRAWS: i32 = 2;
/** The part that comes next has no room for the row. */
const PART_FULL: i32 = 3;
/** There is no room for the row among the samples. */
const SAMPLES_FULL: i32 = 4;
/** A record is irregular. */
const IRREGULAR_RECORD: i32 = 5;
/** A value cannot be protected, or not be normalised here. */
const UNFIT_VALUE: i32 = 6;

// ---- The description of a deal, all i32. It is at a multiple of eight.

/** Columns that are stored, and the place of their descriptions. */
const STORED: i32 = 0;
const STORED_AT: i32 = 4;
/** Columns that are sampled as they were read, and the place of their numbers in a record. */
const SOURCES: i32 = 8;
const SOURCES_AT: i32 = 12;
/** Whether blank fields are null (1), and empty quotes (2); and the texts that are. */
const NULL_RULE: i32 = 16;
const NULL_TEXTS_AT: i32 = 20;
/** The number of parts, a power of two up to 65,536, and the place of their descriptions. */
const PARTS: i32 = 24;
const PARTS_AT: i32 = 28;
/** The next random number, of 16 bits, and the end of them. */
const NEXT_DRAW: i32 = 32;
const DRAWS_END: i32 = 36;
/** The number that stands for this run of rows in their positions, or -1 if these are not kept. */
const RUN: i32 = 40;
/** Rows of this run so far. */
const ROWS: i32 = 44;
/** Where samples begin, the end of what was written, and of the room for them, if there is any; rows at the start of the run that are all in the sample. */
const SAMPLES_AT: i32 = 48;
const SAMPLES_TO: i32 = 52;
const SAMPLES_END: i32 = 56;
const SAMPLE_HEAD: i32 = 60;
/** Where the next record is, and the part that is full. */
const AT: i32 = 64;
const FULL_PART: i32 = 68;
/** The most stored columns of one field. */
const MOST_PER_FIELD: i32 = 72;
export const dealBytes: i32 = 76;

// ---- The description of a stored column. It is at a multiple of eight.

/** The number of its field in a record. */
const FIELD: i32 = 0;
/** Its normalising steps; NULLS_REFUSED. */
const FLAGS: i32 = 4;
/** The longest value that can be protected. */
const MOST_BYTES: i32 = 8;
/** Texts that stand for no value, if it is normalised. */
const MISSING_TEXTS_AT: i32 = 12;
/** Bytes of a sealed cell without pad, before its Base64, beside the value; 0 if there are no such cells. */
const OVERHEAD_BYTES: i32 = 16;
/** What was found: the longest value, or -1; nulls; of normalised values, how many there were, were changed, or stood for none. */
const LONGEST: i32 = 20;
const NULLS: i32 = 24;
const VALUES: i32 = 28;
const CHANGED: i32 = 32;
const MISSED: i32 = 36;
/** Bytes of all values, and groups of three of all sealed cells without pad; both of 64 bits. */
const BYTES: i32 = 40;
const GROUPS: i32 = 48;
export const storedBytes: i32 = 56;

/** A null of this column cannot be protected. */
const NULLS_REFUSED: i32 = 8;

// ---- The description of a part: where its next row goes, the end of its room, and its rows.

const PART_TO: i32 = 0;
const PART_END: i32 = 4;
const PART_ROWS: i32 = 8;
export const partBytes: i32 = 12;

/** After the head, one row of so many is in the sample. */
const SAMPLE_STRIDE: i32 = 256;
/** Bytes of a position: the number of its row in the run, from 1, and above it the run. As numbers of 64 bits they have the order of the rows. */
const POSITION_BYTES: i32 = 8;
/** Bytes behind a value that copies may overwrite. */
const COPY_SLACK: i32 = 16;
/** Rows have a multiple of so many bytes, since copies between shared memory and other memory are many times as fast then. */
const ROW_UNIT: i32 = 8;

/**
 * Deals the records that start in [at, stop) of the text that ends at `end`, as the description at `deal` says, until a caller has to do
 * something; see above what it returns. Calling it again with the place of the next record goes on.
 *
 * A part is taken by a random number that is used once: the rows of a table are dealt independently, and each to any part with the same
 * probability.
 */
//= format F-58
export function dealRows(deal: i32, at: i32, end: i32, isLast: bool, stop: i32): i32 {
  requireDeal(deal, at, end);
  const parts = load<i32>(deal, PARTS);
  const partsAt = load<i32>(deal, PARTS_AT);
  let draw = load<i32>(deal, NEXT_DRAW);
  const drawsEnd = load<i32>(deal, DRAWS_END);
  let row = load<i32>(deal, ROWS);
  const samples = load<i32>(deal, SAMPLES_END) > load<i32>(deal, SAMPLES_AT);
  let result = DONE;
  while (at < stop && at < end) {
    if (draw == drawsEnd) {
      result = NEEDS_DRAWS;
      break;
    }
    const next = splitRecord(at, end, isLast);
    if (next == INCOMPLETE || next == IRREGULAR) {
      result = next == INCOMPLETE ? NEEDS_TEXT : IRREGULAR_RECORD;
      break;
    }
    if (next < 0) {
      at = -next;
      continue;
    }
    const part = <i32>load<u16>(draw) & (parts - 1);
    const partAt = partsAt + part * partBytes;
    const to = load<i32>(partAt, PART_TO);
    const most = mostBytesOfRow(deal, next - at);
    if (most > <i64>load<i32>(partAt, PART_END) - to) {
      store<i32>(deal, part, FULL_PART);
      result = PART_FULL;
      break;
    }
    const isSampled = samples && (row < load<i32>(deal, SAMPLE_HEAD) || (row & (SAMPLE_STRIDE - 1)) == 0);
    const samplesTo = isSampled ? load<i32>(deal, SAMPLES_TO) : 0;
    if (isSampled && mostBytesOfSample(deal, next - at) > <i64>load<i32>(deal, SAMPLES_END) - samplesTo) {
      result = SAMPLES_FULL;
      break;
    }
    requireInIo(<usize>to, <i32>most);
    const rowEnd = writeRow(deal, to, row);
    if (rowEnd == 0) {
      result = UNFIT_VALUE;
      break;
    }
    if (isSampled) store<i32>(deal, writeSample(deal, to, rowEnd, samplesTo), SAMPLES_TO);
    store<i32>(partAt, rowEnd, PART_TO);
    store<i32>(partAt, load<i32>(partAt, PART_ROWS) + 1, PART_ROWS);
    draw += 2;
    row++;
    at = next;
  }
  if (result == DONE && at < stop && !isLast) result = NEEDS_TEXT;
  store<i32>(deal, draw, NEXT_DRAW);
  store<i32>(deal, row, ROWS);
  store<i32>(deal, at, AT);
  return result;
}

/**
 * The first place from `at` on where a record may start: after a line break, and followed by regular records. 0 if there is none. It may be
 * inside of quotes; the end of the records before it says whether it is.
 */
export function findRecord(at: i32, end: i32, isLast: bool): i32 {
  requireDialect();
  if (at < end) requireText(at - 1, end);
  for (; at < end; at++) {
    if (load<u8>(at - 1) == 0x0a && areRecords(at, end, isLast)) return at;
  }
  return isLast ? end : 0;
}

/** Whether the next records are regular, as far as the text has them, and at least one. */
function areRecords(at: i32, end: i32, isLast: bool): bool {
  for (let count = 0; count < 8 && at < end; count++) {
    const next = splitRecord(at, end, isLast);
    if (next == IRREGULAR) return false;
    if (next == INCOMPLETE) return count > 0;
    at = abs(next);
  }
  return true;
}

/** Traps unless all that a description speaks of is in IO. The room of a part is checked when it is used. */
function requireDeal(deal: i32, at: i32, end: i32): void {
  requireInIo(<usize>deal, dealBytes);
  requireInIo(<usize>at, end - at);
  requireDialect();
  if (load<i32>(deal, MOST_PER_FIELD) < 1) unreachable();
  requireItems(load<i32>(deal, STORED_AT), load<i32>(deal, STORED), storedBytes);
  requireItems(load<i32>(deal, SOURCES_AT), load<i32>(deal, SOURCES), 4);
  requireItems(load<i32>(deal, PARTS_AT), load<i32>(deal, PARTS), partBytes);
  const parts = load<i32>(deal, PARTS);
  if (parts < 1 || parts > 0x10000 || popcnt(parts) != 1) unreachable();
  requireTexts(load<i32>(deal, NULL_TEXTS_AT));
  const draw = load<i32>(deal, NEXT_DRAW);
  requireInIo(<usize>draw, load<i32>(deal, DRAWS_END) - draw);
  const samplesAt = load<i32>(deal, SAMPLES_AT);
  const samplesTo = load<i32>(deal, SAMPLES_TO);
  requireInIo(<usize>samplesAt, load<i32>(deal, SAMPLES_END) - samplesAt);
  if (samplesTo < samplesAt) unreachable();
  const stored = load<i32>(deal, STORED_AT);
  for (let column = 0; column < load<i32>(deal, STORED); column++) {
    requireTexts(load<i32>(stored + column * storedBytes, MISSING_TEXTS_AT));
  }
  requireFields(stored, load<i32>(deal, STORED), storedBytes, load<i32>(deal, MOST_PER_FIELD));
  requireFields(load<i32>(deal, SOURCES_AT), load<i32>(deal, SOURCES), 4, 1);
}

/**
 * Traps unless each number of a field, of which there is one at the start of each item, is that of a field, and no more than `most` are the
 * same: rows are measured by that before they are written. Counts in what is known of the last record's fields.
 */
function requireFields(at: i32, count: i32, itemBytes: i32, most: i32): void {
  for (let field = 0; field < fieldCount(); field++) store<i32>(fieldAt(field), 0);
  for (const end = at + count * itemBytes; at < end; at += itemBytes) {
    const field = load<i32>(at, FIELD);
    requireField(field);
    const times = load<i32>(fieldAt(field)) + 1;
    if (times > most) unreachable();
    store<i32>(fieldAt(field), times);
  }
}

function requireItems(at: i32, count: i32, itemBytes: i32): void {
  if (count < 0 || count > 0x100000) unreachable();
  requireInIo(<usize>at, count * itemBytes);
}

/** Bytes that the row of a record of `recordBytes` may take, with what copies overwrite behind it. */
// @ts-ignore: decorator
@inline
function mostBytesOfRow(deal: i32, recordBytes: i32): i64 {
  const head = headBytes(load<i32>(deal, STORED) + 1) + POSITION_BYTES + COPY_SLACK;
  return head + <i64>recordBytes * load<i32>(deal, MOST_PER_FIELD);
}

/** Bytes that it may take among the samples. */
function mostBytesOfSample(deal: i32, recordBytes: i32): i64 {
  return mostBytesOfRow(deal, recordBytes) + headBytes(load<i32>(deal, SOURCES)) + recordBytes;
}

/** Bytes before the values of a row with so many columns. */
// @ts-ignore: decorator
@inline
function headBytes(columns: i32): i32 {
  return (columns + 1) << 2;
}

/** Writes the stored columns of the last record to `to` and returns their end, or 0 if one of them is unfit. */
function writeRow(deal: i32, to: i32, row: i32): i32 {
  const stored = load<i32>(deal, STORED);
  const run = load<i32>(deal, RUN);
  let column = load<i32>(deal, STORED_AT);
  let lengthAt = to + 4;
  let value = to + headBytes(run == -1 ? stored : stored + 1);
  for (let left = stored; left > 0; left--, column += storedBytes, lengthAt += 4) {
    let bytes = writeField(deal, load<i32>(column, FIELD), value);
    const flags = load<i32>(column, FLAGS);
    if ((flags & NORMALISED) != 0 && bytes >= 0) {
      bytes = normaliseValue(flags, load<i32>(column, MISSING_TEXTS_AT), value, value + bytes);
      if (bytes < MISSING) return 0;
      countUp(column, VALUES);
      if (bytes == MISSING) countUp(column, MISSED);
      else if (hasChanged) countUp(column, CHANGED);
    }
    store<i32>(lengthAt, bytes);
    if (bytes < 0) {
      if ((flags & NULLS_REFUSED) != 0) return 0;
      countUp(column, NULLS);
      continue;
    }
    if (bytes > load<i32>(column, MOST_BYTES)) return 0;
    measure(column, bytes);
    value += bytes;
  }
  store<i64>(value, 0);
  value = to + ((value - to + ROW_UNIT - 1) & -ROW_UNIT);
  if (run != -1) {
    store<i32>(lengthAt, POSITION_BYTES);
    store<i32>(value, row + 1);
    store<i32>(value, run, 4);
    value += POSITION_BYTES;
  }
  store<i32>(to, value - to);
  return value;
}

// @ts-ignore: decorator
@inline
function countUp(column: i32, counter: i32): void {
  store<i32>(column + counter, load<i32>(column + counter) + 1);
}

// @ts-ignore: decorator
@inline
function measure(column: i32, bytes: i32): void {
  if (bytes > load<i32>(column, LONGEST)) store<i32>(column, bytes, LONGEST);
  store<i64>(column, load<i64>(column, BYTES) + bytes, BYTES);
  const overhead = load<i32>(column, OVERHEAD_BYTES);
  if (overhead == 0) return;
  const groups = (bytes + overhead + 2) / 3;
  store<i64>(column, load<i64>(column, GROUPS) + groups, GROUPS);
}

/** Writes the value of a field to `to` and returns its length, -1 for a null. */
//= format F-80
// @ts-ignore: decorator
@inline
function writeField(deal: i32, field: i32, to: i32): i32 {
  const at = fieldAt(field);
  const rule = load<i32>(deal, NULL_RULE);
  if (load<i32>(at) == load<i32>(at, 4)) {
    const isQuoted = load<i32>(at, 8) != 0;
    return (rule & (isQuoted ? 2 : 1)) != 0 ? -1 : 0;
  }
  const end = copyFieldTo(field, to);
  return isInTexts(load<i32>(deal, NULL_TEXTS_AT), to, end) ? -1 : end - to;
}

/** Writes a row of the sample to `to` and returns its end: columns as they were read, then the stored ones of the row at `row`. */
function writeSample(deal: i32, row: i32, rowEnd: i32, to: i32): i32 {
  const sources = load<i32>(deal, SOURCES);
  const stored = load<i32>(deal, STORED);
  const storedHead = headBytes(load<i32>(deal, RUN) == -1 ? stored : stored + 1);
  let lengthAt = to + 4;
  let value = to + headBytes(sources + stored);
  let source = load<i32>(deal, SOURCES_AT);
  for (let left = sources; left > 0; left--, source += 4, lengthAt += 4) {
    const bytes = writeField(deal, load<i32>(source), value);
    store<i32>(lengthAt, bytes);
    value += max(0, bytes);
  }
  memory.copy(<usize>lengthAt, <usize>row + 4, <usize>stored << 2);
  const valuesEnd = rowEnd - (load<i32>(deal, RUN) == -1 ? 0 : POSITION_BYTES);
  const bytes = valuesEnd - (row + storedHead);
  memory.copy(<usize>value, <usize>(row + storedHead), <usize>bytes);
  value += bytes;
  store<i32>(to, value - to);
  return value;
}
