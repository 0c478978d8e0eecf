import { isUtf8 } from 'node:buffer';
import duckdb from '@duckdb/node-bindings';
import {
  type Allocator,
  allValid,
  type ByteColumn,
  compact,
  type FixedColumn,
  getInt32,
  isValid,
  setNull,
} from '../bytes/index.ts';
import { SealroomError } from '../errors/index.ts';
import { type Batch, type ColumnData, type ColumnType, type Field, widthOf } from '../columns/index.ts';

// The engine's vectors are read and written as raw memory, because a JavaScript string per cell costs more than the
// cryptography of the cell. All pointer work of the project is in this file.
//
// INVARIANT: a text vector is an array of 16-byte entries: length (u32); up to 12 bytes inline; else 4 bytes of prefix and
// an 8-byte pointer. Entries of null rows are undefined and never followed.
// INVARIANT: memory is read only from the first to the last byte of entries of one vector whose neighbours lie less than
// MAX_GAP bytes apart. A gap below one page touches no page but those of its two neighbours, so it is always mapped.
// INVARIANT: what is read is copied before the next chunk is fetched, since the engine reuses the memory.
// INVARIANT: an address that is written was read from an entry that the engine has just set; see copyToHeap.

const ENTRY_BYTES = 16;
const INLINE_BYTES = 12;
const MAX_GAP = 4096;

interface Region {
  start: number;
  end: number;
}

const NO_ENTRY = new ArrayBuffer(ENTRY_BYTES);

/** Copies `rows` values of a vector, from `start` on, with texts in buffers from `memory`. */
export function readVector(
  vector: duckdb.Vector,
  type: ColumnType,
  rows: number,
  memory: Allocator,
  start = 0,
): ColumnData {
  const validity = readValidity(vector, start, rows);
  const width = widthOf(type);
  if (width === null) return { layout: 'bytes', rows, validity, ...readTexts(vector, validity, start, rows, memory) };
  if (type.kind === 'decimal') {
    const stored = decimalWidth(type.precision);
    const values = widenIntegers(readRows(vector, stored, start, rows), stored, rows);
    return { layout: 'fixed', rows, width, validity, values };
  }
  const values = readRows(vector, width, start, rows).slice();
  return {
    layout: 'fixed',
    rows,
    width,
    validity,
    values: scaleTicks(values, microsPerTick(type), fromMicros),
  };
}

/**
 * The lengths of the first `rows` texts of a vector in bytes, 0 for nulls and other types. Reads the entries only, and so costs
 * nothing where one long text is in many rows.
 */
export function textLengths(vector: duckdb.Vector, type: ColumnType, rows: number): Uint32Array {
  const lengths = new Uint32Array(rows);
  if (widthOf(type) !== null) return lengths;
  const entries = duckdb.vector_get_data(vector, rows * ENTRY_BYTES);
  const words = new Uint32Array(entries.buffer, entries.byteOffset, rows * 4);
  const validity = readValidity(vector, 0, rows);
  for (let row = 0; row < rows; row++) {
    if (isValid(validity, row)) lengths[row] = words[row * 4] ?? 0;
  }
  return lengths;
}

/** Rows [start, start + rows) of the values of a vector; not a copy. */
function readRows(vector: duckdb.Vector, width: number, start: number, rows: number): Uint8Array {
  return duckdb.vector_get_data(vector, (start + rows) * width).subarray(start * width);
}

function readValidity(vector: duckdb.Vector, start: number, rows: number): Uint8Array | null {
  const end = start + rows;
  const bitmap = duckdb.vector_get_validity(vector, Math.ceil(end / 64) * 8) as Uint8Array | null;
  if (bitmap === null) return null;
  if (start === 0) return bitmap.slice(0, (rows + 7) >> 3);
  const validity = allValid(rows);
  for (let row = 0; row < rows; row++) if (!isValid(bitmap, start + row)) setNull(validity, row);
  return validity;
}

