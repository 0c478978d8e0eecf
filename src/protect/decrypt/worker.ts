import { Arena } from '../../bytes/index.ts';
import {
  createKernel,
  type Kernel,
  type KernelName,
  type OpenCellOptions,
  sealingRootFromBytes,
  takeSharedKey,
} from '../../crypto/index.ts';
import { type Batch, buffersOf } from '../../columns/index.ts';
import { type CsvLines, RowEncoder, type RowsForWriter, buffersOfRows } from '../../tabular/index.ts';
import type { CreateWorker } from '../../workers/index.ts';
import { canRunTables, createTableMachine, isTableKernel } from '../machine/machine.ts';
import { type FoundCells, Opener, type OpenerSetup } from './core/opener.ts';
import { MachineColumns } from './machine-columns.ts';

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
  /** Whether the buffers of the batches belong to the job, which returns them. */
  readonly isOwner: boolean;
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
  const tables = isTableKernel(setup.kernel) && canRunTables() ? createTableMachine(setup.kernel) : null;
  // Beside a machine, it is seldom needed.
  let created: Kernel | null = tables === null ? createKernel(setup.kernel, memory) : null;
  const root = setup.root === null ? null : takeSharedKey(setup.root, 0, sealingRootFromBytes);
  const machine = tables === null ? null : new MachineColumns(tables, root, setup.lenientCells === true);
  const keys = {
    get kernel(): Kernel {
      return (created ??= createKernel(setup.kernel, memory));
    },
    root,
    lenientCells: setup.lenientCells,
  };
  const encoder = new RowEncoder(setup.csv);
  return {
    run(job) {
      const opener = new Opener(setup, keys, memory, machine);
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
      const spare = job.isOwner ? buffersOf(job.batches) : [];
      return {
        result: { rows, encoded: encoded, found: opener.found, spare },
        transfer: [...buffersOfRows(encoded), ...spare],
      };
    },
    close() {
      encoder.wipe();
      memory.wipe();
      machine?.wipe();
      root?.[Symbol.dispose]();
    },
  };
};
