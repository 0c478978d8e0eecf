import type { CommandModule } from 'yargs';
import {
  type CheckedManifest,
  checkUnderManifest,
  listExamplesUnderManifest,
  type TableExample,
} from '../../src/actions/operator/index.ts';
import { SealroomError } from '../../src/errors/index.ts';
import { listHomeKeys } from '../../src/actions/member/index.ts';
import { claimedCaller } from '../../src/room/index.ts';
import type { CheckAnswer } from '../../src/wire/index.ts';
import { type ManifestArguments, readManifestFile, withManifestOptions } from '../options/manifest-option.ts';
import { memberEnvironment } from '../options/key-options.ts';
import {
  type QueryArguments,
  type Question,
  readQuestion,
  requireMember,
  withQuery,
} from '../options/query-options.ts';
import { type NetworkArguments, type RoomArguments, withAnyRoom } from '../options/room-option.ts';
import { printAnswer } from '../output/answer.ts';
import { describeExamples, printDefaults, printVerdict, refusal, toCheckAnswer } from '../output/format-query.ts';
import { useRoom } from '../room-target/use-room.ts';
import { type CliIo, say, showable } from '../terminal.ts';

/** The arguments of `check`. */
interface CheckArguments extends RoomArguments, NetworkArguments, QueryArguments, ManifestArguments {
  readonly examples: boolean;
}

/** A manifest to check under, with the keys that are known; `null` where a room is named. */
async function readCheckedFile(io: CliIo, args: CheckArguments): Promise<CheckedManifest | null> {
  const file = await readManifestFile(io, args);
  if (file === undefined) return null;
  return {
    ...file,
    knownKeys: await listHomeKeys(memberEnvironment(io, { home: args.home })),
    isUnsigned: args.unsigned,
  };
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

async function checkManifest(io: CliIo, args: CheckArguments, question: Question): Promise<CheckAnswer | null> {
  const checked = await readCheckedFile(io, args);
  if (checked === null) return null;
  const request = { ...question, caller: claimedCaller(requireMember(args.as)) };
  const { unsigned, ...found } = await checkUnderManifest(checked, request, io.signal);
  warnOfUnsigned(io, unsigned);
  return toCheckAnswer(found);
}

/** Says what may be asked of each table. */
async function runExamples(args: CheckArguments, io: CliIo): Promise<void> {
  const { as, sql, file, template } = args;
  if (sql !== undefined || file !== undefined || template !== undefined) {
    throw new SealroomError('USAGE_OPTION', '`--examples` takes no query and no template');
  }
  const checked = await readCheckedFile(io, args);
  if (checked === null) {
    const examples = await useRoom(io, args, (room) => room.listExamples(requireMember(room.member)));
    printExamples(
      io,
      args,
      examples.flatMap(({ tables }) => tables),
    );
    return;
  }
  const { tables, unsigned } = await listExamplesUnderManifest(checked, requireMember(as), io.signal);
  warnOfUnsigned(io, unsigned);
  printExamples(io, args, tables);
}

async function runCheck(args: CheckArguments, io: CliIo): Promise<void> {
  if (args.examples) return runExamples(args, io);
  const question = await readQuestion(io, args);
  const given = question.query.kind === 'template' ? question.query.parameters : {};
  const answer = (await checkManifest(io, args, question)) ?? (await useRoom(io, args, (room) => room.check(question)));
  const text = args.json
    ? JSON.stringify(answer)
    : showable([...printVerdict(answer), ...printDefaults(answer.parameters, given)].join('\n'));
  io.stdout.write(`${text}\n`);
  if (!answer.allowed) throw refusal(answer.findings);
}

/** `sealroom check`: says whether a query may run, why not, and what would run. */
export function checkCommand(io: CliIo): CommandModule<object, CheckArguments> {
  return {
    builder: (yargs) =>
      withManifestOptions(
        withQuery(withAnyRoom(yargs)),
        'check against this manifest, signed by all members, without a room and its budgets',
      ).option('examples', {
        type: 'boolean',
        default: false,
        describe: 'say what may be asked of each table, with a query that is allowed',
      }),
    handler: (args) => runCheck(args, io),
  };
}
