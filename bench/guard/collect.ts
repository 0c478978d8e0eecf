import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import type { Format } from '../options.ts';
import { measure } from '../process.ts';
import {
  filesOf,
  MAIN,
  type Operation,
  placeOf,
  runSealroom,
  sealroomArguments,
  type TableCase,
  writeTable,
} from '../tables.ts';
import type { Figure } from './compare.ts';
import type { Pair } from './ratios.ts';

/** Where the guard works. */
export interface GuardPlace {
  readonly folder: string;
  readonly signal: AbortSignal;
}

/** So many that the work on rows is most of what is measured, and a round takes seconds. */
const ROWS = 300_000;
/** One thread does the same work in the same order each time; this kernel runs on every machine. */
const WAY = { kernel: 'wasm', threads: 1 } as const;
const OPERATIONS: readonly Operation[] = ['encrypt', 'decrypt'];
const CSV: TableCase = { rows: ROWS, format: 'csv', pad: 'fixed' };
const TABLES: readonly TableCase[] = [CSV, { ...CSV, format: 'parquet' }];
/** A command that is measured. */
export interface GuardCommand {
  readonly name: string;
  readonly format: Format;
  readonly argv: readonly string[];
}

/** Encryption first, for decryption reads what it wrote. */
export const COMMANDS: readonly GuardCommand[] = TABLES.flatMap((table) =>
  OPERATIONS.map((operation) => ({
    name: `${operation} ${table.format}`,
    format: table.format,
    argv: sealroomArguments(operation, filesOf(operation, table), WAY),
  })),
);

const COUNT = new URL('count.mjs', import.meta.url).href;
const CALIBRATE = fileURLToPath(new URL('calibrate.mjs', import.meta.url));

/** What a thread of a counted process reports, or a module that it loaded. */
interface Counts {
  readonly module?: string;
  readonly calls?: number;
  readonly memoryBytes?: number;
  readonly maxRssKiB?: number;
  readonly readBytes?: number;
  readonly writtenBytes?: number;
}

/** Writes the tables that all figures are of. */
export async function prepare(place: GuardPlace): Promise<void> {
  for (const table of TABLES) await writeTable(place.folder, table);
}

/** Counts that are the same, or nearly, each time: what is loaded, read, written, called and held. */
export async function countAll(place: GuardPlace): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const option of ['--version', '--help']) {
    figures.push(...(await figuresOfModules(option, await countOf(place, [option]))));
  }
  for (const { name, format, argv } of COMMANDS) {
    const lines = await countOf(place, argv);
    figures.push(...figuresOfWork(name, lines));
    // Of a Parquet file the engine reads and writes as it likes: once ten times as much as at another time.
    if (format === 'csv') figures.push(...(await figuresOfModules(name, lines)), ...figuresOfBytes(name, lines));
  }
  return figures;
}

async function countOf(place: GuardPlace, argv: readonly string[]): Promise<Counts[]> {
  const file = join(place.folder, 'counts');
  await rm(file, { force: true });
  const { env, ...rest } = placeOf(place);
  await measure([process.execPath, '--import', COUNT, MAIN, ...argv], { ...rest, env: { ...env, BENCH_COUNTS: file } });
  const text = await readFile(file, 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Counts);
}

async function figuresOfModules(name: string, lines: readonly Counts[]): Promise<Figure[]> {
  const files = lines.flatMap(({ module }) => (module?.startsWith('file:') === true ? [fileURLToPath(module)] : []));
  const own = [...new Set(files)].filter((file) => !file.startsWith(import.meta.dirname));
  const sizes = await Promise.all(own.map(async (file) => (await stat(file)).size));
  return [
    { name: `${name}: loaded`, unit: 'modules', value: own.length },
    { name: `${name}: loaded code`, unit: 'KiB', value: Math.round(sizes.reduce((sum, size) => sum + size, 0) / 1024) },
  ];
}

function figuresOfWork(name: string, lines: readonly Counts[]): Figure[] {
  return [
    { name: `${name}: calls`, unit: 'calls into WASM', value: sumOf(lines, 'calls') },
    { name: `${name}: memory of WASM`, unit: 'MiB', value: mebibytes(sumOf(lines, 'memoryBytes')) },
    { name: `${name}: peak memory`, unit: 'MiB', value: mebibytes(sumOf(lines, 'maxRssKiB') * 1024) },
  ];
}

function figuresOfBytes(name: string, lines: readonly Counts[]): Figure[] {
  return [
    { name: `${name}: read`, unit: 'MiB', value: mebibytes(sumOf(lines, 'readBytes')) },
    { name: `${name}: written`, unit: 'MiB', value: mebibytes(sumOf(lines, 'writtenBytes')) },
  ];
}

function sumOf(lines: readonly Counts[], key: Exclude<keyof Counts, 'module'>): number {
  return lines.reduce((total, counts) => total + (counts[key] ?? 0), 0);
}

function mebibytes(bytes: number): number {
  return Math.round((bytes / 2 ** 20) * 10) / 10;
}

/** Measures a command once, right after the calibration. */
export async function measurePair(place: GuardPlace, { argv }: GuardCommand): Promise<Pair> {
  const here = placeOf(place);
  const table = filesOf('encrypt', CSV).input;
  const calibration = await measure([process.execPath, CALIBRATE, table, place.folder], here);
  const run = await runSealroom(here, argv);
  return { command: run.cpuSeconds, calibration: calibration.cpuSeconds };
}
