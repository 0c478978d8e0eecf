import type { DuckDBConnection, DuckDBResultReader } from '@duckdb/node-api';
import type { Dialect } from 'sealroom/collab';
import { checkQuery, type CheckContext, type ParsedQuery, QueryParser, type Verdict } from 'sealroom/query';
import { afterAll, beforeAll } from 'vitest';
import { openFixture } from '../adversarial/kit/run.ts';
import { SUITE } from '../adversarial/adversarial-file.ts';

function comparable(value: unknown): unknown {
  const number = typeof value === 'number' || typeof value === 'string' ? Number(value) : Number.NaN;
  return Number.isFinite(number) && value !== '' ? Number(number.toPrecision(9)) : value;
}

/** The parser, and the data of the adversarial file in an engine without walls. */
export class TestRoom {
  readonly #parser: QueryParser;
  readonly #data: DuckDBConnection;

  private constructor(parser: QueryParser, data: DuckDBConnection) {
    this.#parser = parser;
    this.#data = data;
  }

  /** The schemas of the members are in reach of unqualified names. */
  static async open(): Promise<TestRoom> {
    const data = await openFixture(SUITE);
    await data.run("SET search_path = 'pub,brand'");
    return new TestRoom(await QueryParser.open(), data);
  }

  parse(sql: string, dialect: Dialect = 'spark'): Promise<ParsedQuery> {
    return this.#parser.parse(sql, dialect);
  }

  /** The verdict on a text. */
  async ask(sql: string, context: CheckContext): Promise<Verdict> {
    return checkQuery(await this.parse(sql, context.manifest.dialect), context);
  }

  /** The codes of a refusal, or `allowed`. */
  async codesOf(sql: string, context: CheckContext): Promise<readonly string[]> {
    const verdict = await this.ask(sql, context);
    return verdict.allowed ? ['allowed'] : verdict.findings.map(({ code }) => code);
  }

  /** The SQL that runs; fails the test if the query is refused. */
  async statementOf(sql: string, context: CheckContext): Promise<string> {
    const verdict = await this.ask(sql, context);
    if (verdict.allowed) return verdict.statement.sql;
    throw new Error(`refused: ${verdict.findings.map(({ code, message }) => `${code} ${message}`).join('; ')}`);
  }

  /** Runs SQL as it is. */
  async read(sql: string, parameters: readonly string[] = []): Promise<DuckDBResultReader> {
    return this.#data.runAndReadAll(sql, [...parameters]);
  }

  /** Rows as text, numbers to 9 digits, in an order of their own: what two engines' answers are compared by. */
  async rowsOf(sql: string, parameters: readonly string[] = []): Promise<string[]> {
    const rows = (await this.read(sql, parameters)).getRowsJson();
    return rows.map((row) => JSON.stringify(row.map(comparable))).sort();
  }

  close(): void {
    this.#parser.close();
    this.#data.closeSync();
  }
}

/** Opens the room before the tests of a file and closes it after them. */
export function useRoom(): Pick<TestRoom, 'ask' | 'codesOf' | 'parse' | 'read' | 'rowsOf' | 'statementOf'> {
  let open: TestRoom | null = null;
  const room = (): TestRoom => {
    if (open === null) throw new Error('the room is open while tests run');
    return open;
  };
  beforeAll(async () => {
    open = await TestRoom.open();
  });
  afterAll(() => {
    open?.close();
  });
  return {
    ask: (sql, context) => room().ask(sql, context),
    codesOf: (sql, context) => room().codesOf(sql, context),
    parse: (sql, dialect) => room().parse(sql, dialect),
    read: (sql, parameters) => room().read(sql, parameters),
    rowsOf: (sql, parameters) => room().rowsOf(sql, parameters),
    statementOf: (sql, context) => room().statementOf(sql, context),
  };
}
