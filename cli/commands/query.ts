import type { CommandModule } from 'yargs';
import { identifyPerson, readRows, writeResult } from '../../src/actions/member/tables.ts';
import { askRoom, type QueryAnswer } from '../../src/actions/operator/index.ts';
import type { Manifest } from '../../src/collab/index.ts';
import { didYouMean, quoteForMessage, SealroomError } from '../../src/errors/index.ts';
import { checkTarget, writeWholeFile } from '../../src/files/index.ts';
import { renderFindings } from '../../src/query/index.ts';
import { type Caller, claimedCaller, type RunnerLimits } from '../../src/room/index.ts';
import type { TableFormat } from '../../src/tabular/index.ts';
import { memberEnvironment } from '../options/key-options.ts';
import { type QueryArguments, readQuestion, withQuery } from '../options/query-options.ts';
import {
  type ClockArguments,
  operatorEnvironment,
  type RoomArguments,
  roomDirectory,
  withClockJump,
  withRoom,
} from '../options/room-option.ts';
import { parseFormat, resolvePath, tableOutput } from '../options/table-options.ts';
import { printBudgets, refusal } from '../output/format-query.ts';
import { drawResult, outputFormatOf } from '../output/result-table.ts';
import { type CliIo, say, STANDARD_STREAM, tell } from '../terminal.ts';

/** The arguments of `query`. */
interface CommandArguments extends RoomArguments, QueryArguments, ClockArguments {
  readonly output: string | undefined;
  readonly 'output-format': string | undefined;
  readonly package: string | undefined;
  readonly overwrite: boolean;
  readonly home: string | undefined;
  readonly timeout: number | undefined;
  readonly memory: number | undefined;
}

type Released = Extract<QueryAnswer, { readonly kind: 'released' }>;

/** The files for a result, which are checked before the query runs. */
interface Targets {
  readonly table: { readonly path: string; readonly format: TableFormat } | null;
  readonly package: string | null;
}

/** Fills in the day of the run and the id of the template where the name of a file has `{date}` and `{template}`. */
function fillName(io: CliIo, { template }: CommandArguments, name: string): string {
  const { now = () => new Date() } = io;
  const parts: ReadonlyMap<string, string | undefined> = new Map([
    ['date', now().toISOString().slice(0, 10)],
    ['template', template],
  ]);
  return name.replace(/\{([a-z]+)\}/g, (text, part: string) => {
    if (!parts.has(part)) {
      throw new SealroomError(
        'USAGE_OPTION',
        `a file name can have \`{date}\` and \`{template}\`, not ${quoteForMessage(text)}`,
        {
          hint: didYouMean(part, parts.keys()),
        },
      );
    }
    const value = parts.get(part);
    if (value !== undefined) return value;
    throw new SealroomError('USAGE_OPTION', `\`{template}\` in a file name needs \`--template\``);
  });
}

async function checkTargets(io: CliIo, args: CommandArguments): Promise<Targets> {
  const { overwrite } = args;
  const output = args.output === undefined ? undefined : fillName(io, args, args.output);
  const path = args.package === undefined ? null : resolvePath(io, fillName(io, args, args.package));
  const isFile = output !== undefined && output !== STANDARD_STREAM;
  if (isFile) await checkTarget(resolvePath(io, output), { overwrite });
  if (path !== null) await checkTarget(path, { overwrite });
  const isShown = output === undefined && (path !== null || args.json || io.stdout.isTTY === true);
  if (isShown) return { table: null, package: path };
  const target = resolvePath(io, output ?? STANDARD_STREAM);
  return {
    table: { path: target, format: outputFormatOf(target, parseFormat('output-format', args['output-format'])) },
    package: path,
  };
}

function limitsOf({ timeout, memory }: CommandArguments): Partial<RunnerLimits> {
  for (const [name, value] of Object.entries({ timeout, memory })) {
    if (value !== undefined && !(Number.isInteger(value) && value >= 1 && value <= 1_000_000)) {
      throw new SealroomError('USAGE_OPTION', `\`--${name}\` must be a whole number from 1 to 1,000,000`);
    }
  }
  return {
    ...(timeout === undefined ? {} : { timeoutMs: timeout * 1000 }),
    ...(memory === undefined ? {} : { memoryMiB: memory }),
  };
}

