import duckdb from '@duckdb/node-bindings';
import { decodeUtf8Lenient, FRESH_MEMORY, isValid } from '../bytes/index.ts';
import { SealroomError } from '../errors/index.ts';
import type { ColumnData, ColumnType } from '../columns/index.ts';
import { readVector, viewVector } from './vectors.ts';

/** A value of a small result: 64-bit integers and larger ones are `bigint`. */
export type SmallValue = string | number | bigint | boolean | null;

/** A row of a small result, by the names of its columns. */
export type SmallRow = Readonly<Record<string, SmallValue>>;

/** How the values of a type are read: a table's type of the same layout, and the value at a byte of it. */
interface ValueReader {
  readonly type: ColumnType;
  readonly read: (values: DataView, at: number) => SmallValue;
}

/** The types of counts and metadata, beside text. */
const READERS: ReadonlyMap<duckdb.Type, ValueReader> = new Map<duckdb.Type, ValueReader>([
  [duckdb.Type.BOOLEAN, { type: { kind: 'boolean' }, read: (values, at) => values.getUint8(at) !== 0 }],
  [duckdb.Type.SMALLINT, { type: { kind: 'smallint' }, read: (values, at) => values.getInt16(at, true) }],
  [duckdb.Type.INTEGER, { type: { kind: 'int' }, read: (values, at) => values.getInt32(at, true) }],
  [duckdb.Type.BIGINT, { type: { kind: 'bigint' }, read: (values, at) => values.getBigInt64(at, true) }],
  [duckdb.Type.UBIGINT, { type: { kind: 'bigint' }, read: (values, at) => values.getBigUint64(at, true) }],
  [duckdb.Type.HUGEINT, { type: { kind: 'decimal', precision: 38, scale: 0 }, read: readHugeInteger }],
  [duckdb.Type.DOUBLE, { type: { kind: 'double' }, read: (values, at) => values.getFloat64(at, true) }],
]);

/**
 * All rows of a result that is small, such as a file's metadata or counts.
 *
 * @throws {SealroomError} IO_ENGINE if a column is neither of text, an integer, DOUBLE nor BOOLEAN.
 */
export async function readSmallResult(result: duckdb.Result): Promise<SmallRow[]> {
  const names = Array.from({ length: duckdb.column_count(result) }, (_, index) => duckdb.column_name(result, index));
  const types = names.map((_, index) => duckdb.column_type(result, index));
  const found: SmallRow[] = [];
  for (;;) {
    const chunk = await duckdb.fetch_chunk(result);
    const rows = chunk === null ? 0 : duckdb.data_chunk_get_size(chunk);
    if (chunk === null || rows === 0) return found;
    const columns = types.map((type, index) => readColumn(duckdb.data_chunk_get_vector(chunk, index), type, rows));
    for (let row = 0; row < rows; row++) {
      found.push(Object.fromEntries(names.map((name, index) => [name, columns[index]?.[row] ?? null])));
    }
  }
}

function readColumn(vector: duckdb.Vector, type: duckdb.Type, rows: number): readonly SmallValue[] {
  const reader = READERS.get(type);
  if (type !== duckdb.Type.VARCHAR && reader === undefined) {
    throw new SealroomError(
      'IO_ENGINE',
      `the table engine answered in type ${duckdb.Type[type]}, which no small query may have`,
    );
  }
  const column = readVector(viewVector(vector, reader?.type ?? { kind: 'string' }, rows), FRESH_MEMORY);
  return Array.from({ length: rows }, (_, row) =>
    isValid(column.validity, row) ? readValue(column, row, reader) : null,
  );
}

function readValue(column: ColumnData, row: number, reader: ValueReader | undefined): SmallValue {
  if (column.layout === 'bytes') {
    return decodeUtf8Lenient(column.bytes.subarray(column.offsets[row], column.offsets[row + 1]));
  }
  const { buffer, byteOffset, byteLength } = column.values;
  return reader?.read(new DataView(buffer, byteOffset, byteLength), row * column.width) ?? null;
}

function readHugeInteger(values: DataView, at: number): bigint {
  return (values.getBigInt64(at + 8, true) << 64n) | values.getBigUint64(at, true);
}
