import { resolve } from 'node:path';
import type { Argv } from 'yargs';
import { receiveFromMember, requestFromMember, sendToMember } from '../../src/actions/member/index.ts';
import { quoteForMessage } from '../../src/errors/index.ts';
import { checkTarget, writeTextFile, writeWholeFile } from '../../src/files/index.ts';
import { readCollaboration, readNamedFile, readOptionalFile } from '../options/collaboration-options.ts';
import {
  type CommonArguments,
  type KeyArguments,
  type KeyCollaborationArguments,
  memberEnvironment,
  withCollaboration,
  withCommon,
  withKeyOptions,
} from '../options/key-options.ts';
import { describeEnvelope, describeStored, writeAnswer } from '../output/key-output.ts';
import { type CliIo, say } from '../terminal.ts';

/** What `key request` is called with. */
interface RequestArguments extends KeyCollaborationArguments {
  readonly from: string;
  readonly generation: number | undefined;
  readonly days: number;
  readonly output: string | undefined;
  readonly overwrite: boolean;
}

/** What `key send` is called with. */
interface SendArguments extends CommonArguments, KeyArguments {
  readonly manifest: string | undefined;
  readonly to: string;
  readonly request: string;
  readonly output: string;
  readonly overwrite: boolean;
}

/** What `key receive` is called with. */
interface ReceiveArguments extends CommonArguments, KeyArguments {
  readonly manifest: string | undefined;
  readonly parcel: string;
}

function withOverwrite<T>(yargs: Argv<T>): Argv<T & { readonly overwrite: boolean }> {
  return yargs.option('overwrite', {
    alias: 'f',
    type: 'boolean',
    default: false,
    describe: 'replace an existing output',
  });
}

function withRequest(yargs: Argv): Argv<RequestArguments> {
  return withOverwrite(withCollaboration(yargs))
    .option('from', { type: 'string', demandOption: true, describe: 'card of the member that is asked; verified' })
    .option('generation', {
      type: 'number',
      requiresArg: true,
      describe: 'which of its secrets (default: the newest that the other one has)',
    })
    .option('days', {
      type: 'number',
      default: 7,
      requiresArg: true,
      describe: 'how long the request counts: up to 30 days',
    })
    .option('output', { alias: 'o', type: 'string', describe: 'where the request goes (default: standard output)' });
}

/** Of the collaboration that the request is for: which one that is is not said twice. */
function withManifest<T>(yargs: Argv<T>): Argv<T & { readonly manifest: string | undefined }> {
  return yargs.option('manifest', {
    type: 'string',
    describe: 'manifest of the collaboration; needed for a secret that is bound to the roles in it',
  });
}

function withSend(yargs: Argv): Argv<SendArguments> {
  return withManifest(withOverwrite(withKeyOptions(withCommon(yargs))))
    .option('to', { type: 'string', demandOption: true, describe: 'card of the member that asked; verified' })
    .option('request', { type: 'string', demandOption: true, describe: 'file with its request' })
    .option('output', { alias: 'o', type: 'string', demandOption: true, describe: 'where the parcel goes' });
}

function withReceive(yargs: Argv): Argv<ReceiveArguments> {
  return withManifest(withKeyOptions(withCommon(yargs))).positional('parcel', {
    type: 'string',
    demandOption: true,
    describe: 'the file that the other member sent',
  });
}

async function runRequest(args: RequestArguments, io: CliIo): Promise<void> {
  const output = args.output === undefined ? null : resolve(io.cwd, args.output);
  if (output !== null) await checkTarget(output, args);
  const { body, sha256, text } = await requestFromMember(memberEnvironment(io, args), {
    from: await readNamedFile(io, args.from),
    collaboration: await readCollaboration(io, args),
    generation: args.generation ?? null,
    days: args.days,
  });
  if (output !== null) await writeTextFile(output, text, args);
  const { collaborationId, generation, expires } = body;
  writeAnswer(
    io,
    args,
    { collaborationId, generation, expires, sha256, request: text },
    `asked for the secret of ${collaborationId}; the request counts until ${expires}`,
  );
  if (args.json) return;
  if (output === null) io.stdout.write(text);
  say(io, 'hint', 'send it to the other member; then `sealroom key receive` with the parcel that comes back');
}

async function runSend(args: SendArguments, io: CliIo): Promise<void> {
  const output = resolve(io.cwd, args.output);
  await checkTarget(output, args);
  const { parcel, receiver, envelope } = await sendToMember(memberEnvironment(io, args), {
    to: await readNamedFile(io, args.to),
    request: await readNamedFile(io, args.request),
    manifest: await readOptionalFile(io, args.manifest),
    key: args.key,
  });
  await writeWholeFile(output, parcel, args);
  const { collaborationId, generation, secretId } = envelope;
  const { id } = receiver.body;
  const what = `generation ${String(generation)} of ${collaborationId}, secret ${secretId}`;
  writeAnswer(
    io,
    args,
    { collaborationId, generation, secretId, to: id, output },
    `put ${what} into ${quoteForMessage(args.output)}, which only ${quoteForMessage(id)} can open`,
  );
}

async function runReceive(args: ReceiveArguments, io: CliIo): Promise<void> {
  const { sender, stored } = await receiveFromMember(memberEnvironment(io, args), {
    file: resolve(io.cwd, args.parcel),
    manifest: await readOptionalFile(io, args.manifest),
    key: args.key,
  });
  const { id } = sender.body;
  writeAnswer(
    io,
    args,
    { ...describeStored(stored), from: id },
    `took ${describeEnvelope(stored)}, from ${quoteForMessage(id)}`,
  );
}

/** Adds `request`, `send` and `receive` to the commands of `sealroom key`. */
export function withExchangeCommands(yargs: Argv, io: CliIo): Argv {
  return yargs
    .command('request', 'ask another member for the secret of a collaboration', withRequest, (args) =>
      runRequest(args, io),
    )
    .command('send', 'answer the request of another member with the secret', withSend, (args) => runSend(args, io))
    .command('receive <parcel>', 'take the secret that another member sent', withReceive, (args) =>
      runReceive(args, io),
    );
}
