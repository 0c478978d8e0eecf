import { countOf, quoteForMessage } from '../../src/errors/index.ts';
import type { Job } from '../../src/wire/index.ts';
import type { LoadedTable } from '../room-target/room-target.ts';
import { type CliIo, say } from '../terminal.ts';
import { printAnswer } from './answer.ts';

function describeState(job: Job): string {
  switch (job.state) {
    case 'queued':
      return `queued, at place ${String(job.queuePosition)}`;
    case 'released':
      return `released, ${countOf(job.rows, 'row')}`;
    case 'done':
      return `loaded, ${countOf(job.rows, 'row')}`;
    case 'refused':
      return `refused for ${countOf(job.findings.length, 'reason')}`;
    case 'failed':
      return `failed: ${job.failure.detail}`;
    case 'running':
    case 'cancelled':
      return job.state;
  }
}

/** Describes a job of a room in one line. */
export function describeJob(job: Job): string {
  const what = job.kind === 'query' ? `query of ${job.member}` : `load of ${job.table}`;
  return `job ${job.id}, ${what}: ${describeState(job)}`;
}

/** Prints what was loaded into a room. */
export function printLoaded(io: CliIo, args: { readonly json: boolean }, summary: LoadedTable): void {
  const { table, leftOut, replacedSha256, notes, warnings, signedBy, elapsedMs } = summary;
  if (!args.json) {
    for (const note of notes) say(io, 'note', note);
    for (const warning of warnings) say(io, 'warning', warning);
  }
  printAnswer(io, args, summary, [
    `loaded ${table.name} of ${table.owner}: ${countOf(table.snapshot?.rows ?? 0, 'row')}`,
    `columns: ${table.columns.map(({ name, protection }) => `${name} (${protection})`).join(', ')}`,
    ...(leftOut.length === 0
      ? []
      : [`left out, because no rule names them: ${leftOut.map(quoteForMessage).join(', ')}`]),
    ...(signedBy === null ? [] : [`signed by ${signedBy}: the rows are those that were signed`]),
    `snapshot ${table.snapshot?.sha256 ?? ''}${replacedSha256 === null ? '' : `, replacing ${replacedSha256}`}`,
    `time: ${(elapsedMs / 1000).toFixed(1)} s`,
  ]);
}
