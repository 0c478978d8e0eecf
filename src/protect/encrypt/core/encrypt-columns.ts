import { Arena } from '../../../bytes/index.ts';
import type { CollaborationSettings } from '../../../collab/index.ts';
import { type Batch, type ColumnTable, copyColumn, sourceOf } from '../../../columns/index.ts';
import { createKernel, type KernelName, parseCollaborationId, type SharedSecret } from '../../../crypto/index.ts';
import { SealroomError } from '../../../errors/index.ts';
import { loadNormalisers } from '../../../normalise/index.ts';
import type { TableSchema } from '../../../schema/index.ts';
import { FingerprintCheck, fingerprintColumnsOf, NullCheck, withPlaces } from './duplicates.ts';
import { checkSettings, type EncryptPlan, planEncryption } from './plan.ts';
import { type ProtectedBatch, protectRows, widthsOf } from './protect-rows.ts';
import { ingestBatch, type NormalisedColumn, RowIngest } from './row-ingest.ts';
import { RowShuffle } from './shuffle.ts';
import { matchSources } from './sources.ts';

/** Most rows of a protected batch. */
const BATCH_ROWS = 8192;

/** How {@link encryptColumns} protects a table. */
export interface EncryptColumnsOptions {
  readonly schema: TableSchema;
  readonly settings: CollaborationSettings;
  readonly secret: SharedSecret;
  /** UUID of the collaboration. */
  readonly collaborationId: string;
  readonly kernel?: KernelName | undefined;
  /** Whether cleartext columns are wanted as text, as CSV has them; else they keep their types. */
  readonly asText?: boolean | undefined;
  /** What errors call the table. */
  readonly name?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A protected table. No buffer of it holds a value that is not in it. */
export interface EncryptedColumns extends ColumnTable {
  readonly rows: number;
  /** Null values in the sources of the target columns. */
  readonly nulls: number;
  /** What became of the values of the target columns that are normalised. */
  readonly normalised: readonly NormalisedColumn[];
}

/**
 * Encrypts a whole table in memory: what `encryptTable` does, without files and threads, so in a browser too. The rows come back in
 * random order, from the platform's generator; each cell is protected once.
 *
 * The table is not changed. It takes its own size again for the shuffle, and what is protected.
 *
 * @throws {SealroomError} USAGE_OPTION for a bad collaboration id or an unknown kernel; RULE_CLEARTEXT, RULE_DUPLICATES where the
 *   settings forbid it; SCHEMA_UNSUPPORTED for a runtime that cannot normalise; DATA_* with column and row for a table that cannot be protected so.
 * @throws {TypeError} if the batches do not fit the fields.
 */
export async function encryptColumns(table: ColumnTable, options: EncryptColumnsOptions): Promise<EncryptedColumns> {
  const { schema, settings, name = 'table', asText = false, signal } = options;
  const collaborationId = parseCollaborationId(options.collaborationId);
  checkSettings(schema, settings);
  const source = sourceOf(table, name);
  const sources = matchSources(schema, source);
  const normalisers = await loadNormalisers(schema.columns);
  using plan = planEncryption({
    schema,
    settings,
    secret: options.secret,
    collaborationId,
    table: source,
    sources,
    asText,
    normalisers,
  });
  const checked = settings.allowDuplicates ? [] : fingerprintColumnsOf(plan);
  const hasPlaces = checked.length > 0;
  const nulls = settings.preserveNulls ? null : new NullCheck(checked);
  const repeated = new FingerprintCheck(checked);
  const ingest = new RowIngest(plan);
  const shuffle = new RowShuffle({ expectedBytes: bytesOf(table), openSpill: null });
  const gathered = new Arena();
  try {
    for await (const batch of source.batches({ columns: plan.sources, signal })) {
      const stored = ingestBatch(ingest, batch, name, shuffle.rows);
      nulls?.add(stored, shuffle.rows);
      await shuffle.add(hasPlaces ? withPlaces(stored, shuffle.rows) : stored);
    }
    const protection = {
      kernel: createKernel(options.kernel),
      root: plan.root,
      tasks: plan.columns,
      widths: widthsOf(plan, hasPlaces),
      hasPlaces,
    };
    const allocate = (): Arena => {
      gathered.reset();
      return gathered;
    };
    const pads = ingest.pads();
    const batches: Batch[] = [];
    for await (const { bytes } of shuffle.output(BATCH_ROWS)) {
      signal?.throwIfAborted();
      for (const done of protectRows(protection, pads, bytes, allocate)) {
        if (done.fingerprints !== null) repeated.add(done.fingerprints);
        batches.push(withOwnBuffers(plan, done));
      }
      bytes.fill(0);
    }
    repeated.finish();
    return { fields: plan.fields, batches, rows: shuffle.rows, nulls: ingest.nulls, normalised: ingest.normalised() };
  } catch (error) {
    throw error instanceof SealroomError && error.where.file === undefined ? error.at({ file: name }) : error;
  } finally {
    gathered.wipe();
    await shuffle.close();
  }
}

/** Cleartext columns lie among the values of all others until they are copied. */
function withOwnBuffers({ columns: planned }: EncryptPlan, { batch }: ProtectedBatch): Batch {
  const columns = batch.columns.map((column, index) =>
    planned[index]?.kind === 'cleartext' ? copyColumn(column) : column,
  );
  return { rows: batch.rows, columns };
}

/** Bytes of a table's values, roughly. */
function bytesOf({ batches }: ColumnTable): number {
  let bytes = 0;
  for (const { rows, columns } of batches) {
    for (const column of columns) {
      bytes += column.layout === 'fixed' ? column.width * rows : (column.offsets[rows] ?? 0) - (column.offsets[0] ?? 0);
    }
  }
  return bytes;
}
