import type { KernelName, OpenCellOptions, SharedSecret } from '../../crypto/index.ts';
import type { RunSummary } from '../run-summary.ts';
import type { SignedTransferOptions } from '../../signed-tables/index.ts';
import type { MixedColumnOptions } from './core/mixed-columns.ts';
import type { FoundColumns } from './core/opener.ts';

/** The progress of a decryption. */
export interface DecryptProgress {
  readonly phase: 'decrypt';
  readonly rows: number;
  /** Rows of the table, or `null` if not known before the end. Where the lines of a CSV file are opened, an estimate by what it has so far. */
  readonly totalRows: number | null;
}

/** The options of {@link decryptTable}. */
export interface DecryptOptions extends SignedTransferOptions, MixedColumnOptions, OpenCellOptions {
  /** `null` for a table without sealed cells: a sealed one is then refused. */
  readonly secret: SharedSecret | null;
  /** UUID of the collaboration. */
  readonly collaborationId: string;
  /** Whether to refuse tables with fingerprint cells, which cannot be opened. */
  readonly failOnFingerprintColumns?: boolean | undefined;
  readonly kernel?: KernelName | undefined;
  /** Threads that open rows, 1 to 256. Default: one per core, and one for a small table. */
  readonly threads?: number | undefined;
  readonly onProgress?: ((progress: DecryptProgress) => void) | undefined;
}

/** The result of a decryption. */
export interface DecryptSummary extends RunSummary {
  readonly columns: FoundColumns;
  /** Number of sealed cells that were opened. */
  readonly openedCells: number;
  /** Number of cells in sealed columns that are neither sealed nor null, and were passed through; 0 unless that is allowed. */
  readonly unsealedCells: number;
}
