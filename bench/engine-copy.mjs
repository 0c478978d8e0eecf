// DuckDB alone reads a table and writes it again in the same format: node engine-copy.mjs csv|parquet THREADS INPUT OUTPUT
// Prints the CPU seconds and seconds of the statement, without the start of the process.
import process from 'node:process';
import { DuckDBInstance } from '@duckdb/node-api';

const [format = '', threads = '', input = '', output = ''] = process.argv.slice(2);
const quote = (/** @type {string} */ path) => `'${path.replaceAll("'", "''")}'`;
const source =
  format === 'csv'
    ? `read_csv(${quote(input)}, header = true, all_varchar = true, delim = ',', quote = '"', escape = '"')`
    : `read_parquet(${quote(input)})`;
const target = format === 'csv' ? 'FORMAT csv, HEADER true' : 'FORMAT parquet, COMPRESSION uncompressed';

const instance = await DuckDBInstance.create(':memory:', threads === '' ? {} : { threads });
const connection = await instance.connect();
const started = performance.now();
const before = process.cpuUsage();
await connection.run(`COPY (FROM ${source}) TO ${quote(output)} (${target})`);
const { user, system } = process.cpuUsage(before);
const wallSeconds = (performance.now() - started) / 1000;
process.stdout.write(JSON.stringify({ cpuSeconds: (user + system) / 1e6, wallSeconds }));
