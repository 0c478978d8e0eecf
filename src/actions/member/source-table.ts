import { valueAt } from '../src/bytes/index.ts';
import type { ColumnProfile, SourceContent, SourceField, SourceTable } from '../src/schema/index.ts';
import { COLUMN_KINDS, profileColumn } from '../src/schema/index.ts';
import type { Batch, ColumnData, ColumnType, Field } from '../src/columns/index.ts';
import type { ReadRequest } from '../src/tabular/index.ts';

/** What is needed of a table to propose a schema for it; `openTable` gives one. */
export interface TableSource {
  readonly fields: readonly Field[];
  batches(request: ReadRequest): AsyncIterable<Batch>;
  close(): Promise<void>;
}

type Traits = Pick<SourceField, 'content' | 'kinds'>;

const traits = (content: SourceContent, kinds: SourceField['kinds']): Traits => ({ content, kinds });
const NO_FINGERPRINT = COLUMN_KINDS.filter((kind) => kind !== 'fingerprint');

/** What a schema can make of a column of each type: format F-24, F-25 and F-87. */
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

/** A table's column in the words of a schema. */
export function toSourceField(field: Field): SourceField {
  return { name: field.name, ...TRAITS[field.type.kind] };
}

function bytesAt(column: ColumnData, row: number): Uint8Array | null {
  if (column.layout === 'bytes') return valueAt(column, row);
  const { validity, values, width } = column;
  const isNull = validity !== null && (((validity[row >> 3] ?? 0) >> (row & 7)) & 1) === 0;
  return isNull ? null : values.subarray(row * width, (row + 1) * width);
}

/**
 * Facts about the first `maxRows` rows of a table's usable columns. Keeps no values.
 *
 * @throws {SealroomError} what reading the table throws; IO_ABORTED if the signal fires.
 */
export async function profileTable(
  table: TableSource,
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
