import { resolve } from 'node:path';
import type { Argv } from 'yargs';
import {
  type Envelope,
  type FileText,
  KEY_VARIABLE,
  readParcelFile,
  receiveSecret,
  requestSecret,
  sendSecret,
  type SignedCard,
} from '../../src/custody/index.ts';
import { SealroomError } from '../../src/errors/index.ts';
import { quoteForMessage } from '../../src/errors/index.ts';
import { checkTarget, readTextFile, writeTextFile, writeWholeFile } from '../../src/files/index.ts';
import { type KeyArguments, providerContext, withKeyOptions } from '../options/key-options.ts';
import {
  type CollaborationArguments,
  type CommonArguments,
  describeStored,
  homeOf,
  resolveCollaborationId,
  describeEnvelope,
  writeAnswer,
  withCollaboration,
  withCommon,
} from '../output/key-output.ts';
import { checkRole, recordingRefusal } from '../roles.ts';
import { resolveCollaboration } from '../options/collaboration-options.ts';
import { type CliIo, say } from '../terminal.ts';

/** What `key request` is called with. */
interface RequestArguments extends CollaborationArguments {
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

/** Refuses what the roles in the manifest do not allow: to this home, and to whoever would get the secret from it. */
async function checkRoles(
  io: CliIo,
  { manifest, ...args }: SendArguments | ReceiveArguments,
  action: 'send' | 'receive',
  envelope: Envelope,
  receiver?: SignedCard,
): Promise<void> {
  if (manifest !== undefined) await resolveCollaboration(io, { id: envelope.collaborationId, manifest });
  const home = homeOf(io, args);
  const hasRoles = await checkRole(io, { home, manifest, action, envelope });
  if (!hasRoles || manifest === undefined || receiver === undefined) return;
  const { parseManifest, requireRole } = await import('../../src/collab/index.ts');
  const read = parseManifest(await readTextFile(resolve(io.cwd, manifest)));
  await recordingRefusal(home, { collaborationId: envelope.collaborationId, envelope, purpose: action }, () =>
    requireRole(read, receiver.body.sign, 'receive'),
  );
}

async function readFileText(io: CliIo, name: string): Promise<FileText> {
  const file = resolve(io.cwd, name);
  return { file, text: await readTextFile(file) };
}

/** Names the file that an error about a message of another member is about. */
async function inFile<T>(file: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw error instanceof SealroomError && error.code === 'CUSTODY_MESSAGE' ? error.at({ file }) : error;
  }
}

async function runRequest(args: RequestArguments, io: CliIo): Promise<void> {
  const output = args.output === undefined ? null : resolve(io.cwd, args.output);
  if (output !== null) await checkTarget(output, args);
  const { body, sha256, text } = await requestSecret(homeOf(io, args), {
    from: await readFileText(io, args.from),
    collaborationId: await resolveCollaborationId(io, args),
    generation: args.generation ?? null,
    days: args.days,
    now: new Date(),
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
  const options = {
    to: await readFileText(io, args.to),
    request: await readFileText(io, args.request),
    key: args.key ?? io.env[KEY_VARIABLE] ?? null,
    context: providerContext(io, args),
    authorise: (own: Envelope, card: SignedCard) => checkRoles(io, args, 'send', own, card),
    now: new Date(),
  };
  const { parcel, receiver, envelope } = await inFile(resolve(io.cwd, args.request), () =>
    sendSecret(homeOf(io, args), options),
  );
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
  const key = args.key ?? io.env[KEY_VARIABLE];
  if (key === undefined) {
    throw new SealroomError('USAGE_OPTION', 'missing required argument: key', {
      hint: 'say what the secret is wrapped with here, such as `--key keystore:<file>`; docs/keys.md lists them',
    });
  }
  const file = resolve(io.cwd, args.parcel);
  const options = {
    parcel: await readParcelFile(file),
    key,
    context: providerContext(io, args),
    authorise: (own: Envelope) => checkRoles(io, args, 'receive', own),
    now: new Date(),
  };
  const { sender, stored } = await inFile(file, () => receiveSecret(homeOf(io, args), options));
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
