import { markdownTable, number, text } from '../markdown.ts';
import type { BenchOptions, Format } from '../options.ts';
import {
  filesOf,
  MAIN,
  type Operation,
  placeOf,
  runSealroom,
  sealroomArguments,
  type TableBench,
  type Way,
  waysOf,
  writeTable,
} from '../tables.ts';
import { profile } from './profile.ts';
import { STAGES } from './rules.ts';

/** Where the CPU seconds of one command went. */
export interface StageFigure extends Way {
  readonly operation: Operation;
  readonly format: Format;
  readonly rows: number;
  /** By name: means of the runs. */
  readonly stages: Readonly<Record<string, number>>;
  /** Of the same command without a profiler, the mean of as many runs. */
  readonly plainCpuSeconds: number;
}

const OPERATIONS = ['encrypt', 'decrypt'] as const;

/** Profiles both operations on tables of the first size that is asked for, in each way, as often as is asked for. */
export async function benchStages(bench: Pick<TableBench, 'folder' | 'options' | 'signal'>): Promise<StageFigure[]> {
  const { folder, options } = bench;
  const figures: StageFigure[] = [];
  for (const format of options.formats) {
    const table = { rows: options.rows[0] ?? 1, format, pad: options.pads[0] ?? 'fixed' };
    await writeTable(folder, table);
    for (const operation of OPERATIONS) {
      for (const way of waysOf(options)) {
        const argv = sealroomArguments(operation, filesOf(operation, table), way);
        figures.push({ operation, format, rows: table.rows, ...way, ...(await profileOften(bench, argv)) });
      }
    }
  }
  return figures;
}

async function profileOften(
  bench: { readonly folder: string; readonly options: BenchOptions; readonly signal: AbortSignal },
  argv: readonly string[],
): Promise<Pick<StageFigure, 'plainCpuSeconds' | 'stages'>> {
  const { repeat } = bench.options;
  const sums = new Map<string, number>(STAGES.map((stage) => [stage, 0]));
  let plain = 0;
  for (let run = 0; run < repeat; run++) {
    plain += (await runSealroom(placeOf(bench), argv)).cpuSeconds;
    for (const [stage, seconds] of await profile([MAIN, ...argv], placeOf(bench))) {
      sums.set(stage, (sums.get(stage) ?? 0) + seconds);
    }
  }
  return {
    stages: Object.fromEntries([...sums].map(([stage, seconds]) => [stage, seconds / repeat])),
    plainCpuSeconds: plain / repeat,
  };
}

/** A table for each way: the stages below each other, the commands side by side. */
export function stageLines(figures: readonly StageFigure[]): string[] {
  const ways = new Map(figures.map((figure) => [titleOf(figure), figure]));
  return [...ways.keys()].flatMap((title) => {
    const columns = figures.filter((figure) => titleOf(figure) === title);
    const table = markdownTable([
      text(title, Math.max(title.length, ...STAGES.map((stage) => stage.length))),
      ...columns.map(({ operation, format }) => number(`${operation} ${format}`)),
    ]);
    const rowOf = (name: string, seconds: (figure: StageFigure) => number): string =>
      table.row([name, ...columns.map((figure) => seconds(figure).toFixed(2))]);
    return [
      '',
      table.head,
      ...STAGES.map((stage) => rowOf(stage, ({ stages }) => stages[stage] ?? 0)),
      rowOf('all', ({ stages }) => Object.values(stages).reduce((sum, seconds) => sum + seconds, 0)),
      rowOf('without the profiler', ({ plainCpuSeconds }) => plainCpuSeconds),
    ];
  });
}

function titleOf({ rows, kernel, threads }: StageFigure): string {
  return [
    `CPU s, ${rows.toLocaleString('en')} rows`,
    ...(kernel === null ? [] : [kernel]),
    ...(threads === null ? [] : [`${String(threads)} ${threads === 1 ? 'thread' : 'threads'}`]),
  ].join(', ');
}
