// Compares what encrypting and decrypting costs with the figures that are committed: npm run bench:guard -- --help
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { COMMANDS, countAll, type GuardCommand, type GuardPlace, measurePair, prepare } from './guard/collect.ts';
import {
  type CommittedFigures,
  compareFigures,
  type Comparison,
  comparisonLines,
  isFailure,
  type MeasuredFigures,
} from './guard/compare.ts';
import { isSteady, type Pair, ratioFigures, ratioName } from './guard/ratios.ts';
import { describeLoad } from './load.ts';
import { BenchError } from './process.ts';

const USAGE = `npm run bench:guard -- [options]

Compares counts, and CPU seconds as ratios to a calibrating program, with bench/guard/figures.json.

  --update   write the figures of this build there, on a machine that has nothing else to do
  --help     print this

Takes up to three minutes. A ratio that the machine was too busy to measure is not decided, which is no failure.
Exit codes: 0 none is worse, 1 one is, or the machine was too busy for \`--update\`, 2 usage.`;

const FILE = join(import.meta.dirname, 'guard', 'figures.json');
/** How often a command is measured that seems slower than its limit, or any of them for `--update`. The others are measured once. */
const ROUNDS = 9;
/** When measuring ends, whatever is left. Counting comes before, and is not cut short. */
const END_MS = 170_000;

function print(...lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** Measures pairs until no command seems slower than its limit, or each that does has all its rounds, or the time is over. */
async function measureAll(committed: CommittedFigures | null, folder: string): Promise<MeasuredFigures> {
  const deadline = performance.now() + END_MS;
  const place: GuardPlace = { folder, signal: new AbortController().signal };
  await prepare(place);
  const counts = await countAll(place);
  const pairs: Record<string, Pair[]> = Object.fromEntries(COMMANDS.map(({ name }) => [name, []]));
  const figuresNow = (): MeasuredFigures => ({ ...here(), figures: [...ratioFigures(pairs), ...counts] });
  const timed = { folder, signal: AbortSignal.timeout(Math.max(0, Math.round(deadline - performance.now()))) };
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const isFirst = committed === null || round === 0;
      const commands = isFirst ? COMMANDS : slowerCommands(compareFigures(committed, figuresNow()));
      for (const command of commands) pairs[command.name]?.push(await measurePair(timed, command));
    }
  } catch (error) {
    if (!timed.signal.aborted) throw error;
  }
  return figuresNow();
}

/** The commands whose ratio is over its limit, by one statistic at least. */
function slowerCommands(comparisons: readonly Comparison[]): GuardCommand[] {
  const slower = comparisons.filter(({ verdict }) => verdict === 'worse' || verdict === 'not decided');
  return COMMANDS.filter(({ name }) => slower.some((each) => each.name === ratioName(name)));
}

function here(): { readonly node: string; readonly arch: string } {
  return { node: process.versions.node, arch: process.arch };
}

/** Compares with the committed figures: the exit code. */
function compareAll(committed: CommittedFigures, now: MeasuredFigures): number {
  const comparisons = compareFigures(committed, now);
  print(...comparisonLines(comparisons), '');
  const count = (isCounted: (comparison: Comparison) => boolean): number => comparisons.filter(isCounted).length;
  const failed = count(isFailure);
  const undecided = count(({ verdict }) => verdict === 'not decided');
  if (comparisons.some(({ verdict }) => verdict === 'better'))
    print('some are better: commit them with `npm run bench:guard -- --update`');
  if (undecided > 0) print('not decided: the machine is too busy; run it again when less runs beside it');
  if (failed > 0)
    print(
      'if that is meant, say why in the commit, with `npm run bench:guard -- --update`; `npm run bench -- --stages` shows where time goes',
    );
  const skipped = undecided === 0 ? '' : `, ${String(undecided)} skipped`;
  print(`figures: ${String(comparisons.length - failed - undecided)} passed, ${String(failed)} failed${skipped}`);
  return failed === 0 ? 0 : 1;
}

/** Writes the figures down: the exit code. */
async function update(committed: CommittedFigures, now: MeasuredFigures): Promise<number> {
  print(...comparisonLines(compareFigures(committed, now)), '');
  const unsteady = now.figures.filter((figure) => !isSteady(figure));
  if (unsteady.length > 0) {
    const names = unsteady.map(({ name }) => name).join(', ');
    throw new BenchError(`nothing was written: the machine is too busy to measure ${names}`, 1);
  }
  const figures = now.figures.map(({ name, unit, value }) => ({ name, unit, value }));
  await writeFile(FILE, `${JSON.stringify({ ...here(), figures }, null, 2)}\n`);
  print(`wrote ${String(figures.length)} figures`);
  return 0;
}

async function guard(isUpdate: boolean): Promise<number> {
  const committed = JSON.parse(await readFile(FILE, 'utf8')) as CommittedFigures;
  const folder = await mkdtemp(join(tmpdir(), 'sealroom-bench-'));
  try {
    const started = performance.now();
    const now = await measureAll(isUpdate ? null : committed, folder);
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    print(`load ${describeLoad()}, ${seconds} s`, '');
    return isUpdate ? await update(committed, now) : compareAll(committed, now);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function main(): Promise<number> {
  try {
    const flag = { type: 'boolean', default: false } as const;
    const { values } = parseArgs({ options: { update: flag, help: flag } });
    if (!values.help) return await guard(values.update);
    print(USAGE);
    return 0;
  } catch (error) {
    if (error instanceof BenchError || (error instanceof TypeError && 'code' in error)) {
      process.stderr.write(`error: ${error.message}\n`);
      return error instanceof BenchError ? error.exitCode : 2;
    }
    throw error;
  }
}

process.exitCode = await main();
