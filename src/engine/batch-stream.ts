import type { Readable, Writable } from 'node:stream';
import { Arena } from '../bytes/index.ts';
import { type Batch, type ColumnData, type Field, MAX_ROW_BYTES, widthOf } from '../columns/index.ts';

// Batches on their way to another process, in a stream of their own. As messages, they would be copied four times and leave all of it to
// the garbage collector. A batch begins with its header: the number of rows, then for each column the bytes of its values and of its
// validity, i32 each in the machine's order; 0 bytes of validity stand for a column without nulls. A header of 0 rows ends a query.
// Then come the bytes of each column: offsets (of texts), values, validity.

/** Numbers of the header in front of those of the columns, and for each of these. */
const HEAD = 1;
const PER_COLUMN = 2;

/** Most rows of a batch: those of a vector of the engine. */
const MAX_ROWS = 2048;

/** The header of a batch, whose offsets begin at 0. */
function headerOf({ rows, columns }: Batch): Int32Array {
  const header = new Int32Array(HEAD + columns.length * PER_COLUMN);
  header[0] = rows;
  columns.forEach((column, index) => {
    const values = column.layout === 'fixed' ? column.values : column.bytes;
    header.set([values.length, column.validity?.length ?? 0], HEAD + index * PER_COLUMN);
  });
  return header;
}

/** Whether a header is that of a batch with these fields, and of no more than a batch may have. */
function isHeader(header: Int32Array, fields: readonly Field[]): boolean {
  const [rows = 0] = header;
  if (rows < 0 || rows > MAX_ROWS) return false;
  return fields.every(({ type }, index) => {
    const [bytes = 0, validity = 0] = header.subarray(HEAD + index * PER_COLUMN);
    const width = widthOf(type);
    const hasValues = width === null ? bytes >= 0 && bytes <= MAX_ROW_BYTES : bytes === rows * width;
    return hasValues && (validity === 0 || (validity >= Math.ceil(rows / 8) && validity <= MAX_ROWS / 8));
  });
}

/** Whether the offsets of a column of texts rise from 0 to the number of its bytes. */
function hasItsTexts(column: ColumnData): boolean {
  if (column.layout === 'fixed') return true;
  const { rows, offsets, bytes } = column;
  let last = 0;
  for (let row = 0; row <= rows; row++) {
    const offset = offsets[row] ?? -1;
    if (offset < last) return false;
    last = offset;
  }
  return offsets[0] === 0 && last === bytes.length;
}

/** The bytes of a batch in the order in which they are sent. */
function partsOf({ columns }: Batch): readonly Uint8Array[] {
  return columns.flatMap((column) => {
    const parts = column.layout === 'fixed' ? [column.values] : [viewOf(column.offsets), column.bytes];
    return column.validity === null ? parts : [...parts, column.validity];
  });
}

function viewOf({ buffer, byteOffset, byteLength }: Int32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Sends a batch; resolves when its buffers can be used for others. A reader that is slow is waited for. */
export function sendBatch(stream: Writable, batch: Batch): Promise<void> {
  return send(stream, [viewOf(headerOf(batch)), ...partsOf(batch)]);
}

/** Sends that there are no more batches of a query. */
export function sendEnd(stream: Writable, columns: number): Promise<void> {
  return send(stream, [viewOf(new Int32Array(HEAD + columns * PER_COLUMN))]);
}

function send(stream: Writable, parts: readonly Uint8Array[]): Promise<void> {
  return new Promise((resolve) => {
    stream.cork();
    for (const part of parts) if (part.length > 0) stream.write(part);
    stream.write(new Uint8Array(), () => {
      resolve();
    });
    stream.uncork();
  });
}

/** Takes batches that another process sends. */
export class BatchReceiver {
  readonly #memory = new Arena();
  #stream: Readable | null = null;
  /** What is being filled, and how far the first of it is. */
  #targets: Uint8Array[] = [];
  #filled = 0;
  /** What arrived before it was asked for. */
  #rest: Uint8Array = new Uint8Array();
  #wake: (() => void) | null = null;
  #hasEnded = false;
  /** Bytes that were taken since this was set to 0. */
  takenBytes = 0;

  /** Sets where bytes come from: {@link take} is called with them, and the stream resumed after it said that it takes no more. */
  listenTo(stream: Readable): void {
    this.#stream = stream;
    const end = (): void => {
      this.#hasEnded = true;
      this.#wake?.();
    };
    stream.once('error', end);
    stream.once('close', end);
  }

  /** Takes the next bytes. Returns false if it wants no more for now; those it has kept must then stay as they are. */
  take(bytes: Uint8Array): boolean {
    let from = 0;
    for (let target = this.#targets[0]; target !== undefined && from < bytes.length; target = this.#targets[0]) {
      const count = Math.min(target.length - this.#filled, bytes.length - from);
      target.set(bytes.subarray(from, from + count), this.#filled);
      from += count;
      this.#filled += count;
      if (this.#filled < target.length) break;
      this.#targets.shift();
      this.#filled = 0;
    }
    this.#rest = bytes.subarray(from);
    this.takenBytes += from;
    if (this.#targets.length > 0) return true;
    this.#wake?.();
    return false;
  }

  /**
   * The next batch; `end` after the last one of a query, and `null` if the stream ended before it, or what came is no batch of these
   * fields: who sends it reads files of others. Its buffers are used again for the one after it.
   */
  async receive(fields: readonly Field[]): Promise<Batch | 'end' | null> {
    const header = new Int32Array(HEAD + fields.length * PER_COLUMN);
    if (!(await this.#fill([viewOf(header)]))) return null;
    const [rows = 0] = header;
    if (rows === 0) return 'end';
    if (!isHeader(header, fields)) return null;
    this.#memory.reset();
    const columns = fields.map(({ type }, index): ColumnData => {
      const [bytes = 0, validity = 0] = header.subarray(HEAD + index * PER_COLUMN);
      const width = widthOf(type);
      const offsets = width === null ? this.#memory.ints(rows + 1) : null;
      const values = this.#memory.bytes(bytes);
      const nulls = validity === 0 ? null : this.#memory.bytes(validity);
      return width === null
        ? { layout: 'bytes', rows, offsets: offsets ?? new Int32Array(), bytes: values, validity: nulls }
        : { layout: 'fixed', rows, width, values, validity: nulls };
    });
    const batch = { rows, columns };
    const isWhole = await this.#fill(partsOf(batch));
    return isWhole && columns.every(hasItsTexts) ? batch : null;
  }

  /** Overwrites the buffers of batches with zeros. */
  wipe(): void {
    this.#memory.wipe();
  }

  /** Waits until the next bytes have filled the targets; false if there are too few. */
  async #fill(targets: readonly Uint8Array[]): Promise<boolean> {
    this.#targets = targets.filter((part) => part.length > 0);
    if (this.take(this.#rest)) this.#stream?.resume();
    while (this.#targets.length > 0 && !this.#hasEnded) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    return this.#targets.length === 0;
  }
}
