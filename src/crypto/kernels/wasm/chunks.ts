import type { ByteColumn } from '../../../bytes/index.ts';

/** Rows `[first, end)` of a column. */
export interface Chunk {
  readonly first: number;
  readonly end: number;
}

/** Most bytes of values and cells in a chunk, unless a single row has more. */
const CHUNK_BYTES = 1 << 20;

/**
 * Splits the rows of a column into chunks, in order: none crosses a window of `windowRows` rows, or has more than
 * `CHUNK_BYTES` bytes of input or of output. `ends` are the output's offsets, or the input's again.
 */
export function* chunksOf(column: ByteColumn, ends: Int32Array, windowRows: number): Generator<Chunk> {
  const { offsets } = column;
  for (let first = 0; first < column.rows;) {
    const windowEnd = Math.min(column.rows, first - (first % windowRows) + windowRows);
    const lastIn = (offsets[first] ?? 0) + CHUNK_BYTES;
    const lastOut = (ends[first] ?? 0) + CHUNK_BYTES;
    let end = windowEnd;
    if ((offsets[end] ?? 0) > lastIn || (ends[end] ?? 0) > lastOut) {
      end = first + 1;
      while (end < windowEnd && (offsets[end + 1] ?? 0) <= lastIn && (ends[end + 1] ?? 0) <= lastOut) end++;
    }
    yield { first, end };
    first = end;
  }
}
