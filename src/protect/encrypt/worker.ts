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
import { type Batch, buffersOf } from '../../columns/index.ts';
import { type CsvLines, RowEncoder, type RowsForWriter, buffersOfRows } from '../../tabular/index.ts';
import type { CreateWorker } from '../../workers/index.ts';
import type { ColumnTask } from './core/protect-batch.ts';
import { protectRows } from './core/protect-rows.ts';
import type { Pads } from './core/plan.ts';
import type { RowWidths } from './core/row-format.ts';

// What one thread of an encryption does: takes shuffled rows of stored values, and gives them back protected and in the
// form in which the output is written.

/** What a thread of an encryption needs. */
export interface EncryptWorkerSetup {
  readonly kernel: KernelName;
  /** In shared memory, which its owner wipes: the sealing root, then the keys of the fingerprint tasks, in order. */
  readonly keys: Uint8Array;
  readonly tasks: readonly ({ readonly stored: number } & (
    | { readonly kind: 'cleartext' }
    | { readonly kind: 'fingerprint'; readonly task: Omit<FingerprintTask, 'key'> }
    | { readonly kind: 'sealed'; readonly task: Omit<SealTask, 'padTargetBytes'> }
  ))[];
  /** The widths of the stored columns. */
  readonly widths: RowWidths;
  /** How the lines of the output are written if it is CSV, else `null`. */
  readonly csv: CsvLines | null;
  /** Whether the rows' places follow their stored columns, and the fingerprints are to be given back with them. */
  readonly hasPlaces: boolean;
}

/** Shuffled rows of stored values, in the form of `row-format.ts`. */
export interface EncryptJob {
  readonly rows: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly pads: Pads;
  /** Buffers of what was written, to be used again. */
  readonly spare: ArrayBuffer[];
}

/** Protected rows. */
export interface ProtectedRows {
  readonly rows: number;
  readonly encoded: RowsForWriter;
  /** If they were asked for: the fingerprint columns in their order, then the places. */
  readonly fingerprints: readonly Batch[];
}

/** Starts the work of a thread. */
export const createWorker: CreateWorker<EncryptWorkerSetup, EncryptJob, ProtectedRows> = (setup) => {
  // What is given away is a copy.
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
  const protection = { kernel, root, tasks, widths: setup.widths, hasPlaces: setup.hasPlaces };
  const allocate = (): Arena => {
    memory.reset();
    return memory;
  };

  return {
    run({ rows, bytes, pads, spare }) {
      const fingerprints: Batch[] = [];
      function* protectAll(): Generator<Batch> {
        for (const done of protectRows(protection, pads, bytes, allocate)) {
          if (done.fingerprints !== null) fingerprints.push(done.fingerprints);
          yield done.batch;
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
