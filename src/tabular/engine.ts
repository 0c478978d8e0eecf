import duckdb from '@duckdb/node-bindings';
import { DuckDBConnection } from '@duckdb/node-api';
import { SealroomError } from '../errors.ts';
import type { Batch, Field } from './batch.ts';
import { readVector } from './vectors.ts';

/** The release of the engine whose vector layout `vectors.ts` relies on; another one is refused at start. */
const ENGINE_VERSION = 'v1.5.6';

/** Limits of one engine instance. */
export interface EngineLimits {
  readonly memoryMiB: number;
  readonly threads: number;
  /** Where the engine may spill, or `null`: it never spills. Cleartext tables are only read with `null`. */
  readonly spillDirectory: string | null;
}

const READING: EngineLimits = { memoryMiB: 192, threads: 2, spillDirectory: null };

/** A name as SQL writes it. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text as SQL writes it. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A path as the engine takes it: its glob characters lose their meaning. */
export function quotePath(path: string): string {
  return quoteText(path.replace(/[*?[]/g, '[$&]'));
}

/**
 * An in-memory database that reads and writes table files and holds no table of its own. It loads no extension, reaches
 * no network, and its error texts are never passed on, because they quote the data.
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
    duckdb.set_config(config, 'autoinstall_known_extensions', 'false');
    duckdb.set_config(config, 'autoload_known_extensions', 'false');
    const database = await duckdb.open(':memory:', config);
    return new Engine(database, await duckdb.connect(database));
  }

  /** All rows of a small query, such as a file's metadata, as plain objects. */
  async rows(sql: string): Promise<Record<string, unknown>[]> {
    const reader = await new DuckDBConnection(this.connection).runAndReadAll(sql);
    return reader.getRowObjectsJS();
  }

  /** The rows of a query as batches of at most 2,048 rows; memory holds a few of them at a time. */
  async *stream(sql: string, fields: readonly Field[]): AsyncGenerator<Batch> {
    const statement = await duckdb.prepare(this.connection, sql);
    try {
      const result = await duckdb.execute_prepared_streaming(statement);
      for (;;) {
        const chunk = await duckdb.fetch_chunk(result);
        const rows = chunk === null ? 0 : duckdb.data_chunk_get_size(chunk);
        if (chunk === null || rows === 0) return;
        yield {
          rows,
          columns: fields.map((field, index) =>
            readVector(duckdb.data_chunk_get_vector(chunk, index), field.type, rows),
          ),
        };
      }
    } finally {
      duckdb.destroy_prepare_sync(statement);
    }
  }

  close(): void {
    duckdb.disconnect_sync(this.connection);
    duckdb.close_sync(this.#database);
  }
}

/** The kind of an engine failure without its text, which may quote values: `Invalid Input Error`, `IO Error`, ... */
export function engineFailure(error: unknown): string {
  const kind = error instanceof Error ? /^([A-Za-z-]+( [A-Za-z-]+)* Error)\b/.exec(error.message) : null;
  return kind?.[1] ?? 'unknown failure';
}
