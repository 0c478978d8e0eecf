import { randomFillSync } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { isValid, setNull, allValid } from '../bytes/index.ts';
import { SealroomError } from '../errors.ts';
import { type Batch, type ColumnData, type Field, openUnnamedFile, systemReason, widthOf } from '../tabular/index.ts';

/** Rows kept in memory before they go to disk, and roughly the size of a part that is read back, in bytes. */
const MEMORY_BYTES = 32 << 20;
const BATCH_ROWS = 2048;
const NULL_LENGTH = -1;
/** Values up to this length are copied byte by byte; a call costs more than it saves. */
const SHORT_COPY_BYTES = 24;

/** Rows of one part: the bytes in memory, and where earlier ones lie in the spill file. */
interface Part {
  bytes: Uint8Array;
  length: number;
  readonly blocks: { readonly position: number; readonly length: number }[];
}

/** How big a shuffle will be, and where it may spill. */
export interface ShuffleOptions {
  readonly fields: readonly Field[];
  /** Bytes of all rows, roughly; decides into how many parts they are dealt. */
  readonly expectedBytes: number;
  readonly tempDirectory: string;
}

/**
 * Puts protected rows into a uniformly random order, with bounded memory. Each row is dealt to a random part; parts that
 * outgrow memory go to one temporary file; at the end each part is shuffled by itself (Fisher-Yates) and the parts follow
 * each other. Dealing rows independently and permuting within the parts makes every permutation of the table equally
 * likely. What spills is protected already, except cleartext columns, which the output shows anyway; the file has no name.
 */
export class RowShuffle {
  readonly #fields: readonly Field[];
  readonly #tempDirectory: string;
  readonly #parts: Part[];
  readonly #partBytes: number;
  #spill: FileHandle | null = null;
  #spilled = 0;
  #rows = 0;

  constructor(options: ShuffleOptions) {
    const parts = Math.min(1024, 2 ** Math.ceil(Math.log2(Math.max(1, options.expectedBytes / (MEMORY_BYTES * 0.75)))));
    this.#fields = options.fields;
    this.#tempDirectory = options.tempDirectory;
    this.#partBytes = MEMORY_BYTES / parts;
    this.#parts = Array.from({ length: parts }, () => ({ bytes: new Uint8Array(0), length: 0, blocks: [] }));
  }

  get rows(): number {
    return this.#rows;
  }

