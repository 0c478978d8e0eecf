import { Arena } from '../bytes/index.ts';
import { type Batch, copyColumn } from './batch.ts';

// Copies that go to another thread. Their buffers come back, so that each is allocated once and used for many.

/** A buffer of at least so many bytes: one of `spare`, which loses it, or a new one. */
function takeBuffer(spare: ArrayBuffer[], bytes: number): ArrayBuffer {
  const found = spare.pop();
  return found !== undefined && found.byteLength >= bytes ? found : new ArrayBuffer(bytes + (bytes >> 3));
}

/** A copy of bytes at the start of a buffer of its own, which may be one of `spare`. */
export function packBytes(bytes: Uint8Array, spare: ArrayBuffer[]): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(takeBuffer(spare, bytes.length), 0, bytes.length);
  copy.set(bytes);
  return copy;
}

/** A copy of a batch in one buffer of its own, which may be one of `spare`. */
export function packBatch({ rows, columns }: Batch, spare: ArrayBuffer[]): Batch {
  const memory = new Arena(takeBuffer(spare, bytesOf(columns)));
  return { rows, columns: columns.map((column) => copyColumn(column, memory)) };
}

function bytesOf(columns: Batch['columns']): number {
  let bytes = 0;
  for (const column of columns) {
    bytes += Arena.sizeOf(column.validity?.length ?? 0);
    if (column.layout === 'fixed') bytes += Arena.sizeOf(column.values.length);
    else {
      const { offsets, rows } = column;
      bytes += Arena.sizeOf((rows + 1) * 4) + Arena.sizeOf((offsets[rows] ?? 0) - (offsets[0] ?? 0));
    }
  }
  return bytes;
}
