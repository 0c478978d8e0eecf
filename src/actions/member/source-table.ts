import { type ByteColumn, valueAt } from '../../bytes/index.ts';
import { bytesAt, type ColumnType, type Field } from '../../columns/index.ts';
import { parseCollaborationId } from '../../crypto/index.ts';
import { SealroomError } from '../../errors/index.ts';
import { isNormalised, loadNormalisers, noCounts, normaliseColumn, type Normaliser } from '../../normalise/index.ts';
import {
  COLUMN_KINDS,
  readSourceTable,
  type SourceContent,
  type SourceField,
  type SourceTable,
  type TableSchema,
} from '../../schema/index.ts';
import {
  type ColumnProfile,
  distinctLimit,
  profileColumn,
  StatisticsCollector,
  type ValueStatistics,
} from '../../suggest/index.ts';
import { openTable, type OpenOptions, type TableInput, type TableReader } from '../../tabular/index.ts';
import { fetchSettings } from './collaboration.ts';
import { type ColumnSample, SampleCollector } from './sample-values.ts';

type Traits = Pick<SourceField, 'content' | 'kinds'>;

const traits = (content: SourceContent, kinds: SourceField['kinds']): Traits => ({ content, kinds });
const NO_FINGERPRINT = COLUMN_KINDS.filter((kind) => kind !== 'fingerprint');

/** The content and the possible kinds of each column type: format F-24, F-25 and F-87. */
const TRAITS: Readonly<Record<ColumnType['kind'], Traits>> = {
  string: traits('text', COLUMN_KINDS),
  boolean: traits('boolean', COLUMN_KINDS),
  smallint: traits('integer', COLUMN_KINDS),
  int: traits('integer', COLUMN_KINDS),
  bigint: traits('integer', COLUMN_KINDS),
  date: traits('date', COLUMN_KINDS),
  float: traits('number', NO_FINGERPRINT),
  double: traits('number', NO_FINGERPRINT),
  decimal: traits('number', NO_FINGERPRINT),
  timestamp: traits('date', NO_FINGERPRINT),
  binary: traits('other', ['cleartext']),
  opaque: traits('other', ['cleartext']),
  unsupported: traits('other', []),
};

/** Converts a column of a table to a field of a schema. */
function toSourceField({ name, type }: Field): SourceField {
  // A UUID is protected as its text.
  const isUuid = type.kind === 'opaque' && type.engineType === 'UUID';
  return { name, ...(isUuid ? traits('uuid', COLUMN_KINDS) : TRAITS[type.kind]) };
}

/** The first rows of a table, column by column. */
export interface ProfiledTable {
  /** One entry per usable column. It keeps no values but placeholders. */
  readonly profiles: readonly ColumnProfile[];
  /** Whether these are all rows of the table. */
  readonly isWhole: boolean;
  /** Some values of each usable column, if they were asked for: they are for a terminal, and for nothing else. */
  readonly samples: readonly ColumnSample[];
}

/** A table to make a schema for. */
export interface SchemaSource {
  readonly source: SourceTable;
  /** What was found out about how the table is to be read, each with the option that says otherwise. */
  readonly notes: readonly string[];
  /** Warnings about how the table is read, one line each. */
  readonly warnings: readonly string[];
  /**
   * Profiles the first `maxRows` rows of the usable columns, and collects up to `samples` different values of each.
   *
   * @throws {SealroomError} errors of reading the table; IO_ABORTED if the signal fires.
   */
  readonly profile: (maxRows: number, samples?: number) => Promise<ProfiledTable>;
  /**
   * Reads the first `maxRows` rows again, and takes the statistics of the values that a schema's normalised fingerprint columns
   * get. By the place of the source column.
   *
   * @throws {SealroomError} as `profile`, and DATA_ENCODING for text that is not UTF-8.
   */
  readonly measure: (schema: TableSchema, maxRows: number) => Promise<ReadonlyMap<number, ValueStatistics>>;
}

/**
 * Opens a table to make a schema for, and closes it after `work`.
 *
 * @throws {SealroomError} as `openTable`, `readSourceTable` and `work`
 */
export async function withSchemaSource<Result>(
  input: TableInput,
  options: OpenOptions & { readonly headerRow: boolean },
  work: (table: SchemaSource) => Promise<Result>,
): Promise<Result> {
  const table = await openTable(input, options);
  try {
    const source = readSourceTable(table.fields.map(toSourceField), options.headerRow);
    const profile = (maxRows: number, samples = 0): Promise<ProfiledTable> =>
      profileTable(table, source, { maxRows, samples, signal: options.signal });
    const measure: SchemaSource['measure'] = (schema, maxRows) =>
      measureKeys(table, source, schema, { maxRows, signal: options.signal });
    return await work({ source, notes: table.notes, warnings: table.warnings, profile, measure });
  } finally {
    await table.close();
  }
}

