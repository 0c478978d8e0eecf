// Compares what encrypting and decrypting costs with the figures that are committed: npm run bench:guard -- --help
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { countAll, type GuardPlace, measureRound, prepare } from './guard/collect.ts';
import {
  type CommittedFigures,
  compareFigures,
  type Comparison,
  comparisonLines,
  type Figure,
  isFailure,
} from './guard/compare.ts';
import { describeLoad } from './load.ts';
import { median } from './median.ts';
import { BenchError } from './process.ts';

const USAGE = `npm run bench:guard -- [options]

Compares counts, and CPU seconds as ratios to a calibrating program, with bench/guard/figures.json.

  --update   write the figures of this build there
  --help     print this

Exit codes: 0 none is worse, 1 one is, 2 usage.`;

const FILE = join(import.meta.dirname, 'guard', 'figures.json');
const MIN_ROUNDS = 3;
const MAX_ROUNDS = 9;
/** No round begins after this, so that the whole stays below three minutes on a machine that is not very busy. */
const LAST_START_MS = 140_000;

function print(...lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** The median of each ratio over the rounds. */
function mediansOf(rounds: readonly Readonly<Record<string, number>>[]): Figure[] {
  return Object.keys(rounds[0] ?? {}).map((name) => {
    const middle = median(rounds.map((round) => round[name] ?? Number.NaN));
    return { name: `${name}: CPU`, unit: 'times', value: Math.round(middle * 100) / 100 };
  });
}

/** Measures until no ratio is worse than its limit, or until there is no more time: what is slower stays slower. */
async function compareAll(committed: CommittedFigures | null, place: GuardPlace): Promise<Comparison[]> {
  const { node, arch } = here();
  const started = performance.now();
  await prepare(place);
  const counts = await countAll(place);
  const rounds: Readonly<Record<string, number>>[] = [];
  for (;;) {
    rounds.push(await measureRound(place));
    const figures = [...mediansOf(rounds), ...counts];
    const comparisons = compareFigures(committed ?? { node, arch, figures: [] }, { node, arch, figures });
    const isLate = committed !== null && performance.now() - started > LAST_START_MS;
    if (rounds.length < MIN_ROUNDS) continue;
    if (rounds.length < MAX_ROUNDS && !isLate && isUnsettled(committed, comparisons)) continue;
    print(`${String(rounds.length)} rounds, load ${describeLoad()}`, '');
    return comparisons;
  }
}

/** What is to be committed takes all rounds. */
function isUnsettled(committed: CommittedFigures | null, comparisons: readonly Comparison[]): boolean {
  return committed === null || comparisons.some((each) => each.unit === 'times' && isFailure(each));
}

function here(): { readonly node: string; readonly arch: string } {
  return { node: process.versions.node, arch: process.arch };
}

async function guard(isUpdate: boolean): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'sealroom-bench-'));
  try {
    const place = { folder, signal: new AbortController().signal };
    const committed = isUpdate ? null : (JSON.parse(await readFile(FILE, 'utf8')) as CommittedFigures);
    const comparisons = await compareAll(committed, place);
    if (isUpdate) {
      const figures = comparisons.map(({ name, unit, now }) => ({ name, unit, value: now }));
      await writeFile(FILE, `${JSON.stringify({ ...here(), figures }, null, 2)}\n`);
      print(`wrote ${String(figures.length)} figures`);
      return 0;
    }
    print(...comparisonLines(comparisons), '');
    const failed = comparisons.filter(isFailure);
    if (comparisons.some(({ verdict }) => verdict === 'better'))
      print('some are better: commit them with `npm run bench:guard -- --update`');
    if (failed.length > 0)
      print(
        'if that is meant, say why in the commit, with `npm run bench:guard -- --update`; `npm run bench -- --stages` shows where time goes',
      );
    print(`figures: ${String(comparisons.length - failed.length)} passed, ${String(failed.length)} failed`);
    return failed.length === 0 ? 0 : 1;
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
      return 2;
    }
    throw error;
  }
}

process.exitCode = await main();
