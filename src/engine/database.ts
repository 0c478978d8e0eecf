import duckdb from '@duckdb/node-bindings';
import { SealroomError } from '../errors/index.ts';

/** The release of the engine whose vector layout `vectors.ts` relies on; another one is refused at start. */
const ENGINE_VERSION = 'v1.5.6';

/** Limits of one engine instance. */
export interface EngineLimits {
  readonly memoryMiB: number;
  readonly threads: number;
  /** Where the engine may spill, or `null`: it never spills. Cleartext tables are only read with `null`. */
  readonly spillDirectory: string | null;
}

/** What an instance is for, which says what it may do. */
export type EngineProfile =
  /** Reads SQL text and runs none of it: no data, no files, no network, and no way to get them. */
  | { readonly kind: 'parse' }
  /** Reads and writes the files of tables; runs SQL of this program only. */
  | { readonly kind: 'tables'; readonly limits: EngineLimits }
  /** Reads files of DuckDB and nothing else: closed once `prepare` has run. */
  | {
      readonly kind: 'locked';
      /** Absolute path of the first file. */
      readonly path: string;
      readonly limits: Omit<EngineLimits, 'spillDirectory'>;
      /** SQL that runs before the instance is closed, such as what attaches the other files. */
      readonly prepare: readonly string[];
    };

/** No instance loads an extension, or fetches one, or keeps secrets of its own. */
const CLOSED = {
  autoload_known_extensions: 'false',
  autoinstall_known_extensions: 'false',
  allow_community_extensions: 'false',
  allow_persistent_secrets: 'false',
};

/** What closes an instance that text from outside reaches, in this order: some of them are refused after others. */
//= rules R-1
const LOCKS = [
  'SET enable_external_access = false',
  'SET max_expression_depth = 250',
  'SET enable_external_file_cache = false',
  "SET disabled_filesystems = 'LocalFileSystem'",
  'SET lock_configuration = true',
];

/** How an instance of a profile begins, and the SQL that runs before anything else does. */
interface Opening {
  readonly path: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly sql: readonly string[];
}

function openingOf(profile: EngineProfile): Opening {
  switch (profile.kind) {
    case 'parse':
      return {
        path: ':memory:',
        settings: {
          ...limitsOf({ memoryMiB: 512, threads: 1, spillDirectory: null }),
          enable_external_access: 'false',
        },
        sql: LOCKS,
      };
    case 'tables': {
      const settings = limitsOf(profile.limits);
      // One thread keeps the order anyway, and a Parquet writer that need not keep it can bound its row groups by bytes.
      const order = profile.limits.threads === 1 ? { preserve_insertion_order: 'false' } : {};
      return { path: ':memory:', settings: { ...settings, ...order }, sql: [] };
    }
    case 'locked':
      return {
        path: profile.path,
        settings: { access_mode: 'READ_ONLY', ...limitsOf({ ...profile.limits, spillDirectory: null }) },
        sql: [...profile.prepare, "SET TimeZone = 'UTC'", ...LOCKS],
      };
  }
}

function limitsOf({ memoryMiB, threads, spillDirectory }: EngineLimits): Readonly<Record<string, string>> {
  return {
    threads: String(threads),
    memory_limit: `${String(memoryMiB)}MiB`,
    temp_directory: spillDirectory ?? '',
    ...CLOSED,
  };
}

/** An instance of DuckDB and a connection to it. This is the one place that opens one. */
export class Database implements Disposable {
  readonly #database: duckdb.Database;
  readonly connection: duckdb.Connection;

  private constructor(database: duckdb.Database, connection: duckdb.Connection) {
    this.#database = database;
    this.connection = connection;
  }

  /**
   * Opens an instance. Errors of the engine may quote data or paths and are never passed on.
   *
   * @throws {SealroomError} IO_ENGINE if the engine is not the release that this code was written for.
   */
  static async open(profile: EngineProfile): Promise<Database> {
    if (duckdb.library_version() !== ENGINE_VERSION) {
      throw new SealroomError(
        'IO_ENGINE',
        `expected table engine ${ENGINE_VERSION}, got ${duckdb.library_version()}: run \`npm ci\``,
      );
    }
    const { path, settings, sql } = openingOf(profile);
    const config = duckdb.create_config();
    for (const [name, value] of Object.entries(settings)) duckdb.set_config(config, name, value);
    const database = await duckdb.open(path, config);
    const opened = new Database(database, await duckdb.connect(database));
    try {
      for (const statement of sql) await duckdb.query(opened.connection, statement);
      return opened;
    } catch (error) {
      opened.close();
      throw error;
    }
  }

  close(): void {
    duckdb.disconnect_sync(this.connection);
    duckdb.close_sync(this.#database);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
