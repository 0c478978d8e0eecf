import { type Allocator, Arena } from '../../bytes/index.ts';
import {
  CELL_FINGERPRINT,
  CELL_SEALED,
  createKernel,
  type Kernel,
  type KernelName,
  renderColumn,
  type SealingRoot,
  sealingRootFromBytes,
  takeSharedKey,
} from '../../crypto/index.ts';
import { SealroomError } from '../../errors/index.ts';
import { type Batch, buffersOf, type ColumnData } from '../../columns/index.ts';
import { type CsvLines, RowEncoder, type RowsForWriter, buffersOfRows } from '../../tabular/index.ts';
import type { CreateWorker } from '../../workers/index.ts';
import { toNative, toText } from './columns.ts';
import { type DecryptTarget, locate, openCells } from './targets.ts';

// The work of one decryption thread: opens rows, and returns them in the form in which the output is written.

/** The setup of a decryption thread. */
export interface DecryptWorkerSetup {
  readonly kernel: KernelName;
  /** The sealing root, 32 bytes in shared memory, which its owner wipes; `null` for a table without sealed cells. */
  readonly root: Uint8Array | null;
  /** The target of each column. */
  readonly targets: readonly DecryptTarget[];
  /** The names of the table and its columns, for errors. */
  readonly file: string;
  readonly columns: readonly string[];
  /** Whether text that is passed through is known to be UTF-8. */
  readonly isUtf8: boolean;
  readonly failOnFingerprintColumns: boolean;
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

/** The cells found in a column. */
export interface FoundCells {
  readonly sealed: number;
  readonly fingerprint: number;
  /** The cells have other types than the target, and were not opened. */
  readonly isMixed: boolean;
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

/** Opens the batches of one job. */
class Opener {
  readonly #setup: DecryptWorkerSetup;
  readonly #kernel: Kernel;
  readonly #root: SealingRoot | null;
  readonly #memory: Allocator;
  readonly found: { sealed: number; fingerprint: number; isMixed: boolean }[];

  constructor(setup: DecryptWorkerSetup, kernel: Kernel, root: SealingRoot | null, memory: Allocator) {
    this.#setup = setup;
    this.#kernel = kernel;
    this.#root = root;
    this.#memory = memory;
    this.found = setup.targets.map(() => ({ sealed: 0, fingerprint: 0, isMixed: false }));
  }

  get isMixed(): boolean {
    return this.found.some((found) => found.isMixed);
  }

  open(batch: Batch, firstRow: number): Batch {
    const { targets, file, columns } = this.#setup;
    return {
      rows: batch.rows,
      columns: batch.columns.map((column, index): ColumnData => {
        const target = targets[index];
        if (target === undefined || target.mode === 'carry') return column;
        if (target.mode === 'render') {
          if (column.layout !== 'fixed') throw new Error('a typed column of byte strings');
          return { layout: 'bytes', ...renderColumn(target.type, column) };
        }
        return locate(file, columns[index] ?? '', firstRow, () => this.#openColumn(column, index, target));
      }),
    };
  }

  #openColumn(column: ColumnData, index: number, target: DecryptTarget & { mode: 'text' | 'native' }): ColumnData {
    const opened = openCells(this.#kernel, this.#root, column);
    const found = this.found[index];
    if (found === undefined) throw new Error('a column outside the table');
    for (let row = 0; row < opened.kinds.length; row++) {
      if (opened.kinds[row] === CELL_SEALED) found.sealed++;
      else if (opened.kinds[row] === CELL_FINGERPRINT) {
        found.fingerprint++;
        if (this.#setup.failOnFingerprintColumns) {
          throw new SealroomError(
            'RULE_FINGERPRINT',
            'the column holds a fingerprint, which the current settings forbid',
            {
              where: { row },
              hint: 'fingerprints cannot be opened; leave out `--fail-on-fingerprint-columns` to pass them on',
            },
          );
        }
      }
    }
    // The bytes of a binary column need not be text.
    if (target.mode === 'text')
      return toText(opened, target.type.kind === 'string' && !this.#setup.isUtf8, this.#memory);
    const native = toNative(target.type, opened);
    if (native === null) found.isMixed = true;
    return native ?? column;
  }
}
