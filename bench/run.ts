import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { version as duckdbVersion } from '@duckdb/node-api';
import { benchKernels } from './kernels.ts';
import { describeLoad } from './load.ts';
import { type BenchOptions, parseOptions, USAGE } from './options.ts';
import { BenchError } from './process.ts';
import { openReference } from './reference.ts';
import {
  type BenchReport,
  floorLines,
  kernelLines,
  ratioLines,
  ratiosOf,
  TABLES,
  tableRows,
  warningLines,
} from './report.ts';
import { benchStages, stageLines } from './stages/run.ts';
import { benchStarts, SEVEN_ROWS, startLines } from './start.ts';
import { BENCH_SETTINGS, benchTable, type TableBench, type TableCase, type TableFigure } from './tables.ts';

function describeMachine(): Record<string, string | number> {
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    openssl: process.versions.openssl,
    duckdb: duckdbVersion(),
  };
}

function describeRuns(repeat: number): string {
  return repeat === 1 ? 'single runs' : `medians of ${String(repeat)}`;
}

function print(...lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}

async function runBench(options: BenchOptions, signal: AbortSignal): Promise<void> {
  const machine = describeMachine();
  print(
    `${machine['processor']}, ${machine['cores']} cores, ${machine['memoryGiB']} GiB, ${machine['platform']}; Node ` +
      `${machine['node']}, OpenSSL ${machine['openssl']}, DuckDB ${machine['duckdb']}; ${describeRuns(options.repeat)}; load ${describeLoad()}`,
  );
  const reference = options.reference === null ? null : await openReference(options.reference, BENCH_SETTINGS);
  const folder = await mkdtemp(join(tmpdir(), 'sealroom-bench-'));
  try {
    const onFigure = (figure: TableFigure): void => print(...tableRows(figure));
    const bench: TableBench = { folder, options, reference, signal, onFigure };
    print('', '7 rows', '', TABLES.head);
    const startUp = await benchTable(bench, SEVEN_ROWS);
    print('', 'From a new process to its end', '');
    const starts = await benchStarts(bench);
    print(...startLines(starts));
    const cases: TableCase[] = options.skipTables
      ? []
      : options.rows.flatMap((rows) =>
          options.formats.flatMap((format) => options.pads.map((pad) => ({ rows, format, pad }))),
        );
    if (cases.length > 0) print('', 'Tables', '', TABLES.head);
    const tables: TableFigure[] = [];
    for (const table of cases) tables.push(...(await benchTable(bench, table)));
    print(...warningLines([...startUp, ...tables]));
    if (options.floors) print('', 'Floors: CPU seconds, and ours to them', '', ...floorLines(tables));
    const stages = options.stages ? await benchStages(bench) : [];
    if (options.stages) print('', 'Stages', ...stageLines(stages));
    const kernels = options.skipKernels ? [] : await benchKernels(signal);
    if (kernels.length > 0) print('', 'Cells', '', ...kernelLines(kernels));
    const ratios = ratiosOf(startUp, tables, kernels);
    if (ratios.length > 0) print('', 'Ratios within this run', '', ...ratioLines(ratios));
    print('', `load at the end ${describeLoad()}`);
    if (options.json !== null) {
      const report: BenchReport = { machine, options, starts, startUp, tables, stages, kernels, ratios };
      await writeFile(options.json, `${JSON.stringify(report, null, 2)}\n`);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
    await reference?.close();
  }
}

async function main(): Promise<number> {
  const abort = new AbortController();
  const stop = (): void => {
    abort.abort();
  };
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    const options = parseOptions(process.argv.slice(2));
    if (options === null) print(USAGE);
    else await runBench(options, abort.signal);
    return 0;
  } catch (error) {
    if (abort.signal.aborted) return 130;
    if (!(error instanceof BenchError)) throw error;
    process.stderr.write(`error: ${error.message}\n`);
    return error.exitCode;
  }
}

process.exitCode = await main();
