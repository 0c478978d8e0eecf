import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { median } from './median.ts';
import type { Format } from './options.ts';
import { measure, type Run, type RunPlace } from './process.ts';

/** What less work on the same files costs. */
export interface FloorRun {
  /** Reading the input's bytes, and copying the output's into another file: `cat`. */
  readonly bytes: Cost;
  /** DuckDB reads the input and writes it again in the same format, with as many threads; without its start. */
  readonly engine: Cost;
}

type Cost = Pick<Run, 'cpuSeconds' | 'wallSeconds'>;

const ENGINE_COPY = fileURLToPath(new URL('engine-copy.mjs', import.meta.url));
const COPY = 'cat "$1" > /dev/null; cat "$2" > "$3"';

/** Measures the floors of one operation once. */
export async function measureFloors(
  place: RunPlace,
  files: { readonly input: string; readonly output: string },
  format: Format,
  threads: number | null,
): Promise<FloorRun> {
  const copy = join(place.folder, `copy.${format}`);
  try {
    const bytes = await measure(['sh', '-c', COPY, 'sh', files.input, files.output, copy], place);
    const argv = [ENGINE_COPY, format, threads === null ? '' : String(threads), files.input, copy];
    const { stdout } = await promisify(execFile)(process.execPath, argv, { cwd: place.folder, signal: place.signal });
    return { bytes, engine: JSON.parse(stdout) as Cost };
  } finally {
    await rm(copy, { force: true });
  }
}

/** The medians of several runs. */
export function medianFloors(runs: readonly FloorRun[]): FloorRun {
  const middle = (costs: readonly Cost[]): Cost => ({
    cpuSeconds: median(costs.map(({ cpuSeconds }) => cpuSeconds)),
    wallSeconds: median(costs.map(({ wallSeconds }) => wallSeconds)),
  });
  return { bytes: middle(runs.map(({ bytes }) => bytes)), engine: middle(runs.map(({ engine }) => engine)) };
}
