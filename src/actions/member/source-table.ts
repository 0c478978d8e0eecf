import { valueAt } from '../../bytes/index.ts';
import type { ColumnData, ColumnType, Field } from '../../columns/index.ts';
import { parseCollaborationId } from '../../crypto/index.ts';
import {
  COLUMN_KINDS,
  type ColumnProfile,
  profileColumn,
  readSourceTable,
  type SourceContent,
  type SourceField,
  type SourceTable,
} from '../../schema/index.ts';
import { openTable, type OpenOptions, type TableInput, type TableReader } from '../../tabular/index.ts';
import { fetchSettings } from './collaboration.ts';

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
  return { name, ...(isUuid ? traits('other', COLUMN_KINDS) : TRAITS[type.kind]) };
}

function bytesAt(column: ColumnData, row: number): Uint8Array | null {
  if (column.layout === 'bytes') return valueAt(column, row);
  const { validity, values, width } = column;
  const isNull = validity !== null && (((validity[row >> 3] ?? 0) >> (row & 7)) & 1) === 0;
  return isNull ? null : values.subarray(row * width, (row + 1) * width);
}

/** A table to make a schema for. */
export interface SchemaSource {
  readonly source: SourceTable;
  /** What was found out about how the table is to be read, each with the option that says otherwise. */
  readonly notes: readonly string[];
  readonly warnings: readonly string[];
  /**
   * Profiles the first `maxRows` rows of the usable columns. It keeps no values.
   *
   * @throws {SealroomError} errors of reading the table; IO_ABORTED if the signal fires.
   */
  readonly profile: (maxRows: number) => Promise<readonly ColumnProfile[]>;
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
    const profile = (maxRows: number): Promise<readonly ColumnProfile[]> =>
      profileTable(table, source, { maxRows, signal: options.signal });
    return await work({ source, profile, notes: table.notes, warnings: table.warnings });
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
  options: { readonly maxRows: number; readonly signal?: AbortSignal | undefined },
): Promise<readonly ColumnProfile[]> {
  const profilers = source.columns.map(profileColumn);
  let rowsLeft = options.maxRows;
  const columns = source.columns.map(({ index }) => index);
  for await (const batch of table.batches({ columns, signal: options.signal })) {
    const rows = Math.min(batch.rows, rowsLeft);
    profilers.forEach((profiler, position) => {
      const column = batch.columns[position];
      if (column === undefined) return;
      for (let row = 0; row < rows; row++) profiler.add(bytesAt(column, row));
    });
    rowsLeft -= rows;
    if (rowsLeft === 0) break;
  }
  return profilers.map((profiler) => profiler.finish());
}
