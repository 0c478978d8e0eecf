import type { KernelFigure } from './kernels.ts';
import { markdownTable, number, text } from './markdown.ts';
import { median } from './median.ts';
import type { BenchOptions } from './options.ts';
import type { StageFigure } from './stages/run.ts';
import type { StartFigure } from './start.ts';
import type { TableFigure, Way } from './tables.ts';

/** What `--json` writes. */
export interface BenchReport {
  readonly machine: Readonly<Record<string, string | number>>;
  readonly options: BenchOptions;
  readonly starts: readonly StartFigure[];
  readonly startUp: readonly TableFigure[];
  readonly tables: readonly TableFigure[];
  readonly stages: readonly StageFigure[];
  readonly kernels: readonly KernelFigure[];
  readonly ratios: readonly Ratio[];
}

/** One figure of a run divided by another of the same run; `null` where it was not measured. */
export interface Ratio {
  /** What was measured, and which to which. */
  readonly what: string;
  readonly cpu: number | null;
  readonly wall: number | null;
  readonly peakMemory: number | null;
  /** The least and the greatest ratio of CPU time, of pairs or of operations. */
  readonly cpuRange: readonly [number, number] | null;
}

/** The table of {@link tableRows}. */
export const TABLES = markdownTable([
  ...[text('operation', 17), text('format', 7), text('kernel', 6), number('rows', 10), number('threads')],
  ...[number('CPU s', 6), number('wall s'), number('rows/s', 9), number('peak MiB')],
]);

/** The row of a figure; with a reference another one, its own. */
export function tableRows(figure: TableFigure): string[] {
  const { operation, format, pad, rows, reference } = figure;
  const name = pad === 'fixed' ? operation : `${operation}, pad ${pad}`;
  const rowOf = (cells: readonly string[], cost: typeof figure | NonNullable<typeof reference>): string =>
    TABLES.row([
      ...cells,
      ...[cost.cpuSeconds.toFixed(2), cost.wallSeconds.toFixed(2), whole(rows / cost.wallSeconds)],
      cost.peakMiB === null ? '-' : whole(cost.peakMiB),
    ]);
  const ours = rowOf([name, format, ...cellsOfWay(figure, whole(rows))], figure);
  return reference === null ? [ours] : [ours, rowOf(['reference', format, '-', whole(rows), '-'], reference)];
}

/** The kernel, the rows and the threads. */
function cellsOfWay({ kernel, threads }: Way, rows: string): string[] {
  return [kernel ?? '-', rows, threads === null ? '-' : whole(threads)];
}

/** Warnings about figures that compare different work. */
export function warningLines(figures: readonly TableFigure[]): string[] {
  return figures
    .filter(({ reference }) => reference?.isSameOutput === false)
    .map(
      (figure) =>
        `warning: ${labelOf(figure, [])}: the two outputs hold different rows, so this compares different work`,
    );
}

const FLOORS = markdownTable([
  ...[text('operation', 9), text('format', 7), text('kernel', 6), number('rows', 10), number('threads')],
  ...[number('CPU s', 6), number('bytes'), number('ratio'), number('DuckDB', 6), number('ratio')],
]);

/** The table of the floors: CPU seconds, and ours divided by each. */
export function floorLines(figures: readonly TableFigure[]): string[] {
  const rows = figures.flatMap((figure) => {
    const { operation, format, rows: count, cpuSeconds, floors } = figure;
    if (floors === null) return [];
    const cells = [floors.bytes, floors.engine].flatMap((floor) => [
      floor.cpuSeconds.toFixed(2),
      // Too short for the shell's clock.
      floor.cpuSeconds === 0 ? '-' : (cpuSeconds / floor.cpuSeconds).toFixed(1),
    ]);
    return [FLOORS.row([operation, format, ...cellsOfWay(figure, whole(count)), cpuSeconds.toFixed(2), ...cells])];
  });
  return rows.length === 0 ? [] : [FLOORS.head, ...rows];
}

/** The table of single cells. */
export function kernelLines(figures: readonly KernelFigure[]): string[] {
  const kernels = [...new Set(figures.map(({ kernel }) => kernel))];
  const others = kernels.filter((kernel) => kernel !== 'node');
  const find = (operation: string, kernel: string): KernelFigure | undefined =>
    figures.find((figure) => figure.operation === operation && figure.kernel === kernel);
  const table = markdownTable([
    text('CPU ns per cell', 29),
    ...kernels.map((kernel) => number(kernel, Math.max(kernel.length, 7))),
    ...others.map((kernel) => number(`${kernel} to node`)),
  ]);
  const rows = [...new Set(figures.map(({ operation }) => operation))].map((operation) =>
    table.row([
      operation,
      ...kernels.map((kernel) => whole(find(operation, kernel)?.nanoseconds ?? Number.NaN)),
      ...others.map((kernel) => times(find(operation, kernel)?.toNode ?? Number.NaN)),
    ]),
  );
  return [table.head, ...rows];
}

