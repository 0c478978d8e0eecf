import duckdb from '@duckdb/node-bindings';
import { SealroomError } from '../errors/index.ts';

/** The engine release whose vector layout `vectors.ts` relies on; any other is refused at start. */
const ENGINE_VERSION = 'v1.5.6';

/** The limits of an engine instance. */
export interface DatabaseLimits {
  readonly memoryMiB: number;
  readonly threads: number;
  /** Directory to which the engine may spill, or `null` for none. Cleartext tables are only read with `null`. */
  readonly spillDirectory: string | null;
}

/** The purpose of an instance, which decides what it may do. */
export type EngineProfile =
  /** Parses SQL text and never runs it: no data, no files and no network, and no way to get them. */
  | { readonly kind: 'parse' }
  /** Reads and writes table files. It runs only SQL of this program. */
  | { readonly kind: 'tables'; readonly limits: DatabaseLimits }
  /** Reads DuckDB files and nothing else: it is locked once `prepare` has run. */
  | {
      readonly kind: 'locked';
      /** Absolute path of the first file. */
      readonly path: string;
      readonly limits: Omit<DatabaseLimits, 'spillDirectory'>;
      /** SQL that runs before the instance is locked, such as what attaches the other files. */
      readonly prepare: readonly string[];
    };

/** No instance loads or installs extensions, or stores secrets. */
const CLOSED = {
  autoload_known_extensions: 'false',
  autoinstall_known_extensions: 'false',
  allow_community_extensions: 'false',
  allow_persistent_secrets: 'false',
};

/** The statements that lock an instance. The order matters: the engine refuses some of them after others. */
//= rules R-1
const LOCKS = [
  'SET enable_external_access = false',
  'SET max_expression_depth = 250',
  'SET enable_external_file_cache = false',
  "SET disabled_filesystems = 'LocalFileSystem'",
  'SET lock_configuration = true',
];

/** How an instance is opened: its first file, its settings, and the SQL that runs before anything else. */
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
      // One thread keeps the order anyway, and a Parquet writer that need not preserve it can bound its row groups by bytes.
      const order = profile.limits.threads === 1 ? { preserve_insertion_order: 'false' } : {};
      // What a file keeps as bytes stays bytes, whatever its metadata says of them. No file is read twice by one instance.
      return {
        path: ':memory:',
        settings: { ...settings, ...order },
        sql: ['SET enable_geoparquet_conversion = false', 'SET enable_external_file_cache = false'],
      };
    }
    case 'locked':
      return {
        path: profile.path,
        settings: { access_mode: 'READ_ONLY', ...limitsOf({ ...profile.limits, spillDirectory: null }) },
        sql: [...profile.prepare, "SET TimeZone = 'UTC'", ...LOCKS],
      };
  }
}

function limitsOf({ memoryMiB, threads, spillDirectory }: DatabaseLimits): Readonly<Record<string, string>> {
  return {
    threads: String(threads),
    memory_limit: `${String(memoryMiB)}MiB`,
    temp_directory: spillDirectory ?? '',
    ...CLOSED,
  };
}

/** A DuckDB instance and a connection to it. This is the only place that opens one. */
export class Database implements Disposable {
  readonly #database: duckdb.Database;
  readonly connection: duckdb.Connection;

  private constructor(database: duckdb.Database, connection: duckdb.Connection) {
    this.#database = database;
    this.connection = connection;
  }

  /**
   * Opens an instance. Errors of the engine may contain data or paths and must never be passed on.
   *
   * @throws {SealroomError} IO_ENGINE if the engine is not the release that this code was written for.
   */
  static async open(profile: EngineProfile): Promise<Database> {
    if (duckdb.library_version() !== ENGINE_VERSION) {
      throw new SealroomError(
        'IO_ENGINE',
        `the table engine must be DuckDB ${ENGINE_VERSION}, got ${duckdb.library_version()}`,
        { hint: 'run `npm ci`, which installs that version' },
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
