import type { CollaborationSettings } from '../../collab/index.ts';
import type { CollaborationId, KernelName, SharedSecret } from '../../crypto/index.ts';
import type { TableSchema } from '../../schema/index.ts';
import type { TableSigning } from '../../signed-tables/index.ts';
import type { MatchKeyReport } from '../../suggest/index.ts';
import type { Provenance, TransferOptions } from '../../tabular/index.ts';
import { threadsFor } from '../../workers/index.ts';
import type { RunSummary } from '../run-summary.ts';
import { checkSettings } from './core/plan.ts';
import type { ReportScope } from './core/report.ts';
import type { NormalisedColumn } from './core/row-ingest.ts';

/** The progress of an encryption. */
export interface EncryptProgress {
  /** `read`: rows are checked and shuffled; `encrypt`: they are protected and written. */
  readonly phase: 'read' | 'encrypt';
  readonly rows: number;
  /** Rows of the table, or `null` if not known before the end. */
  readonly totalRows: number | null;
}

/** The options of `encryptTable`. */
export interface EncryptOptions extends TransferOptions {
  readonly schema: TableSchema;
  readonly secret: SharedSecret;
  /** UUID of the collaboration. */
  readonly collaborationId: string;
  readonly settings: CollaborationSettings;
  /**
   * Identifies the secret among those of the collaboration, if known. It is written along with the output: into a sidecar, or
   * the metadata of a Parquet file (docs/rotation.md).
   */
  readonly provenance?: Pick<Provenance, 'generation' | 'secretId'> | undefined;
  /** Signs the output, into a file beside it (format F-97); with the id, the generation and the manifest of the secret. */
  readonly sign?: TableSigning | undefined;
  /** Who will read the table: what they would refuse is refused before anything is written (format F-134). */
  readonly target?: 'aws' | undefined;
  /** Whether binary Parquet columns without annotation are text. Default false. */
  readonly parquetBinaryAsString?: boolean | undefined;
  readonly kernel?: KernelName | undefined;
  /** Threads that protect rows, 1 to 256. Default: one per core, and one for a small table. */
  readonly threads?: number | undefined;
  readonly onProgress?: ((progress: EncryptProgress) => void) | undefined;
  /**
   * The rows whose values the match-key report looks at. `whole` takes time for each value, `sample` next to none. Cells are
   * measured in all rows. Default: no report.
   */
  readonly report?: ReportScope | undefined;
}

/** The options of an encryption whose collaboration id was parsed. */
interface EncryptRowsOptions extends EncryptOptions {
  readonly collaborationId: CollaborationId;
}

/** The result of an encryption. */
export interface EncryptSummary extends RunSummary {
  /** Target columns by kind. */
  readonly columns: { readonly sealed: number; readonly fingerprint: number; readonly cleartext: number };
  /** Null values in the sources of the target columns. */
  readonly nulls: number;
  /** What became of the values of the target columns that are normalised. */
  readonly normalised: readonly NormalisedColumn[];
  /** What the columns show, and how large they become; `null` if no report was asked for. */
  readonly report: MatchKeyReport | null;
}

declare const checked: unique symbol;

/** Options that {@link checkOptions} has checked. */
export type CheckedOptions = EncryptRowsOptions & { readonly [checked]: true };

/**
 * Refuses bad options before the table is read.
 *
 * @throws {SealroomError} USAGE_OPTION for a bad number of threads; RULE_CLEARTEXT where the settings forbid such columns.
 */
export function checkOptions(options: EncryptRowsOptions): CheckedOptions {
  checkSettings(options.schema, options.settings);
  threadsFor(options.threads, null);
  return options as CheckedOptions;
}
