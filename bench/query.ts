// How long queries are checked, how long they run, and how long a room is loaded: npm run bench:query -- --help
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout } from 'node:timers/promises';
import { DuckDBInstance, version as duckdbVersion } from '@duckdb/node-api';
import { type QueryRequest, QueryRunner, type ReleaseClock } from 'sealroom/query';
import { loadTable, openRoom } from 'sealroom/room';
import { askAs, openCampaign } from '../samples/room/run.ts';
import { createBigRoom, JOIN_QUERY } from './big-room.ts';
import { benchChecks } from './checks.ts';
import { median } from './median.ts';
import { BenchError, measure } from './process.ts';
import { parseQueryOptions, QUERY_USAGE, type QueryBenchOptions } from './query-options.ts';

/** For what was started and is not waited for: the process of the next query. */
const PAUSE_MS = 1500;

/** Rows of tables over which a query costs what it costs anyway. */
const SMALL_ROWS = 2000;

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** The bare SQL over the snapshots, on the settings that the runner's engine has. The milliseconds of the query alone. */
async function timeBare(directory: string): Promise<number> {
  const { tables } = await openRoom(directory);
  const settings = { threads: '2', memory_limit: '1024MiB', temp_directory: '' };
  const instance = await DuckDBInstance.create(':memory:', settings);
  const connection = await instance.connect();
  try {
    for (const { name, owner, snapshot } of tables) {
      await connection.run(`ATTACH '${(snapshot?.path ?? '').replaceAll("'", "''")}' AS "${name}" (READ_ONLY)`);
      await connection.run(`CREATE VIEW ${name} AS FROM "${name}"."${owner}"."${name}"`);
    }
    const start = performance.now();
    await connection.runAndReadAll(JOIN_QUERY);
    return performance.now() - start;
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

async function timeQuery(runner: QueryRunner, request: QueryRequest): Promise<number> {
  const start = performance.now();
  const outcome = await runner.run(request);
  const end = performance.now();
  if (outcome.kind === 'refused')
    throw new BenchError(`refused: ${outcome.findings.map(({ code }) => code).join()}`, 1);
  return end - start;
}

/** What is measured is the work and not the wait for a whole second. */
const AT_ONCE: ReleaseClock = { elapsedMs: () => performance.now(), wait: () => Promise.resolve() };

function openRunner(directory: string): Promise<QueryRunner> {
  return QueryRunner.open({ directory, env: {}, now: () => new Date(), clock: AT_ONCE });
}

/** What a query costs whatever its tables' size: the median of the same join over small ones. */
async function timeSmallJoin(folder: string, repeat: number): Promise<number> {
  await mkdir(folder);
  const { directory, tables } = await createBigRoom(folder, SMALL_ROWS);
  for (const { name, file } of tables) {
    await loadTable({ directory, table: name, input: file, now: () => new Date() });
  }
  await using runner = await openRunner(directory);
  const request = askAs({ kind: 'text', sql: JOIN_QUERY });
  const times: number[] = [];
  for (let run = -1; run < repeat; run += 1) {
    await setTimeout(PAUSE_MS);
    const time = await timeQuery(runner, request);
    if (run >= 0) times.push(time);
  }
  return median(times);
}

/** Loads two tables in processes of their own, and joins them through a runner and without one, in turn. */
async function benchJoin({ rows, repeat }: QueryBenchOptions, folder: string): Promise<void> {
  const { directory, tables } = await createBigRoom(folder, rows);
  const { signal } = new AbortController();
  const cli = [join(import.meta.dirname, 'measure.mjs'), join(import.meta.dirname, '../dist/bin/sealroom.js')] as const;
  for (const { name, file } of tables) {
    const command = [process.execPath, '--import', cli[0], cli[1], 'room', 'add', name, file, '--room', directory];
    const env = { C3R_SHARED_SECRET: undefined, SEALROOM_SECRET_FILE: undefined, SEALROOM_KEY: undefined };
    const run = await measure(command, { folder, env, signal });
    const [cpu, wall] = [run.cpuSeconds, run.wallSeconds].map((seconds) => seconds.toFixed(2));
    const peak = Math.round(run.peakMiB ?? Number.NaN);
    print(
      `load of ${rows.toLocaleString('en')} rows: CPU ${cpu ?? ''} s, wall ${wall ?? ''} s, peak ${String(peak)} MiB`,
    );
  }
  await using runner = await openRunner(directory);
  const request = askAs({ kind: 'text', sql: JOIN_QUERY });
  const times = { bare: new Array<number>(), runner: new Array<number>() };
  for (let run = -1; run < repeat; run += 1) {
    await setTimeout(PAUSE_MS);
    const bare = await timeBare(directory);
    const own = await timeQuery(runner, request);
    if (run < 0) continue;
    times.bare.push(bare);
    times.runner.push(own);
  }
  const [bare, own] = [median(times.bare), median(times.runner)];
  const fixed = await timeSmallJoin(join(folder, 'small'), repeat);
  const all = Object.entries(times).map(([name, list]) => `${name} ${list.map((time) => time.toFixed(0)).join(' ')}`);
  print(`join of ${rows.toLocaleString('en')} rows with as many: median of ${String(repeat)}, in turn`);
  print(`  bare SQL, no thresholds ${bare.toFixed(0)} ms; through the runner, two thresholds ${own.toFixed(0)} ms`);
  print(`  ratio ${(own / bare).toFixed(2)}; all: ${all.join(', ')}`);
  print(
    `  the same over ${SMALL_ROWS.toLocaleString('en')} rows ${fixed.toFixed(0)} ms: opening files, two records, messages`,
  );
  print(`  ratio without that ${((own - fixed) / bare).toFixed(2)}`);
}

/** The first query of a runner whose processes are there, on the data of samples/room. */
async function benchFirstQuery({ repeat }: QueryBenchOptions, folder: string): Promise<void> {
  const { directory, secret } = await openCampaign(folder);
  secret[Symbol.dispose]();
  const request = askAs({ kind: 'text', sql: FIRST_QUERY });
  const opening: number[] = [];
  const first: number[] = [];
  for (let run = -1; run < repeat; run += 1) {
    const start = performance.now();
    await using runner = await openRunner(directory);
    const open = performance.now();
    await setTimeout(PAUSE_MS);
    const time = await timeQuery(runner, request);
    if (run < 0) continue;
    opening.push(open - start);
    first.push(time);
  }
  const all = first.map((time) => time.toFixed(0)).join(' ');
  print(
    `first query on the data of samples/room: median of ${String(repeat)} ${median(first).toFixed(0)} ms; all: ${all}`,
  );
  print(`  opening the runner before it: ${median(opening).toFixed(0)} ms`);
}

const FIRST_QUERY =
  'SELECT i.region, COUNT(DISTINCT i.person) AS reach FROM impressions i JOIN purchases p ON i.person = p.person GROUP BY i.region';

async function runBench(options: QueryBenchOptions): Promise<void> {
  const model = cpus()[0]?.model ?? 'unknown';
  print(`${model}, ${String(cpus().length)} cores, Node ${process.version}, DuckDB ${duckdbVersion()}`);
  const folder = await mkdtemp(join(tmpdir(), 'sealroom-bench-'));
  try {
    for (const line of await benchChecks(options.rounds)) print(line);
    const sample = join(folder, 'sample');
    await mkdir(sample);
    await benchFirstQuery(options, sample);
    await benchJoin(options, folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

try {
  const options = parseQueryOptions(process.argv.slice(2));
  if (options === null) print(QUERY_USAGE);
  else await runBench(options);
} catch (error) {
  if (!(error instanceof BenchError)) throw error;
  process.stderr.write(`error: ${error.message}\n`);
  process.exitCode = error.exitCode;
}
