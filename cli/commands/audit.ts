import { resolve } from 'node:path';
import type { Argv, CommandModule } from 'yargs';
import {
  type AuditFinding,
  checkpointOf,
  exportForMember,
  type LogChoice,
  proveFromLog,
  showRecords,
  verifyAudit,
} from '../../src/actions/member/index.ts';
import { type AuditProblem, createSignerFile } from '../../src/audit/index.ts';
import { SealroomError } from '../../src/errors/index.ts';
import { readOptionalFile } from '../options/collaboration-options.ts';
import { memberEnvironment } from '../options/key-options.ts';
import { describeRecord } from '../output/format-audit.ts';
import { type CliIo, say } from '../terminal.ts';
import { NEEDS_COMMAND } from '../usage-error.ts';

interface CommonArguments {
  readonly json: boolean;
  readonly debug: boolean;
}

interface LogArguments extends CommonArguments {
  readonly log: string | undefined;
  readonly home: string | undefined;
}

/** What commands are called with that show what others did. */
interface AuditorArguments {
  readonly manifest: string | undefined;
}

interface KeysArguments extends LogArguments {
  readonly keys: string | undefined;
}

/** What `audit show` is called with. */
interface ShowArguments extends LogArguments, AuditorArguments {
  readonly key: string | undefined;
}

/** What `audit verify` is called with. */
interface VerifyArguments extends KeysArguments {
  readonly seen: string | undefined;
}

/** What `audit prove` is called with. */
interface ProveArguments extends KeysArguments {
  readonly record: number | undefined;
  readonly from: number | undefined;
}

/** What `audit export` is called with. */
interface ExportArguments extends KeysArguments, AuditorArguments {
  readonly for: string;
}

/** What `audit key` is called with. */
interface KeyArguments extends CommonArguments {
  readonly file: string;
  readonly name: string;
}

function withCommon(yargs: Argv): Argv<CommonArguments> {
  return yargs
    .option('json', { type: 'boolean', default: false, describe: 'print the answer and errors as JSON' })
    .option('debug', { type: 'boolean', default: false, describe: 'print stack traces' });
}

function withLog(yargs: Argv): Argv<LogArguments> {
  return withCommon(yargs)
    .positional('log', { type: 'string', describe: "the directory of the log (default: that of your home's keys)" })
    .option('home', { type: 'string', describe: 'your home directory (default: SEALROOM_HOME, else ~/.sealroom)' });
}

function withKeys(yargs: Argv): Argv<KeysArguments> {
  return withLog(yargs).option('keys', {
    alias: 'k',
    type: 'string',
    describe: 'file with the verifier keys that may have signed, one a line (default for your own log: its key)',
  });
}

function withAuditor<T>(yargs: Argv<T>): Argv<T & AuditorArguments> {
  return yargs.option('manifest', {
    type: 'string',
    requiresArg: true,
    describe: 'signed manifest, of whose people only auditors may do this',
  });
}

function logOf(io: CliIo, { log }: LogArguments): string | undefined {
  return log === undefined ? undefined : resolve(io.cwd, log);
}

/** The log that the options name, and the keys that may have signed it. */
async function readLogChoice(io: CliIo, args: KeysArguments): Promise<LogChoice> {
  return { log: logOf(io, args), keys: await readOptionalFile(io, args.keys) };
}

async function runVerify(args: VerifyArguments, io: CliIo): Promise<void> {
  const seen = await readOptionalFile(io, args.seen);
  const found = await verifyAudit(memberEnvironment(io, args), await readLogChoice(io, args), seen);
  printReport(io, args, found.report, linesOf(found));
}

function linesOf({ kind, report }: AuditFinding): readonly string[] {
  switch (kind) {
    case 'log':
      return [
        `${String(report.records)} records, ${String(report.checkpoints)} checkpoints agree`,
        ...report.signedBy.map((key) => `signed by ${key}`),
        ...report.unfinished.map((index) => `record ${String(index)}: the query has not ended`),
      ];
    case 'growth':
      return [`the log of ${String(report.size)} records grew out of the one seen before`];
    case 'export':
      return [`${String(report.records)} records are in a log of ${String(report.size)}`];
  }
}

/** Prints what was found; problems are an integrity failure. */
function printReport(
  io: CliIo,
  { json }: CommonArguments,
  report: { readonly problems: readonly AuditProblem[] },
  lines: readonly string[],
): void {
  const { problems } = report;
  if (json) io.stdout.write(`${JSON.stringify(report)}\n`);
  else {
    for (const { record, message } of problems) {
      io.stderr.write(`${record === null ? '' : `record ${String(record)}: `}${message}\n`);
    }
    if (problems.length === 0) io.stderr.write(`${lines.join('\n')}\n`);
  }
  if (problems.length === 0) return;
  throw new SealroomError('AUDIT_CHAIN', `expected what was signed, got ${String(problems.length)} differences`);
}

