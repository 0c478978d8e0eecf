import { randomFillSync } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { getInt32, putInt32 } from '../bytes/index.ts';
import { SealroomError } from '../errors.ts';
import { type Batch, failAtTemporary, openUnnamedFile } from '../tabular/index.ts';
import type { RowForm } from './row-form.ts';

/** Rows kept in memory before they go to disk, in bytes. */
const MEMORY_BYTES = 128 << 20;
/** Size of a part that is read back, roughly, in bytes. */
const PART_BYTES = 16 << 20;
/** A part that outgrows this, because rows are longer than expected, is dealt again. */
const MOST_PART_BYTES = 64 << 20;
/** Rows that are given out together. */
const OUTPUT_ROWS = 2048;
/** Each row is preceded by its length. */
const LENGTH_BYTES = 4;

/** Rows of one part: the bytes in memory, and where earlier ones lie in the spill file. */
interface Part {
  bytes: Uint8Array;
  length: number;
  readonly blocks: Block[];
}

/** Whole rows in the spill file. */
interface Block {
  readonly position: number;
  readonly length: number;
}

const NO_BYTES = new Uint8Array(0);

/** How big a shuffle will be, and where it may spill. */
export interface ShuffleOptions {
  /** Bytes of all rows, roughly; decides into how many parts they are dealt. */
  readonly expectedBytes: number;
  readonly tempDirectory: string;
}

/** Some rows in their new order. */
export interface ShuffledRows<Output> {
  readonly rows: number;
  readonly output: Output;
}

/**
 * Puts protected rows into a uniformly random order, with bounded memory. Each row is dealt to a random part; parts that
 * outgrow memory go to one temporary file; at the end each part is shuffled by itself (Fisher-Yates) and the parts follow
 * each other. Dealing rows independently and permuting within the parts makes every permutation of the table equally
 * likely. What spills is protected already, except cleartext columns, which the output shows anyway; the file has no name.
 */
export class RowShuffle<Output> {
  readonly #form: RowForm<Output>;
  readonly #tempDirectory: string;
  readonly #parts: Part[];
  readonly #partBytes: number;
  /** What a part is given at first, so that it seldom has to grow. */
  readonly #usualBytes: number;
  /** The part that is given out; each one takes the place of the last. */
  #loaded: Uint8Array = NO_BYTES;
  #spill: FileHandle | null = null;
  #spilled = 0;
  #rows = 0;

