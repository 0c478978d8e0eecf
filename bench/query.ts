// How long queries are checked, how long they run, and how long a room is loaded: npm run bench:query -- --help
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout } from 'node:timers/promises';
import { DuckDBInstance, version as duckdbVersion } from '@duckdb/node-api';
import { checkQuery, QueryParser, type QueryRequest, QueryRunner, type ReleaseClock } from 'sealroom/query';
import { loadTable, openRoom } from 'sealroom/room';
import { askAs, openCampaign } from '../samples/room/run.ts';
import { type BigTable, createBigRoom, JOIN_QUERY } from './big-room.ts';
import { benchChecks } from './checks.ts';
import { describeLoad } from './load.ts';
import { markdownTable, number, text } from './markdown.ts';
import { median } from './median.ts';
import { BenchError, measure } from './process.ts';
import { parseQueryOptions, QUERY_USAGE, type QueryBenchOptions } from './query-options.ts';
import { MAIN } from './tables.ts';

/** For what was started and is not waited for: the process of the next query. */
const PAUSE_MS = 1500;

/** Rows of tables over which a query costs what it costs anyway. */
const SMALL_ROWS = 2000;

function print(...lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** A DuckDB file, and the schema of its tables. */
interface DataFile {
  readonly path: string;
  readonly schema: string;
}

/** The milliseconds of a query, from its start to its rows, and of CPU time of this process meanwhile. */
interface Timing {
  readonly wall: number;
  readonly cpu: number;
}

/** SQL alone over DuckDB files, on the settings that the runner's engine has. */
async function timeAlone(files: readonly DataFile[], sql: string): Promise<Timing> {
  const settings = { threads: '2', memory_limit: '1024MiB', temp_directory: '' };
  const instance = await DuckDBInstance.create(':memory:', settings);
  const connection = await instance.connect();
  try {
    for (const [index, { path }] of files.entries()) {
      await connection.run(`ATTACH ${quote(path)} AS file${String(index)} (READ_ONLY)`);
    }
    const places = files.map(({ schema }, index) => `file${String(index)}.${schema}`);
    await connection.run(`SET search_path = ${quote(places.join(','))}`);
    const start = performance.now();
    const before = process.cpuUsage();
    await connection.runAndReadAll(sql);
    const { user, system } = process.cpuUsage(before);
    return { wall: performance.now() - start, cpu: (user + system) / 1000 };
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** The tables with their cells as text in a DuckDB file, as one would keep them without a room. */
async function storeText(folder: string, tables: readonly BigTable[]): Promise<DataFile> {
  const path = join(folder, 'text.duckdb');
  const instance = await DuckDBInstance.create(path);
  const connection = await instance.connect();
  try {
    for (const { name, file } of tables) {
      await connection.run(`CREATE TABLE ${name} AS FROM read_parquet(${quote(file)})`);
    }
    return { path, schema: 'main' };
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** The snapshots of a room, and what the runner's engine runs over them for {@link JOIN_QUERY}. */
async function readStatement(
  directory: string,
): Promise<{ readonly files: readonly DataFile[]; readonly sql: string }> {
  const { manifest, tables } = await openRoom(directory);
  using parser = await QueryParser.open();
  const context = { manifest, member: 'shoes', receivers: ['shoes'] };
  const verdict = checkQuery(await parser.parse(JOIN_QUERY, manifest.dialect), context);
  if (!verdict.allowed) throw new BenchError(`refused: ${verdict.findings.map(({ code }) => code).join()}`, 1);
  const files = tables.map(({ owner, snapshot }) => ({ path: snapshot?.path ?? '', schema: owner }));
  return { files, sql: verdict.statement.sql };
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

const LOADS = markdownTable([
  text('sealroom room add', 26),
  ...[number('CPU s', 6), number('wall s'), number('peak MiB')],
]);

/** Loads the tables in processes of their own. */
async function benchLoads(tables: readonly BigTable[], rows: number, directory: string, folder: string): Promise<void> {
  const { signal } = new AbortController();
  const program = ['--import', join(import.meta.dirname, 'measure.mjs'), MAIN];
  print(`load ${describeLoad()}`, '', LOADS.head);
  for (const { name, file } of tables) {
    const command = [process.execPath, ...program, 'room', 'add', name, file, '--room', directory];
    const env = { C3R_SHARED_SECRET: undefined, SEALROOM_SECRET_FILE: undefined, SEALROOM_KEY: undefined };
    const { cpuSeconds, wallSeconds, peakMiB } = await measure(command, { folder, env, signal });
    const times = [cpuSeconds, wallSeconds].map((seconds) => seconds.toFixed(2));
    print(LOADS.row([`${name}, ${rows.toLocaleString('en')} rows`, ...times, (peakMiB ?? Number.NaN).toFixed(0)]));
  }
  print('');
}

const JOINS = markdownTable([
  text('', 49),
  ...[number('CPU ms'), number('wall ms'), number('CPU, to plain'), number('wall, to plain')],
]);

/** Loads two tables, and joins them in three ways, in turn. */
async function benchJoin({ rows, repeat }: QueryBenchOptions, folder: string): Promise<void> {
  const { directory, tables } = await createBigRoom(folder, rows);
  await benchLoads(tables, rows, directory, folder);
  await using runner = await openRunner(directory);
  const request = askAs({ kind: 'text', sql: JOIN_QUERY });
  const bareFiles = [await storeText(folder, tables)];
  const { files, sql } = await readStatement(directory);
  const times = { bare: new Array<Timing>(), statement: new Array<Timing>(), runner: new Array<number>() };
  for (let run = -1; run < repeat; run += 1) {
    await setTimeout(PAUSE_MS);
    const bare = await timeAlone(bareFiles, JOIN_QUERY);
    const statement = await timeAlone(files, sql);
    const own = await timeQuery(runner, request);
    if (run < 0) continue;
    times.bare.push(bare);
    times.statement.push(statement);
    times.runner.push(own);
  }
  const bare = medianOf(times.bare);
  const statement = medianOf(times.statement);
  const own = median(times.runner);
  const fixed = await timeSmallJoin(join(folder, 'small'), repeat);
  const whole = (ms: number): string => ms.toFixed(0);
  const toPlain = (one: number, plain: number): string => (one / plain).toFixed(2);
  const rowOfRunner = (name: string, ms: number): string =>
    JOINS.row([name, '', whole(ms), '', toPlain(ms, bare.wall)]);
  print(
    `join of ${rows.toLocaleString('en')} rows with as many: medians of ${String(repeat)}, in turn, load ${describeLoad()}`,
    '',
    JOINS.head,
    JOINS.row(['plain, no thresholds', whole(bare.cpu), whole(bare.wall)]),
    JOINS.row([
      ...['room, two thresholds', whole(statement.cpu), whole(statement.wall)],
      ...[toPlain(statement.cpu, bare.cpu), toPlain(statement.wall, bare.wall)],
    ]),
    rowOfRunner('the same through the runner', own),
    JOINS.row([`the same over ${SMALL_ROWS.toLocaleString('en')} rows: what a query costs else`, '', whole(fixed)]),
    rowOfRunner('through the runner without that', own - fixed),
  );
}

function medianOf(timings: readonly Timing[]): Timing {
  return { wall: median(timings.map(({ wall }) => wall)), cpu: median(timings.map(({ cpu }) => cpu)) };
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
  const [least, most] = [Math.min(...first), Math.max(...first)].map((time) => time.toFixed(0));
  print(
    `a runner on the data of samples/room, medians of ${String(repeat)}: opens in ${median(opening).toFixed(0)} ms; its first ` +
      `query takes ${median(first).toFixed(0)} ms (${least ?? ''} to ${most ?? ''} ms)`,
    '',
  );
}

const FIRST_QUERY =
  'SELECT i.region, COUNT(DISTINCT i.person) AS reach FROM impressions i JOIN purchases p ON i.person = p.person GROUP BY i.region';

async function runBench(options: QueryBenchOptions): Promise<void> {
  const model = cpus()[0]?.model ?? 'unknown';
  print(`${model}, ${String(cpus().length)} cores, Node ${process.version}, DuckDB ${duckdbVersion()}`, '');
  const folder = await mkdtemp(join(tmpdir(), 'sealroom-bench-'));
  try {
    print(...(await benchChecks(options.rounds)));
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
