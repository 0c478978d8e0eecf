import { resolve } from 'node:path';
import type { Argv, CommandModule } from 'yargs';
import {
  type AuditFinding,
  type AuditorCheck,
  checkpointOf,
  exportForMember,
  type KeyChoice,
  type LogChoice,
  proveFromLog,
  showRecords,
  verifyAudit,
} from '../../src/actions/member/index.ts';
import { type AuditProblem, createSignerFile } from '../../src/audit/index.ts';
import { countOf, SealroomError } from '../../src/errors/index.ts';
import { isRoomAddress } from '../../src/project/index.ts';
import { readOptionalFile } from '../options/collaboration-options.ts';
import { type ManifestArguments, readManifestFile, withManifestOptions } from '../options/manifest-option.ts';
import { roomDirectory, withCa } from '../options/room-option.ts';
import { readTrust } from '../options/trust-option.ts';
import { memberEnvironment } from '../options/key-options.ts';
import { describeRecord } from '../output/format-audit.ts';
import type { LogTarget } from '../room-target/room-target.ts';
import type { RoomChoice } from '../room-target/room-choice.ts';
import { type CliIo, say, showable, tell } from '../terminal.ts';
import { NEEDS_COMMAND } from '../usage-error.ts';
import { type OutputArguments, withOutputOptions } from '../options/output-options.ts';

interface LogArguments extends OutputArguments {
  readonly log: string | undefined;
  readonly home: string | undefined;
}

interface TrustArguments extends LogArguments {
  readonly trust: string | undefined;
}

/** The id of a secret, which no URI of a key looks like. */
const SECRET_ID = /^[0-9a-f]{32}$/;

/** The arguments of `audit show`. */
interface ShowArguments extends LogArguments, ManifestArguments {
  readonly key: string | undefined;
  readonly 'secret-id': string | undefined;
}

/** The arguments of `audit verify`. */
interface VerifyArguments extends TrustArguments {
  readonly seen: string | undefined;
}

/** The arguments of commands on a log that may be that of a room. */
type RoomLogArguments = TrustArguments & Pick<RoomChoice, 'room' | 'ca'>;

/** The arguments of `audit prove`. */
interface ProveArguments extends RoomLogArguments {
  readonly record: number | undefined;
  readonly from: number | undefined;
}

/** The arguments of `audit export`. */
interface ExportArguments extends RoomLogArguments, ManifestArguments {
  readonly for: string | undefined;
}

/** The arguments of `audit key`. */
interface KeyArguments extends OutputArguments {
  readonly file: string;
  readonly name: string;
}

function withLog(yargs: Argv): Argv<LogArguments> {
  return withOutputOptions(yargs)
    .positional('log', { type: 'string', describe: 'directory of the log (default: the key log of your home)' })
    .option('home', { type: 'string', describe: 'your home directory (default: SEALROOM_HOME, else ~/.sealroom)' });
}

function withTrust(yargs: Argv): Argv<TrustArguments> {
  return withLog(yargs).option('trust', {
    type: 'string',
    requiresArg: true,
    describe: 'trusted verifier key, or a file with such keys, one per line (default for your own log: its key)',
  });
}

function withRoomLog(yargs: Argv): Argv<RoomLogArguments> {
  return withCa(
    withTrust(yargs).option('room', {
      type: 'string',
      requiresArg: true,
      describe: 'directory of a room, or its address, https://…, whose log it is',
    }),
  );
}

function withAuditor<T>(yargs: Argv<T>): Argv<T & ManifestArguments> {
  return withManifestOptions(yargs, 'manifest, signed by all members; only its auditors may do this');
}

function logOf(io: CliIo, { log }: LogArguments): string | undefined {
  return log === undefined ? undefined : resolve(io.cwd, log);
}

/** The log that the options name, and the keys that may have signed it. */
async function readLogChoice(io: CliIo, args: TrustArguments): Promise<LogChoice> {
  return { log: logOf(io, args), keys: await readTrust(io, args.trust) };
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
        `verified ${countOf(report.records, 'record')} and ${countOf(report.checkpoints, 'checkpoint')}`,
        ...report.signedBy.map((key) => `signed by ${key}`),
        ...report.unfinished.map((index) => `record ${String(index)}: the query has not finished`),
      ];
    case 'growth':
      return [`the log of ${countOf(report.size, 'record')} extends the one that you saw before`];
    case 'export':
      return [`verified ${countOf(report.records, 'record')} of a log of ${report.size.toLocaleString('en')}`];
  }
}

