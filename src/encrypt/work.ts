import { Arena, wipe } from '../bytes/index.ts';
import {
  createKernel,
  fingerprintKeyFromBytes,
  type FingerprintTask,
  type KernelName,
  sealingRootFromBytes,
  type SealTask,
} from '../crypto/index.ts';
import {
  type Batch,
  buffersOf,
  copyColumn,
  CsvSerialiser,
  type Field,
  packBatch,
  packBytes,
} from '../tabular/index.ts';
import type { StartWork } from '../threads/index.ts';
import { type ColumnTask, protectBatch } from './protect.ts';
import type { Pads } from './plan.ts';
import { gatherColumns, rowStarts, type RowWidths } from './row-form.ts';

// What one thread of an encryption does: takes shuffled rows of stored values, and gives them back protected and in the
// form in which the output is written.

/** Bytes of a key. */
export const KEY_BYTES = 32;
/** Rows that are protected at a time. */
const BATCH_ROWS = 2048;

/** What a thread of an encryption needs. */
export interface ProtectSetup {
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
  /** The fields of the output and its null text if it is CSV, else `null`. */
  readonly csv: { readonly fields: readonly Field[]; readonly nullText: string | undefined } | null;
  /** The stored column of the rows' places in the source table, if the fingerprints are to be given back with them. */
  readonly places: number | null;
}

/** Shuffled rows of stored values, in the form of `row-form.ts`. */
export interface RowsJob {
  readonly rows: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly pads: Pads;
  /** Buffers of what was written, to be used again. */
  readonly spare: ArrayBuffer[];
}

/** Protected rows. */
export interface ProtectedRows {
  readonly rows: number;
  /** Lines of CSV, or batches for the other formats: the one or the other. */
  readonly lines: readonly Uint8Array<ArrayBuffer>[];
  readonly batches: readonly Batch[];
  /** If they were asked for: the fingerprint columns in their order, then the places. */
  readonly fingerprints: readonly Batch[];
}

/** Starts the work of a thread. */
export const startWork: StartWork<ProtectSetup, RowsJob, ProtectedRows> = (setup) => {
  // What is given away is a copy.
  const memory = new Arena();
  const kernel = createKernel(setup.kernel, memory);
  let nextKey = 0;
  // Copies in this thread's own memory: the library that derives does not take shared memory.
  const takeKey = <Key>(make: (bytes: Uint8Array) => Key): Key => {
    const bytes = setup.keys.slice(nextKey * KEY_BYTES, ++nextKey * KEY_BYTES);
    try {
      return make(bytes);
    } finally {
      wipe(bytes);
    }
  };
  const root = takeKey(sealingRootFromBytes);
  const keys: Disposable[] = [root];
  const tasks = setup.tasks.map((column): ColumnTask => {
    if (column.kind !== 'fingerprint') return column;
    const key = takeKey(fingerprintKeyFromBytes);
    keys.push(key);
    return { ...column, task: { ...column.task, key } };
  });
  const serialiser = setup.csv === null ? null : new CsvSerialiser(setup.csv.fields, { nullText: setup.csv.nullText });

  return {
    run({ rows, bytes, pads, spare }) {
      const lines: Uint8Array<ArrayBuffer>[] = [];
      const batches: Batch[] = [];
      const fingerprints: Batch[] = [];
      const starts = rowStarts(bytes);
      for (let first = 0; first < starts.length; first += BATCH_ROWS) {
        memory.reset();
        const stored = gatherColumns(bytes, starts.subarray(first, first + BATCH_ROWS), setup.widths, memory);
        const batch = protectBatch(kernel, root, tasks, pads, stored);
        if (setup.places !== null) fingerprints.push(fingerprintsOf(tasks, batch, stored, setup.places));
        if (serialiser === null) batches.push(packBatch(batch, spare));
        else lines.push(packBytes(serialiser.serialise(batch), spare));
      }
      const transfer = lines.map((part) => part.buffer);
      return {
        result: { rows, lines, batches, fingerprints },
        transfer: [...transfer, ...buffersOf([...batches, ...fingerprints])],
      };
    },
    close() {
      serialiser?.wipe();
      memory.wipe();
      for (const key of keys) key[Symbol.dispose]();
    },
  };
};

/** The fingerprint columns and the places of some rows. Shares no buffer with the output, which a writer may send away. */
function fingerprintsOf(tasks: readonly ColumnTask[], batch: Batch, stored: Batch, places: number): Batch {
  const columns = batch.columns.filter((_, index) => tasks[index]?.kind === 'fingerprint');
  const place = stored.columns[places];
  if (place === undefined) throw new Error('rows without their places');
  return { rows: batch.rows, columns: [...columns, place].map((column) => copyColumn(column)) };
}
