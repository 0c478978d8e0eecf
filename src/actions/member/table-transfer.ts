import type { KernelName } from '../../crypto/index.ts';
import type * as protect from '../../protect/index.ts';
import type { TransferOptions } from '../../tabular/index.ts';

/** How far an action on a table has come. */
export interface TableProgress {
  readonly phase: string;
  readonly rows: number;
  readonly totalRows: number | null;
}

/** From where to where a table goes, and with what; secrets, settings and records are for the action. */
export interface TableTransfer extends Omit<TransferOptions, 'signal' | 'beforeCommit'> {
  readonly kernel?: KernelName | undefined;
  readonly threads?: number | undefined;
  readonly onProgress?: ((progress: TableProgress) => void) | undefined;
}

/**
 * What protects tables, loaded when it is needed: making a schema needs none of it. In a function of its own, since in one with
 * `using` the compiler leaves the name of the file as it is.
 */
export async function loadProtect(): Promise<typeof protect> {
  return import('../../protect/index.ts');
}
