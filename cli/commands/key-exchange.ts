import { resolve } from 'node:path';
import type { Argv } from 'yargs';
import {
  receiveFromManifest,
  receiveFromMember,
  requestFromMember,
  sendInManifest,
  sendToMember,
} from '../../src/actions/member/index.ts';
import type { ManifestFile } from '../../src/actions/member/tables.ts';
import { type SentSecret, shortSecretId } from '../../src/custody/index.ts';
import { quoteForMessage, SealroomError } from '../../src/errors/index.ts';
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
import { compareCards, EXPECT } from '../prompts/compare-card.ts';
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
  readonly to: string | undefined;
  readonly request: string | undefined;
  readonly output: string | undefined;
  readonly overwrite: boolean;
  readonly expect: string | undefined;
}

/** The arguments of `key receive`. */
interface ReceiveArguments extends CommonArguments, NewKeyArguments, ManifestArguments {
  readonly parcel: string | undefined;
  readonly expect: string | undefined;
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
    .option('to', {
      type: 'string',
      describe: 'verified card of the member that asked, or with a request in the manifest its id',
    })
    .option('request', {
      type: 'string',
      describe: 'file with the request of that member (default: the one in the manifest)',
    })
    .option('output', {
      alias: 'o',
      type: 'string',
      describe: 'file for the parcel (default: it goes into the manifest)',
    })
    .option('expect', EXPECT);
}

function withReceive(yargs: Argv): Argv<ReceiveArguments> {
  return withManifest(withNewKeyOptions(withCommon(yargs)))
    .positional('parcel', {
      type: 'string',
      describe: 'the file that the other member sent (default: the parcel in the manifest)',
    })
    .option('expect', EXPECT);
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
  if (args.request === undefined) return sendInFile(args, io);
  const { to, output: name } = args;
  if (to === undefined || name === undefined) {
    throw new SealroomError('USAGE_OPTION', '`--request` needs `--to` and `--output`', {
      hint: '`--to` is the verified card of the member that asked; without `--request`, both are in the manifest',
    });
  }
  const output = resolve(io.cwd, name);
  await checkTarget(output, args);
  const sent = await sendToMember(memberEnvironment(io, args), {
    to: await readNamedFile(io, to),
    request: await readNamedFile(io, args.request),
    manifest: await readManifestFile(io, args),
    key: args.key,
  });
  await writeWholeFile(output, sent.parcel, args);
  writeSent(io, args, sent, output, name);
}

/** Answers the request in the manifest with a parcel in the manifest. */
async function sendInFile(args: SendArguments, io: CliIo): Promise<void> {
  const manifest = await readCarrier(io, args, '`--request`');
  if (args.output !== undefined) {
    throw new SealroomError('USAGE_OPTION', '`--output` needs `--request`', {
      hint: 'the answer to a request in the manifest goes into the manifest',
    });
  }
  const sent = await sendInManifest(memberEnvironment(io, args), {
    manifest,
    to: args.to,
    isSame: compareCards(io, args),
    key: args.key,
  });
  await writeWholeFile(manifest.file, sent.text, { overwrite: true });
  writeSent(io, args, sent, manifest.file, args.manifest ?? '');
  if (!args.json) say(io, 'hint', `give ${sent.receiver.body.id} the file, for \`sealroom key receive\``);
}

/** The manifest that carries requests and parcels. */
async function readCarrier(
  io: CliIo,
  args: ManifestArguments,
  instead: string,
): Promise<ManifestFile & { readonly file: string }> {
  const manifest = await readManifestFile(io, args);
  if (manifest !== undefined) return manifest;
  throw new SealroomError('USAGE_OPTION', `${instead} or \`--manifest\` is missing`, {
    hint: 'the message is in a file of its own, or in the manifest',
  });
}

function writeSent(
  io: CliIo,
  args: SendArguments,
  { receiver, envelope }: SentSecret,
  output: string,
  name: string,
): void {
  const { collaborationId, generation } = envelope;
  const secretId = shortSecretId(envelope.secretId);
  const { id } = receiver.body;
  const what = `generation ${String(generation)} of ${collaborationId}, secret ${secretId}`;
  writeAnswer(
    io,
    args,
    { collaborationId, generation, secretId, to: id, output },
    `sealed ${what} in ${quoteForMessage(name)}; only ${quoteForMessage(id)} can open it`,
  );
}

async function runReceive(args: ReceiveArguments, io: CliIo): Promise<void> {
  const { parcel, key } = args;
  const environment = memberEnvironment(io, args);
  const { sender, stored } =
    parcel === undefined
      ? await receiveFromManifest(environment, {
          manifest: await readCarrier(io, args, '`<parcel>`'),
          isSame: compareCards(io, args),
          key,
        })
      : await receiveFromMember(environment, {
          file: resolve(io.cwd, parcel),
          manifest: await readManifestFile(io, args),
          key,
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
    .command('receive [parcel]', 'receive the secret that another member sent', withReceive, (args) =>
      runReceive(args, io),
    );
}
