import { Arena } from '../../bytes/index.ts';
import {
  createKernel,
  fingerprintKeyFromBytes,
  type FingerprintTask,
  type KernelName,
  sealingRootFromBytes,
  type SealTask,
  takeSharedKey,
} from '../../crypto/index.ts';
import { type Batch, buffersOf, copyColumn } from '../../columns/index.ts';
import { type CsvLines, RowEncoder, type RowsForWriter, buffersOfRows } from '../../tabular/index.ts';
import type { CreateWorker } from '../../workers/index.ts';
import { type ColumnTask, protectBatch } from './protect-batch.ts';
import type { Pads } from './plan.ts';
import { gatherColumns, rowStarts, type RowWidths } from './row-format.ts';

// The work of one encryption thread: protects shuffled rows of stored values, and returns them in the form in which the
// output is written.

/** Number of rows that are protected at a time. */
const BATCH_ROWS = 2048;

/** The setup of an encryption thread. */
export interface EncryptWorkerSetup {
  readonly kernel: KernelName;
  /** The sealing root, then the keys of the fingerprint tasks, in order; in shared memory, which its owner wipes. */
  readonly keys: Uint8Array;
  readonly tasks: readonly ({ readonly stored: number } & (
    | { readonly kind: 'cleartext' }
    | { readonly kind: 'fingerprint'; readonly task: Omit<FingerprintTask, 'key'> }
    | { readonly kind: 'sealed'; readonly task: Omit<SealTask, 'padTargetBytes'> }
  ))[];
  /** The widths of the stored columns. */
  readonly widths: RowWidths;
  /** The line format of CSV output, or `null` for other formats. */
  readonly csv: CsvLines | null;
  /** The stored column with the rows' positions in the source table, if fingerprints are to be returned along with it. */
  readonly places: number | null;
}

/** Shuffled rows of stored values, in the format of `row-format.ts`. */
export interface EncryptJob {
  readonly rows: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly pads: Pads;
  /** Buffers of output that was written, for reuse. */
  readonly spare: ArrayBuffer[];
}

/** Protected rows. */
export interface ProtectedRows {
  readonly rows: number;
  readonly encoded: RowsForWriter;
  /** If requested: the fingerprint columns in order, then the rows' positions. */
  readonly fingerprints: readonly Batch[];
}

/** Creates the worker of a thread. */
export const createWorker: CreateWorker<EncryptWorkerSetup, EncryptJob, ProtectedRows> = (setup) => {
  // Results are copies, so the arena can be reused.
  const memory = new Arena();
  const kernel = createKernel(setup.kernel, memory);
  const root = takeSharedKey(setup.keys, 0, sealingRootFromBytes);
  const keys: Disposable[] = [root];
  const tasks = setup.tasks.map((column): ColumnTask => {
    if (column.kind !== 'fingerprint') return column;
    const key = takeSharedKey(setup.keys, keys.length, fingerprintKeyFromBytes);
    keys.push(key);
    return { ...column, task: { ...column.task, key } };
  });
  const encoder = new RowEncoder(setup.csv);

  return {
    run({ rows, bytes, pads, spare }) {
      const fingerprints: Batch[] = [];
      function* protectAll(): Generator<Batch> {
        const starts = rowStarts(bytes);
        for (let first = 0; first < starts.length; first += BATCH_ROWS) {
          memory.reset();
          const stored = gatherColumns(bytes, starts.subarray(first, first + BATCH_ROWS), setup.widths, memory);
          const batch = protectBatch(kernel, root, tasks, pads, stored);
          if (setup.places !== null) fingerprints.push(fingerprintsOf(tasks, batch, stored, setup.places));
          yield batch;
        }
      }
      const encoded = encoder.encode(protectAll(), spare);
      const transfer = [...buffersOfRows(encoded), ...buffersOf(fingerprints)];
      return { result: { rows, encoded: encoded, fingerprints }, transfer };
    },
    close() {
      encoder.wipe();
      memory.wipe();
      for (const key of keys) key[Symbol.dispose]();
    },
  };
};

/** The fingerprint columns and positions of some rows. Shares no buffer with the output, which a writer may transfer. */
function fingerprintsOf(tasks: readonly ColumnTask[], batch: Batch, stored: Batch, places: number): Batch {
  const columns = batch.columns.filter((_, index) => tasks[index]?.kind === 'fingerprint');
  const place = stored.columns[places];
  if (place === undefined) throw new Error('rows without their places');
  return { rows: batch.rows, columns: [...columns, place].map((column) => copyColumn(column)) };
}
