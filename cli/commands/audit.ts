import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Argv, CommandModule } from 'yargs';
import {
  type AuditProblem,
  type AuditRecord,
  createSignerFile,
  exportRecords,
  proveGrowth,
  proveRecord,
  readCheckpoint,
  readRecords,
  readSignerFile,
  verifyExport,
  verifyLog,
} from '../../src/audit/index.ts';
import { checkConsistencyProof, parseVerifiers, splitNotes, type Verifier } from '../../src/tlog/index.ts';
import { memberHome } from '../../src/custody/index.ts';
import { SealroomError } from '../../src/errors/index.ts';
import { readTextFile } from '../../src/files/index.ts';
import { describeRecord } from '../output/format-audit.ts';
import { checkRole } from '../roles.ts';
import { type CliIo, say } from '../terminal.ts';

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

async function requireAuditor(io: CliIo, { home, manifest }: LogArguments & AuditorArguments): Promise<void> {
  const directory = memberHome(io.env, { cwd: io.cwd, home });
  await checkRole(io, { home: directory, manifest, action: 'audit', envelope: null });
}

/** The directory of a log: what was given, or the home's. */
function logDirectory(io: CliIo, { log, home }: LogArguments): string {
  return log === undefined ? memberHome(io.env, { cwd: io.cwd, home }).log : resolve(io.cwd, log);
}

/** The source of a log, from the options that all commands on one have. */
async function readSource(
  io: CliIo,
  args: KeysArguments,
): Promise<{ readonly directory: string; readonly verifiers: readonly Verifier[] }> {
  const directory = logDirectory(io, args);
  if (args.keys !== undefined) {
    const path = resolve(io.cwd, args.keys);
    return { directory, verifiers: parseVerifiers(await readTextFile(path), { file: path }) };
  }
  if (args.log !== undefined) {
    throw new SealroomError('USAGE_OPTION', 'missing required argument: keys', {
      hint: 'whose signatures count is for you to say: give a file with their verifier keys, one a line',
    });
  }
  const { logKey } = memberHome(io.env, { cwd: io.cwd, home: args.home });
  return { directory, verifiers: [(await readSignerFile(logKey)).verifier] };
}

async function runVerify(args: VerifyArguments, io: CliIo): Promise<void> {
  const { directory: path, verifiers } = await readSource(io, args);
  const seen = args.seen === undefined ? [] : splitNotes(await readTextFile(resolve(io.cwd, args.seen)));
  if (args.seen !== undefined && seen.length === 0) {
    throw new SealroomError('USAGE_OPTION', '`--seen` expected checkpoints, got an empty file');
  }
  // What is missing is told by the reader.
  const isLog = (await stat(path).catch(() => null))?.isDirectory() === true;
  if (isLog) {
    const report = await verifyLog({ directory: path, verifiers, seen });
    const unfinished = report.unfinished.map((index) => `record ${String(index)}: the query has not ended`);
    printReport(io, args, report, [
      `${String(report.records)} records, ${String(report.checkpoints)} checkpoints agree`,
      ...report.signedBy.map((key) => `signed by ${key}`),
      ...unfinished,
    ]);
    return;
  }
  const text = await readTextFile(path);
  if (text.startsWith('old ')) {
    const [earlier, ...others] = seen;
    if (earlier === undefined || others.length > 0) {
      throw new SealroomError('USAGE_OPTION', `expected \`--seen\` with one checkpoint, got ${String(seen.length)}`);
    }
    const { origin, size } = checkConsistencyProof(text, earlier, verifiers);
    const report = { origin, size, problems: [] };
    printReport(io, args, report, [`the log of ${String(size)} records grew out of the one seen before`]);
    return;
  }
  if (seen.length > 0)
    throw new SealroomError('USAGE_OPTION', '`--seen` expected with a log or a proof, got an export');
  const report = verifyExport(text, verifiers);
  printReport(io, args, report, [`${String(report.records)} records are in a log of ${String(report.size)}`]);
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

/** Whether a record tells of a key: of the secret with this id, or of what the key with this URI wrapped. */
function tellsOf(key: string, { event }: AuditRecord): boolean {
  //= audit A-63
  return event.kind === 'key' && (event.secretId === key || event.key === key);
}

async function runShow(args: ShowArguments, io: CliIo): Promise<void> {
  await requireAuditor(io, args);
  let shown = 0;
  for await (const { record, line } of readRecords(logDirectory(io, args))) {
    if (args.key !== undefined && !tellsOf(args.key, record)) continue;
    shown += 1;
    io.stdout.write(`${args.json ? line : describeRecord(record)}\n`);
  }
  if (args.json) return;
  if (args.key !== undefined && shown === 0) {
    say(
      io,
      'hint',
      'nothing was done with this key; `sealroom key show` prints the ids of secrets and the URIs of keys',
    );
  } else say(io, 'hint', 'these are not checked here; `sealroom audit verify` does');
}

async function runExport(args: ExportArguments, io: CliIo): Promise<void> {
  await requireAuditor(io, args);
  for await (const line of exportRecords(await readSource(io, args), args.for)) io.stdout.write(`${line}\n`);
}

async function runCheckpoint(args: KeysArguments, io: CliIo): Promise<void> {
  const checkpoint = await readCheckpoint(await readSource(io, args));
  io.stdout.write(args.json ? `${JSON.stringify({ checkpoint })}\n` : checkpoint);
}

async function runProve(args: ProveArguments, io: CliIo): Promise<void> {
  const { record, from } = args;
  if ((record === undefined) === (from === undefined)) {
    throw new SealroomError('USAGE_OPTION', 'expected one of `--record` and `--from`, got both or none');
  }
  const source = await readSource(io, args);
  const proof = record === undefined ? await proveGrowth(source, from ?? 0) : await proveRecord(source, record);
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
    command: 'audit',
    describe: 'show, verify and export the audit log of a room, or of your keys',
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
        .demandCommand(1, 'expected a command of `audit`'),
    handler: () => undefined,
  };
}
