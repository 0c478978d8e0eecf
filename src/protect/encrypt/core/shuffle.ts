import { type Allocator, Arena, compact, copyBytes, FRESH_MEMORY } from '../../../bytes/index.ts';
import { type Batch } from '../../../columns/index.ts';
import { fillRandom } from '../../../platform/index.ts';
import { rowEnd, rowStarts, writeRows } from './row-format.ts';

/** Bytes of rows that are kept in memory before they spill to disk. */
const MEMORY_BYTES = 128 << 20;
/** Approximate size of a part that is read back, in bytes; smaller if there are to be more pieces. */
const PART_BYTES = 2 << 20;
/** With more parts, the blocks that are written and read back would be too small. */
const MOST_PARTS = 4096;
/** A part larger than this, in bytes, is partitioned again; rows were longer than expected. */
const MOST_PART_BYTES = 32 << 20;

/** The rows of one part: the bytes in memory, and the blocks that earlier ones were spilled to. */
interface Part {
  rows: number;
  bytes: Uint8Array;
  length: number;
  readonly blocks: SpilledBlock[];
}

const NO_BYTES = new Uint8Array(0);

/** A run of spilled bytes. */
interface SpilledBlock {
  readonly length: number;
}

/** A place for rows that do not fit into memory, such as an encrypted temporary file. */
export interface SpillPlace {
  /** Stores a copy of `bytes`, which may be changed as soon as the call has returned its promise. */
  append(bytes: Uint8Array): Promise<SpilledBlock>;
  read(block: SpilledBlock): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** The expected size of a shuffle, and where it may spill. */
export interface ShuffleOptions {
  /** Approximate bytes of all rows; determines the number of parts. */
  readonly expectedBytes: number;
  /** How many parts there are to be at least, if their rows are few enough; 1 if left out. */
  readonly leastParts?: number | undefined;
  /** Opens the place for what memory does not hold, when it is first needed; `null` to keep all rows in memory. */
  readonly openSpill: (() => Promise<SpillPlace>) | null;
}

/** Consecutive rows of the new order, in the format of `row-format.ts`. */
export interface ShuffledRows {
  readonly rows: number;
  /** In a buffer that belongs to the caller. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/**
 * Puts rows into a uniformly random order, with bounded memory. Each row goes to a random part; parts that outgrow memory
 * spill; at the end each part is shuffled by itself (Fisher-Yates), and the parts are concatenated. Choosing parts
 * independently and permuting within the parts makes every permutation of the table equally likely.
 *
 * Rows are shuffled before they are protected: they are much shorter then, and protection after the shuffle can run in any
 * order, so several threads can do it.
 */
export class RowShuffle {
  readonly #openSpill: ShuffleOptions['openSpill'];
  readonly #parts: Part[];
  readonly #partBytes: number;
  /** Initial size of a part's buffer in bytes, chosen so that it seldom has to grow. */
  readonly #usualBytes: number;
  /** The part that is being read; each one replaces the last. */
  #loaded: Uint8Array = NO_BYTES;
  #spilled: SpillPlace | null = null;
  readonly #memory = new Arena();
  #rows = 0;

  constructor(options: ShuffleOptions) {
    const wanted = Math.max(1, options.leastParts ?? 1, options.expectedBytes / PART_BYTES);
    const parts = Math.min(MOST_PARTS, 2 ** Math.ceil(Math.log2(wanted)));
    this.#openSpill = options.openSpill;
    this.#partBytes = options.openSpill === null ? Infinity : MEMORY_BYTES / parts;
    this.#usualBytes = Math.min(this.#partBytes, Math.ceil((options.expectedBytes / parts) * 1.25));
    this.#parts = Array.from({ length: parts }, () => ({ rows: 0, bytes: NO_BYTES, length: 0, blocks: [] }));
  }

  get rows(): number {
    return this.#rows;
  }

