import type { Readable, Writable } from 'node:stream';
import { Arena } from '../bytes/index.ts';
import type { Batch, ColumnData } from '../columns/index.ts';

// Batches on their way to another process. What they look like goes with a message; their bytes go through a stream of their own and
// arrive in buffers that are used again. In a message, each batch would be copied four times and leave all of it to the garbage collector.

/** What a batch looks like without its bytes. The lengths are in bytes; 0 of validity stands for a column without nulls. */
export interface BatchShape {
  readonly rows: number;
  readonly columns: readonly { readonly width: number | null; readonly bytes: number; readonly validity: number }[];
}

/** The shape of a batch, whose offsets begin at 0. */
export function batchShapeOf({ rows, columns }: Batch): BatchShape {
  return {
    rows,
    columns: columns.map((column) => ({
      width: column.layout === 'fixed' ? column.width : null,
      bytes: column.layout === 'fixed' ? column.values.length : column.bytes.length,
      validity: column.validity?.length ?? 0,
    })),
  };
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

/** Sends the bytes of a batch; resolves when its buffers can be used for others. A reader that is slow is waited for. */
export function sendBatch(stream: Writable, batch: Batch): Promise<void> {
  const parts = partsOf(batch).filter((part) => part.length > 0);
  return new Promise((resolve) => {
    stream.cork();
    for (const part of parts) stream.write(part);
    stream.write(new Uint8Array(), () => {
      resolve();
    });
    stream.uncork();
  });
}

/** Takes batches from the stream of another process. */
export class BatchReceiver {
  readonly #stream: Readable;
  readonly #memory = new Arena();
  /** What is being filled, and how far the first of it is. */
  #targets: Uint8Array[] = [];
  #filled = 0;
  /** What arrived before it was asked for. */
  #rest: Uint8Array = new Uint8Array();
  #wake: (() => void) | null = null;
  #hasEnded = false;

  constructor(stream: Readable) {
    this.#stream = stream;
    stream.on('data', (chunk: Uint8Array) => {
      this.#take(chunk);
    });
    const end = (): void => {
      this.#hasEnded = true;
      this.#wake?.();
    };
    stream.once('error', end);
    stream.once('close', end);
  }

  /** The next batch; `null` if the stream ended before it. Its buffers are used again for the one after it. */
  async receive({ rows, columns: shapes }: BatchShape): Promise<Batch | null> {
    this.#memory.reset();
    const columns = shapes.map(({ width, bytes, validity }): ColumnData => {
      const offsets = width === null ? this.#memory.ints(rows + 1) : null;
      const values = this.#memory.bytes(bytes);
      const nulls = validity === 0 ? null : this.#memory.bytes(validity);
      return width === null
        ? { layout: 'bytes', rows, offsets: offsets ?? new Int32Array(), bytes: values, validity: nulls }
        : { layout: 'fixed', rows, width, values, validity: nulls };
    });
    const batch = { rows, columns };
    this.#targets = partsOf(batch).filter((part) => part.length > 0);
    this.#take(this.#rest);
    while (this.#targets.length > 0 && !this.#hasEnded) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    return this.#targets.length === 0 ? batch : null;
  }

  /** Overwrites the buffers of batches with zeros. */
  wipe(): void {
    this.#memory.wipe();
  }

  #take(chunk: Uint8Array): void {
    let from = 0;
    for (let target = this.#targets[0]; target !== undefined && from < chunk.length; target = this.#targets[0]) {
      const count = Math.min(target.length - this.#filled, chunk.length - from);
      target.set(chunk.subarray(from, from + count), this.#filled);
      from += count;
      this.#filled += count;
      if (this.#filled < target.length) break;
      this.#targets.shift();
      this.#filled = 0;
    }
    this.#rest = chunk.subarray(from);
    if (this.#targets.length > 0) {
      this.#stream.resume();
      return;
    }
    if (this.#rest.length > 0) this.#stream.pause();
    this.#wake?.();
  }
}
