// The query runner: a process of its own, started by the demo with an empty environment and the folder of protected
// tables. It holds no key and imports nothing that could use one.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { argv, env, stdout } from 'node:process';
import { fileURLToPath } from 'node:url';
import type { DuckDBConnection } from '@duckdb/node-api';
import { queryTable, quoteText, tableSource, withDuckDb } from './table-reader.ts';
import { formatTable, formatText } from './terminal.ts';

/** Columns of the protected result that fit the screen. */
const SHOWN_COLUMNS = 'region, same_person, brightfen_holder, tannhof_holder, brightfen_note';

/** Joins the protected tables in `roomFolder`, writes the two results there and prints what can be seen of them. */
async function runQueries(connection: DuckDBConnection, roomFolder: string, queryFolder: string): Promise<void> {
  const tables = readdirSync(roomFolder).filter((file) => file.endsWith('.parquet'));
  print(
    formatText(
      `I have ${String(Object.keys(env).length)} environment variables, ${String(tables.length)} protected tables and no key.`,
    ),
  );
  for (const file of tables) {
    const view = file.replace(/\.parquet$/u, '');
    await connection.run(`CREATE VIEW ${view} AS FROM ${tableSource(join(roomFolder, file))}`);
  }
  const shared = await answer(connection, roomFolder, queryFolder, 'filed-with-both');
  const totals = await answer(connection, roomFolder, queryFolder, 'totals-per-region');

  const count = await queryTable(connection, `SELECT count(*) FROM ${shared}`);
  print('');
  print(formatText(`queries/filed-with-both.sql -> ${count.rows[0]?.[0] ?? '?'} rows, names and notes still sealed:`));
  print(formatTable(await queryTable(connection, `SELECT ${SHOWN_COLUMNS} FROM ${shared} LIMIT 3`)));
  print('');
  print(formatText('queries/totals-per-region.sql -> from cleartext columns and fingerprints alone:'));
  print(formatTable(await queryTable(connection, `FROM ${totals}`)));
}

/** Runs one of the query files into a Parquet file and returns the source expression of that file. */
async function answer(
  connection: DuckDBConnection,
  roomFolder: string,
  queryFolder: string,
  name: string,
): Promise<string> {
  const query = readFileSync(join(queryFolder, `${name}.sql`), 'utf8');
  const target = join(roomFolder, `${name}.parquet`);
  await connection.run(`COPY (${query}) TO ${quoteText(target)} (FORMAT parquet)`);
  return tableSource(target);
}

function print(text: string): void {
  stdout.write(`${text}\n`);
}

const roomFolder = argv[2];
if (roomFolder === undefined) throw new Error('usage: query-runner.ts <folder of protected Parquet files>');
const queryFolder = fileURLToPath(new URL('queries/', import.meta.url));
await withDuckDb((connection) => runQueries(connection, roomFolder, queryFolder));