  /**
   * Adds the rows of a batch.
   *
   * @throws {SealroomError} IO_WRITE if there is no room for spilled rows.
   */
  //= format F-58
  async add(batch: Batch): Promise<void> {
    const dealt = partition(batch.rows, this.#parts.length);
    this.#memory.reset();
    const { bytes, offsets } = writeRows(batch, dealt.rows, this.#memory);
    for (let index = 0; index < this.#parts.length; index++) {
      const start = offsets[dealt.partitionStarts[index] ?? 0] ?? 0;
      const end = offsets[dealt.partitionStarts[index + 1] ?? 0] ?? 0;
      const part = this.#parts[index];
      if (start === end || part === undefined) continue;
      part.rows += (dealt.partitionStarts[index + 1] ?? 0) - (dealt.partitionStarts[index] ?? 0);
      await this.#append(part, bytes, start, end);
    }
    this.#rows += batch.rows;
  }

  async #append(part: Part, bytes: Uint8Array, start: number, end: number): Promise<void> {
    if (part.length + end - start > this.#partBytes) {
      await this.#spill(part, part.bytes.subarray(0, part.length));
      part.length = 0;
      if (end - start > this.#partBytes) return this.#spill(part, bytes.subarray(start, end));
    }
    reserve(part, end - start, this.#usualBytes, this.#partBytes);
    part.length = copyBytes(bytes, start, end, part.bytes, part.length);
  }

  /** Adds rows that another shuffle has stored. */
  async #addKept(bytes: Uint8Array): Promise<void> {
    const starts = rowStarts(bytes);
    const { rows, partitionStarts } = partition(starts.length, this.#parts.length);
    for (const [index, part] of this.#parts.entries()) {
      const dealt = rows.subarray(partitionStarts[index], partitionStarts[index + 1]);
      part.rows += dealt.length;
      for (const row of dealt) {
        const start = starts[row] ?? 0;
        await this.#append(part, bytes, start, rowEnd(bytes, start));
      }
    }
    this.#rows += starts.length;
  }

  /**
   * Yields the rows in their new order, at most `rowsAtOnce` at a time, in buffers from `memory`. Can be called once, after the last
   * `add`.
   */
  async *output(rowsAtOnce: number, memory: Allocator = FRESH_MEMORY): AsyncGenerator<ShuffledRows> {
    for await (const { bytes } of this.#loadParts()) yield* permuted(bytes, rowsAtOnce, memory);
  }

  /**
   * Yields the rows as {@link output} does, but for the order of those that are yielded together: which rows these are is random, and
   * the caller has to put them into a random order. So threads can do it, each for its own rows. Can be called once, instead of `output`.
   */
  async *pieces(rowsAtOnce: number, memory: Allocator = FRESH_MEMORY): AsyncGenerator<ShuffledRows> {
    for await (const { rows, bytes } of this.#loadParts()) {
      if (rows > rowsAtOnce) {
        yield* permuted(bytes, rowsAtOnce, memory);
      } else if (rows > 0) {
        const own = memory.bytes(bytes.length);
        own.set(bytes);
        yield { rows, bytes: own };
      }
    }
  }

  /** Yields the parts, each valid until the next one; those that are too large come in parts of their own. */
  async *#loadParts(): AsyncGenerator<{ readonly rows: number; readonly bytes: Uint8Array }> {
    for (const part of this.#parts) {
      // A single row that is this long has nothing to be shuffled with.
      if (part.rows > 1 && part.blocks.length > 0 && bytesOf(part) > MOST_PART_BYTES) yield* this.#repartition(part);
      else yield { rows: part.rows, bytes: await this.#load(part) };
    }
  }

  /** Deals the rows of an oversized part to the parts of another shuffle, and yields these. */
  async *#repartition(part: Part): AsyncGenerator<{ readonly rows: number; readonly bytes: Uint8Array }> {
    const inner = new RowShuffle({ expectedBytes: bytesOf(part), openSpill: this.#openSpill });
    try {
      for (const block of part.blocks) await inner.#addKept(await this.#read(block));
      await inner.#addKept(part.bytes.subarray(0, part.length));
      part.bytes = NO_BYTES;
      yield* inner.#loadParts();
    } finally {
      await inner.close();
    }
  }

  /** Drops all rows and the place that some were spilled to. */
  async close(): Promise<void> {
    for (const part of this.#parts) part.bytes = NO_BYTES;
    this.#loaded = NO_BYTES;
    this.#memory.wipe();
    await this.#spilled?.close();
    this.#spilled = null;
  }

  async #spill(part: Part, rows: Uint8Array): Promise<void> {
    if (rows.length === 0) return;
    if (this.#openSpill === null) throw new Error('rows that outgrow unbounded memory');
    this.#spilled ??= await this.#openSpill();
    part.blocks.push(await this.#spilled.append(rows));
  }

  async #load(part: Part): Promise<Uint8Array> {
    const kept = part.bytes.subarray(0, part.length);
    part.bytes = NO_BYTES;
    if (part.blocks.length === 0) return kept;
    const total = bytesOf(part);
    if (total > this.#loaded.length) this.#loaded = new Uint8Array(total + (total >> 3));
    const bytes = this.#loaded.subarray(0, total);
    let to = 0;
    for (const block of part.blocks) {
      bytes.set(await this.#read(block), to);
      to += block.length;
    }
    bytes.set(kept, to);
    return bytes;
  }

  #read(block: SpilledBlock): Promise<Uint8Array> {
    if (this.#spilled === null) throw new Error('a spilled block without a place');
    return this.#spilled.read(block);
  }
}

/** Assigns rows to random parts, whose number is a power of two: the rows of part `i` are `rows[partitionStarts[i], partitionStarts[i + 1])`. */
function partition(count: number, parts: number): { rows: Int32Array; partitionStarts: Int32Array } {
  const draws = fillRandom(new Uint16Array(count));
  const partitionStarts = new Int32Array(parts + 1);
  for (let row = 0; row < count; row++) {
    // The number of parts divides 65,536, so the remainder is unbiased.
    const part = (draws[row] ?? 0) % parts;
    draws[row] = part;
    partitionStarts[part + 1] = (partitionStarts[part + 1] ?? 0) + 1;
  }
  for (let part = 0; part < parts; part++)
    partitionStarts[part + 1] = (partitionStarts[part + 1] ?? 0) + (partitionStarts[part] ?? 0);
  const next = partitionStarts.slice();
  const rows = new Int32Array(count);
  for (let row = 0; row < count; row++) {
    const part = draws[row] ?? 0;
    const place = next[part] ?? 0;
    rows[place] = row;
    next[part] = place + 1;
  }
  return { rows, partitionStarts };
}

function bytesOf(part: Part): number {
  return part.blocks.reduce((sum, block) => sum + block.length, part.length);
}

function reserve(part: Part, count: number, usualBytes: number, mostBytes: number): void {
  const needed = part.length + count;
  if (needed <= part.bytes.length) return;
  const larger = new Uint8Array(Math.max(needed, Math.min(mostBytes, Math.max(usualBytes, part.bytes.length * 2))));
  larger.set(part.bytes.subarray(0, part.length));
  part.bytes = larger;
}

/** The rows of `bytes` in a random order, at most `rowsAtOnce` at a time, in buffers from `memory`. */
export function* permuted(
  bytes: Uint8Array,
  rowsAtOnce: number,
  memory: Allocator = FRESH_MEMORY,
): Generator<ShuffledRows> {
  const order = permute(rowStarts(bytes));
  for (let first = 0; first < order.length; first += rowsAtOnce) {
    const starts = order.subarray(first, first + rowsAtOnce);
    const ends = starts.map((start) => rowEnd(bytes, start));
    yield { rows: starts.length, bytes: compact([bytes], starts, ends, memory).bytes };
  }
}

/** Fisher-Yates with random numbers from the platform's generator; draws that would bias it are rejected. */
function permute(values: Int32Array): Int32Array {
  const random = new Uint32Array(4096);
  let next = random.length;
  for (let last = values.length - 1; last > 0; last--) {
    const choices = last + 1;
    const limit = 2 ** 32 - (2 ** 32 % choices);
    let draw = limit;
    while (draw >= limit) {
      if (next === random.length) {
        fillRandom(random);
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
