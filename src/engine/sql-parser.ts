import duckdb from '@duckdb/node-bindings';
import { Database } from './database.ts';
import { readSmallResult } from './small-result.ts';

/** DuckDB's parser. It parses SQL text and never runs it. Calls may overlap. */
export class SqlParser implements Disposable {
  readonly #database: Database;

  private constructor(database: Database) {
    this.#database = database;
  }

  /** @throws {SealroomError} as {@link Database.open}. */
  static async open(): Promise<SqlParser> {
    return new SqlParser(await Database.open({ kind: 'parse' }));
  }

  /**
   * What the parser makes of a text: JSON with a tree of statements, or with the error that it found.
   *
   * @throws Error of the engine for a text that is nested too deeply.
   */
  async serialise(text: string): Promise<unknown> {
    const sql = 'SELECT json_serialize_sql($1::VARCHAR) AS tree';
    const statement = await duckdb.prepare(this.#database.connection, sql);
    try {
      duckdb.bind_varchar(statement, 1, text);
      const [row] = await readSmallResult(await duckdb.execute_prepared(statement));
      return row?.['tree'];
    } finally {
      duckdb.destroy_prepare_sync(statement);
    }
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}
