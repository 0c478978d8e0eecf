import type { CommandModule } from 'yargs';
import {
  checkInRoom,
  type CheckedManifest,
  checkUnderManifest,
  listExamplesInRoom,
  listExamplesUnderManifest,
  type TableExample,
} from '../../src/actions/operator/index.ts';
import { SealroomError } from '../../src/errors/index.ts';
import { listHomeKeys } from '../../src/actions/member/index.ts';
import { claimedCaller, type QueryCheck, type QueryRequest } from '../../src/room/index.ts';
import { type ManifestArguments, readManifestFile, withManifestOptions } from '../options/manifest-option.ts';
import { memberEnvironment } from '../options/key-options.ts';
import { type QueryArguments, readQuestion, withQuery } from '../options/query-options.ts';
import { operatorEnvironment, type RoomArguments, roomDirectory, withRoom } from '../options/room-option.ts';
import { printAnswer } from '../output/answer.ts';
import { describeExamples, printDefaults, printVerdict, refusal, verdictForMachines } from '../output/format-query.ts';
import { type CliIo, say, showable } from '../terminal.ts';

/** The arguments of `check`. */
interface CheckArguments extends RoomArguments, QueryArguments, ManifestArguments {
  readonly examples: boolean;
}

/** A manifest to check under, with the keys that are known; `null` where a room is named. */
async function readCheckedFile(io: CliIo, args: CheckArguments): Promise<CheckedManifest | null> {
  const file = await readManifestFile(io, args);
  if (file === undefined) return null;
  return { ...file, knownKeys: await listHomeKeys(memberEnvironment(io, {})), isUnsigned: args.unsigned };
}

function printExamples(io: CliIo, args: CheckArguments, tables: readonly TableExample[]): void {
  printAnswer(io, args, { tables }, describeExamples(tables));
}

function warnOfUnsigned(io: CliIo, unsigned: readonly string[]): void {
  if (unsigned.length === 0) return;
  const names = unsigned.join(', ');
  say(
    io,
    'warning',
    `the manifest is not signed by ${names}: whoever passed it on can have changed its columns and rules`,
  );
}

async function checkManifest(io: CliIo, args: CheckArguments, request: QueryRequest): Promise<QueryCheck | null> {
  const checked = await readCheckedFile(io, args);
  if (checked === null) return null;
  const { unsigned, text, parameters, verdict, budgets } = await checkUnderManifest(checked, request, io.signal);
  warnOfUnsigned(io, unsigned);
  return { text, parameters, verdict, budgets };
}

/** Says what may be asked of each table. */
async function runExamples(args: CheckArguments, io: CliIo): Promise<void> {
  const { as, sql, file, template } = args;
  if (sql !== undefined || file !== undefined || template !== undefined) {
    throw new SealroomError('USAGE_OPTION', '`--examples` takes no query and no template');
  }
  const checked = await readCheckedFile(io, args);
  if (checked === null) {
    const examples = await listExamplesInRoom(roomDirectory(io, args), as, io.signal);
    printExamples(
      io,
      args,
      examples.flatMap(({ tables }) => tables),
    );
    return;
  }
  const { tables, unsigned } = await listExamplesUnderManifest(checked, as, io.signal);
  warnOfUnsigned(io, unsigned);
  printExamples(io, args, tables);
}

async function runCheck(args: CheckArguments, io: CliIo): Promise<void> {
  if (args.examples) return runExamples(args, io);
  const request = { ...(await readQuestion(io, args)), caller: claimedCaller(args.as) };
  const given = request.query.kind === 'template' ? request.query.parameters : {};
  const { text, parameters, verdict, budgets } =
    (await checkManifest(io, args, request)) ??
    (await checkInRoom(operatorEnvironment(io), roomDirectory(io, args), request));
  const answer = args.json
    ? JSON.stringify({ sql: text, parameters, ...verdictForMachines(verdict), budgets })
    : showable([...printVerdict(text, verdict, budgets), ...printDefaults(parameters, given)].join('\n'));
  io.stdout.write(`${answer}\n`);
  if (!verdict.allowed) throw refusal(verdict.findings);
}

/** `sealroom check`: says whether a query may run, why not, and what would run. */
export function checkCommand(io: CliIo): CommandModule<object, CheckArguments> {
  return {
    builder: (yargs) =>
      withManifestOptions(
        withQuery(withRoom(yargs)),
        'check against this manifest, signed by all members, without a room and its budgets',
      ).option('examples', {
        type: 'boolean',
        default: false,
        describe: 'say what may be asked of each table, with a query that is allowed',
      }),
    handler: (args) => runCheck(args, io),
  };
}
