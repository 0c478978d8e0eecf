import duckdb from '@duckdb/node-bindings';
import { Arena } from '../bytes/index.ts';
import { SealroomError } from '../errors/index.ts';
import {
  type Batch,
  BATCH_BYTES,
  type Field,
  MAX_ROW_BYTES,
  MAX_VALUE_BYTES,
  rowTooLong,
  splitRows,
  valueTooLong,
} from '../columns/index.ts';
import { Database, type DatabaseLimits } from './database.ts';
import { readSmallResult, type SmallRow } from './small-result.ts';
import { measureVector, readVector, textLengths, type VectorView, viewVector } from './vectors.ts';

/**
 * The limits for reading. The memory is a cap, not a requirement: an ordinary Parquet file takes under 200 MiB, but a page
 * of long texts may take 100 MiB by itself. It does not cover texts that the engine makes of a page; see `reading-process.ts`.
 */
export const READING: DatabaseLimits = { memoryMiB: 576, threads: 1, spillDirectory: null };

/** The {@link engineFailure} of an exceeded memory limit. */
export const OUT_OF_MEMORY = 'Out of Memory Error';

/**
 * An in-memory database that reads and writes table files, and stores no tables itself. It loads no extension, has no
 * network access, and its error messages are never passed on, because they quote the data.
 */
export class Engine {
  readonly #database: Database;

  private constructor(database: Database) {
    this.#database = database;
  }

  /** @throws {SealroomError} as {@link Database.open}. */
  static async open(limits: DatabaseLimits = READING): Promise<Engine> {
    return new Engine(await Database.open({ kind: 'tables', limits }));
  }

  get connection(): duckdb.Connection {
    return this.#database.connection;
  }

  /**
   * All rows of a small query, such as a file's metadata, as plain objects.
   *
   * @throws {SealroomError} as {@link readSmallResult}.
   */
  async rows(sql: string): Promise<readonly SmallRow[]> {
    return readSmallResult(await duckdb.query(this.connection, sql));
  }

  /**
   * Runs a query and yields batches of at most 2,048 rows and 8 MiB of texts, each valid until the next one is requested. A row that
   * is longer is a batch by itself.
   *
   * A query that fails after its first rows ends as if it were complete, and its error is lost. So the caller passes the
   * expected number of rows, and a query that yields fewer is run again, as a whole, for its error.
   *
   * @throws {SealroomError} without the file's name: DATA_CORRUPT if there are more or fewer than `expectedRows`, DATA_LENGTH with row
   *   and column for a value over `maxValueBytes` or a row over {@link MAX_ROW_BYTES}, before any of it is copied.
   */
  async *stream(
    sql: string,
    fields: readonly Field[],
    expectedRows: number,
    maxValueBytes = MAX_VALUE_BYTES,
  ): AsyncGenerator<Batch> {
    const statement = await duckdb.prepare(this.connection, sql);
    const memory = new Arena();
    let seen = 0;
    let next: Promise<duckdb.DataChunk | null> = Promise.resolve(null);
    try {
      const result = await duckdb.execute_prepared_streaming(statement);
      next = duckdb.fetch_chunk(result);
      for (;;) {
        const chunk = await next;
        const rows = chunk === null ? 0 : duckdb.data_chunk_get_size(chunk);
        seen += rows;
        if (seen > expectedRows) throw rowsDiffer(expectedRows, 'more');
        if (chunk === null || rows === 0) break;
        const vectors = fields.map(({ type }, index) =>
          viewVector(duckdb.data_chunk_get_vector(chunk, index), type, rows),
        );
        for (const part of partsOf(vectors, fields, rows, seen - rows, maxValueBytes)) {
          memory.reset();
          const columns = vectors.map((vector) => readVector(vector, memory, part.start, part.rows));
          // Everything is copied, so the engine can go on while the last part is processed. The chunk itself is freed when V8 collects it,
          // which may be hundreds of chunks later; what it refers to, such as a page of the file, is freed here.
          if (part.start + part.rows === rows) {
            duckdb.data_chunk_reset(chunk);
            next = duckdb.fetch_chunk(result);
          }
          yield { rows: part.rows, columns };
        }
      }
    } finally {
      await next.catch(() => undefined);
      duckdb.destroy_prepare_sync(statement);
      memory.wipe();
    }
    if (seen === expectedRows) return;
    await this.rows(`SELECT count(hash(COLUMNS(*))) FROM (${sql})`);
    throw rowsDiffer(expectedRows, String(seen));
  }

  close(): void {
    this.#database.close();
  }
}

/** The parts of a chunk that are copied at once: all of it, unless its texts are long. */
function partsOf(
  vectors: readonly VectorView[],
  fields: readonly Field[],
  rows: number,
  firstRow: number,
  maxValueBytes: number,
): Iterable<{ readonly start: number; readonly rows: number }> {
  const measured = vectors.map(measureVector);
  const bytes = measured.reduce((sum, column) => sum + column.bytes, 0);
  const isShort = bytes <= BATCH_BYTES && measured.every(({ longest }) => longest <= maxValueBytes);
  if (isShort) return [{ start: 0, rows }];
  const lengths = rowLengths(vectors, fields, rows, firstRow, maxValueBytes);
  return splitRows(rows, (row) => lengths[row] ?? 0);
}

/** Bytes of the texts in each row of a chunk. */
function rowLengths(
  vectors: readonly VectorView[],
  fields: readonly Field[],
  rows: number,
  firstRow: number,
  maxValueBytes: number,
): Float64Array {
  const sums = new Float64Array(rows);
  const lengths = vectors.map(textLengths);
  for (const [index, column] of lengths.entries()) {
    for (let row = 0; row < rows; row++) {
      const bytes = column[row] ?? 0;
      if (bytes > maxValueBytes) throw valueTooLong(maxValueBytes, bytes, firstRow + row + 1, fields[index]?.name);
      sums[row] = (sums[row] ?? 0) + bytes;
    }
  }
  const long = sums.findIndex((bytes) => bytes > MAX_ROW_BYTES);
  if (long === -1) return sums;
  const inRow = lengths.map((column) => column[long] ?? 0);
  const longest = inRow.indexOf(inRow.reduce((most, bytes) => Math.max(most, bytes), 0));
  throw rowTooLong(sums[long] ?? 0, firstRow + long + 1, fields[longest]?.name);
}

function rowsDiffer(expected: number, got: string): SealroomError {
  return new SealroomError('DATA_CORRUPT', `expected ${String(expected)} rows, got ${got}`, {
    hint: 'the file may be damaged, or have changed while it was read',
  });
}

/** Beginnings of messages that say more than their kind, and quote nothing yet. */
const KNOWN_BEGINNINGS = [
  'IO Error: Unsupported converted type',
  'IO Error: DECIMAL requires a length and scale',
  'Invalid Input Error: Invalid string encoding',
];

/**
 * The kind of an engine failure, without its message, which may quote values: `Invalid Input Error`, `IO Error`, …, or one of a few
 * beginnings of a message.
 */
export function engineFailure(error: unknown): string {
  const text = error instanceof Error ? error.message : '';
  const known = KNOWN_BEGINNINGS.find((beginning) => text.startsWith(beginning));
  if (known !== undefined) return known;
  if (text.startsWith('Invalid Input Error: {"exception_type":"Out of Memory"')) return OUT_OF_MEMORY;
  return /^([A-Za-z-]+( [A-Za-z-]+)* Error)\b/.exec(text)?.[1] ?? 'unknown failure';
}
