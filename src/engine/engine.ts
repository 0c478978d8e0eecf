import duckdb from '@duckdb/node-bindings';
import { Arena } from '../bytes/index.ts';
import { SealroomError } from '../errors/index.ts';
import type { Batch, Field } from '../columns/index.ts';
import { Database, type DatabaseLimits } from './database.ts';
import { readSmallResult, type SmallRow } from './small-result.ts';
import { readVector } from './vectors.ts';

/**
 * The limits for reading. The memory is a cap, not a requirement: an ordinary Parquet file takes under 200 MiB, but a page
 * of long texts may take 100 MiB by itself.
 */
export const READING: DatabaseLimits = { memoryMiB: 2048, threads: 1, spillDirectory: null };

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
   * Runs a query and yields batches of at most 2,048 rows, each valid until the next one is requested.
   *
   * A query that fails after its first rows ends as if it were complete, and its error is lost. So the caller passes the
   * expected number of rows, and a query that yields fewer is run again, as a whole, for its error.
   *
   * @throws {SealroomError} DATA_CORRUPT, without the file's name, if there are more or fewer than `expectedRows`.
   */
  async *stream(sql: string, fields: readonly Field[], expectedRows: number): AsyncGenerator<Batch> {
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
        memory.reset();
        const columns = fields.map((field, index) =>
          readVector(duckdb.data_chunk_get_vector(chunk, index), field.type, rows, memory),
        );
        // Everything is copied, so the engine can go on while the batch is processed.
        next = duckdb.fetch_chunk(result);
        yield { rows, columns };
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

function rowsDiffer(expected: number, got: string): SealroomError {
  return new SealroomError('DATA_CORRUPT', `expected ${String(expected)} rows, got ${got}`, {
    hint: 'the file may be damaged, or have changed while it was read',
  });
}

/** The kind of an engine failure, without its message, which may quote values: `Invalid Input Error`, `IO Error`, ... */
export function engineFailure(error: unknown): string {
  const text = error instanceof Error ? error.message : '';
  if (text.startsWith('Invalid Input Error: {"exception_type":"Out of Memory"')) return OUT_OF_MEMORY;
  return /^([A-Za-z-]+( [A-Za-z-]+)* Error)\b/.exec(text)?.[1] ?? 'unknown failure';
}
