import { type Batch, buffersOf } from '../../columns/index.ts';
import { RowHasher } from '../../signed-tables/index.ts';
import { RowEncoder, type RowsForWriter, buffersOfRows } from '../../tabular/index.ts';
import type { CreateWorker } from '../../workers/index.ts';
import type { Pads } from './core/plan.ts';
import { createRowProtector } from './row-protector.ts';
import { takeKeys } from './worker-keys.ts';
import type { EncryptWorkerSetup } from './worker-setup.ts';

// The work of one encryption thread: shuffles and protects rows of stored values, and returns them in the form in which the
// output is written.

/** Rows of stored values, in the format of `row-format.ts`; the thread puts them into a random order. */
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
  /** The buffer of the job's rows, for reuse. */
  readonly spare: ArrayBuffer;
  /** If the table is signed: the hashes of the rows, 32 bytes each, in several buffers. */
  readonly hashes: readonly Uint8Array<ArrayBuffer>[];
}

/** Creates the worker of a thread. */
export const createWorker: CreateWorker<EncryptWorkerSetup, EncryptJob, ProtectedRows> = (setup) => {
  const keys = takeKeys(setup);
  const hasher = setup.signed === null ? null : new RowHasher(setup.signed.columns, setup.signed.fields);
  const encoder = new RowEncoder(setup.csv);
  const { root, tasks } = keys;
  const { widths, hasPlaces } = setup;
  const protector = createRowProtector(setup.kernel, { root, tasks, widths, hasPlaces });

  return {
    run({ rows, bytes, pads, spare }) {
      const fingerprints: Batch[] = [];
      const hashes: Uint8Array<ArrayBuffer>[] = [];
      function* protectAll(): Generator<Batch> {
        for (const done of protector.protect({ rows, bytes }, pads)) {
          if (done.fingerprints !== null) fingerprints.push(done.fingerprints);
          if (hasher !== null) hashes.push(hasher.hash(done.batch));
          yield done.batch;
        }
      }
      const encoded = encoder.encode(protectAll(), spare);
      const hashBuffers = hashes.map(({ buffer }) => buffer);
      const transfer = [...buffersOfRows(encoded), ...buffersOf(fingerprints), ...hashBuffers, bytes.buffer];
      return { result: { rows, encoded, fingerprints, hashes, spare: bytes.buffer }, transfer };
    },
    close() {
      encoder.wipe();
      protector.close();
      keys[Symbol.dispose]();
    },
  };
};
