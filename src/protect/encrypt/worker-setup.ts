import type { Field } from '../../columns/index.ts';
import {
  type FingerprintTask,
  type KernelName,
  type SealTask,
  type SecretBytes,
  shareKeys,
} from '../../crypto/index.ts';
import type { HashedColumn } from '../../signed-tables/index.ts';
import type { CsvLines, TableFormat } from '../../tabular/index.ts';
import type { EncodedIndex } from './core/column-index.ts';
import type { EncryptPlan } from './core/plan.ts';
import { widthsOf } from './core/protect-rows.ts';
import type { RowWidths } from './core/row-format.ts';

/** The setup of an encryption thread. */
export interface EncryptWorkerSetup {
  readonly kernel: KernelName;
  /** The sealing root, then the keys of the fingerprint tasks, in order; in shared memory, which its owner wipes. */
  readonly keys: Uint8Array;
  readonly tasks: readonly ({ readonly stored: EncodedIndex } & (
    | { readonly kind: 'cleartext' }
    | { readonly kind: 'fingerprint'; readonly task: Omit<FingerprintTask, 'key'> }
    | { readonly kind: 'sealed'; readonly task: Omit<SealTask, 'padTargetBytes'> }
  ))[];
  /** The widths of the stored columns. */
  readonly widths: RowWidths;
  /** The line format of CSV output, or `null` for other formats. */
  readonly csv: CsvLines | null;
  /** Whether the rows' positions follow their stored columns, and fingerprints are to be returned along with them. */
  readonly hasPlaces: boolean;
  /** What rows are hashed for, or `null` for a table that is not signed. */
  readonly signed: { readonly columns: readonly HashedColumn[]; readonly fields: readonly Field[] } | null;
}

/** The input of {@link createWorkerSetup}. */
export interface WorkerSetupInput {
  readonly plan: EncryptPlan;
  readonly kernel: KernelName;
  readonly outputFormat: TableFormat;
  readonly csvOutputNull: string | undefined;
  /** Whether the stored columns are followed by the rows' positions in the source table. */
  readonly hasPlaces: boolean;
  /** The columns as they are signed, or `null` for a table that is not. */
  readonly signed: readonly HashedColumn[] | null;
}

/** Creates the setup of an encryption's worker threads. Its keys are copies in shared memory, which the caller wipes. */
export function createWorkerSetup(input: WorkerSetupInput): EncryptWorkerSetup {
  const { plan, kernel, outputFormat, csvOutputNull, hasPlaces, signed } = input;
  return {
    kernel,
    keys: shareKeys(keysOf(plan)),
    tasks: plan.columns.map((column): EncryptWorkerSetup['tasks'][number] => {
      const { stored } = column;
      switch (column.kind) {
        case 'cleartext':
          return { kind: 'cleartext', stored };
        case 'fingerprint': {
          const { typeByte, nulls } = column.task;
          return { kind: 'fingerprint', stored, task: { typeByte, nulls } };
        }
        case 'sealed':
          return { kind: 'sealed', stored, task: column.task };
      }
    }),
    widths: widthsOf(plan, hasPlaces),
    hasPlaces,
    signed: signed === null ? null : { columns: signed, fields: plan.fields },
    csv: outputFormat === 'csv' ? { fields: plan.fields, nullText: csvOutputNull } : null,
  };
}

/** The sealing root, then the keys of the fingerprint columns, in order. */
function keysOf(plan: EncryptPlan): SecretBytes[] {
  const keys: SecretBytes[] = [plan.root];
  for (const column of plan.columns) if (column.kind === 'fingerprint') keys.push(column.task.key);
  return keys;
}
