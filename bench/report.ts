import type { KernelFigure } from './kernels.ts';
import { median } from './median.ts';
import type { BenchOptions } from './options.ts';
import type { TableFigure } from './tables.ts';

/** What `--json` writes. */
export interface BenchReport {
  readonly machine: Readonly<Record<string, string | number>>;
  readonly options: BenchOptions;
  readonly startUp: readonly TableFigure[];
  readonly tables: readonly TableFigure[];
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
}

const COLUMNS: readonly (readonly [title: string, width: number])[] = [
  ['operation', -9],
  ['format', -8],
  ['pad', -5],
  ['rows', 12],
  ['threads', 8],
  ['CPU s', 8],
  ['wall s', 8],
  ['rows/s', 11],
  ['peak MiB', 9],
  ['in MiB', 8],
  ['out MiB', 8],
];

/** The head of a table of {@link tableLines}. */
export const TABLE_HEAD = line(COLUMNS.map(([title]) => title));

/** The line of a figure; with a reference two more, its own and the ratios. */
export function tableLines(figure: TableFigure): string[] {
  const { operation, format, pad, rows, threads, reference } = figure;
  const ours = line([
    ...[operation, format, pad, whole(rows), threads === null ? '-' : whole(threads)],
    ...[figure.cpuSeconds.toFixed(2), figure.wallSeconds.toFixed(2), whole(figure.rowsPerSecond)],
    ...[figure.peakMiB === null ? '-' : whole(figure.peakMiB), whole(figure.inputMiB), whole(figure.outputMiB)],
  ]);
  if (reference === null) return [ours];
  const theirs = line([
    ...['reference', format, pad, whole(rows), ''],
    ...[reference.cpuSeconds.toFixed(2), reference.wallSeconds.toFixed(2), whole(rows / reference.wallSeconds)],
    ...['-', whole(figure.inputMiB), whole(reference.outputMiB)],
  ]);
  const pairs = (ratios: readonly number[], middle: number): string =>
    `${ratios.map(times).join(' ')}, median ${times(middle)}`;
  const lines = [
    ours,
    theirs,
    `  ours to the reference's, pair by pair: CPU ${pairs(reference.cpuRatios, reference.cpuRatio)}; ` +
      `wall ${pairs(reference.wallRatios, reference.wallRatio)}`,
  ];
  if (!reference.isSameOutput)
    lines.push('  warning: the two outputs hold different rows, so this compares different work');
  return lines;
}

/** The table of single cells. */
export function kernelLines(figures: readonly KernelFigure[]): string[] {
  const kernels = [...new Set(figures.map(({ kernel }) => kernel))];
  const others = kernels.filter((kernel) => kernel !== 'node');
  const find = (operation: string, kernel: string): KernelFigure | undefined =>
    figures.find((figure) => figure.operation === operation && figure.kernel === kernel);
  const head = [
    'CPU ns per cell'.padEnd(31),
    ...kernels.map((kernel) => kernel.padStart(10)),
    ...others.map((kernel) => `${kernel} to node`.padStart(15)),
  ];
  const body = [...new Set(figures.map(({ operation }) => operation))].map((operation) => [
    operation.padEnd(31),
    ...kernels.map((kernel) => whole(find(operation, kernel)?.nanoseconds ?? Number.NaN).padStart(10)),
    ...others.map((kernel) => times(find(operation, kernel)?.toNode ?? Number.NaN).padStart(15)),
  ]);
  return [head, ...body].map((cells) => cells.join(''));
}

/**
 * The ratios within a run: each size of a table to the next smaller one, each number of threads to the smallest, ours to
 * the reference's, and each kernel to `node` (the median over its operations).
 */
export function ratiosOf(tables: readonly TableFigure[], kernels: readonly KernelFigure[]): Ratio[] {
  return [
    ...tables.flatMap((figure) => sizeRatio(tables, figure)),
    ...tables.flatMap((figure) => threadRatio(tables, figure)),
    ...tables.flatMap(referenceRatio),
    ...kernelRatios(kernels),
  ];
}

