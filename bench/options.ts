import { parseArgs } from 'node:util';
import { BenchError } from './process.ts';

/** What `npm run bench -- --help` prints. */
export const USAGE = `npm run bench -- [options]

  --rows 100000,1000000    sizes of the table (default 1000000)
  --formats csv,parquet    formats (default both)
  --pads fixed,max         pads of the sealed columns (default fixed)
  --threads 1,2            passed to the command as \`--threads N\`, one figure each (default: not passed)
  --kernels native,wasm    passed as \`--kernel NAME\`, one figure each (default: not passed)
  --repeat 5               runs per figure; the median is printed (default 3)
  --floors                 less work on the same files: copying their bytes, and DuckDB reading and writing the input
  --stages                 CPU seconds by stage, from a profile of each command; needs \`perf\` (Linux)
  --skip-tables            leave out the tables
  --skip-kernels           leave out the single cells
  --reference "COMMAND"    run another C3R client on the same files, in turn with sealroom: bench/reference.md
  --json FILE              write all figures, and every run of them, as JSON
  --help                   print this

Always measured: the start of commands, and a file of 7 rows to its finished output. Paths are relative to the directory that the
benchmark runs in: under npm, the project's. Needs a POSIX shell (\`sh\`), whose \`times\` counts CPU seconds.
Exit codes: 0 done, 1 failed, 2 usage, or the reference failed.`;

/** Format of a benchmark's table. */
export type Format = 'csv' | 'parquet';
/** Pad of its sealed columns. */
export type PadName = 'fixed' | 'max';

/** What is to be measured. */
export interface BenchOptions {
  readonly rows: readonly number[];
  readonly formats: readonly Format[];
  readonly pads: readonly PadName[];
  /** `null` leaves the number to the command. */
  readonly threads: readonly (number | null)[];
  /** `null` leaves the kernel to the command. */
  readonly kernels: readonly (string | null)[];
  readonly repeat: number;
  readonly floors: boolean;
  readonly stages: boolean;
  readonly skipTables: boolean;
  readonly skipKernels: boolean;
  /** As it was given: a command of the shell. */
  readonly reference: string | null;
  readonly json: string | null;
}

const OPTIONS = {
  rows: { type: 'string', default: '1000000' },
  formats: { type: 'string', default: 'csv,parquet' },
  pads: { type: 'string', default: 'fixed' },
  threads: { type: 'string' },
  kernels: { type: 'string' },
  repeat: { type: 'string', default: '3' },
  floors: { type: 'boolean', default: false },
  stages: { type: 'boolean', default: false },
  'skip-tables': { type: 'boolean', default: false },
  'skip-kernels': { type: 'boolean', default: false },
  reference: { type: 'string' },
  json: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/**
 * Reads the command line; `null` if it asks for help.
 *
 * @throws {BenchError} with exit code 2 if an option is unknown or has a wrong value.
 */
export function parseOptions(args: readonly string[]): BenchOptions | null {
  const values = parse(args);
  if (values.help) return null;
  return {
    rows: list(values.rows, 'rows').map((text) => count(text, 'rows')),
    formats: list(values.formats, 'formats').map((text) => oneOf(text, 'formats', ['csv', 'parquet'])),
    pads: list(values.pads, 'pads').map((text) => oneOf(text, 'pads', ['fixed', 'max'])),
    threads:
      values.threads === undefined ? [null] : list(values.threads, 'threads').map((text) => count(text, 'threads')),
    kernels: values.kernels === undefined ? [null] : list(values.kernels, 'kernels'),
    repeat: count(values.repeat, 'repeat'),
    floors: values.floors,
    stages: values.stages,
    skipTables: values['skip-tables'],
    skipKernels: values['skip-kernels'],
    reference: values.reference ?? null,
    json: values.json ?? null,
  };
}

function parse(args: readonly string[]): ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'] {
  try {
    return parseArgs({ args: [...args], options: OPTIONS }).values;
  } catch (error) {
    throw usage(error instanceof Error ? error.message : 'invalid options');
  }
}

function list(text: string, option: string): string[] {
  const items = text.split(',').map((item) => item.trim());
  if (new Set(items).size !== items.length) throw usage(`--${option} expected different values, got \`${text}\``);
  return items;
}

function count(text: string, option: string): number {
  if (!/^[1-9]\d{0,11}$/.test(text)) throw usage(`--${option} expected whole numbers from 1 up, got \`${text}\``);
  return Number(text);
}

function oneOf<Name extends string>(text: string, option: string, names: readonly Name[]): Name {
  const name = names.find((known) => known === text);
  if (name === undefined) throw usage(`--${option} expected ${names.join(' or ')}, got \`${text}\``);
  return name;
}

function usage(message: string): BenchError {
  return new BenchError(`${message}; see \`npm run bench -- --help\``, 2);
}
