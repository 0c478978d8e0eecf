import { type Allocator, type ByteColumn, type FixedColumn, FRESH_MEMORY, isValid } from '../bytes/index.ts';

/** The unit of a timestamp's ticks: milliseconds, microseconds or nanoseconds. */
export type TimeUnit = 'ms' | 'us' | 'ns';

/**
 * The type of a table's column. The named kinds are the client types of the format (docs/format.md); `binary` is bytes
 * without a text annotation; `opaque` is any other engine type, which can be passed through but never protected, a UUID aside,
 * which is protected as its text; `unsupported` (nested types) can only be left out, and is named as in the file.
 *
 * `binary.byteWidth` is the length of every value, if the type says so.
 *
 * `opaque.width` is the bytes per value of the engine's own representation, or `null` when values are byte strings: those of
 * the type itself, or its text where the output is text.
 */
export type ColumnType =
  | { readonly kind: 'string' | 'boolean' | 'smallint' | 'int' | 'bigint' | 'float' | 'double' | 'date' }
  | { readonly kind: 'binary'; readonly byteWidth?: number }
  | { readonly kind: 'timestamp'; readonly unit: TimeUnit; readonly utc: boolean }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  | { readonly kind: 'opaque'; readonly engineType: string; readonly width: number | null }
  | { readonly kind: 'unsupported'; readonly engineType: string };

/**
 * A column's values: byte strings for `string`, `binary` and variable-width `opaque`, fixed-width otherwise.
 *
 * Widths in bytes: boolean 1 (00/01), smallint 2, int 4, bigint 8, float 4, double 8, date 4 (days since 1970-01-01),
 * timestamp 8 (ticks), decimal 16 (unscaled value).
 */
export type ColumnData = ({ readonly layout: 'bytes' } & ByteColumn) | ({ readonly layout: 'fixed' } & FixedColumn);

/** The name and type of a column. */
export interface Field {
  readonly name: string;
  readonly type: ColumnType;
  /** The file's own name of a type that cannot be protected as it is, for messages. */
  readonly typeName?: string | undefined;
  /** Whether the values are Base64 cells, which need no quotes in any text format. */
  readonly isPlain?: boolean | undefined;
}

/** Some consecutive rows of a table: one `ColumnData` per field of the table, all of `rows` rows. */
export interface Batch {
  readonly rows: number;
  readonly columns: readonly ColumnData[];
}

/** Bytes per value of a fixed-width type, or `null` for a type whose values are byte strings. */
export function widthOf(type: ColumnType): number | null {
  switch (type.kind) {
    case 'string':
    case 'binary':
      return null;
    case 'boolean':
      return 1;
    case 'smallint':
      return 2;
    case 'int':
    case 'float':
    case 'date':
      return 4;
    case 'bigint':
    case 'double':
    case 'timestamp':
      return 8;
    case 'decimal':
      return 16;
    case 'opaque':
      return type.width;
    case 'unsupported':
      return null;
  }
}

/** The bytes of one value, as a view into the column, or `null` for a null value. */
export function bytesAt(column: ColumnData, row: number): Uint8Array | null {
  if (!isValid(column.validity, row)) return null;
  return column.layout === 'bytes'
    ? column.bytes.subarray(column.offsets[row], column.offsets[row + 1])
    : column.values.subarray(row * column.width, (row + 1) * column.width);
}

/** Copies a column into new buffers, or buffers from `memory`. */
export function copyColumn(column: ColumnData, memory: Allocator = FRESH_MEMORY): ColumnData {
  const copy = (bytes: Uint8Array): Uint8Array => {
    const copied = memory.bytes(bytes.length);
    copied.set(bytes);
    return copied;
  };
  const validity = column.validity === null ? null : copy(column.validity);
  if (column.layout === 'fixed') return { ...column, values: copy(column.values), validity };
  // Columns may share a buffer with others; copy only their own bytes.
  const { rows } = column;
  const first = column.offsets[0] ?? 0;
  const offsets = memory.ints(rows + 1);
  if (first === 0) offsets.set(column.offsets.subarray(0, rows + 1));
  else for (let row = 0; row <= rows; row++) offsets[row] = (column.offsets[row] ?? 0) - first;
  return { ...column, offsets, bytes: copy(column.bytes.subarray(first, column.offsets[rows])), validity };
}

/** The buffers of batches, each once, without shared memory. They can be transferred to another thread. */
export function buffersOf(batches: readonly Batch[]): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  for (const column of batches.flatMap((batch) => batch.columns)) {
    const arrays = column.layout === 'fixed' ? [column.values] : [column.offsets, column.bytes];
    for (const array of [...arrays, column.validity]) {
      if (array?.buffer instanceof ArrayBuffer) buffers.add(array.buffer);
    }
  }
  return [...buffers];
}
