import {
  type FingerprintTask,
  type Kernel,
  randomNonces,
  type SealingRoot,
  type SealTask,
} from '../../crypto/index.ts';
import type { Batch, ColumnData } from '../../columns/index.ts';
import type { Pads } from './plan.ts';

/** The task for one target column; `stored` is the index of its values among the stored columns. */
export type ColumnTask = { readonly stored: number } & (
  | { readonly kind: 'cleartext' }
  | { readonly kind: 'fingerprint'; readonly task: FingerprintTask }
  | { readonly kind: 'sealed'; readonly task: Omit<SealTask, 'padTargetBytes'> }
);

/**
 * Protects rows of stored values, with one fresh nonce per row that the row's sealed cells share.
 *
 * @param pads the pads of the columns, as in `SealTask`
 * @throws {SealroomError} DATA_LENGTH for values that `RowIngest` would have refused.
 */
export function protectBatch(
  kernel: Kernel,
  root: SealingRoot,
  tasks: readonly ColumnTask[],
  pads: Pads,
  batch: Batch,
): Batch {
  const isSealing = tasks.some((column) => column.kind === 'sealed');
  using keys = kernel.deriveRowKeys(root, randomNonces(isSealing ? batch.rows : 0));
  return {
    rows: batch.rows,
    columns: tasks.map((column, index): ColumnData => {
      const values = batch.columns[column.stored];
      if (values === undefined) throw new Error('rows without a stored column');
      if (column.kind === 'cleartext') return values;
      if (values.layout !== 'bytes') throw new Error('values without canonical bytes');
      if (column.kind === 'fingerprint') return { layout: 'bytes', ...kernel.fingerprintColumn(column.task, values) };
      const task = { ...column.task, padTargetBytes: pads[index] ?? null };
      return { layout: 'bytes', ...kernel.sealColumn(task, keys, values) };
    }),
  };
}
