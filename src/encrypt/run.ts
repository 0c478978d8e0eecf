import { tmpdir } from 'node:os';
import type { CollaborationSettings } from '../collab/index.ts';
import {
  createKernel,
  defaultKernel,
  type Kernel,
  type KernelName,
  parseCollaborationId,
  type SharedSecret,
} from '../crypto/index.ts';
import { SealroomError } from '../errors.ts';
import type { TableSchema } from '../schema/index.ts';
import {
  type Batch,
  createOutput,
  CsvSerialiser,
  type TableFormat,
  type TableReader,
  transferTable,
  type TransferOptions,
} from '../tabular/index.ts';
import { DuplicateCheck } from './duplicates.ts';
import { inspectTable } from './inspect.ts';
import { checkSettings, type EncryptPlan, planEncryption } from './plan.ts';
import { binaryForm, lineForm } from './row-form.ts';
import { RowShuffle } from './shuffle.ts';
import { matchSources } from './sources.ts';
import { countSourceNulls, protectBatch } from './transform.ts';

/** What a cell without a known length takes, roughly; only for the number of the shuffle's parts. */
const EXPECTED_CELL_BYTES = 160;

/** How far an encryption has come. */
export interface EncryptProgress {
  /** `inspect`: the reading for pads of type `max`; `encrypt`; `write`: the shuffled rows. */
  readonly phase: 'inspect' | 'encrypt' | 'write';
  readonly rows: number;
  /** Rows of the table, or `null` if not known before the end. */
  readonly totalRows: number | null;
}

/** What {@link encryptTable} takes. */
export interface EncryptOptions extends TransferOptions {
  readonly schema: TableSchema;
  readonly secret: SharedSecret;
  /** UUID of the collaboration. */
  readonly collaborationId: string;
  readonly settings: CollaborationSettings;
  /** Whether binary Parquet columns without annotation are text. */
  readonly parquetBinaryAsString?: boolean | undefined;
  readonly kernel?: KernelName | undefined;
  readonly onProgress?: ((progress: EncryptProgress) => void) | undefined;
}

/** What an encryption did. */
export interface EncryptSummary {
  readonly rows: number;
  /** Target columns by kind. */
  readonly columns: { readonly sealed: number; readonly fingerprint: number; readonly cleartext: number };
  /** Null values in the sources of the target columns. */
  readonly nulls: number;
  readonly inputBytes: number;
  /** 0 for a dry run and for standard output in Parquet. */
  readonly outputBytes: number;
  readonly elapsedMs: number;
  readonly kernel: KernelName;
  readonly warnings: readonly string[];
}

/**
 * Encrypts a table: reads it twice where a pad needs the longest value, protects each cell once, shuffles the rows, and
 * gives the output its name when it is complete. Memory is bounded whatever the table's size.
 *
 * The number of rows, the headers, cleartext columns, preserved nulls, equal values of a fingerprint column and the lengths
 * of unpadded values remain visible in the output.
 *
 * @throws {SealroomError} USAGE_OPTION for a bad collaboration id; RULE_CLEARTEXT, RULE_DUPLICATES where the settings
 *   forbid it; DATA_* for the table, IO_* for files, IO_ABORTED if the signal fires. No output is left behind.
 */
export async function encryptTable(options: EncryptOptions): Promise<EncryptSummary> {
  const started = performance.now();
  const collaborationId = parseCollaborationId(options.collaborationId);
  checkSettings(options.schema, options.settings);
  const traits = { headerRow: options.schema.headerRow, binaryAsString: options.parquetBinaryAsString };
  return transferTable(options, traits, async (reader, outputFormat) => {
    const sources = matchSources(options.schema, reader);
    const report = (phase: EncryptProgress['phase']) => (rows: number) => {
      options.onProgress?.({ phase, rows, totalRows: reader.rows });
    };
    const insight = await inspectTable(options.schema, reader, sources, options.signal, report('inspect'));
    using plan = planEncryption({ ...options, collaborationId, reader, sources, insight, outputFormat });
    const outcome = await encryptRows(options, plan, reader, outputFormat, report);
    return {
      ...outcome,
      columns: {
        sealed: countKind(options.schema, 'sealed'),
        fingerprint: countKind(options.schema, 'fingerprint'),
        cleartext: countKind(options.schema, 'cleartext'),
      },
      inputBytes: reader.bytes,
      elapsedMs: performance.now() - started,
      kernel: options.kernel ?? defaultKernel(),
      warnings: reader.warnings,
    };
  });
}

