import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { checkQuery, type CheckContext, type QueryParser, type Verdict } from 'sealroom/query';
import { FILE } from './adversarial-file.ts';

/** The data of the adversarial file, with the schemas of its members in reach of unqualified names. */
export async function openRoom(): Promise<DuckDBConnection> {
  const room = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
  for (const sql of FILE.fixtureSql) await room.run(sql);
  await room.run("SET search_path = 'pub,brand'");
  return room;
}

/** Rows as text, numbers to 9 digits, in an order of their own: what two engines' answers are compared by. */
export async function rowsOf(
  room: DuckDBConnection,
  sql: string,
  parameters: readonly string[] = [],
): Promise<string[]> {
  const reader = await room.runAndReadAll(sql, [...parameters]);
  const rows = reader.getRowsJson();
  return rows.map((row) => JSON.stringify(row.map(comparable))).sort();
}

function comparable(value: unknown): unknown {
  const number = typeof value === 'number' || typeof value === 'string' ? Number(value) : Number.NaN;
  return Number.isFinite(number) && value !== '' ? Number(number.toPrecision(9)) : value;
}

/** The verdict on a text. */
export async function ask(parser: QueryParser, sql: string, context: CheckContext): Promise<Verdict> {
  return checkQuery(await parser.parse(sql), context);
}

/** The codes of a refusal, or `allowed`. */
export async function codesOf(parser: QueryParser, sql: string, context: CheckContext): Promise<readonly string[]> {
  const verdict = await ask(parser, sql, context);
  return verdict.allowed ? ['allowed'] : verdict.findings.map(({ code }) => code);
}

/** The SQL that runs; fails the test if the query is refused. */
export async function statementOf(parser: QueryParser, sql: string, context: CheckContext): Promise<string> {
  const verdict = await ask(parser, sql, context);
  if (verdict.allowed) return verdict.statement.sql;
  throw new Error(`refused: ${verdict.findings.map(({ code, message }) => `${code} ${message}`).join('; ')}`);
}