  /**
   * Takes the rows of a batch.
   *
   * @throws {SealroomError} IO_WRITE if there is no room for the temporary file.
   */
  //= format F-58
  async add(batch: Batch): Promise<void> {
    const deal = new Uint16Array(batch.rows);
    randomFillSync(deal);
    const lengths = rowLengths(batch);
    for (let row = 0; row < batch.rows; row++) {
      // The number of parts is a power of two, so the remainder is unbiased.
      const part = this.#parts[(deal[row] ?? 0) % this.#parts.length];
      const length = lengths[row] ?? 0;
      if (part === undefined) throw new Error('a part that does not exist');
      if (part.length > 0 && part.length + length > this.#partBytes) await this.#spillPart(part);
      reserve(part, length, this.#partBytes);
      writeRow(batch, row, part);
    }
    this.#rows += batch.rows;
  }

  /** The rows in their new order, once; `add` must not be called any more. */
  async *batches(): AsyncGenerator<Batch> {
    for (const part of this.#parts) {
      const bytes = await this.#load(part);
      const starts = permute(rowStarts(bytes));
      for (let first = 0; first < starts.length; first += BATCH_ROWS) {
        yield this.#gather(bytes, starts.slice(first, first + BATCH_ROWS));
      }
    }
  }

  /** Drops all rows and the temporary file. */
  async close(): Promise<void> {
    await this.#spill?.close();
    this.#spill = null;
  }

  async #spillPart(part: Part): Promise<void> {
    this.#spill ??= await openUnnamedFile(this.#tempDirectory);
    try {
      for (let done = 0; done < part.length;) {
        done += (await this.#spill.write(part.bytes, done, part.length - done, this.#spilled + done)).bytesWritten;
      }
    } catch (error) {
      throw new SealroomError('IO_WRITE', `cannot write a temporary file: ${systemReason(error)}`, {
        where: { file: this.#tempDirectory },
        hint: 'choose another place with `--temp-dir`',
        cause: error,
      });
    }
    part.blocks.push({ position: this.#spilled, length: part.length });
    this.#spilled += part.length;
    part.length = 0;
  }

  async #load(part: Part): Promise<Uint8Array> {
    const total = part.blocks.reduce((sum, block) => sum + block.length, part.length);
    const bytes = new Uint8Array(total);
    let to = 0;
    for (const block of part.blocks) {
      for (let done = 0; done < block.length;) {
        const read = await this.#spill?.read(bytes, to, block.length - done, block.position + done);
        if (read === undefined || read.bytesRead === 0)
          throw new SealroomError('IO_READ', 'a temporary file was cut short');
        done += read.bytesRead;
        to += read.bytesRead;
      }
    }
    bytes.set(part.bytes.subarray(0, part.length), to);
    part.bytes = new Uint8Array(0);
    return bytes;
  }

  #gather(bytes: Uint8Array, starts: Int32Array): Batch {
    // Each row's cursor moves over its columns, left to right; the first 4 bytes are the row's length.
    const cursors = starts.map((start) => start + 4);
    const columns = this.#fields.map((field) => {
      const width = widthOf(field.type);
      return width === null ? gatherTexts(bytes, cursors) : gatherFixed(bytes, cursors, width);
    });
    return { rows: starts.length, columns };
  }
}

// A row is its length (i32), then per column: byte strings as their length (i32, -1 for null) and bytes; fixed-width
// values as a byte 1 and the value, or a byte 0 for null. Little-endian; the layout never leaves the process.

function rowLengths(batch: Batch): Int32Array {
  const lengths = new Int32Array(batch.rows).fill(4);
  for (const column of batch.columns) {
    for (let row = 0; row < batch.rows; row++) {
      let length = 1;
      const present = isValid(column.validity, row);
      if (column.layout === 'fixed') length += present ? column.width : 0;
      else length = 4 + (present ? (column.offsets[row + 1] ?? 0) - (column.offsets[row] ?? 0) : 0);
      lengths[row] = (lengths[row] ?? 0) + length;
    }
  }
  return lengths;
}

function writeRow(batch: Batch, row: number, part: Part): void {
  const { bytes } = part;
  const start = part.length;
  let to = start + 4;
  for (const column of batch.columns) to = writeCell(column, row, bytes, to);
  putInt(bytes, start, to - start);
  part.length = to;
}

function writeCell(column: ColumnData, row: number, bytes: Uint8Array, target: number): number {
  const present = isValid(column.validity, row);
  if (column.layout === 'fixed') {
    bytes[target] = present ? 1 : 0;
    if (!present) return target + 1;
    return copy(column.values, row * column.width, (row + 1) * column.width, bytes, target + 1);
  }
  if (!present) return putInt(bytes, target, NULL_LENGTH);
  const from = column.offsets[row] ?? 0;
  const end = column.offsets[row + 1] ?? 0;
  return copy(column.bytes, from, end, bytes, putInt(bytes, target, end - from));
}

function copy(source: Uint8Array, start: number, end: number, bytes: Uint8Array, target: number): number {
  if (end - start > SHORT_COPY_BYTES) {
    bytes.set(source.subarray(start, end), target);
    return target + end - start;
  }
  let to = target;
  for (let from = start; from < end; from++) bytes[to++] = source[from] ?? 0;
  return to;
}

function putInt(bytes: Uint8Array, at: number, value: number): number {
  bytes[at] = value;
  bytes[at + 1] = value >> 8;
  bytes[at + 2] = value >> 16;
  bytes[at + 3] = value >> 24;
  return at + 4;
}

function getInt(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
}

function reserve(part: Part, count: number, usualBytes: number): void {
  const needed = part.length + count;
  if (needed <= part.bytes.length) return;
  const larger = new Uint8Array(Math.max(needed, Math.min(usualBytes, Math.max(4096, part.bytes.length * 2))));
  larger.set(part.bytes.subarray(0, part.length));
  part.bytes = larger;
}

function rowStarts(bytes: Uint8Array): Int32Array {
  const starts: number[] = [];
  for (let at = 0; at < bytes.length; at += getInt(bytes, at)) starts.push(at);
  return Int32Array.from(starts);
}

/** Fisher-Yates with random numbers of the platform's generator; values that would bias it are drawn again. */
function permute(values: Int32Array): Int32Array {
  const random = new Uint32Array(4096);
  let next = random.length;
  for (let last = values.length - 1; last > 0; last--) {
    const choices = last + 1;
    const limit = 2 ** 32 - (2 ** 32 % choices);
    let draw = limit;
    while (draw >= limit) {
      if (next === random.length) {
        randomFillSync(random);
        next = 0;
      }
      draw = random[next++] ?? limit;
    }
    const other = draw % choices;
    const held = values[last] ?? 0;
    values[last] = values[other] ?? 0;
    values[other] = held;
  }
  return values;
}

function gatherTexts(source: Uint8Array, cursors: Int32Array): ColumnData {
  const rows = cursors.length;
  const offsets = new Int32Array(rows + 1);
  let validity: Uint8Array | null = null;
  let total = 0;
  for (let row = 0; row < rows; row++) {
    const length = getInt(source, cursors[row] ?? 0);
    if (length === NULL_LENGTH) setNull((validity ??= allValid(rows)), row);
    else total += length;
    offsets[row + 1] = total;
  }
  const bytes = new Uint8Array(total);
  for (let row = 0; row < rows; row++) {
    const from = (cursors[row] ?? 0) + 4;
    const to = offsets[row] ?? 0;
    const length = (offsets[row + 1] ?? 0) - to;
    copy(source, from, from + length, bytes, to);
    cursors[row] = from + length;
  }
  return { layout: 'bytes', rows, offsets, bytes, validity };
}

function gatherFixed(source: Uint8Array, cursors: Int32Array, width: number): ColumnData {
  const rows = cursors.length;
  const values = new Uint8Array(rows * width);
  let validity: Uint8Array | null = null;
  for (let row = 0; row < rows; row++) {
    const at = cursors[row] ?? 0;
    if (source[at] === 0) {
      setNull((validity ??= allValid(rows)), row);
      cursors[row] = at + 1;
    } else {
      copy(source, at + 1, at + 1 + width, values, row * width);
      cursors[row] = at + 1 + width;
    }
  }
  return { layout: 'fixed', rows, width, values, validity };
}
