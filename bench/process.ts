import { spawn } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { Readable, type Stream } from 'node:stream';
import { TreeWatch } from './process-tree.ts';

/** An end of the benchmark that its user should read: the message is for the terminal. */
export class BenchError extends Error {
  readonly exitCode: 1 | 2;

  constructor(message: string, exitCode: 1 | 2) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** A measured command that failed. */
export class CommandError extends Error {
  /** 127: there is no such command. */
  readonly code: number;
  /** The last lines of what it printed. */
  readonly lastWords: string;

  constructor(code: number, lastWords: string) {
    super(`exit code ${code}`);
    this.code = code;
    this.lastWords = lastWords;
  }
}

/** What one run of a command cost. */
export interface Run {
  /** User and system time of the process, its threads, and the processes that it waited for; counted in 10 ms. */
  readonly cpuSeconds: number;
  /** From before the start of the process to its end. */
  readonly wallSeconds: number;
  /** Largest resident set of the process and what it started; `null` if neither it nor the system says. */
  readonly peakMiB: number | null;
}

/** Where and how a command runs. */
export interface RunPlace {
  /** Also its temporary directory. */
  readonly folder: string;
  /** Added to the environment; `undefined` takes a variable out of it. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Ends the command, and all that it started. */
  readonly signal: AbortSignal;
}

// Node counts its own CPU time and not its children's. The shell's `times` does, on every POSIX system: its second line
// is the user and system time of all processes that the shell waited for, and that those waited for.
const SCRIPT = '"$@" 3>&-; code=$?; times >&3; exit $code';
const LAST_LINES = 5;
const KEPT_CHARACTERS = 4_000;

/**
 * Runs a command to its end, without standard input, and measures it.
 *
 * Memory is looked at from time to time. A command that writes the kilobytes of its largest resident set to the file that
 * `BENCH_PEAK` names has them counted as well: `measure.mjs` does so.
 *
 * @throws {CommandError} if it exits with another code than 0, or cannot be started.
 * @throws {DOMException} if `signal` is aborted.
 */
export async function measure(command: readonly string[], { folder, env, signal }: RunPlace): Promise<Run> {
  signal.throwIfAborted();
  const peakFile = join(folder, 'peak');
  await rm(peakFile, { force: true });
  const started = performance.now();
  const child = spawn('sh', ['-c', SCRIPT, 'sh', ...command], {
    cwd: folder,
    env: { ...process.env, TMPDIR: folder, ...env, BENCH_PEAK: peakFile },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    // A process group of its own, so that all of it can be ended.
    detached: true,
  });
  const stop = (): void => {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
  };
  signal.addEventListener('abort', stop, { once: true });
  const watch = child.pid === undefined ? null : new TreeWatch(child.pid);
  let words = '';
  const listen = (part: string): void => {
    words = (words + part).slice(-KEPT_CHARACTERS);
  };
  let times = '';
  const [, stdout, stderr, counted] = child.stdio;
  for (const stream of [stdout, stderr]) readText(stream, listen);
  readText(counted, (part) => (times += part));
  let code: number;
  let treeMiB: number | null;
  try {
    code = await new Promise<number>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (status) => {
        resolve(status ?? 1);
      });
    });
  } finally {
    signal.removeEventListener('abort', stop);
    treeMiB = watch?.stop() ?? null;
  }
  const wallSeconds = (performance.now() - started) / 1000;
  signal.throwIfAborted();
  if (code !== 0) throw new CommandError(code, lastLines(words));
  return { cpuSeconds: parseTimes(times), wallSeconds, peakMiB: largest(treeMiB, await readPeak(peakFile)) };
}

function readText(stream: Stream | null | undefined, listen: (part: string) => void): void {
  if (stream instanceof Readable) stream.setEncoding('utf8').on('data', listen);
}

/** A process knows its largest memory exactly, and that of its children is seen from time to time. */
function largest(...peaks: readonly (number | null)[]): number | null {
  const known = peaks.filter((peak) => peak !== null);
  return known.length === 0 ? null : Math.max(...known);
}

/** CPU seconds of the children, of what the shell's `times` prints: `0m1.20s 0m0.05s` in the second line. */
export function parseTimes(text: string): number {
  const spans = [...(text.split('\n')[1] ?? '').matchAll(/(\d+)m(\d+(?:[.,]\d+)?)s/g)];
  if (spans.length !== 2) throw new BenchError(`\`times\` of sh expected two spans of time, got \`${text}\``, 1);
  return spans
    .map(([, minutes = '', seconds = '']) => Number(minutes) * 60 + Number(seconds.replace(',', '.')))
    .reduce((sum, seconds) => sum + seconds, 0);
}

async function readPeak(file: string): Promise<number | null> {
  try {
    return Number(await readFile(file, 'utf8')) / 1024;
  } catch {
    // Not one of ours.
    return null;
  }
}

function lastLines(text: string): string {
  const lines = text.split(/[\r\n]+/).filter((line) => line.trim() !== '');
  return lines.length === 0 ? '(it printed nothing)' : lines.slice(-LAST_LINES).join('\n');
}
