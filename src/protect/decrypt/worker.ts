import { Arena } from '../../bytes/index.ts';
import { createKernel, type KernelName, sealingRootFromBytes, takeSharedKey } from '../../crypto/index.ts';
import { type Batch, buffersOf } from '../../columns/index.ts';
import { type CsvLines, RowEncoder, type RowsForWriter, buffersOfRows } from '../../tabular/index.ts';
import type { CreateWorker } from '../../workers/index.ts';
import { type FoundCells, Opener, type OpenerSetup } from './core/opener.ts';

// What one thread of a decryption does: opens rows, and gives them back in the form in which the output is written.

/** What a thread of a decryption needs. */
export interface DecryptWorkerSetup extends OpenerSetup {
  readonly kernel: KernelName;
  /** The sealing root, 32 bytes in shared memory, which its owner wipes. */
  readonly root: Uint8Array;
  /** How the lines of the output are written if it is CSV, else `null`. */
  readonly csv: CsvLines | null;
}

/** Consecutive rows of a protected table. */
export interface DecryptJob {
  /** Rows of the table before these. */
  readonly firstRow: number;
  readonly batches: readonly Batch[];
  /** Buffers of what was written, to be used again. */
  readonly spare: ArrayBuffer[];
}

/** Opened rows. */
export interface OpenedRows {
  readonly rows: number;
  readonly encoded: RowsForWriter;
  /** Column by column. */
  readonly found: readonly FoundCells[];
  /** The buffers of the job's batches, to be used again. */
  readonly spare: readonly ArrayBuffer[];
}

/** Starts the work of a thread. */
export const createWorker: CreateWorker<DecryptWorkerSetup, DecryptJob, OpenedRows> = (setup) => {
  // What is given away is a copy.
  const memory = new Arena();
  const kernel = createKernel(setup.kernel, memory);
  const root = takeSharedKey(setup.root, 0, sealingRootFromBytes);
  const encoder = new RowEncoder(setup.csv);
  return {
    run(job) {
      const opener = new Opener(setup, kernel, root, memory);
      let rows = 0;
      function* openAll(): Generator<Batch> {
        for (const batch of job.batches) {
          memory.reset();
          const opened = opener.open(batch, job.firstRow + rows);
          rows += batch.rows;
          // The attempt ends here; what is written of it is thrown away.
          if (opener.isMixed) return;
          yield opened;
        }
      }
      const encoded = encoder.encode(openAll(), job.spare);
      const spare = buffersOf(job.batches);
      return {
        result: { rows, encoded: encoded, found: opener.found, spare },
        transfer: [...buffersOfRows(encoded), ...spare],
      };
    },
    close() {
      encoder.wipe();
      memory.wipe();
      root[Symbol.dispose]();
    },
  };
};
