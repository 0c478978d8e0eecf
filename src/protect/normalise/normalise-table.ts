import { type Batch, checkTexts, type ColumnData, type Field } from '../../columns/index.ts';
import { SealroomError } from '../../errors/index.ts';
import {
  loadNormalisers,
  noCounts,
  normaliseColumn,
  type NormalisedCounts,
  type Normaliser,
} from '../../normalise/index.ts';
import { type TableSchema, toPlainSchema } from '../../schema/index.ts';
import {
  createOutput,
  type TableFormat,
  type TableReader,
  transferTable,
  type TransferOptions,
} from '../../tabular/index.ts';
import type { TableIndex } from '../encrypt/core/column-index.ts';
import { encodeValues } from '../encrypt/core/encoded-columns.ts';
import { asNormalised } from '../encrypt/core/plan.ts';
import { type NormalisedColumn, warnOfLosses } from '../encrypt/core/row-ingest.ts';
import { matchSources, requireFormatOf } from '../encrypt/core/sources.ts';

/** The options of {@link normaliseTable}. */
export interface NormaliseOptions extends TransferOptions {
  readonly schema: TableSchema;
  /** Whether binary Parquet columns without annotation are text. Default false. */
  readonly parquetBinaryAsString?: boolean | undefined;
}

/** The result of normalising a table. */
export interface NormaliseSummary {
  readonly rows: number;
  /** What became of the values of the columns that are normalised; under their headers in the output. */
  readonly normalised: readonly NormalisedColumn[];
  readonly inputBytes: number;
  /** 0 for a dry run and for a stream in Parquet. */
  readonly outputBytes: number;
  readonly elapsedMs: number;
  readonly notes: readonly string[];
  readonly warnings: readonly string[];
}

/** A column of the output. */
interface Target {
  readonly source: TableIndex;
  readonly field: Field;
  readonly normaliser: Normaliser | null;
  readonly counts: NormalisedCounts;
}

/**
 * Writes the columns that a schema uses, normalised as it says and not protected: for C3R, which cannot normalise. A column that the
 * schema uses in several ways is there once for each. Rows and columns keep their order. {@link toPlainSchema} makes the schema that
 * protects the output.
 *
 * @throws {SealroomError} SCHEMA_UNSUPPORTED for a runtime that cannot normalise; DATA_* for the table, IO_* for files, IO_ABORTED if
 *   the signal fires. No output is left behind.
 */
//= format F-116
export async function normaliseTable(options: NormaliseOptions): Promise<NormaliseSummary> {
  const started = performance.now();
  const traits = { headerRow: options.schema.headerRow, binaryAsString: options.parquetBinaryAsString };
  return transferTable(options, traits, async (reader, format) => {
    requireFormatOf(options.schema, reader);
    const targets = await planTargets(options.schema, reader, format);
    const written = await writeNormalised(options, reader, targets, format);
    const normalised = targets.flatMap(({ field, normaliser, counts }) =>
      normaliser === null ? [] : [{ column: field.name, ...counts }],
    );
    return {
      ...written,
      normalised,
      inputBytes: reader.bytes,
      elapsedMs: performance.now() - started,
      notes: reader.notes,
      warnings: [...reader.warnings, ...normalised.flatMap(warnOfLosses)],
    };
  });
}

async function planTargets(schema: TableSchema, reader: TableReader, format: TableFormat): Promise<readonly Target[]> {
  const indexes = matchSources(schema, reader);
  const normalisers = await loadNormalisers(schema.columns);
  return toPlainSchema(schema).sources.map(({ header, column }) => {
    const source = indexes[schema.columns.indexOf(column)] ?? -1;
    const given = reader.fields[source];
    if (given === undefined) throw new Error('a source outside the table');
    const normaliser = normalisers.of(column);
    const isText = normaliser !== null || format === 'csv';
    const field: Field = normaliser === null ? given : asNormalised(given);
    const type = isText ? ({ kind: 'string' } as const) : field.type;
    return { source, field: { name: header, type }, normaliser, counts: noCounts() };
  });
}

async function writeNormalised(
  options: NormaliseOptions,
  reader: TableReader,
  targets: readonly Target[],
  format: TableFormat,
): Promise<Pick<NormaliseSummary, 'rows' | 'outputBytes'>> {
  const { signal } = options;
  let rows = 0;
  const fields = targets.map(({ field }) => field);
  const parts = { reader, fields, format, rows: () => rows, provenance: null, sign: null };
  const writer = options.dryRun === true ? null : await createOutput(options, parts);
  try {
    for await (const batch of reader.batches({ columns: targets.map(({ source }) => source), signal })) {
      const normalised = normaliseBatch(batch, targets, reader, rows);
      await writer?.write(normalised);
      rows += batch.rows;
    }
    signal?.throwIfAborted();
    return { rows, outputBytes: (await writer?.close()) ?? 0 };
  } catch (error) {
    await writer?.abort();
    throw error;
  }
}

function normaliseBatch(batch: Batch, targets: readonly Target[], reader: TableReader, firstRow: number): Batch {
  const columns = targets.map((target, index): ColumnData => {
    const column = batch.columns[index];
    const type = reader.fields[target.source]?.type;
    if (column === undefined || type === undefined) throw new Error('a batch of another table');
    try {
      return normaliseData(column, type, target);
    } catch (error) {
      if (!(error instanceof SealroomError)) throw error;
      throw error.inTable(reader.name, target.field.name, firstRow);
    }
  });
  return { rows: batch.rows, columns };
}

function normaliseData(column: ColumnData, type: Field['type'], { field, normaliser, counts }: Target): ColumnData {
  const values = encodeValues(column, type, field.type.kind === 'string' ? 'text' : 'read');
  if (values.layout !== 'bytes' || field.type.kind !== 'string') return values;
  const texts = normaliser === null ? checkTexts(values) : normaliseColumn(values, normaliser, counts);
  return { layout: 'bytes', ...texts };
}
