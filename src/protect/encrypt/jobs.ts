import { FRESH_MEMORY } from '../../bytes/index.ts';
import { takeBuffer } from '../../tabular/index.ts';
import type { SentJob } from '../../workers/index.ts';
import type { Pads } from './core/plan.ts';
import type { RowShuffle } from './core/shuffle.ts';
import type { EncryptJob } from './worker.ts';

/** Buffers for reuse. */
export interface SpareBuffers {
  /** Those of output that was written. */
  readonly output: ArrayBuffer[];
  /** Those of rows that were protected. */
  readonly rows: ArrayBuffer[];
}

/** The jobs with the rows to protect, of which which ones go together is random; each takes along the buffers that have become free. */
export async function* jobsOf(
  shuffle: RowShuffle,
  rowsPerJob: number,
  pads: Pads,
  spare: SpareBuffers,
): AsyncGenerator<SentJob<EncryptJob>> {
  const memory = {
    ...FRESH_MEMORY,
    bytes: (count: number): Uint8Array<ArrayBuffer> => new Uint8Array(takeBuffer(spare.rows, count), 0, count),
  };
  for await (const { rows, bytes } of shuffle.pieces(rowsPerJob, memory)) {
    const job = { rows, bytes, pads, spare: spare.output.splice(0) };
    yield { job, transfer: [bytes.buffer, ...job.spare] };
  }
}
