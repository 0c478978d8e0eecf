import duckdb from '@duckdb/node-bindings';
import { Arena } from '../bytes/index.ts';
import { SealroomError } from '../errors/index.ts';
import type { Batch, Field } from '../columns/index.ts';
import { readSmallResult, type SmallRow } from './small-result.ts';
import { readVector } from './vectors.ts';

/** The engine release whose vector layout `vectors.ts` relies on; any other is refused at start. */
const ENGINE_VERSION = 'v1.5.6';

/** The limits of an engine instance. */
export interface EngineLimits {
  readonly memoryMiB: number;
  readonly threads: number;
  /** Directory to which the engine may spill, or `null` for none. Cleartext tables are only read with `null`. */
  readonly spillDirectory: string | null;
}

/**
 * The limits for reading. The memory is a cap, not a requirement: an ordinary Parquet file takes under 200 MiB, but a page
 * of long texts may take 100 MiB by itself.
 */
export const READING: EngineLimits = { memoryMiB: 2048, threads: 1, spillDirectory: null };

/** The {@link engineFailure} of an exceeded memory limit. */
export const OUT_OF_MEMORY = 'Out of Memory Error';

/** Quotes an SQL identifier. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Quotes an SQL string literal. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Quotes a path to read as an SQL literal, with glob characters escaped. For a path to write, use {@link quoteText}. */
export function quotePath(path: string): string {
  return quoteText(path.replace(/[*?[]/g, '[$&]'));
}

/**
 * An in-memory database that reads and writes table files, and stores no tables itself. It loads no extension, has no
 * network access, and its error messages are never passed on, because they quote the data.
 */
export class Engine {
  readonly #database: duckdb.Database;
  readonly connection: duckdb.Connection;

  private constructor(database: duckdb.Database, connection: duckdb.Connection) {
    this.#database = database;
    this.connection = connection;
  }

  /** @throws {SealroomError} IO_ENGINE if the engine is not the release that this code was written for. */
  static async open(limits: EngineLimits = READING): Promise<Engine> {
    if (duckdb.library_version() !== ENGINE_VERSION) {
      throw new SealroomError(
        'IO_ENGINE',
        `expected table engine ${ENGINE_VERSION}, got ${duckdb.library_version()}: run \`npm ci\``,
      );
    }
    const config = duckdb.create_config();
    duckdb.set_config(config, 'threads', String(limits.threads));
    duckdb.set_config(config, 'memory_limit', `${String(limits.memoryMiB)}MiB`);
    duckdb.set_config(config, 'temp_directory', limits.spillDirectory ?? '');
    // One thread keeps the order anyway, and a Parquet writer that need not preserve it can bound its row groups by bytes.
    if (limits.threads === 1) duckdb.set_config(config, 'preserve_insertion_order', 'false');
    duckdb.set_config(config, 'autoinstall_known_extensions', 'false');
    duckdb.set_config(config, 'autoload_known_extensions', 'false');
    const database = await duckdb.open(':memory:', config);
    return new Engine(database, await duckdb.connect(database));
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
    duckdb.disconnect_sync(this.connection);
    duckdb.close_sync(this.#database);
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
