import type { KernelName } from '../../crypto/index.ts';
import { TableSigner } from '../../signed-tables/index.ts';
import { type Provenance, type TableFormat, toTableOutput } from '../../tabular/index.ts';
import type { EncryptPlan } from './core/plan.ts';
import { warnOfLosses } from './core/row-ingest.ts';
import { adviceForAws } from './core/target-aws.ts';
import type { CheckedOptions, EncryptSummary } from './encrypt-options.ts';

/** What an encryption has done. */
export type Outcome = Pick<EncryptSummary, 'rows' | 'nulls' | 'normalised' | 'outputBytes' | 'threads' | 'report'>;

/** What is said of the table that was read. */
export interface SourceFacts {
  readonly bytes: number;
  readonly notes: readonly string[];
  readonly warnings: readonly string[];
}

/** The summary of an encryption that began at `started`, from `performance.now`. */
export function summarise(
  options: CheckedOptions,
  outcome: Outcome,
  source: SourceFacts,
  { kernel, started }: { readonly kernel: KernelName; readonly started: number },
): EncryptSummary {
  const { schema } = options;
  const countKind = (kind: EncryptPlan['columns'][number]['kind']): number =>
    schema.columns.filter((column) => column.kind === kind).length;
  return {
    ...outcome,
    columns: {
      sealed: countKind('sealed'),
      fingerprint: countKind('fingerprint'),
      cleartext: countKind('cleartext'),
    },
    inputBytes: source.bytes,
    elapsedMs: performance.now() - started,
    kernel,
    slowReason: null,
    notes: source.notes,
    warnings: [...source.warnings, ...outcome.normalised.flatMap(warnOfLosses), ...adviceOf(options, outcome)],
  };
}

function adviceOf({ target, output }: CheckedOptions, { outputBytes, rows }: Outcome): readonly string[] {
  const place = toTableOutput(output);
  const rowsPerFile = place.kind === 'file' ? (place.rowsPerFile ?? null) : null;
  return target === 'aws' ? adviceForAws(outputBytes, rows, rowsPerFile) : [];
}

/**
 * What signs the output, or `null` if it is not to be signed.
 *
 * @throws {SealroomError} as the constructor of `TableSigner`.
 */
export function signerOf(options: CheckedOptions, plan: EncryptPlan, format: TableFormat): TableSigner | null {
  const { sign, collaborationId, output, csvOutputNull, schema } = options;
  if (sign === undefined) return null;
  return new TableSigner(sign, {
    collaborationId,
    kind: toTableOutput(output).kind,
    format,
    csvOutputNull,
    fields: plan.fields,
    protections: schema.columns.map(({ kind }) => kind),
  });
}

/** What is written along with the output about its secret and its columns, if that is known. */
export function outputProvenance({ provenance, collaborationId, schema }: CheckedOptions): Provenance | null {
  if (provenance === undefined) return null;
  const columns = schema.columns.map(({ targetHeader, kind }) => ({ name: targetHeader, protection: kind }));
  return { collaborationId, ...provenance, columns };
}
