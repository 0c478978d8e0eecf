import {
  type FingerprintTask,
  freshNonces,
  type Kernel,
  type SealedValues,
  type SealingRoot,
  type SealTask,
} from '../../../crypto/index.ts';
import type { Batch, ColumnData } from '../../../columns/index.ts';
import type { EncodedIndex } from './column-index.ts';
import type { Pads } from './plan.ts';

/** The task for one target column; `stored` is the index of its values among the stored columns. */
export type ColumnTask = { readonly stored: EncodedIndex } & (
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
  const sealed = tasks.map((column, index): SealedValues | null =>
    column.kind === 'sealed'
      ? { task: { ...column.task, padTargetBytes: pads[index] ?? null }, values: bytesOf(batch, column.stored) }
      : null,
  );
  const nonces = freshNonces(
    root,
    sealed.filter((column) => column !== null),
    batch.rows,
  );
  using keys = kernel.deriveRowKeys(root, nonces);
  return {
    rows: batch.rows,
    columns: tasks.map((column, index): ColumnData => {
      switch (column.kind) {
        case 'cleartext':
          return storedIn(batch, column.stored);
        case 'fingerprint':
          return { layout: 'bytes', ...kernel.fingerprintColumn(column.task, bytesOf(batch, column.stored)) };
        case 'sealed': {
          const planned = sealed[index];
          if (planned === undefined || planned === null) throw new Error('a sealed column without its task');
          return { layout: 'bytes', ...kernel.sealColumn(planned.task, keys, planned.values) };
        }
      }
    }),
  };
}

function storedIn(batch: Batch, stored: EncodedIndex): ColumnData {
  const values = batch.columns[stored];
  if (values === undefined) throw new Error('rows without a stored column');
  return values;
}

function bytesOf(batch: Batch, stored: EncodedIndex): ColumnData & { readonly layout: 'bytes' } {
  const values = storedIn(batch, stored);
  if (values.layout !== 'bytes') throw new Error('values without canonical bytes');
  return values;
}