function sizeRatio(tables: readonly TableFigure[], figure: TableFigure): Ratio[] {
  const smaller = tables
    .filter((other) => other.rows < figure.rows && labelOf(other, ['rows']) === labelOf(figure, ['rows']))
    .sort((one, other) => other.rows - one.rows)[0];
  if (smaller === undefined) return [];
  const what = `${labelOf(figure, ['rows'])}: ${whole(figure.rows)} rows to ${whole(smaller.rows)}`;
  return [compare(what, figure, smaller)];
}

function threadRatio(tables: readonly TableFigure[], figure: TableFigure): Ratio[] {
  const { threads } = figure;
  if (threads === null) return [];
  const fewest = tables
    .filter((other) => labelOf(other, ['threads']) === labelOf(figure, ['threads']))
    .sort((one, other) => (one.threads ?? 0) - (other.threads ?? 0))[0];
  if (fewest === undefined || fewest.threads === threads) return [];
  const what = `${labelOf(figure, ['threads'])}: ${whole(threads)} threads to ${whole(fewest.threads ?? 0)}`;
  return [compare(`${what} (${times(fewest.wallSeconds / figure.wallSeconds)} times as fast)`, figure, fewest)];
}

function referenceRatio(figure: TableFigure): Ratio[] {
  const { reference } = figure;
  if (reference === null) return [];
  const what = `${labelOf(figure, [])}: ours to the reference's`;
  return [{ what, cpu: reference.cpuRatio, wall: reference.wallRatio, peakMemory: null }];
}

function kernelRatios(figures: readonly KernelFigure[]): Ratio[] {
  const kernels = new Set(figures.map(({ kernel }) => kernel).filter((kernel) => kernel !== 'node'));
  return [...kernels].map((kernel) => {
    const ratios = figures.filter((figure) => figure.kernel === kernel).map(({ toNode }) => toNode);
    const range = `${times(Math.min(...ratios))} to ${times(Math.max(...ratios))}`;
    return {
      what: `kernel ${kernel} to node, over ${ratios.length} operations (${range})`,
      ...{ cpu: median(ratios), wall: null, peakMemory: null },
    };
  });
}

function compare(what: string, one: TableFigure, other: TableFigure): Ratio {
  return {
    what,
    cpu: one.cpuSeconds / other.cpuSeconds,
    wall: one.wallSeconds / other.wallSeconds,
    peakMemory: one.peakMiB === null || other.peakMiB === null ? null : one.peakMiB / other.peakMiB,
  };
}

/** What a figure is of, but for what is compared. */
function labelOf(figure: TableFigure, without: readonly ('rows' | 'threads')[]): string {
  const { operation, format, pad, rows, threads } = figure;
  const parts: string[] = [operation, format, pad];
  if (!without.includes('rows')) parts.push(`${whole(rows)} rows`);
  if (!without.includes('threads') && threads !== null) parts.push(threads === 1 ? '1 thread' : `${threads} threads`);
  return parts.join(', ');
}

/** The lines of {@link ratiosOf}. */
export function ratioLines(ratios: readonly Ratio[]): string[] {
  const part = (name: string, ratio: number | null): string[] => (ratio === null ? [] : [`${name} ${times(ratio)}`]);
  return ratios.map(({ what, cpu, wall, peakMemory }) =>
    [`${what}:`, ...part('CPU', cpu), ...part('wall', wall), ...part('peak memory', peakMemory)].join('  '),
  );
}

function line(cells: readonly string[]): string {
  return COLUMNS.map(([, width], index) => {
    const cell = cells[index] ?? '';
    return width < 0 ? cell.padEnd(-width) : cell.padStart(width);
  }).join(' ');
}

function whole(number: number): string {
  return Math.round(number).toLocaleString('en');
}

function times(ratio: number): string {
  return ratio.toFixed(2);
}