  constructor(form: RowForm<Output>, options: ShuffleOptions) {
    const parts = Math.min(1024, 2 ** Math.ceil(Math.log2(Math.max(1, options.expectedBytes / PART_BYTES))));
    this.#form = form;
    this.#tempDirectory = options.tempDirectory;
    this.#partBytes = MEMORY_BYTES / parts;
    this.#usualBytes = Math.min(this.#partBytes, Math.ceil((options.expectedBytes / parts) * 1.25));
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
    const lengths = new Int32Array(batch.rows).fill(LENGTH_BYTES);
    this.#form.measure(batch, lengths);
    for (let row = 0; row < batch.rows; row++) {
      const length = lengths[row] ?? 0;
      const part = this.#partOf(deal[row] ?? 0);
      if (part.length > 0 && part.length + length > this.#partBytes) await this.#spillPart(part);
      reserve(part, length, this.#usualBytes, this.#partBytes);
      putInt32(part.bytes, part.length, length);
      part.length = this.#form.put(batch, row, part.bytes, part.length + LENGTH_BYTES);
    }
    this.#rows += batch.rows;
  }

  #partOf(draw: number): Part {
    // The number of parts is a power of two, so the remainder is unbiased.
    const part = this.#parts[draw % this.#parts.length];
    if (part === undefined) throw new Error('a part that does not exist');
    return part;
  }

  /** Takes rows that another shuffle has kept. */
  async #addKept(bytes: Uint8Array): Promise<void> {
    const starts = rowStarts(bytes);
    const deal = new Uint16Array(starts.length);
    randomFillSync(deal);
    for (const [row, start] of starts.entries()) {
      const length = getInt32(bytes, start);
      const part = this.#partOf(deal[row] ?? 0);
      if (part.length > 0 && part.length + length > this.#partBytes) await this.#spillPart(part);
      reserve(part, length, this.#usualBytes, this.#partBytes);
      part.bytes.set(bytes.subarray(start, start + length), part.length);
      part.length += length;
    }
    this.#rows += starts.length;
  }

  /** The rows in their new order, once; `add` must not be called any more. */
  async *output(): AsyncGenerator<ShuffledRows<Output>> {
    for (const part of this.#parts) {
      if (part.blocks.length > 0 && bytesOf(part) > MOST_PART_BYTES) {
        yield* this.#dealAgain(part);
        continue;
      }
      const bytes = await this.#load(part);
      const order = permute(rowStarts(bytes));
      for (let first = 0; first < order.length; first += OUTPUT_ROWS) {
        const starts = order.slice(first, first + OUTPUT_ROWS);
        const lengths = starts.map((start) => getInt32(bytes, start) - LENGTH_BYTES);
        for (let row = 0; row < starts.length; row++) starts[row] = (starts[row] ?? 0) + LENGTH_BYTES;
        yield { rows: starts.length, output: this.#form.gather(bytes, starts, lengths) };
      }
    }
  }

  /** The rows of a part in random order, by a shuffle of their own. */
  async *#dealAgain(part: Part): AsyncGenerator<ShuffledRows<Output>> {
    const inner = new RowShuffle(this.#form, { expectedBytes: bytesOf(part), tempDirectory: this.#tempDirectory });
    try {
      for (const block of part.blocks) {
        const bytes = new Uint8Array(block.length);
        await this.#readBlock(block, bytes, 0);
        await inner.#addKept(bytes);
      }
      await inner.#addKept(part.bytes.subarray(0, part.length));
      part.bytes = NO_BYTES;
      yield* inner.output();
    } finally {
      await inner.close();
    }
  }

  /** Drops all rows and the temporary file. */
  async close(): Promise<void> {
    for (const part of this.#parts) part.bytes = NO_BYTES;
    this.#loaded = NO_BYTES;
    await this.#spill?.close();
    this.#spill = null;
  }

  async #spillPart(part: Part): Promise<void> {
    this.#spill ??= await openUnnamedFile(this.#tempDirectory);
    for (let done = 0; done < part.length;) {
      const position = this.#spilled + done;
      const write = this.#spill.write(part.bytes, done, part.length - done, position);
      done += (await write.catch(failAtTemporary(this.#tempDirectory))).bytesWritten;
    }
    part.blocks.push({ position: this.#spilled, length: part.length });
    this.#spilled += part.length;
    part.length = 0;
  }

  async #load(part: Part): Promise<Uint8Array> {
    const total = bytesOf(part);
    if (total > this.#loaded.length) this.#loaded = new Uint8Array(total + (total >> 3));
    const bytes = this.#loaded.subarray(0, total);
    let to = 0;
    for (const block of part.blocks) {
      await this.#readBlock(block, bytes, to);
      to += block.length;
    }
    bytes.set(part.bytes.subarray(0, part.length), to);
    part.bytes = NO_BYTES;
    return bytes;
  }

  async #readBlock(block: Block, target: Uint8Array, at: number): Promise<void> {
    for (let done = 0; done < block.length;) {
      const read = await this.#spill?.read(target, at + done, block.length - done, block.position + done);
      if (read === undefined || read.bytesRead === 0)
        throw new SealroomError('IO_READ', 'a temporary file was cut short');
      done += read.bytesRead;
    }
  }
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

function rowStarts(bytes: Uint8Array): Int32Array {
  const starts: number[] = [];
  for (let at = 0; at < bytes.length; at += getInt32(bytes, at)) starts.push(at);
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
