import { type Batch, type Field, widthOf } from './batch.ts';

/** Options of one pass over a table. */
export interface ReadRequest {
  /** The columns in the batches, as indexes into `fields`, in this order. Others are not read. */
  readonly columns: readonly number[];
  /** The longest value that is accepted, in bytes. Default: `MAX_VALUE_BYTES`, 32 MiB. */
  readonly maxValueBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A table that can be read any number of times, in batches. */
export interface ColumnSource {
  /** What errors call it. */
  readonly name: string;
  /** All columns, in the table's order, with headers as they stand in the table. */
  readonly fields: readonly Field[];
  /**
   * Starts a pass over the rows in table order, with bounded memory. The source owns the buffers of a batch: they are valid
   * until the next batch is requested, and must not be passed to a writer.
   *
   * @throws {SealroomError} DATA_CORRUPT if the table turns out to be damaged, DATA_TYPE for a column that cannot be read, DATA_LENGTH
   *   for a value or a row that is too long, IO_ABORTED if the signal fires.
   */
  batches(request: ReadRequest): AsyncIterable<Batch>;
}

/** A whole table in memory. */
export interface ColumnTable {
  readonly fields: readonly Field[];
  /** The rows; each batch has one column for each field. */
  readonly batches: readonly Batch[];
}

/**
 * A table in memory as a source.
 *
 * @param name what errors call it
 * @throws {TypeError} if a batch has columns of other numbers, lengths or layouts than its fields say.
 */
export function sourceOf({ fields, batches }: ColumnTable, name: string): ColumnSource {
  for (const batch of batches) requireShape(fields, batch);
  return {
    name,
    fields,
    // eslint-disable-next-line @typescript-eslint/require-await -- other sources have something to wait for
    async *batches({ columns, signal }) {
      for (const batch of batches) {
        signal?.throwIfAborted();
        yield { rows: batch.rows, columns: columns.flatMap((index) => batch.columns[index] ?? []) };
      }
    },
  };
}

function requireShape(fields: readonly Field[], { rows, columns }: Batch): void {
  if (columns.length !== fields.length) {
    throw new TypeError(`a batch of ${String(columns.length)} columns in a table of ${String(fields.length)}`);
  }
  for (const [index, column] of columns.entries()) {
    const { name, type } = fields[index] ?? { name: '', type: { kind: 'string' } };
    const width = widthOf(type);
    const isRight =
      column.rows === rows &&
      (column.layout === 'bytes'
        ? width === null && column.offsets.length > rows
        : column.width === width && column.values.length >= rows * width) &&
      (column.validity === null || column.validity.length * 8 >= rows);
    if (!isRight) throw new TypeError(`column \`${name}\`: values of another length or layout than its type and batch`);
  }
}