function readTexts(
  vector: duckdb.Vector,
  validity: Uint8Array | null,
  start: number,
  rows: number,
  memory: Allocator,
): { offsets: Int32Array; bytes: Uint8Array } {
  const entries = readRows(vector, ENTRY_BYTES, start, rows);
  const words = new Uint32Array(entries.buffer, entries.byteOffset, rows * 4);
  const starts = memory.ints(rows);
  const ends = memory.ints(rows);
  const regionOf = memory.ints(rows);
  const regions: Region[] = [];
  let region = 0;
  for (let row = 0; row < rows; row++) {
    const length = isValid(validity, row) ? (words[row * 4] ?? 0) : 0;
    ends[row] = length;
    if (length <= INLINE_BYTES) {
      starts[row] = row * ENTRY_BYTES + 4;
      continue;
    }
    const start = (words[row * 4 + 2] ?? 0) + (words[row * 4 + 3] ?? 0) * 2 ** 32;
    region = claimRegion(regions, start, start + length, region);
    regionOf[row] = region;
  }

  const sources = [entries];
  const shifts: number[] = [];
  let position = entries.length;
  for (const { start, end } of regions) {
    sources.push(readMemory(start, end));
    shifts.push(position - start);
    position += end - start;
  }
  // Where each text is among the entries and the regions, one after another. The arrays keep the low 32 bits of a sum, which
  // are those of the position, so those of the address do.
  for (let row = 0; row < rows; row++) {
    const length = ends[row] ?? 0;
    if (length > INLINE_BYTES) starts[row] = (words[row * 4 + 2] ?? 0) + (shifts[regionOf[row] ?? 0] ?? 0);
    ends[row] = (starts[row] ?? 0) + length;
  }
  return compact(sources, starts, ends, memory);
}

/** The region that [start, end) belongs to: one within MAX_GAP, widened, or a new one. Tries the previous row's first. */
function claimRegion(regions: Region[], start: number, end: number, previous: number): number {
  if (widenRegion(regions[previous], start, end)) return previous;
  for (let index = 0; index < regions.length; index++) {
    if (widenRegion(regions[index], start, end)) return index;
  }
  return regions.push({ start, end }) - 1;
}

function widenRegion(region: Region | undefined, start: number, end: number): boolean {
  if (region === undefined || start >= region.end + MAX_GAP || end <= region.start - MAX_GAP) return false;
  if (start < region.start) region.start = start;
  if (end > region.end) region.end = end;
  return true;
}

function readMemory(start: number, end: number): Uint8Array {
  const pointer = new DataView(new ArrayBuffer(8));
  pointer.setBigUint64(0, BigInt(start), true);
  return duckdb.get_data_from_pointer(pointer.buffer, 0, end - start);
}

/**
 * Writes rows [start, start + rows) of a batch into an engine chunk that is sized for them.
 *
 * @throws {SealroomError} DATA_ENCODING if text is not UTF-8, DATA_VALUE if the engine cannot represent a timestamp.
 */
export function writeChunk(
  chunk: duckdb.DataChunk,
  fields: readonly Field[],
  batch: Batch,
  start: number,
  rows: number,
): void {
  fields.forEach((field, index) => {
    const column = batch.columns[index];
    if (column === undefined) throw new Error('a batch with fewer columns than its table');
    const vector = duckdb.data_chunk_get_vector(chunk, index);
    if (column.layout === 'bytes') writeTexts(vector, field.type, column, start, rows);
    else writeFixed(vector, field.type, column, start, rows);
    writeValidity(vector, column.validity, start, rows);
  });
}

function writeFixed(vector: duckdb.Vector, type: ColumnType, column: FixedColumn, start: number, rows: number): void {
  const width = widthOf(type) ?? 0;
  const stored = type.kind === 'decimal' ? decimalWidth(type.precision) : width;
  const part = column.values.subarray(start * width, (start + rows) * width);
  let source = stored === width ? part.slice() : narrowIntegers(part, stored, rows);
  // The engine has a type for milliseconds without a zone.
  const perTick = type.kind === 'timestamp' && !type.utc ? 1n : microsPerTick(type);
  source = scaleTicks(source, perTick, (ticks, factor, row) =>
    isValid(column.validity, start + row) ? toMicros(ticks, factor) : 0n,
  );
  duckdb.copy_data_to_vector(vector, 0, source.buffer, source.byteOffset, source.byteLength);
}

function writeTexts(vector: duckdb.Vector, type: ColumnType, column: ByteColumn, start: number, rows: number): void {
  const { offsets, bytes, validity } = column;
  const first = offsets[start] ?? 0;
  const last = offsets[start + rows] ?? 0;
  const block = bytes.subarray(first, last);
  if (type.kind === 'string' && !isUtf8(block)) throw notUtf8();
  const base = block.length > INLINE_BYTES ? copyToHeap(vector, block) : 0;
  const words = new Uint32Array(rows * 4);
  const entries = new Uint8Array(words.buffer);
  for (let row = 0; row < rows; row++) {
    if (!isValid(validity, start + row)) continue;
    const from = offsets[start + row] ?? 0;
    const length = (offsets[start + row + 1] ?? 0) - from;
    const entry = row * 4;
    words[entry] = length;
    if (length > INLINE_BYTES) {
      const address = base + (from - first);
      words[entry + 1] = getInt32(bytes, from);
      // The array keeps the low 32 bits.
      words[entry + 2] = address;
      words[entry + 3] = Math.floor(address / 2 ** 32);
    } else {
      for (let index = 0; index < length; index++) entries[row * ENTRY_BYTES + 4 + index] = bytes[from + index] ?? 0;
    }
  }
  duckdb.copy_data_to_vector(vector, 0, words.buffer, 0, words.byteLength);
}

