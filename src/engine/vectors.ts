import { isUtf8 } from 'node:buffer';
import duckdb from '@duckdb/node-bindings';
import { type Allocator, type ByteColumn, compact, type FixedColumn, isValid, sliceValidity } from '../bytes/index.ts';
import { SealroomError } from '../errors/index.ts';
import { type Batch, type ColumnData, type ColumnType, type Field, widthOf } from '../columns/index.ts';
import { ENTRY_BYTES, locateTexts, makeEntries, measureTexts } from './text-entries.ts';

// The engine's vectors are read and written as raw memory, because a JavaScript string per cell costs more than the
// cryptography of the cell. All pointer work of the project is in this file and in `assembly/`, which works on copies of entries.
//
// INVARIANT: a text vector is an array of 16-byte entries: length (u32); up to 12 bytes inline; else 4 bytes of prefix and
// an 8-byte pointer. Entries of null rows are undefined and never followed.
// INVARIANT: memory is read only from the first to the last byte of entries of one vector whose neighbours lie less than
// MAX_GAP bytes apart. A gap below one page touches no page but those of its two neighbours, so it is always mapped.
// INVARIANT: what is read is copied before the next chunk is fetched, since the engine reuses the memory.
// INVARIANT: an address that is written was read from an entry that the engine has just set; see copyToHeap.

const INLINE_BYTES = 12;
const MAX_GAP = 4096;

const NO_ENTRY = new ArrayBuffer(ENTRY_BYTES);

/** The memory of a vector of the engine, until the next chunk is fetched. */
export interface VectorView {
  readonly type: ColumnType;
  readonly rows: number;
  /** The values, or the entries of texts; like the validity no copy, and a `Buffer`, whose `slice` makes none. */
  readonly values: Uint8Array;
  readonly validity: Uint8Array | null;
}

/** Looks at the first `rows` rows of a vector, without reading a text. */
export function viewVector(vector: duckdb.Vector, type: ColumnType, rows: number): VectorView {
  const values = duckdb.vector_get_data(vector, rows * storedWidth(type));
  const validity = duckdb.vector_get_validity(vector, Math.ceil(rows / 64) * 8) as Uint8Array | null;
  return { type, rows, values, validity };
}

/** Bytes of a value, or of the entry of a text, in the engine's memory. */
function storedWidth(type: ColumnType): number {
  return type.kind === 'decimal' ? decimalWidth(type.precision) : (widthOf(type) ?? ENTRY_BYTES);
}

/** Copies rows [start, start + rows) of a vector, with texts in buffers from `memory`. */
export function readVector(view: VectorView, memory: Allocator, start = 0, rows = view.rows): ColumnData {
  const { type } = view;
  const stored = storedWidth(type);
  const source = view.values.subarray(start * stored, (start + rows) * stored);
  const validity = sliceValidity(view.validity, start, rows);
  const width = widthOf(type);
  if (width === null) return { layout: 'bytes', rows, validity, ...readTexts(source, validity, memory) };
  const values =
    type.kind === 'decimal'
      ? widenIntegers(source, stored, rows)
      : scaleTicks(new Uint8Array(source), microsPerTick(type), fromMicros);
  return { layout: 'fixed', rows, width, validity, values };
}

/** The bytes of all texts of a vector, and of the longest one; 0 for other types. Reads the entries only. */
export function measureVector({ type, values, validity }: VectorView): {
  readonly bytes: number;
  readonly longest: number;
} {
  return widthOf(type) === null ? measureTexts(values, validity) : { bytes: 0, longest: 0 };
}

/**
 * The lengths of the texts of a vector in bytes, 0 for nulls and other types. Reads the entries only, and so costs nothing where one
 * long text is in many rows.
 */
export function textLengths({ type, rows, values, validity }: VectorView): Uint32Array {
  const lengths = new Uint32Array(rows);
  if (widthOf(type) !== null) return lengths;
  const words = new Uint32Array(values.buffer, values.byteOffset, rows * 4);
  for (let row = 0; row < rows; row++) {
    if (isValid(validity, row)) lengths[row] = words[row * 4] ?? 0;
  }
  return lengths;
}

function readTexts(
  entries: Uint8Array,
  validity: Uint8Array | null,
  memory: Allocator,
): { offsets: Int32Array; bytes: Uint8Array } {
  const sources = [entries];
  const { starts, ends } = locateTexts(entries, validity, MAX_GAP, ({ start, end }) => {
    sources.push(readMemory(start, end));
  });
  return compact(sources, starts, ends, memory);
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
  makeEntries(
    offsets.subarray(start, start + rows + 1),
    sliceValidity(validity, start, rows),
    block,
    base,
    (entries) => {
      duckdb.copy_data_to_vector(vector, 0, entries.buffer, entries.byteOffset, entries.byteLength);
    },
  );
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
  const bits = sliceValidity(validity, start, rows);
  if (bits === null) return;
  // The engine's bitmaps are whole words.
  const words = new Uint8Array(Math.ceil(rows / 64) * 8).fill(0xff);
  words.set(bits);
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
  if (width === 16) return new Uint8Array(values);
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