/**
 * The ratios within a run: each size of a table to the smallest one, per row; the smallest number of threads to each other one,
 * so that wall is how many times as fast it is; the reference's to ours; each kernel to `node` (the median over its operations).
 */
export function ratiosOf(
  startUp: readonly TableFigure[],
  tables: readonly TableFigure[],
  kernels: readonly KernelFigure[],
): Ratio[] {
  return [
    ...startUp.flatMap(referenceRatio),
    ...tables.flatMap((figure) => sizeRatio(tables, figure)),
    ...tables.flatMap((figure) => threadRatio(tables, figure)),
    ...tables.flatMap(referenceRatio),
    ...kernelRatios(kernels),
  ];
}

function sizeRatio(tables: readonly TableFigure[], figure: TableFigure): Ratio[] {
  const smallest = tables
    .filter((other) => labelOf(other, ['rows']) === labelOf(figure, ['rows']))
    .sort((one, other) => one.rows - other.rows)[0];
  if (smallest === undefined || smallest.rows === figure.rows) return [];
  const what = `${labelOf(figure, ['rows'])}: a row of ${whole(figure.rows)} to one of ${whole(smallest.rows)}`;
  return [compare(what, figure, smallest, smallest.rows / figure.rows)];
}

function threadRatio(tables: readonly TableFigure[], figure: TableFigure): Ratio[] {
  const { threads } = figure;
  if (threads === null) return [];
  const fewest = tables
    .filter((other) => labelOf(other, ['threads']) === labelOf(figure, ['threads']))
    .sort((one, other) => (one.threads ?? 0) - (other.threads ?? 0))[0];
  if (fewest === undefined || fewest.threads === threads) return [];
  const what = `${labelOf(figure, ['threads'])}: ${countThreads(fewest.threads ?? 0)} to ${whole(threads)}`;
  return [compare(what, fewest, figure, 1)];
}

function referenceRatio(figure: TableFigure): Ratio[] {
  const { reference } = figure;
  if (reference === null) return [];
  const { cpuRatio, cpuRatios, wallRatio, peakMiB } = reference;
  return [
    {
      what: `${labelOf(figure, [])}: the reference to ours`,
      ...{ cpu: cpuRatio, wall: wallRatio, cpuRange: rangeOf(cpuRatios) },
      peakMemory: figure.peakMiB === null || peakMiB === null ? null : peakMiB / figure.peakMiB,
    },
  ];
}

function kernelRatios(figures: readonly KernelFigure[]): Ratio[] {
  const kernels = new Set(figures.map(({ kernel }) => kernel).filter((kernel) => kernel !== 'node'));
  return [...kernels].map((kernel) => {
    const ratios = figures.filter((figure) => figure.kernel === kernel).map(({ toNode }) => toNode);
    return {
      what: `kernel ${kernel} to node, over ${String(ratios.length)} operations`,
      ...{ cpu: median(ratios), wall: null, peakMemory: null, cpuRange: rangeOf(ratios) },
    };
  });
}

function rangeOf(ratios: readonly number[]): readonly [number, number] {
  return [Math.min(...ratios), Math.max(...ratios)];
}

/** One to another; its times are multiplied by `factor`. */
function compare(what: string, one: TableFigure, other: TableFigure, factor: number): Ratio {
  return {
    what,
    cpu: (one.cpuSeconds / other.cpuSeconds) * factor,
    wall: (one.wallSeconds / other.wallSeconds) * factor,
    peakMemory: one.peakMiB === null || other.peakMiB === null ? null : one.peakMiB / other.peakMiB,
    cpuRange: null,
  };
}

/** What a figure is of, but for what is compared. */
function labelOf(figure: TableFigure, without: readonly ('rows' | 'threads')[]): string {
  const { operation, format, pad, kernel, rows, threads } = figure;
  const parts: string[] = [operation, format];
  if (pad !== 'fixed') parts.push(`pad ${pad}`);
  if (kernel !== null) parts.push(kernel);
  if (!without.includes('rows')) parts.push(`${whole(rows)} rows`);
  if (!without.includes('threads') && threads !== null) parts.push(countThreads(threads));
  return parts.join(', ');
}

function countThreads(threads: number): string {
  return threads === 1 ? '1 thread' : `${whole(threads)} threads`;
}

/** The table of {@link ratiosOf}. */
export function ratioLines(ratios: readonly Ratio[]): string[] {
  const width = Math.max(...ratios.map(({ what }) => what.length));
  const table = markdownTable([
    text('ratio', width),
    number('CPU'),
    number('wall', 5),
    number('peak memory'),
    text('CPU, least to most', 18),
  ]);
  const cell = (ratio: number | null): string => (ratio === null ? '' : times(ratio));
  return [
    table.head,
    ...ratios.map(({ what, cpu, wall, peakMemory, cpuRange }) =>
      table.row([
        what,
        cell(cpu),
        cell(wall),
        cell(peakMemory),
        cpuRange === null ? '' : cpuRange.map(times).join(' to '),
      ]),
    ),
  ];
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en');
}

function times(ratio: number): string {
  return ratio.toFixed(2);
}