/** Prints a report; problems in it are an integrity failure. */
function printReport(
  io: CliIo,
  { json }: OutputArguments,
  report: { readonly problems: readonly AuditProblem[] },
  lines: readonly string[],
): void {
  const { problems } = report;
  if (json) io.stdout.write(`${JSON.stringify(report)}\n`);
  else {
    for (const { record, message, evidence = [] } of problems) {
      tell(io, `${record === null ? '' : `record ${String(record)}: `}${message}`);
      for (const checkpoint of evidence) tell(io, `\n${checkpoint}`);
    }
    if (problems.length === 0) tell(io, lines.join('\n'));
  }
  if (problems.length === 0) return;
  throw new SealroomError('AUDIT_CHAIN', `verification failed: ${countOf(problems.length, 'problem')}`);
}

/** What the shown records must be about; `--key` also took the id of a secret once. */
function aboutOf(io: CliIo, { key, 'secret-id': secretId, json }: ShowArguments): KeyChoice | undefined {
  if (key !== undefined && secretId !== undefined) {
    throw new SealroomError('USAGE_OPTION', '`--key` and `--secret-id` cannot be combined');
  }
  if (secretId !== undefined) return { kind: 'secret', id: secretId };
  if (key === undefined) return undefined;
  if (!SECRET_ID.test(key)) return { kind: 'wrapping-key', uri: key };
  if (!json) say(io, 'notice', '`--key` with the id of a secret is now `--secret-id`');
  return { kind: 'secret', id: key };
}

async function runShow(args: ShowArguments, io: CliIo): Promise<void> {
  const about = aboutOf(io, args);
  const wanted = { about, manifest: await readManifestFile(io, args) };
  let shown = 0;
  for await (const { record, line } of showRecords(memberEnvironment(io, args), { log: logOf(io, args) }, wanted)) {
    shown += 1;
    io.stdout.write(`${args.json ? line : showable(describeRecord(record))}\n`);
  }
  if (args.json) return;
  if (about !== undefined && shown === 0) {
    say(io, 'hint', 'no record is about this key; `sealroom key show` lists the ids of secrets and the URIs of keys');
  } else say(io, 'hint', 'these records are not verified; `sealroom audit verify` verifies them');
}

/** For whom records are exported, and the manifest that names auditors. */
type Auditor = AuditorCheck & { readonly member?: string | undefined };

function requireReceiver(member: string | undefined): string {
  if (member !== undefined) return member;
  throw new SealroomError('USAGE_OPTION', '`--for` is missing', { hint: 'it is the id of the member' });
}

/** A log on this machine: of the home, in a directory, or of a room in a directory. */
async function localLog(io: CliIo, args: RoomLogArguments, { member, manifest }: Auditor): Promise<LogTarget> {
  const environment = memberEnvironment(io, args);
  const choice = args.room === undefined ? await readLogChoice(io, args) : await readRoomLog(io, args);
  return {
    exportRecords: () => exportForMember(environment, choice, { member: requireReceiver(member), manifest }),
    prove: (wanted) => proveFromLog(environment, choice, wanted),
    checkpoint: () => checkpointOf(environment, choice),
  };
}

/** The log of a room in a directory. Who has the directory runs the room, whose own key then counts. */
async function readRoomLog(io: CliIo, args: RoomLogArguments): Promise<LogChoice> {
  // Loaded here, because other logs do without rooms.
  const { auditFilesOf } = await import('../../src/room/index.ts');
  const { auditDirectory, verifierFile } = auditFilesOf(roomDirectory(io, args));
  return { log: auditDirectory, keys: await readTrust(io, args.trust ?? verifierFile) };
}

