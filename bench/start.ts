import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openCampaign } from '../samples/room/run.ts';
import { markdownTable, number, text } from './markdown.ts';
import { median } from './median.ts';
import type { Run } from './process.ts';
import {
  filesOf,
  placeOf,
  runSealroom,
  sealroomArguments,
  type TableBench,
  type TableCase,
  writeTable,
} from './tables.ts';

/** What a command costs that has next to nothing to do: medians, and the runs they are of. */
export interface StartFigure {
  readonly command: string;
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
  readonly runs: readonly Run[];
}

/** The table that starts are measured on. */
export const SEVEN_ROWS: TableCase = { rows: 7, format: 'csv', pad: 'fixed' };

const WAY = { kernel: null, threads: null };
const QUERY =
  'SELECT i.region, COUNT(DISTINCT i.person) AS reach FROM impressions i JOIN purchases p ON i.person = p.person GROUP BY i.region';

/** Runs commands from a new process to its end, in turn. The last one asks a question of the room of `samples/room`. */
export async function benchStarts(bench: Pick<TableBench, 'folder' | 'options' | 'signal'>): Promise<StartFigure[]> {
  const { folder, options } = bench;
  const place = placeOf(bench);
  // A room runs where the secret is not.
  const without = { ...place, env: { C3R_SHARED_SECRET: undefined } };
  await writeTable(folder, SEVEN_ROWS);
  const campaign = join(folder, 'campaign');
  await mkdir(campaign);
  const { directory, secret } = await openCampaign(campaign);
  secret[Symbol.dispose]();
  const commands: readonly (readonly [name: string, argv: readonly string[]])[] = [
    ['--version', ['--version']],
    ['--help', ['--help']],
    ['encrypt, 7 rows', sealroomArguments('encrypt', filesOf('encrypt', SEVEN_ROWS), WAY)],
    ['decrypt, 7 rows', sealroomArguments('decrypt', filesOf('decrypt', SEVEN_ROWS), WAY)],
    ['query, a small room', ['query', QUERY, '--room', directory, '--as', 'shoes']],
  ];
  const figures = commands.map(([command, argv]) => ({ command, argv, runs: [] as Run[] }));
  for (let turn = 0; turn < options.repeat; turn++) {
    for (const { argv, runs } of figures) runs.push(await runSealroom(argv[0] === 'query' ? without : place, argv));
  }
  return figures.map(({ command, runs }) => ({
    ...{ command, runs },
    cpuSeconds: median(runs.map(({ cpuSeconds }) => cpuSeconds)),
    wallSeconds: median(runs.map(({ wallSeconds }) => wallSeconds)),
  }));
}

const STARTS = markdownTable([text('command', 19), number('CPU s', 6), number('wall s')]);

/** The table of starts. */
export function startLines(figures: readonly StartFigure[]): string[] {
  return [
    STARTS.head,
    ...figures.map(({ command, cpuSeconds, wallSeconds }) =>
      STARTS.row([command, cpuSeconds.toFixed(2), wallSeconds.toFixed(2)]),
    ),
  ];
}
