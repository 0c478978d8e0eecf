import { readRows } from '../../src/actions/member/tables.ts';
import { renderFindings } from '../../src/query/index.ts';
import type { ResultTargets } from '../options/result-options.ts';
import type { JobEnd, Released } from '../room-target/room-target.ts';
import { type CliIo, say, STANDARD_STREAM, tell } from '../terminal.ts';
import { printAnswer } from './answer.ts';
import { printLoaded } from './format-job.ts';
import { printBudgets, refusal } from './format-query.ts';
import { drawResult } from './result-table.ts';

/**
 * Prints how a query or a load ended; the result of a query, if no file took it.
 *
 * @throws {SealroomError} RULE_QUERY if it was refused.
 */
export async function printEnd(
  io: CliIo,
  args: { readonly json: boolean },
  end: JobEnd,
  targets: ResultTargets,
): Promise<void> {
  switch (end.kind) {
    case 'released':
      await printReleased(io, args, end, targets);
      break;
    case 'refused':
      printRefused(io, args, end);
      break;
    case 'loaded':
      printLoaded(io, args, end.loaded);
      break;
    case 'started': {
      const { id, state } = end.job;
      printAnswer(io, args, { job: id, state }, [id]);
      if (!args.json) say(io, 'hint', `its end: \`sealroom room job ${id} --room ${end.room}\``);
    }
  }
}

function printRefused(
  io: CliIo,
  args: { readonly json: boolean },
  { attempt, salt, text, findings }: Extract<JobEnd, { readonly kind: 'refused' }>,
): void {
  if (args.json) io.stdout.write(`${JSON.stringify({ attempt, salt, allowed: false, findings })}\n`);
  else tell(io, `${renderFindings(text, findings)}\n`);
  throw refusal(findings);
}

async function printReleased(
  io: CliIo,
  { json }: { readonly json: boolean },
  {
    attempt,
    salt,
    receipt: { index, checkpoint },
    rows,
    isCut,
    columns,
    receivers,
    obligations,
    ...released
  }: Released,
  targets: ResultTargets,
): Promise<void> {
  const { budgets, table } = released;
  if (json) {
    const values = table === null ? {} : { values: (await readRows(table, rows)).rows };
    const receipt = { index, checkpoint };
    const answer = { attempt, salt, receivers, rows, isCut, columns, budgets, receipt, ...values };
    const files = { output: targets.table?.path ?? null, package: targets.package };
    const stream = targets.table?.path === STANDARD_STREAM ? io.stderr : io.stdout;
    stream.write(`${JSON.stringify({ ...answer, ...files })}\n`);
    return;
  }
  if (table !== null) io.stdout.write(`${(await drawResult(table, rows)).join('\n')}\n`);
  if (isCut) say(io, 'warning', 'the result is cut: the query has more rows than may be released');
  const lines = [`rows: ${rows.toLocaleString('en')}`, ...printBudgets(budgets), `attempt: ${attempt}`];
  tell(io, lines.join('\n'));
  if (rows > 0) return;
  // As `check` says it: whether a group was left out, nobody learns.
  for (const { kind, detail } of obligations) if (kind === 'threshold') say(io, 'hint', detail);
}
