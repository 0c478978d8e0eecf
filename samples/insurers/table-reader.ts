import { DuckDBInstance } from '@duckdb/node-api';
import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api';
import type { PrintedTable } from './terminal.ts';

/** Lends an empty in-memory engine to a callback and closes it afterwards. */
export async function withDuckDb<T>(use: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    return await use(connection);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** Runs a query and returns its rows as text, as a person would read them. */
export async function queryTable(connection: DuckDBConnection, sql: string): Promise<PrintedTable> {
  const reader = await connection.runAndReadAll(sql);
  return { headers: reader.columnNames(), rows: reader.getRows().map((row) => row.map(showValue)) };
}

/** The SQL expression that reads a table file: CSV as text with empty fields null, Parquet with its own types. */
export function tableSource(path: string): string {
  return path.endsWith('.csv')
    ? `read_csv(${quoteText(path)}, header = true, all_varchar = true, delim = ',', quote = '"', escape = '"')`
    : `read_parquet(${quoteText(path)}, binary_as_string = true)`;
}

/** An SQL text literal. */
function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function showValue(value: DuckDBValue): string | null {
  return value === null ? null : String(value);
}