async function printReleased(
  io: CliIo,
  args: CommandArguments,
  { attempt, salt, receipt: { index, checkpoint }, result, budgets }: Released,
  targets: Targets,
): Promise<void> {
  const { rows, isCut, columns, receivers, obligations } = result.statement;
  if (args.json) {
    const isInline = targets.table === null && targets.package === null;
    const values = isInline ? { values: (await readRows(result.table, rows)).rows } : {};
    const receipt = { index, checkpoint };
    const answer = { attempt, salt, receivers, rows, isCut, columns, budgets, receipt, ...values };
    const files = { output: targets.table?.path ?? null, package: targets.package };
    const stream = targets.table?.path === STANDARD_STREAM ? io.stderr : io.stdout;
    stream.write(`${JSON.stringify({ ...answer, ...files })}\n`);
    return;
  }
  if (targets.table === null && targets.package === null) {
    io.stdout.write(`${(await drawResult(result.table, rows)).join('\n')}\n`);
  }
  if (isCut) say(io, 'warning', 'the result is cut: the query has more rows than may be released');
  const lines = [`rows: ${rows.toLocaleString('en')}`, ...printBudgets(budgets), `attempt: ${attempt}`];
  tell(io, lines.join('\n'));
  if (rows > 0) return;
  // As `check` says it: whether a group was left out, nobody learns.
  for (const { kind, detail } of obligations) if (kind === 'threshold') say(io, 'hint', detail);
}

/** The caller: the named member, and the owner of the home if the manifest names people. */
async function claimCaller(io: CliIo, { as, home }: CommandArguments, manifest: Manifest): Promise<Caller> {
  return claimedCaller(as, await identifyPerson(memberEnvironment(io, { home }), as, manifest));
}

async function runQuery(args: CommandArguments, io: CliIo): Promise<void> {
  const { overwrite } = args;
  const question = await readQuestion(io, args);
  const targets = await checkTargets(io, args);
  const answer = await askRoom(operatorEnvironment(io, args), {
    ...question,
    directory: roomDirectory(io, args),
    authenticate: (manifest) => claimCaller(io, args, manifest),
    limits: limitsOf(args),
    isPacked: targets.package !== null,
  });
  if (answer.kind === 'refused') {
    const { attempt, salt, text, findings } = answer;
    if (args.json) io.stdout.write(`${JSON.stringify({ attempt, salt, allowed: false, findings })}\n`);
    else tell(io, `${renderFindings(text, findings)}\n`);
    throw refusal(findings);
  }
  if (targets.package !== null && answer.package !== null) {
    await writeWholeFile(targets.package, answer.package, { overwrite });
  }
  if (targets.table !== null) {
    const { path, format } = targets.table;
    await writeResult(answer.result.table, { ...tableOutput(io, path, format), format }, { overwrite });
  }
  await printReleased(io, args, answer, targets);
}

/** `sealroom query`: asks a room. */
export function queryCommand(io: CliIo): CommandModule<object, CommandArguments> {
  return {
    builder: (yargs) =>
      withClockJump(withQuery(withRoom(yargs)))
        .option('output', {
          alias: 'o',
          type: 'string',
          describe:
            'file for the result, or - for standard output; {date} and {template} in its name are filled in (default: a table on a terminal, else CSV)',
        })
        .option('output-format', {
          type: 'string',
          describe: "csv, parquet or arrow (default: by the output's extension)",
        })
        .option('package', {
          type: 'string',
          describe:
            'file for the result, encrypted to its receivers, and named like `--output`; the result is not shown',
        })
        .option('overwrite', { type: 'boolean', default: false, describe: 'replace existing files' })
        .option('home', {
          type: 'string',
          requiresArg: true,
          describe:
            'home with your signing key, if the manifest names people (default: SEALROOM_HOME, else ~/.sealroom)',
        })
        .option('timeout', { type: 'number', describe: 'time limit of the query in seconds (default: 60)' })
        .option('memory', { type: 'number', describe: 'memory limit of the engine in MiB (default: 1024)' }),
    handler: (args) => runQuery(args, io),
  };
}
