import { createHash } from 'node:crypto';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import type { CollaborationSettings } from 'sealroom';
import { type FloorRun, measureFloors, medianFloors } from './floors.ts';
import { fingerprintOfTable, generateBenchTable } from './generate.ts';
import { median } from './median.ts';
import type { BenchOptions, Format, PadName } from './options.ts';
import { BenchError, CommandError, measure, type Run, type RunPlace } from './process.ts';
import { type Reference, referenceArguments } from './reference.ts';

/** A table and what is asked of it. */
export interface TableCase {
  readonly rows: number;
  readonly format: Format;
  readonly pad: PadName;
}

/** What one command cost on one table: medians, and the runs they are of. */
export interface TableFigure extends TableCase, Medians {
  readonly operation: Operation;
  /** As passed to the command; `null` if it was not. */
  readonly kernel: string | null;
  readonly threads: number | null;
  readonly rowsPerSecond: number;
  readonly inputMiB: number;
  readonly outputMiB: number;
  readonly runs: readonly Run[];
  readonly reference: ReferenceFigure | null;
  /** Medians. */
  readonly floors: FloorRun | null;
}

/** What the reference cost on the same file, its run `i` right after ours. */
export interface ReferenceFigure extends Medians {
  readonly outputMiB: number;
  readonly runs: readonly Run[];
  /** The reference's divided by ours, pair by pair: above 1 where we cost less. */
  readonly cpuRatios: readonly number[];
  readonly wallRatios: readonly number[];
  readonly cpuRatio: number;
  readonly wallRatio: number;
  /** Whether both outputs hold the same rows: fingerprints and cleartext after encryption, all values after decryption. */
  readonly isSameOutput: boolean;
}

interface Medians {
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
  readonly peakMiB: number | null;
}

/** What is asked of a table. */
export type Operation = 'encrypt' | 'decrypt';

/** How it is asked; `null` leaves the choice to the command. */
export interface Way {
  readonly kernel: string | null;
  readonly threads: number | null;
}

/** Where and with what the tables are measured. */
export interface TableBench {
  readonly folder: string;
  readonly options: BenchOptions;
  readonly reference: Reference | null;
  readonly signal: AbortSignal;
  /** Called with each figure as soon as it is there. */
  readonly onFigure: (figure: TableFigure) => void;
}

/** The settings of the benchmark's collaboration. */
export const BENCH_SETTINGS: CollaborationSettings = {
  allowCleartext: true,
  allowDuplicates: true,
  allowJoinsOnColumnsWithDifferentNames: false,
  preserveNulls: false,
};

const ID = '0f4c1c9e-1f6a-4d5e-9a56-6f2d7c0b8a11';
// A benchmark protects nothing: the secret is derived from a public text.
const SECRET = createHash('sha256').update('sealroom benchmark').digest('base64');
/** The program that is measured. */
export const MAIN = fileURLToPath(new URL('../dist/bin/sealroom.js', import.meta.url));
/** It notes its memory. */
const COMMAND = [process.execPath, '--import', new URL('measure.mjs', import.meta.url).href, MAIN];
const SCHEMA = 'schema.json';
const ALL_COLUMNS = ['id', 'email', 'amount', 'note', 'category'];
/** Columns that two encryptions of a table have in common. */
const STABLE_COLUMNS = ['id', 'email', 'category'];

/** The schema of the benchmark: two fingerprint columns, two sealed ones and one that stays cleartext. */
export function schemaWith(pad: PadName): string {
  const sealed = { type: 'sealed', pad: pad === 'max' ? { type: 'max', length: 0 } : { type: 'fixed', length: 64 } };
  const columns = [
    { sourceHeader: 'id', targetHeader: 'id', type: 'fingerprint' },
    { sourceHeader: 'email', targetHeader: 'email', type: 'fingerprint' },
    { sourceHeader: 'amount', targetHeader: 'amount', ...sealed },
    { sourceHeader: 'note', targetHeader: 'note', ...sealed },
    { sourceHeader: 'category', targetHeader: 'category', type: 'cleartext' },
  ];
  return JSON.stringify({ headerRow: true, columns });
}

/** Our arguments for an operation; options that the user of the benchmark left out are left out here. */
export function sealroomArguments(
  operation: Operation,
  files: { readonly input: string; readonly output: string },
  { kernel, threads }: Way,
): string[] {
  return [
    ...[operation, files.input, '--id', ID, '--output', files.output, '--overwrite'],
    ...(operation === 'encrypt' ? ['--schema', SCHEMA, '--allow-cleartext', '--allow-duplicates'] : []),
    ...(kernel === null ? [] : ['--kernel', kernel]),
    ...(threads === null ? [] : ['--threads', String(threads)]),
  ];
}

/**
 * Encrypts a table and decrypts the result, as often as is asked for. Runs that are compared take turns: the kernels and numbers
 * of threads one after the other, each with its floors, then the reference, then all of it again.
 *
 * @throws {BenchError} with exit code 2 if the reference fails, with 1 if `sealroom` does.
 * @throws {DOMException} if the signal is aborted.
 */
export async function benchTable(bench: TableBench, table: TableCase): Promise<TableFigure[]> {
  await writeTable(bench.folder, table);
  const encrypted = await benchOperation(bench, table, 'encrypt');
  const decrypted = await benchOperation(bench, table, 'decrypt');
  return [...encrypted, ...decrypted];
}

/** Writes the table and its schema. */
export async function writeTable(folder: string, table: TableCase): Promise<void> {
  const { rows, format, pad } = table;
  await generateBenchTable({ rows, format, path: join(folder, filesOf('encrypt', table).input) });
  await writeFile(join(folder, SCHEMA), schemaWith(pad));
}

