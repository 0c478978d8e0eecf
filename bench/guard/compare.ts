import { markdownTable, number, text } from '../markdown.ts';

/**
 * Kinds of figures, each with how much more than the committed one is allowed: a share of it, and so much on top. That is more than an
 * ordinary change adds; what counts per row instead of per batch, or loads a library at the start, is beyond it.
 */
export const UNITS = {
  // CPU seconds of a command to those of the calibration.
  times: { share: 0.4, extra: 0, digits: 2 },
  modules: { share: 0.1, extra: 3, digits: 0 },
  KiB: { share: 0.1, extra: 20, digits: 0 },
  // Rows are dealt to parts at random, so the number of batches differs a little.
  'calls into WASM': { share: 0.5, extra: 100, digits: 0 },
  // When garbage is collected differs.
  MiB: { share: 0.25, extra: 16, digits: 1 },
} as const;

/** What a figure counts. */
export type Unit = keyof typeof UNITS;

/** One figure of the guard: the less, the better. */
export interface Figure {
  readonly name: string;
  readonly unit: Unit;
  readonly value: number;
}

/** A figure of this build. */
export interface MeasuredFigure extends Omit<Figure, 'value'> {
  /** `null` if there was no time for it. */
  readonly value: number | null;
  /** Only of what others on the machine disturb: what must be over the limit as well, or `null` for too few runs. */
  readonly middle?: number | null;
}

/** What is compared with the committed figures. */
export interface MeasuredFigures extends Omit<CommittedFigures, 'figures'> {
  readonly figures: readonly MeasuredFigure[];
}

/** What is committed. */
export interface CommittedFigures {
  /** Ratios of CPU time hold for this version of Node and processor. */
  readonly node: string;
  readonly arch: string;
  readonly figures: readonly Figure[];
}

/**
 * What became of a figure: `new` and `gone` fail as `worse` does, for they mean that other things are measured. `not decided` is what
 * the machine was too busy for; `not judged` is of another machine.
 */
export type Verdict = 'better' | 'gone' | 'new' | 'not decided' | 'not judged' | 'same' | 'worse';

/** A figure beside the committed one. */
export interface Comparison {
  readonly name: string;
  readonly unit: Unit;
  readonly committed: number | null;
  readonly now: number | null;
  readonly verdict: Verdict;
}

/** The most that a figure may be. */
function limitOf({ unit, value }: Figure): number {
  const { share, extra } = UNITS[unit];
  return value * (1 + share) + extra;
}

/**
 * Compares figures with the committed ones, by name. Ratios are not judged on another major version of Node or another kind of
 * processor.
 */
export function compareFigures(committed: CommittedFigures, now: MeasuredFigures): Comparison[] {
  const before = new Map(committed.figures.map((figure) => [figure.name, figure]));
  const isComparable = committed.arch === now.arch && majorOf(committed.node) === majorOf(now.node);
  const compared = now.figures.map((figure): Comparison => {
    const { name, unit, value } = figure;
    const old = before.get(name);
    before.delete(name);
    const verdict = old === undefined ? 'new' : isComparable || unit !== 'times' ? judge(old, figure) : 'not judged';
    return { name, unit, committed: old?.value ?? null, now: value, verdict };
  });
  const gone = [...before.values()].map(({ name, unit, value }): Comparison => ({
    name,
    unit,
    committed: value,
    now: null,
    verdict: 'gone',
  }));
  return [...compared, ...gone];
}

function judge(committed: Figure, { unit, value, middle = value }: MeasuredFigure): Verdict {
  if (value === null) return 'not decided';
  const limit = limitOf(committed);
  if (value > limit) return middle !== null && middle > limit ? 'worse' : 'not decided';
  return committed.value > limitOf({ name: committed.name, unit, value }) ? 'better' : 'same';
}

function majorOf(version: string): string {
  return version.split('.')[0] ?? '';
}

/** Whether a comparison is a reason to fail. */
export function isFailure({ verdict }: Comparison): boolean {
  return verdict === 'worse' || verdict === 'new' || verdict === 'gone';
}

/** The table of comparisons. */
export function comparisonLines(comparisons: readonly Comparison[]): string[] {
  const width = Math.max(...comparisons.map(({ name }) => name.length));
  const table = markdownTable([
    ...[text('figure', width), text('unit', 15), number('committed', 10), number('limit', 10), number('now', 10)],
    text('verdict', 10),
  ]);
  return [
    table.head,
    ...comparisons.map(({ name, unit, committed, now, verdict }) => {
      const cell = (value: number | null): string =>
        value === null ? '-' : value.toLocaleString('en', { maximumFractionDigits: UNITS[unit].digits });
      const limit = committed === null ? null : limitOf({ name, unit, value: committed });
      return table.row([name, unit, cell(committed), cell(limit), cell(now), verdict]);
    }),
  ];
}
