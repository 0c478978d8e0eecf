import type { CommandModule } from 'yargs';
import { memberHome } from '../../src/custody/load-secret.ts';
import { SealroomError } from '../../src/errors/index.ts';
import { recipientsOf } from '../../src/package/index.ts';
import { type QueryOutcome, QueryRunner, type RunnerLimits } from '../../src/room/index.ts';
import { renderFindings } from '../../src/query/index.ts';
import { openRoom } from '../../src/room/index.ts';
import { checkTarget, writeWholeFile } from '../../src/files/index.ts';
import { STANDARD_STREAM, type TableFormat } from '../../src/tabular/index.ts';
import { parseFormat, resolvePath } from '../options/table-options.ts';
import { type QueryArguments, readRequest, withQuery } from '../query-request.ts';
import { printBudgets, refusal } from '../output/format-query.ts';
import { drawResult, outputFormatOf, readRows, writeResult } from '../output/result-table.ts';
import { checkManifestRole } from '../roles.ts';
import { type RoomArguments, roomDirectory, withRoom } from '../options/room-option.ts';
import { restoreArgument } from '../spelling.ts';
import { type CliIo, say } from '../terminal.ts';

/** What `query` is called with. */
interface CommandArguments extends RoomArguments, QueryArguments {
  readonly output: string | undefined;
  readonly 'output-format': TableFormat | undefined;
  readonly package: string | undefined;
  readonly overwrite: boolean;
  readonly home: string | undefined;
  readonly timeout: number | undefined;
  readonly memory: number | undefined;
}

type Released = Extract<QueryOutcome, { readonly kind: 'released' }>;

/** Where a result goes; checked before anything is asked. */
interface Targets {
  readonly table: { readonly path: string; readonly format: TableFormat } | null;
  readonly package: string | null;
}

async function checkTargets(io: CliIo, args: CommandArguments): Promise<Targets> {
  const { output, overwrite } = args;
  const path = args.package === undefined ? null : resolvePath(io, args.package);
  const isFile = output !== undefined && output !== STANDARD_STREAM;
  if (isFile) await checkTarget(resolvePath(io, output), { overwrite });
  if (path !== null) await checkTarget(path, { overwrite });
  const isShown = output === undefined && (path !== null || args.json || io.stdout.isTTY === true);
  if (isShown) return { table: null, package: path };
  const target = resolvePath(io, output ?? STANDARD_STREAM);
  return { table: { path: target, format: outputFormatOf(target, args['output-format']) }, package: path };
}

function limitsOf({ timeout, memory }: CommandArguments): Partial<RunnerLimits> {
  for (const [name, value] of Object.entries({ timeout, memory })) {
    if (value !== undefined && !(Number.isInteger(value) && value >= 1 && value <= 1_000_000)) {
      throw new SealroomError('USAGE_OPTION', `\`--${name}\` expected a whole number from 1 to 1000000, got another`);
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
  { attempt, receipt, result, budgets }: Released,
  targets: Targets,
): Promise<void> {
  const { rows, isCut, columns, receivers } = result.statement;
  if (args.json) {
    const isInline = targets.table === null && targets.package === null;
    const values = isInline ? { values: (await readRows(result.table, rows)).rows } : {};
    const answer = { attempt, receivers, rows, isCut, columns, budgets, receipt, ...values };
    const files = { output: targets.table?.path ?? null, package: targets.package };
    const stream = targets.table?.path === STANDARD_STREAM ? io.stderr : io.stdout;
    stream.write(`${JSON.stringify({ ...answer, ...files })}\n`);
    return;
  }
  if (targets.table === null && targets.package === null) {
    io.stdout.write(`${(await drawResult(result.table, rows)).join('\n')}\n`);
  }
  if (isCut) say(io, 'warning', 'there were more rows than may be released; the result has the first ones');
  const lines = [`rows: ${rows.toLocaleString('en')}`, ...printBudgets(budgets), `attempt: ${attempt}`];
  io.stderr.write(`${lines.join('\n')}\n`);
}

async function runQuery(args: CommandArguments, io: CliIo): Promise<void> {
  const directory = roomDirectory(io, args);
  const request = readRequest(io, args);
  const targets = await checkTargets(io, args);
  const limits = limitsOf(args);
  const { manifest } = await openRoom(directory);
  if (manifest.members.some(({ id, people }) => id === request.member && people.length > 0)) {
    const home = memberHome(io.env, { cwd: io.cwd, home: args.home });
    await checkManifestRole({ home, action: 'query', envelope: null, member: request.member }, manifest);
  }
  const recipients = targets.package === null ? null : recipientsOf(manifest, request.receivers);
  await using runner = await QueryRunner.open({ directory, env: io.env, now: () => new Date(), limits });
  const outcome = await runner.run(request, io.signal);
  if (outcome.kind === 'refused') {
    const { attempt, text, findings } = outcome;
    if (args.json) io.stdout.write(`${JSON.stringify({ attempt, allowed: false, findings })}\n`);
    else io.stderr.write(`${renderFindings(text, findings)}\n\n`);
    throw refusal(findings);
  }
  const { overwrite } = args;
  if (targets.package !== null && recipients !== null) {
    await writeWholeFile(targets.package, await runner.pack(outcome.result, recipients), { overwrite });
  }
  if (targets.table !== null) {
    const { path, format } = targets.table;
    await writeResult(outcome.result.table, path, { format, overwrite, stdout: io.stdout });
  }
  await printReleased(io, args, outcome, targets);
}

/** `sealroom query`: asks a room. */
export function queryCommand(io: CliIo): CommandModule<object, CommandArguments> {
  return {
    command: 'query [sql]',
    describe: 'ask a room what all owners of its tables allow; exit code 3 if they do not',
    builder: (yargs) =>
      withQuery(withRoom(yargs))
        .option('output', {
          alias: 'o',
          type: 'string',
          coerce: restoreArgument<string | undefined>,
          describe: 'file for the result, or - for standard output (default: a table on a terminal, else CSV)',
        })
        .option('output-format', {
          type: 'string',
          coerce: parseFormat,
          describe: "csv, parquet or arrow (default: what the output's extension says)",
        })
        .option('package', {
          type: 'string',
          describe: 'file for the result, encrypted to its receivers; then it is not shown',
        })
        .option('overwrite', { alias: 'f', type: 'boolean', default: false, describe: 'replace existing files' })
        .option('home', {
          type: 'string',
          requiresArg: true,
          describe:
            'home with your signing key, where the manifest has people (default: SEALROOM_HOME, else ~/.sealroom)',
        })
        .option('timeout', { type: 'number', describe: 'seconds after which the query is ended (default: 60)' })
        .option('memory', { type: 'number', describe: 'MiB that the engine may use (default: 1024)' }),
    handler: (args) => runQuery(args, io),
  };
}