async function runShow(args: ShowArguments, io: CliIo): Promise<void> {
  const { key } = args;
  const wanted = { key, manifest: await readOptionalFile(io, args.manifest) };
  let shown = 0;
  for await (const { record, line } of showRecords(memberEnvironment(io, args), { log: logOf(io, args) }, wanted)) {
    shown += 1;
    io.stdout.write(`${args.json ? line : describeRecord(record)}\n`);
  }
  if (args.json) return;
  if (key !== undefined && shown === 0) {
    say(
      io,
      'hint',
      'nothing was done with this key; `sealroom key show` prints the ids of secrets and the URIs of keys',
    );
  } else say(io, 'hint', 'these are not checked here; `sealroom audit verify` does');
}

async function runExport(args: ExportArguments, io: CliIo): Promise<void> {
  const wanted = { member: args.for, manifest: await readOptionalFile(io, args.manifest) };
  const lines = exportForMember(memberEnvironment(io, args), await readLogChoice(io, args), wanted);
  for await (const line of lines) io.stdout.write(`${line}\n`);
}

async function runCheckpoint(args: KeysArguments, io: CliIo): Promise<void> {
  const checkpoint = await checkpointOf(memberEnvironment(io, args), await readLogChoice(io, args));
  io.stdout.write(args.json ? `${JSON.stringify({ checkpoint })}\n` : checkpoint);
}

async function runProve(args: ProveArguments, io: CliIo): Promise<void> {
  const { record, from } = args;
  if ((record === undefined) === (from === undefined)) {
    throw new SealroomError('USAGE_OPTION', 'expected one of `--record` and `--from`, got both or none');
  }
  const wanted =
    record === undefined ? ({ kind: 'growth', from: from ?? 0 } as const) : ({ kind: 'record', record } as const);
  const proof = await proveFromLog(memberEnvironment(io, args), await readLogChoice(io, args), wanted);
  io.stdout.write(args.json ? `${JSON.stringify({ proof })}\n` : proof);
}

async function runKey(args: KeyArguments, io: CliIo): Promise<void> {
  const { verifier } = await createSignerFile(resolve(io.cwd, args.file), args.name);
  const key = verifier.toString();
  io.stdout.write(`${args.json ? JSON.stringify({ key }) : key}\n`);
}

/** `sealroom audit`: shows and checks audit logs, and proves to others what is in them. */
export function auditCommand(io: CliIo): CommandModule {
  return {
    builder: (yargs) =>
      yargs
        .command(
          'verify [log]',
          'check a log, an export or a proof; exit code 4 if it is not what was signed',
          (inner) =>
            withKeys(inner).option('seen', {
              type: 'string',
              describe: 'file with checkpoints that were seen before, one after the other',
            }),
          (args) => runVerify(args, io),
        )
        .command(
          'show [log]',
          'list the records of a log, or those of one key',
          (inner) =>
            withAuditor(withLog(inner)).option('key', {
              type: 'string',
              requiresArg: true,
              describe: 'only what was done with this key: the id of a secret, or the URI of a wrapping key',
            }),
          (args) => runShow(args, io),
        )
        .command(
          'export [log]',
          'print the records that a member may see, each with its proof',
          (inner) =>
            withAuditor(withKeys(inner)).option('for', {
              type: 'string',
              demandOption: true,
              describe: 'id of the member',
            }),
          (args) => runExport(args, io),
        )
        .command('checkpoint [log]', 'print the signed checkpoint, to be kept', withKeys, (args) =>
          runCheckpoint(args, io),
        )
        .command(
          'prove [log]',
          'print the proof that a record is in the log, or that the log grew from an earlier size',
          (inner) =>
            withKeys(inner)
              .option('record', { type: 'number', describe: 'number of the record, from 0' })
              .option('from', { type: 'number', describe: 'number of records of an earlier checkpoint' }),
          (args) => runProve(args, io),
        )
        .command(
          'key <file>',
          "make the key that signs a room's log, and print the verifier key",
          (inner) =>
            withCommon(inner)
              .positional('file', { type: 'string', demandOption: true, describe: 'where the secret key goes' })
              .option('name', {
                type: 'string',
                demandOption: true,
                describe: 'who signs: a name such as runner.example/spring-campaign',
              }),
          (args) => runKey(args, io),
        )
        .demandCommand(1, NEEDS_COMMAND),
    handler: () => undefined,
  };
}
