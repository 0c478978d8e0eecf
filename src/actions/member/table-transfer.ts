import type { KernelName } from '../../crypto/index.ts';
import type * as protect from '../../protect/index.ts';
import type { TableInput, TableOutput, TransferOptions } from '../../tabular/index.ts';

/** The progress of an action on a table. */
export interface TableProgress {
  readonly phase: string;
  readonly rows: number;
  readonly totalRows: number | null;
  /** What is counted, where it is not rows. */
  readonly unit?: 'bytes';
}

/** The input, the output and the options of an action on a table; the action adds secret, settings and records. */
export interface TableTransfer extends Omit<TransferOptions, 'input' | 'output' | 'signal' | 'beforeCommit'> {
  readonly input: TableInput;
  readonly output: TableOutput;
  readonly kernel?: KernelName | undefined;
  readonly threads?: number | undefined;
  readonly onProgress?: ((progress: TableProgress) => void) | undefined;
}

/**
 * Loads the code that protects tables, which schemas do not need. It is a separate function, because in a function with `using` the
 * compiler does not rewrite the file name of an import.
 */
export async function loadProtect(): Promise<typeof protect> {
  return import('../../protect/index.ts');
}