/**
 * Asks AWS Clean Rooms whether a collaboration allows cleartext.
 *
 * @throws {SealroomError} USAGE_OPTION if the id is invalid; as `fetchSettings`.
 */
export async function allowsCleartext(
  id: string,
  access: { readonly profile: string | undefined; readonly region: string | undefined },
  signal?: AbortSignal,
): Promise<boolean> {
  return (await fetchSettings(parseCollaborationId(id), access, signal)).allowCleartext;
}

async function profileTable(
  table: TableReader,
  source: SourceTable,
  options: { readonly maxRows: number; readonly samples: number; readonly signal?: AbortSignal | undefined },
): Promise<ProfiledTable> {
  const limit = distinctLimit(source.columns.length);
  const profilers = source.columns.map((column) => profileColumn(column, limit));
  const samplers = options.samples === 0 ? [] : source.columns.map(() => new SampleCollector(options.samples));
  let rowsLeft = options.maxRows;
  let isWhole = true;
  const columns = source.columns.map(({ index }) => index);
  for await (const batch of table.batches({ columns, signal: options.signal })) {
    const rows = Math.min(batch.rows, rowsLeft);
    profilers.forEach((profiler, position) => {
      const column = batch.columns[position];
      if (column === undefined) return;
      for (let row = 0; row < rows; row++) {
        const value = bytesAt(column, row);
        profiler.add(value);
        if (source.columns[position]?.content === 'text') samplers[position]?.add(value);
      }
    });
    rowsLeft -= rows;
    isWhole = rows === batch.rows;
    if (!isWhole) break;
  }
  return {
    profiles: profilers.map((profiler) => profiler.finish()),
    isWhole,
    samples: samplers.map((sampler) => sampler.values),
  };
}

/** A source column whose fingerprint is normalised. */
interface MeasuredColumn {
  readonly index: number;
  readonly normaliser: Normaliser;
  readonly collector: StatisticsCollector;
}

async function findMeasured(source: SourceTable, schema: TableSchema): Promise<readonly MeasuredColumn[]> {
  const normalisers = await loadNormalisers(schema.columns);
  const limit = distinctLimit(source.columns.length);
  return source.columns.flatMap(({ header, index, content }) => {
    const key = schema.columns.find(
      (column) =>
        column.kind === 'fingerprint' &&
        (source.headerRow ? column.sourceHeader === header : column.sourceIndex === index),
    );
    const normaliser = key === undefined || !isNormalised(key) ? null : normalisers.of(key);
    if (normaliser === null || content !== 'text') return [];
    return [{ index, normaliser, collector: new StatisticsCollector(true, limit) }];
  });
}

function normaliseMeasured(
  column: ByteColumn,
  normaliser: Normaliser,
  locate: (error: SealroomError) => SealroomError,
): ByteColumn {
  try {
    return normaliseColumn(column, normaliser, noCounts());
  } catch (error) {
    throw error instanceof SealroomError ? locate(error) : error;
  }
}

async function measureKeys(
  table: TableReader,
  source: SourceTable,
  schema: TableSchema,
  options: { readonly maxRows: number; readonly signal?: AbortSignal | undefined },
): Promise<ReadonlyMap<number, ValueStatistics>> {
  const measured = await findMeasured(source, schema);
  if (measured.length === 0) return new Map();
  let rowsLeft = options.maxRows;
  let firstRow = 0;
  const columns = measured.map(({ index }) => index);
  for await (const batch of table.batches({ columns, signal: options.signal })) {
    const rows = Math.min(batch.rows, rowsLeft);
    measured.forEach(({ index, normaliser, collector }, position) => {
      const column = batch.columns[position];
      if (column?.layout !== 'bytes') return;
      const values = normaliseMeasured(column, normaliser, (error) =>
        error.inTable(table.name, table.fields[index]?.name ?? '', firstRow),
      );
      for (let row = 0; row < rows; row++) collector.add(valueAt(values, row));
    });
    rowsLeft -= rows;
    firstRow += batch.rows;
    if (rowsLeft === 0) break;
  }
  return new Map(measured.map(({ index, collector }) => [index, collector.finish()]));
}