/** Uses the log that the options name. */
async function useLog(
  io: CliIo,
  args: RoomLogArguments,
  auditor: Auditor,
  use: (log: LogTarget) => Promise<void>,
): Promise<void> {
  const { log, room, ca } = args;
  if (log !== undefined && room !== undefined) {
    throw new SealroomError('USAGE_OPTION', 'a log and `--room` cannot be combined');
  }
  if (room !== undefined && isRoomAddress(room)) {
    if (auditor.manifest !== undefined) {
      throw new SealroomError('USAGE_OPTION', '`--manifest` needs a log on this machine', {
        hint: 'a room over the network knows who is an auditor',
      });
    }
    const { useRemoteRoom } = await import('../room-target/use-room.ts');
    return useRemoteRoom(io, { ...args, room, as: auditor.member }, use);
  }
  if (ca !== undefined) throw new SealroomError('USAGE_OPTION', '`--ca` needs a room over the network');
  await use(await localLog(io, args, auditor));
}

async function runExport(args: ExportArguments, io: CliIo): Promise<void> {
  const auditor = { member: args.for, manifest: await readManifestFile(io, args) };
  await useLog(io, args, auditor, async (log) => {
    for await (const line of log.exportRecords()) io.stdout.write(`${line}\n`);
  });
}

async function runCheckpoint(args: RoomLogArguments, io: CliIo): Promise<void> {
  await useLog(io, args, {}, async (log) => {
    const checkpoint = await log.checkpoint();
    io.stdout.write(args.json ? `${JSON.stringify({ checkpoint })}\n` : checkpoint);
  });
}

async function runProve(args: ProveArguments, io: CliIo): Promise<void> {
  const { record, from } = args;
  if ((record === undefined) === (from === undefined)) {
    throw new SealroomError('USAGE_OPTION', '`audit prove` takes exactly one of `--record` and `--from`');
  }
  const wanted =
    record === undefined ? ({ kind: 'growth', from: from ?? 0 } as const) : ({ kind: 'record', record } as const);
  await useLog(io, args, {}, async (log) => {
    const proof = await log.prove(wanted);
    io.stdout.write(args.json ? `${JSON.stringify({ proof })}\n` : proof);
  });
}

async function runKey(args: KeyArguments, io: CliIo): Promise<void> {
  const { verifier } = await createSignerFile(resolve(io.cwd, args.file), args.name);
  const key = verifier.toString();
  io.stdout.write(`${args.json ? JSON.stringify({ key }) : key}\n`);
}

/** `sealroom audit`: shows and verifies audit logs, and proves their content to others. */
export function auditCommand(io: CliIo): CommandModule {
  return {
    builder: (yargs) =>
      yargs
        .command(
          'verify [log]',
          'verify a log, an export or a proof; exit code 4 if it differs from what was signed',
          (inner) =>
            withTrust(inner).option('seen', {
              type: 'string',
              describe: 'file of checkpoints that you saved before, one after another',
            }),
          (args) => runVerify(args, io),
        )
        .command(
          'show [log]',
          'list the records of a log, or those of one key',
          (inner) =>
            withAuditor(withLog(inner))
              .option('secret-id', {
                type: 'string',
                requiresArg: true,
                describe: 'only records about the secret with this id',
              })
              .option('key', {
                type: 'string',
                requiresArg: true,
                describe: 'only records about the wrapping key with this URI',
              }),
          (args) => runShow(args, io),
        )
        .command(
          'export [log]',
          'print the records that a member may see, each with its proof',
          (inner) =>
            withAuditor(withRoomLog(inner)).option('for', {
              type: 'string',
              describe: 'id of the member; a room over the network knows it by the key',
            }),
          (args) => runExport(args, io),
        )
        .command('checkpoint [log]', 'print the signed checkpoint, for you to keep', withRoomLog, (args) =>
          runCheckpoint(args, io),
        )
        .command(
          'prove [log]',
          'print a proof that a record is in the log, or that the log extends an earlier one',
          (inner) =>
            withRoomLog(inner)
              .option('record', { type: 'number', describe: 'number of the record, from 0' })
              .option('from', { type: 'number', describe: 'number of records in an earlier checkpoint' }),
          (args) => runProve(args, io),
        )
        .command(
          'key <file>',
          "create the key that signs a room's log, and print its verifier key",
          (inner) =>
            withOutputOptions(inner)
              .positional('file', { type: 'string', demandOption: true, describe: 'file for the secret key' })
              .option('name', {
                type: 'string',
                demandOption: true,
                describe: 'name of the signer, such as runner.example/spring-campaign',
              }),
          (args) => runKey(args, io),
        )
        .demandCommand(1, NEEDS_COMMAND),
    handler: () => undefined,
  };
}
