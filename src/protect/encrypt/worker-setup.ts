import { type KernelName, type SecretBytes, shareKeys } from '../../crypto/index.ts';
import { type Field, widthOf } from '../../columns/index.ts';
import { type TableFormat } from '../../tabular/index.ts';
import type { EncryptPlan, EncodedColumn } from './plan.ts';
import type { EncryptWorkerSetup } from './worker.ts';

/** Width of the column with the rows' positions in the source table, a bigint; in bytes. */
export const PLACE_BYTES = 8;

/** The input of {@link createWorkerSetup}. */
export interface WorkerSetupInput {
  readonly plan: EncryptPlan;
  readonly kernel: KernelName;
  readonly outputFormat: TableFormat;
  readonly csvOutputNull: string | undefined;
  /** Whether the stored columns are followed by the rows' positions in the source table. */
  readonly hasPlaces: boolean;
}

/** Creates the setup of an encryption's worker threads. Its keys are copies in shared memory, which the caller wipes. */
export function createWorkerSetup(input: WorkerSetupInput): EncryptWorkerSetup {
  const { plan, kernel, outputFormat, csvOutputNull, hasPlaces } = input;
  const widths = plan.encoded.map((column) => widthOfStored(plan.sourceFields, column));
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
    widths: hasPlaces ? [...widths, PLACE_BYTES] : widths,
    csv: outputFormat === 'csv' ? { fields: plan.fields, nullText: csvOutputNull } : null,
    places: hasPlaces ? widths.length : null,
  };
}

function widthOfStored(fields: readonly Field[], { source, form }: EncodedColumn): number | null {
  const field = fields[source];
  if (field === undefined) throw new Error('a stored column without a source');
  return form === 'read' ? widthOf(field.type) : null;
}

/** The sealing root, then the keys of the fingerprint columns, in order. */
function keysOf(plan: EncryptPlan): SecretBytes[] {
  const keys: SecretBytes[] = [plan.root];
  for (const column of plan.columns) if (column.kind === 'fingerprint') keys.push(column.task.key);
  return keys;
}
