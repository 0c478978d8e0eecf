import { type FingerprintTask, type Kernel, randomNonces, type SealingRoot, type SealTask } from '../crypto/index.ts';
import type { Batch, ColumnData } from '../tabular/index.ts';

/** What is done to one column of stored values; `stored` is its index among them. */
export type ColumnTask = { readonly stored: number } & (
  | { readonly kind: 'cleartext' }
  | { readonly kind: 'fingerprint'; readonly task: FingerprintTask }
  | { readonly kind: 'sealed'; readonly task: SealTask }
);

/**
 * Protects rows of stored values: one fresh nonce per row, shared by the row's sealed cells.
 *
 * @throws {SealroomError} DATA_LENGTH for values that an intake refuses.
 */
export function protectBatch(kernel: Kernel, root: SealingRoot, tasks: readonly ColumnTask[], batch: Batch): Batch {
  const isSealing = tasks.some((column) => column.kind === 'sealed');
  using keys = kernel.deriveRowKeys(root, randomNonces(isSealing ? batch.rows : 0));
  return {
    rows: batch.rows,
    columns: tasks.map((column): ColumnData => {
      const values = batch.columns[column.stored];
      if (values === undefined) throw new Error('rows without a stored column');
      if (column.kind === 'cleartext') return values;
      if (values.layout !== 'bytes') throw new Error('values without canonical bytes');
      if (column.kind === 'fingerprint') return { layout: 'bytes', ...kernel.fingerprintColumn(column.task, values) };
      return { layout: 'bytes', ...kernel.sealColumn(column.task, keys, values) };
    }),
  };
}