/**
 * Copies `block` into the vector's heap and returns its address: entry 0 is set to the block, then read back. The engine
 * refuses some text without an error and leaves the entry as it was, so the entry is cleared first and checked afterwards.
 */
function copyToHeap(vector: duckdb.Vector, block: Uint8Array): number {
  duckdb.copy_data_to_vector(vector, 0, NO_ENTRY, 0, ENTRY_BYTES);
  duckdb.vector_assign_string_element_len(vector, 0, block);
  const entry = duckdb.vector_get_data(vector, ENTRY_BYTES);
  const words = new Uint32Array(entry.buffer, entry.byteOffset, 4);
  if (words[0] !== block.length) throw notUtf8();
  return (words[2] ?? 0) + (words[3] ?? 0) * 2 ** 32;
}

function notUtf8(): SealroomError {
  return new SealroomError('DATA_ENCODING', 'text is not valid UTF-8');
}

function writeValidity(vector: duckdb.Vector, validity: Uint8Array | null, start: number, rows: number): void {
  if (validity === null) return;
  const words = new Uint8Array(Math.ceil(rows / 64) * 8).fill(0xff);
  for (let row = 0; row < rows; row++) {
    if (!isValid(validity, start + row)) words[row >> 3] = (words[row >> 3] ?? 0) & ~(1 << (row & 7));
  }
  duckdb.vector_ensure_validity_writable(vector);
  duckdb.copy_data_to_vector_validity(vector, 0, words.buffer, 0, words.byteLength);
}

/** Bytes in which the engine stores a decimal of this precision. */
function decimalWidth(precision: number): number {
  if (precision <= 4) return 2;
  if (precision <= 9) return 4;
  return precision <= 18 ? 8 : 16;
}

/** Little-endian integers of `width` bytes, sign-extended to 16 bytes. */
function widenIntegers(values: Uint8Array, width: number, rows: number): Uint8Array {
  if (width === 16) return values.slice();
  const wide = new Uint8Array(rows * 16);
  for (let row = 0; row < rows; row++) {
    const sign = (values[(row + 1) * width - 1] ?? 0) & 0x80 ? 0xff : 0;
    for (let index = 0; index < 16; index++) {
      wide[row * 16 + index] = index < width ? (values[row * width + index] ?? 0) : sign;
    }
  }
  return wide;
}

/** The low `width` bytes of 16-byte little-endian integers. */
function narrowIntegers(values: Uint8Array, width: number, rows: number): Uint8Array<ArrayBuffer> {
  const narrow = new Uint8Array(rows * width);
  for (let row = 0; row < rows; row++) {
    for (let index = 0; index < width; index++) narrow[row * width + index] = values[row * 16 + index] ?? 0;
  }
  return narrow;
}

// The engine keeps every timestamp that it reads, and zoned ones that it writes, in microseconds; only its nanoseconds have a
// type of their own. The largest and the least number of ticks stand for infinity in each unit.

const INFINITE = 2n ** 63n - 1n;

/** How many of the engine's microseconds are one tick of a column that it would keep in microseconds; 1 for all others. */
function microsPerTick(type: ColumnType): bigint {
  if (type.kind === 'timestamp') return type.unit === 'ms' ? 1000n : 1n;
  if (type.kind !== 'opaque') return 1n;
  return { TIME_S: 1_000_000n, TIME_MS: 1000n }[type.engineType] ?? 1n;
}

function scaleTicks(
  ticks: Uint8Array<ArrayBuffer>,
  factor: bigint,
  scale: (value: bigint, factor: bigint, row: number) => bigint,
): Uint8Array<ArrayBuffer> {
  if (factor === 1n) return ticks;
  const numbers = new BigInt64Array(ticks.buffer, ticks.byteOffset, ticks.byteLength / 8);
  return new Uint8Array(numbers.map((value, row) => scale(value, factor, row)).buffer);
}

function fromMicros(ticks: bigint, factor: bigint): bigint {
  return ticks === INFINITE || ticks === -INFINITE ? ticks : ticks / factor;
}

function toMicros(ticks: bigint, factor: bigint): bigint {
  if (ticks === INFINITE || ticks === -INFINITE) return ticks;
  const micros = ticks * factor;
  if (micros < INFINITE && micros > -INFINITE) return micros;
  throw new SealroomError('DATA_VALUE', 'timestamp out of range: more than 292,000 years from 1970');
}
