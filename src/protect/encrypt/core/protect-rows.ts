import type { Allocator } from '../../../bytes/index.ts';
import { type Batch, copyColumn, widthOf } from '../../../columns/index.ts';
import type { Kernel, SealingRoot } from '../../../crypto/index.ts';
import { PLACE_BYTES } from './duplicates.ts';
import type { EncryptPlan, Pads } from './plan.ts';
import { type ColumnTask, protectBatch } from './protect-batch.ts';
import { gatherColumns, rowStarts, type RowWidths } from './row-format.ts';

/** Rows that are protected at a time. */
const BATCH_ROWS = 2048;

/** The widths of the stored columns, and of the rows' places behind them where they are kept. */
export function widthsOf({ encoded, sourceFields }: EncryptPlan, hasPlaces: boolean): RowWidths {
  const widths = encoded.map(({ source, form }) => {
    const field = sourceFields[source];
    if (field === undefined) throw new Error('a stored column without a source');
    return form === 'read' ? widthOf(field.type) : null;
  });
  return hasPlaces ? [...widths, PLACE_BYTES] : widths;
}

/** What rows are protected with. */
export interface RowProtection {
  readonly kernel: Kernel;
  readonly root: SealingRoot;
  readonly tasks: readonly ColumnTask[];
  readonly widths: RowWidths;
  /** Whether the rows' places are the last of their columns. */
  readonly hasPlaces: boolean;
}

/** Some protected rows. */
export interface ProtectedBatch {
  /** Buffers of the kernel's memory and of `memory`; cleartext columns may share theirs with values that are not. */
  readonly batch: Batch;
  /** With places: copies of the fingerprint columns in their order, then the places. */
  readonly fingerprints: Batch | null;
}

/**
 * Protects rows of stored values, in the form of `row-format.ts`, some at a time.
 *
 * @param memory is asked for anew for each batch, when the one before is done with
 */
export function* protectRows(
  { kernel, root, tasks, widths, hasPlaces }: RowProtection,
  pads: Pads,
  rows: Uint8Array,
  memory: () => Allocator,
): Generator<ProtectedBatch> {
  const starts = rowStarts(rows);
  for (let first = 0; first < starts.length; first += BATCH_ROWS) {
    // The rows of a batch lie one after another: no more than these are copied.
    const own = starts.slice(first, first + BATCH_ROWS);
    const from = own[0] ?? 0;
    const stored = gatherColumns(
      rows.subarray(from, starts[first + BATCH_ROWS]),
      own.map((start) => start - from),
      widths,
      memory(),
    );
    const batch = protectBatch(kernel, root, tasks, pads, stored);
    yield { batch, fingerprints: hasPlaces ? fingerprintsOf(tasks, batch, stored) : null };
  }
}

/** Shares no buffer with the output, which a writer may send away. */
function fingerprintsOf(tasks: readonly ColumnTask[], batch: Batch, stored: Batch): Batch {
  const columns = batch.columns.filter((_, index) => tasks[index]?.kind === 'fingerprint');
  const places = stored.columns.at(-1);
  if (places === undefined) throw new Error('rows without their places');
  return { rows: batch.rows, columns: [...columns, places].map((column) => copyColumn(column)) };
}
