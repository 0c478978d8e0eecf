import { Arena } from '../../bytes/index.ts';
import {
  createKernel,
  type KernelName,
  type OpenCellOptions,
  sealingRootFromBytes,
  takeSharedKey,
} from '../../crypto/index.ts';
import { type Batch, buffersOf } from '../../columns/index.ts';
import { type CsvLines, RowEncoder, type RowsForWriter, buffersOfRows } from '../../tabular/index.ts';
import type { CreateWorker } from '../../workers/index.ts';
import { type FoundCells, Opener, type OpenerSetup } from './core/opener.ts';

// The work of one decryption thread: opens rows, and returns them in the form in which the output is written.

/** The setup of a decryption thread. */
export interface DecryptWorkerSetup extends OpenerSetup, OpenCellOptions {
  readonly kernel: KernelName;
  /** The sealing root, 32 bytes in shared memory, which its owner wipes; `null` for a table without sealed cells. */
  readonly root: Uint8Array | null;
  /** The line format of CSV output, or `null` for other formats. */
  readonly csv: CsvLines | null;
}

/** Consecutive rows of a protected table. */
export interface DecryptJob {
  /** Number of rows of the table before these. */
  readonly firstRow: number;
  readonly batches: readonly Batch[];
  /** Buffers of output that was written, for reuse. */
  readonly spare: ArrayBuffer[];
}

/** Opened rows. */
export interface OpenedRows {
  readonly rows: number;
  readonly encoded: RowsForWriter;
  /** Column by column. */
  readonly found: readonly FoundCells[];
  /** The buffers of the job's batches, for reuse. */
  readonly spare: readonly ArrayBuffer[];
}

/** Creates the worker of a thread. */
export const createWorker: CreateWorker<DecryptWorkerSetup, DecryptJob, OpenedRows> = (setup) => {
  // Results are copies, so the arena can be reused.
  const memory = new Arena();
  const kernel = createKernel(setup.kernel, memory);
  const root = setup.root === null ? null : takeSharedKey(setup.root, 0, sealingRootFromBytes);
  const keys = { kernel, root, lenientCells: setup.lenientCells };
  const encoder = new RowEncoder(setup.csv);
  return {
    run(job) {
      const opener = new Opener(setup, keys, memory);
      let rows = 0;
      function* openAll(): Generator<Batch> {
        for (const batch of job.batches) {
          memory.reset();
          const opened = opener.open(batch, job.firstRow + rows);
          rows += batch.rows;
          // The attempt ends here; its output is discarded.
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
      root?.[Symbol.dispose]();
    },
  };
};