/** The two halves: protect and deal all rows, then write them in their new order. */
async function encryptRows(
  options: EncryptOptions,
  plan: EncryptPlan,
  reader: TableReader,
  outputFormat: TableFormat,
  report: (phase: EncryptProgress['phase']) => (rows: number) => void,
): Promise<{ rows: number; nulls: number; outputBytes: number }> {
  const tempDirectory = options.tempDirectory ?? tmpdir();
  const isCsv = outputFormat === 'csv';
  const form = isCsv
    ? lineForm(new CsvSerialiser(plan.fields, { nullText: options.csvOutputNull }))
    : binaryForm(plan.fields);
  const shuffle = new RowShuffle<Batch | Uint8Array>(form, {
    expectedBytes: expectedBytes(plan, reader),
    tempDirectory,
  });
  try {
    const nulls = await protectRows(options, plan, reader, shuffle, tempDirectory, report('encrypt'));
    if (options.dryRun === true) return { rows: shuffle.rows, nulls, outputBytes: 0 };
    const writer = await createOutput(options, plan.fields, outputFormat);
    try {
      let written = 0;
      for await (const { rows, output } of shuffle.output()) {
        options.signal?.throwIfAborted();
        await (output instanceof Uint8Array ? writer.writeLines(output) : writer.write(output));
        written += rows;
        report('write')(written);
      }
      options.signal?.throwIfAborted();
      return { rows: written, nulls, outputBytes: await writer.close() };
    } catch (error) {
      await writer.abort();
      throw error;
    }
  } finally {
    await shuffle.close();
  }
}

async function protectRows(
  options: EncryptOptions,
  plan: EncryptPlan,
  reader: TableReader,
  shuffle: RowShuffle<Batch | Uint8Array>,
  tempDirectory: string,
  onRows: (rows: number) => void,
): Promise<number> {
  const kernel = createKernel(options.kernel);
  const { settings } = options;
  const needsCheck = !settings.allowDuplicates && plan.columns.some((column) => column.kind === 'fingerprint');
  const check = needsCheck ? await DuplicateCheck.start(plan, settings.preserveNulls, tempDirectory) : null;
  let nulls = 0;
  let rows = 0;
  try {
    for await (const batch of reader.batches({ columns: plan.sources, signal: options.signal })) {
      const batchNulls = countSourceNulls(plan, batch);
      const protectedBatch = protectAt(plan, kernel, batch, rows, reader.name);
      await check?.add(protectedBatch, batch, rows);
      await shuffle.add(protectedBatch);
      nulls += batchNulls.reduce((sum, count) => sum + count, 0);
      rows += batch.rows;
      onRows(rows);
    }
    await check?.finish();
    return nulls;
  } catch (error) {
    throw error instanceof SealroomError ? error.at({ file: reader.name }) : error;
  } finally {
    await check?.close();
  }
}

function protectAt(plan: EncryptPlan, kernel: Kernel, batch: Batch, firstRow: number, file: string): Batch {
  try {
    return protectBatch(plan, kernel, batch);
  } catch (error) {
    if (!(error instanceof SealroomError) || error.where.row === undefined) throw error;
    throw error.inTable(file, error.where.column, firstRow);
  }
}

function expectedBytes(plan: EncryptPlan, reader: TableReader): number {
  const rowBytes = plan.columns.reduce((sum, column) => {
    const padded = column.kind === 'sealed' ? column.task.padTargetBytes : null;
    return sum + Math.max(EXPECTED_CELL_BYTES, (padded ?? 0) * 1.4);
  }, 0);
  return (reader.rows ?? reader.bytes / 16) * rowBytes;
}

function countKind(schema: TableSchema, kind: TableSchema['columns'][number]['kind']): number {
  return schema.columns.filter((column) => column.kind === kind).length;
}