/** The files of an operation: what `sealroom` encrypts is decrypted, by all clients. */
export function filesOf(
  operation: Operation,
  { format }: TableCase,
): { readonly input: string; readonly output: string } {
  const encrypted = `encrypted.${format}`;
  return operation === 'encrypt'
    ? { input: `table.${format}`, output: encrypted }
    : { input: encrypted, output: `decrypted.${format}` };
}

/** The ways that are measured. */
export function waysOf({ kernels, threads }: BenchOptions): Way[] {
  return kernels.flatMap((kernel) => threads.map((count) => ({ kernel, threads: count })));
}

async function benchOperation(bench: TableBench, table: TableCase, operation: Operation): Promise<TableFigure[]> {
  const { folder, options } = bench;
  const { input, output } = filesOf(operation, table);
  const theirOutput = `reference-${output}`;
  const ourRuns = waysOf(options).map((way) => ({ way, runs: [] as Run[], floors: [] as FloorRun[] }));
  const theirRuns: Run[] = [];
  for (let turn = 0; turn < options.repeat; turn++) {
    for (const { way, runs, floors } of ourRuns) {
      runs.push(await runSealroom(placeOf(bench), sealroomArguments(operation, { input, output }, way)));
      if (options.floors)
        floors.push(await measureFloors(placeOf(bench), { input, output }, table.format, way.threads));
    }
    if (bench.reference !== null) {
      const files = { input, output: theirOutput, schema: SCHEMA };
      theirRuns.push(await runReference(bench, bench.reference, referenceArguments(operation, files, ID)));
    }
  }
  const inputMiB = await sizeMiB(folder, input);
  const outputMiB = await sizeMiB(folder, output);
  const theirs =
    bench.reference === null
      ? null
      : {
          outputMiB: await sizeMiB(folder, theirOutput),
          runs: theirRuns,
          isSameOutput: await holdSameRows(folder, operation, [output, theirOutput]),
        };
  return ourRuns.map(({ way, runs, floors }) => {
    const medians = mediansOf(runs);
    const figure = {
      ...{ operation, ...table, ...way, ...medians, rowsPerSecond: table.rows / medians.wallSeconds },
      ...{ inputMiB, outputMiB, runs, floors: floors.length === 0 ? null : medianFloors(floors) },
      reference: theirs === null ? null : { ...mediansOf(theirs.runs), ...theirs, ...ratiosOf(runs, theirs.runs) },
    };
    bench.onFigure(figure);
    return figure;
  });
}

/** Where the commands of a benchmark run, with their secret. */
export function placeOf({ folder, signal }: Pick<TableBench, 'folder' | 'signal'>): RunPlace {
  return { folder, signal, env: { C3R_SHARED_SECRET: SECRET } };
}

/**
 * Runs `sealroom` once.
 *
 * @throws {BenchError} with exit code 1 if it fails.
 */
export async function runSealroom(place: RunPlace, args: readonly string[]): Promise<Run> {
  try {
    return await measure([...COMMAND, ...args], place);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new BenchError(`\`sealroom ${args.join(' ')}\` failed with ${error.message}:\n${error.lastWords}`, 1);
  }
}

async function runReference(
  { folder, signal }: TableBench,
  reference: Reference,
  args: readonly string[],
): Promise<Run> {
  const env = { ...reference.env, C3R_SHARED_SECRET: SECRET };
  try {
    return await measure([...reference.command, ...args], { folder, signal, env });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    const what = error.code === 127 ? 'was not found' : `failed with ${error.message}`;
    throw new BenchError(`the reference ${what}: ${[...reference.command, ...args].join(' ')}\n${error.lastWords}`, 2);
  }
}

function mediansOf(runs: readonly Run[]): Medians {
  const peaks = runs.map((run) => run.peakMiB).filter((peak) => peak !== null);
  return {
    cpuSeconds: median(runs.map((run) => run.cpuSeconds)),
    wallSeconds: median(runs.map((run) => run.wallSeconds)),
    peakMiB: peaks.length === 0 ? null : median(peaks),
  };
}

function ratiosOf(
  ours: readonly Run[],
  theirs: readonly Run[],
): Pick<ReferenceFigure, 'cpuRatio' | 'cpuRatios' | 'wallRatio' | 'wallRatios'> {
  const ratios = (cost: (run: Run) => number): number[] =>
    ours.flatMap((run, turn) => {
      const other = theirs[turn];
      return other === undefined ? [] : [cost(other) / cost(run)];
    });
  const cpuRatios = ratios((run) => run.cpuSeconds);
  const wallRatios = ratios((run) => run.wallSeconds);
  return { cpuRatios, wallRatios, cpuRatio: median(cpuRatios), wallRatio: median(wallRatios) };
}

async function sizeMiB(folder: string, name: string): Promise<number> {
  try {
    return (await stat(join(folder, name))).size / 2 ** 20;
  } catch {
    // Ours is always there after exit code 0.
    throw new BenchError(`the reference ended with exit code 0 and wrote no ${name}`, 2);
  }
}

async function holdSameRows(folder: string, operation: Operation, names: readonly [string, string]): Promise<boolean> {
  const columns = operation === 'encrypt' ? STABLE_COLUMNS : ALL_COLUMNS;
  try {
    const [ours, theirs] = await Promise.all(names.map((name) => fingerprintOfTable(join(folder, name), columns)));
    return ours === theirs;
  } catch {
    // No table, or other columns.
    return false;
  }
}
