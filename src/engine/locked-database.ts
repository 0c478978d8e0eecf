import { basename, extname } from 'node:path';
import duckdb from '@duckdb/node-bindings';
import { FRESH_MEMORY } from '../bytes/index.ts';
import type { Batch, ColumnType } from '../columns/index.ts';
import { Database, type DatabaseLimits } from './database.ts';
import { quoteIdentifier, quoteText } from './sql.ts';
import { readVector, viewVector } from './vectors.ts';

/** A DuckDB file that queries read. */
export interface LockedFile {
  /** Absolute path. */
  readonly path: string;
  /** The schema of its one table. */
  readonly schema: string;
}

/** One query. */
export interface LockedQuery {
  readonly sql: string;
  /** Bound to `$1`, `$2`, …, as text. */
  readonly parameters: readonly string[];
  /** Number of rows that are passed on; if there are more, the result is cut. */
  readonly maxRows: number;
}

/** Thrown for a result that is larger than the limits allow. */
export class ResultTooLarge extends Error {}

/** The catalogue names of files. A hyphen distinguishes them from schemas, which have none in their names. */
function catalogOf({ path }: LockedFile, index: number): string {
  return index === 0 ? basename(path, extname(path)) : `snapshot-${String(index)}`;
}

/**
 * A DuckDB instance that can read the files of a query and nothing else: all files are attached `READ_ONLY`, and then files,
 * network, extensions and settings are locked.
 *
 * This is the second line of defence. The first is that only SQL printed from a checked query runs, because even in a locked
 * instance a plain SELECT can do more than it should.
 */
export class LockedDatabase {
  readonly #connection: duckdb.Connection;

  private constructor(connection: duckdb.Connection) {
    this.#connection = connection;
  }

  /** Throws the engine's errors. Their messages may contain data and must never be passed on. */
  static async open(
    files: readonly LockedFile[],
    limits: Omit<DatabaseLimits, 'spillDirectory'>,
  ): Promise<LockedDatabase> {
    const [first, ...others] = files;
    if (first === undefined) throw new TypeError('a query must read a table');
    const attachments = others.map(
      (file, index) => `ATTACH ${quoteText(file.path)} AS ${quoteIdentifier(catalogOf(file, index + 1))} (READ_ONLY)`,
    );
    // With this, `"schema"."table"` is found in any of the files.
    const places = files.map(
      (file, index) => `${quoteIdentifier(catalogOf(file, index))}.${quoteIdentifier(file.schema)}`,
    );
    const prepare = [...attachments, `SET search_path = ${quoteText(places.join(','))}`, WITHOUT_FAULTY_OPTIMIZER];
    const { connection } = await Database.open({ kind: 'locked', path: first.path, limits, prepare });
    return new LockedDatabase(connection);
  }

  /**
   * Runs a query to completion, and then passes on its columns and rows.
   *
   * @returns whether there were more rows than the job allows
   * @throws {ResultTooLarge} if the result is too large; the engine's errors, as in {@link LockedDatabase.open}.
   */
  async run(
    { sql, parameters, maxRows }: LockedQuery,
    maxBytes: number,
    sink: {
      readonly columns: (types: readonly ColumnType[]) => Promise<void>;
      readonly batch: (batch: Batch) => Promise<void>;
    },
  ): Promise<boolean> {
    const statement = await duckdb.prepare(this.#connection, sql);
    for (const [index, value] of parameters.entries()) duckdb.bind_varchar(statement, index + 1, value);
    // Not streamed, because a query that fails after its first rows would look complete.
    const result = await duckdb.execute_prepared(statement);
    const types = Array.from({ length: duckdb.column_count(result) }, (_, index) =>
      columnTypeOf(duckdb.column_logical_type(result, index)),
    );
    await sink.columns(types);
    let rows = 0;
    let bytes = 0;
    for (;;) {
      const chunk = await duckdb.fetch_chunk(result);
      const size = chunk === null ? 0 : duckdb.data_chunk_get_size(chunk);
      if (chunk === null || size === 0) return false;
      const taken = Math.min(size, maxRows - rows);
      const batch = readChunk(chunk, types, taken);
      bytes += bytesOf(batch);
      if (bytes > maxBytes) throw new ResultTooLarge();
      rows += taken;
      if (taken > 0) await sink.batch(batch);
      if (taken < size) return true;
    }
  }
}

/**
 * Where the statistics of a semi or anti join say that nothing matches, this optimizer of DuckDB 1.5 leaves a plan that does not bind, and
 * the query fails. Statistics are those of the data, so failing or not would tell of them.
 */
const WITHOUT_FAULTY_OPTIMIZER = "SET disabled_optimizers = 'column_lifetime'";

/** The column types of results. A type that no file format has becomes the next larger one. */
const RESULT_TYPES: ReadonlyMap<duckdb.Type, ColumnType> = new Map<duckdb.Type, ColumnType>([
  [duckdb.Type.VARCHAR, { kind: 'string' }],
  [duckdb.Type.BOOLEAN, { kind: 'boolean' }],
  [duckdb.Type.TINYINT, { kind: 'smallint' }],
  [duckdb.Type.SMALLINT, { kind: 'smallint' }],
  [duckdb.Type.INTEGER, { kind: 'int' }],
  [duckdb.Type.BIGINT, { kind: 'bigint' }],
  [duckdb.Type.FLOAT, { kind: 'float' }],
  [duckdb.Type.DOUBLE, { kind: 'double' }],
  [duckdb.Type.DATE, { kind: 'date' }],
  [duckdb.Type.TIMESTAMP, { kind: 'timestamp', unit: 'us', utc: false }],
  // The same 128 bits; sums stay far below 10^38.
  [duckdb.Type.HUGEINT, { kind: 'decimal', precision: 38, scale: 0 }],
]);

function columnTypeOf(type: duckdb.LogicalType): ColumnType {
  const id = duckdb.get_type_id(type);
  if (id === duckdb.Type.DECIMAL) {
    return { kind: 'decimal', precision: duckdb.decimal_width(type), scale: duckdb.decimal_scale(type) };
  }
  const known = RESULT_TYPES.get(id);
  if (known === undefined) throw new TypeError(`the result has an unknown type: ${String(id)}`);
  return known;
}

/** The type of columns that are given as SMALLINT. */
const TINYINT: ColumnType = { kind: 'opaque', engineType: 'TINYINT', width: 1 };

function readChunk(chunk: duckdb.DataChunk, types: readonly ColumnType[], rows: number): Batch {
  const columns = types.map((type, index) => {
    const vector = duckdb.data_chunk_get_vector(chunk, index);
    const isTiny = duckdb.get_type_id(duckdb.vector_get_column_type(vector)) === duckdb.Type.TINYINT;
    if (!isTiny) return readVector(viewVector(vector, type, rows), FRESH_MEMORY);
    const narrow = readVector(viewVector(vector, TINYINT, rows), FRESH_MEMORY);
    if (narrow.layout !== 'fixed') throw new TypeError('a TINYINT of variable width');
    const wide = Int16Array.from(new Int8Array(narrow.values.buffer, narrow.values.byteOffset, rows));
    return { ...narrow, width: 2, values: new Uint8Array(wide.buffer) };
  });
  return { rows, columns };
}

function bytesOf({ columns }: Batch): number {
  return columns.reduce(
    (total, column) => total + (column.layout === 'bytes' ? column.bytes.length : column.values.length),
    0,
  );
}
