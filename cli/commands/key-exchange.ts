import { resolve } from 'node:path';
import type { Argv } from 'yargs';
import { receiveFromMember, requestFromMember, sendToMember } from '../../src/actions/member/index.ts';
import { shortSecretId } from '../../src/custody/index.ts';
import { quoteForMessage } from '../../src/errors/index.ts';
import { checkTarget, writeWholeFile } from '../../src/files/index.ts';
import { readCollaboration } from '../options/collaboration-options.ts';
import {
  type ManifestArguments,
  readManifestFile,
  readNamedFile,
  withManifestOptions,
} from '../options/manifest-option.ts';
import {
  type CommonArguments,
  type KeyArguments,
  type KeyCollaborationArguments,
  memberEnvironment,
  type NewKeyArguments,
  withCollaboration,
  withCommon,
  withKeyOptions,
  withNewKeyOptions,
} from '../options/key-options.ts';
import { describeEnvelope, describeStored, writeAnswer } from '../output/key-output.ts';
import { type CliIo, say } from '../terminal.ts';

/** The arguments of `key request`. */
interface RequestArguments extends KeyCollaborationArguments {
  readonly from: string;
  readonly generation: number | undefined;
  readonly days: number;
  readonly output: string | undefined;
  readonly overwrite: boolean;
}

/** The arguments of `key send`. */
interface SendArguments extends CommonArguments, KeyArguments, ManifestArguments {
  readonly to: string;
  readonly request: string;
  readonly output: string;
  readonly overwrite: boolean;
}

/** The arguments of `key receive`. */
interface ReceiveArguments extends CommonArguments, NewKeyArguments, ManifestArguments {
  readonly parcel: string;
}

function withOverwrite<T>(yargs: Argv<T>): Argv<T & { readonly overwrite: boolean }> {
  return yargs.option('overwrite', {
    type: 'boolean',
    default: false,
    describe: 'replace an existing output',
  });
}

function withRequest(yargs: Argv): Argv<RequestArguments> {
  return withOverwrite(withCollaboration(yargs))
    .option('from', { type: 'string', demandOption: true, describe: 'verified card of the member to ask' })
    .option('generation', {
      type: 'number',
      requiresArg: true,
      describe: 'generation of the secret (default: the newest that the other member has)',
    })
    .option('days', {
      type: 'number',
      default: 7,
      requiresArg: true,
      describe: 'days for which the request is valid, at most 30',
    })
    .option('output', { alias: 'o', type: 'string', describe: 'file for the request (default: standard output)' });
}

/** Declares the manifest of the request's collaboration; the request itself has the id. */
function withManifest<T>(yargs: Argv<T>): Argv<T & ManifestArguments> {
  return withManifestOptions(
    yargs,
    'manifest of the collaboration, signed by all members: it says which secret is meant; needed for role-bound secrets',
  );
}

function withSend(yargs: Argv): Argv<SendArguments> {
  return withManifest(withOverwrite(withKeyOptions(withCommon(yargs))))
    .option('to', { type: 'string', demandOption: true, describe: 'verified card of the member that asked' })
    .option('request', { type: 'string', demandOption: true, describe: 'file with the request of that member' })
    .option('output', { alias: 'o', type: 'string', demandOption: true, describe: 'file for the parcel' });
}

function withReceive(yargs: Argv): Argv<ReceiveArguments> {
  return withManifest(withNewKeyOptions(withCommon(yargs))).positional('parcel', {
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
  if (output !== null) await writeWholeFile(output, text, args);
  const { collaborationId, generation, expires } = body;
  writeAnswer(
    io,
    args,
    { collaborationId, generation, expires, sha256, request: text },
    `requested the secret of ${collaborationId}; the request is valid until ${expires}`,
  );
  if (args.json) return;
  if (output === null) io.stdout.write(text);
  say(io, 'hint', 'send it to the other member, and run `sealroom key receive` on the parcel that comes back');
}

async function runSend(args: SendArguments, io: CliIo): Promise<void> {
  const output = resolve(io.cwd, args.output);
  await checkTarget(output, args);
  const { parcel, receiver, envelope } = await sendToMember(memberEnvironment(io, args), {
    to: await readNamedFile(io, args.to),
    request: await readNamedFile(io, args.request),
    manifest: await readManifestFile(io, args),
    key: args.key,
  });
  await writeWholeFile(output, parcel, args);
  const { collaborationId, generation } = envelope;
  const secretId = shortSecretId(envelope.secretId);
  const { id } = receiver.body;
  const what = `generation ${String(generation)} of ${collaborationId}, secret ${secretId}`;
  writeAnswer(
    io,
    args,
    { collaborationId, generation, secretId, to: id, output },
    `sealed ${what} in ${quoteForMessage(args.output)}; only ${quoteForMessage(id)} can open it`,
  );
}

async function runReceive(args: ReceiveArguments, io: CliIo): Promise<void> {
  const { sender, stored } = await receiveFromMember(memberEnvironment(io, args), {
    file: resolve(io.cwd, args.parcel),
    manifest: await readManifestFile(io, args),
    key: args.key,
  });
  const { id } = sender.body;
  writeAnswer(
    io,
    args,
    { ...describeStored(stored), from: id },
    `received ${describeEnvelope(stored)}, from ${quoteForMessage(id)}`,
  );
}

/** Adds `request`, `send` and `receive` to the commands of `sealroom key`. */
export function withExchangeCommands(yargs: Argv, io: CliIo): Argv {
  return yargs
    .command('request', 'ask another member for the secret of a collaboration', withRequest, (args) =>
      runRequest(args, io),
    )
    .command('send', 'send the secret to a member that requested it', withSend, (args) => runSend(args, io))
    .command('receive <parcel>', 'receive the secret that another member sent', withReceive, (args) =>
      runReceive(args, io),
    );
}
