import type { Argv, CommandModule } from 'yargs';
import { wipe } from '../../src/bytes/index.ts';
import type { CollaborationId, SharedSecret } from '../../src/crypto/index.ts';
import {
  destroyEnvelope,
  isPlaintext,
  KEY_VARIABLE,
  listEnvelopes,
  type MemberHome,
  newestEnvelope,
  newSharedSecret,
  readEnvelope,
  readSecretFromEnvironment,
  recordEvent,
  secretIdOf,
  secretTextOf,
  storeEnvelope,
  type StoredEnvelope,
} from '../../src/custody/index.ts';
import { SealroomError } from '../../src/errors/index.ts';
import { confirmOrRefuse, type ConfirmArguments, withConfirm } from '../prompts/confirm.ts';
import { type KeyArguments, providerContext, withKeyOptions } from '../options/key-options.ts';
import {
  type CollaborationArguments,
  describeStored,
  homeOf,
  resolveCollaborationId,
  describeEnvelope,
  openStored,
  writeAnswer,
  withCollaboration,
} from '../output/key-output.ts';
import { ProviderPool } from '../provider-pool.ts';
import { checkRole } from '../roles.ts';
import { type CliIo, say } from '../terminal.ts';
import { withDoctorCommand } from './key-doctor.ts';
import { withExchangeCommands } from './key-exchange.ts';
import { withRotateCommand } from './key-rotate.ts';
import { withShowCommand } from './key-show.ts';

/** What `key create` is called with. */
interface CreateArguments extends CollaborationArguments, KeyArguments {
  readonly import: boolean;
}

/** What `key wrap` is called with. */
interface WrapArguments extends CollaborationArguments, KeyArguments {
  readonly to: string;
  readonly generation: number | undefined;
}

/** What `key export-c3r` is called with. */
interface ExportArguments extends CollaborationArguments, KeyArguments, ConfirmArguments {
  readonly generation: number | undefined;
}

/** What `key destroy` is called with. */
interface DestroyArguments extends CollaborationArguments, ConfirmArguments {
  readonly generation: number;
}

/** The envelope of a generation, or the newest. @throws {SealroomError} CUSTODY_KEY if there is none. */
async function find(home: MemberHome, collaborationId: CollaborationId, generation?: number): Promise<StoredEnvelope> {
  const newest = generation === undefined ? await newestEnvelope(home, collaborationId) : null;
  return newest ?? readEnvelope(home, { collaborationId, generation: generation ?? 1 });
}

async function makeSecret(io: CliIo, args: CreateArguments): Promise<SharedSecret> {
  return args.import ? readSecretFromEnvironment(io.env) : newSharedSecret();
}

async function runCreate(args: CreateArguments, io: CliIo): Promise<void> {
  const uri = args.key ?? io.env[KEY_VARIABLE];
  if (uri === undefined) {
    throw new SealroomError('USAGE_OPTION', 'missing required argument: key', {
      hint: 'say what the secret is wrapped with, such as `--key keystore:<file>`; docs/keys.md lists them',
    });
  }
  const home = homeOf(io, args);
  const collaborationId = await resolveCollaborationId(io, args);
  const newest = (await listEnvelopes(home, collaborationId)).at(-1);
  if (newest !== undefined) {
    throw new SealroomError('IO_EXISTS', 'expected no secret of the collaboration yet, found one', {
      where: { file: newest.file },
      hint: '`sealroom key rotate` makes the next one, `sealroom key wrap --to` puts it under another key',
    });
  }
  const isRoleBound = await checkRole(io, { home, manifest: args.manifest, action: 'create', envelope: null });
  using secret = await makeSecret(io, args);
  await using pool = new ProviderPool(providerContext(io, args));
  const provider = await pool.provider(uri);
  const envelope = await provider.wrap(secret, {
    collaborationId,
    generation: 1,
    secretId: secretIdOf(secret, collaborationId),
    created: new Date().toISOString(),
    isRoleBound,
  });
  await recordEvent(home, envelope, { action: 'create', purpose: args.import ? 'import' : 'new' });
  const stored = await storeEnvelope(home, envelope, { provider, secret, replaced: null });
  writeAnswer(io, args, describeStored(stored), `${args.import ? 'took over' : 'made'} ${describeEnvelope(stored)}`);
}

async function runWrap(args: WrapArguments, io: CliIo): Promise<void> {
  const home = homeOf(io, args);
  const collaborationId = await resolveCollaborationId(io, args);
  await using pool = new ProviderPool(providerContext(io, args));
  const target = await pool.provider(args.to);
  const all = await listEnvelopes(home, collaborationId);
  const wanted = args.generation === undefined ? all.map(({ generation }) => generation) : [args.generation];
  if (wanted.length === 0) await find(home, collaborationId);
  const wrapped: StoredEnvelope[] = [];
  for (const generation of wanted) {
    const replaced = await readEnvelope(home, { collaborationId, generation });
    await checkRole(io, { home, manifest: args.manifest, action: 'wrap', envelope: replaced.envelope });
    using secret = await openStored(io, args, pool, replaced);
    const envelope = await target.wrap(secret, {
      collaborationId,
      generation,
      secretId: replaced.envelope.secretId,
      created: new Date().toISOString(),
      isRoleBound: replaced.envelope.isRoleBound,
    });
    await recordEvent(home, envelope, { action: 'wrap', purpose: `from ${replaced.envelope.provider}` });
    const stored = await storeEnvelope(home, envelope, { provider: target, secret, replaced });
    wrapped.push(stored);
    if (args.json) continue;
    io.stderr.write(`wrapped ${describeEnvelope(stored)}\n`);
    const { provider, key } = replaced.envelope;
    const left = isPlaintext(provider)
      ? 'the secret itself still lies in'
      : 'copies of the old envelope still open with';
    say(io, 'hint', `${left} \`${key}\``);
  }
  if (args.json) io.stdout.write(`${JSON.stringify({ envelopes: wrapped.map(describeStored) })}\n`);
}

async function runExport(args: ExportArguments, io: CliIo): Promise<void> {
  const home = homeOf(io, args);
  const stored = await find(home, await resolveCollaborationId(io, args), args.generation);
  await checkRole(io, { home, manifest: args.manifest, action: 'export', envelope: stored.envelope });
  await confirmOrRefuse(io, args, `print the secret itself: ${describeEnvelope(stored)}?`);
  await using pool = new ProviderPool(providerContext(io, args));
  using secret = await openStored(io, args, pool, stored);
  await recordEvent(home, stored.envelope, { action: 'export', purpose: 'export-c3r' });
  const text = secretTextOf(secret);
  const { collaborationId, generation, secretId } = stored.envelope;
  const facts = JSON.stringify({ collaborationId, generation, secretId });
  const [before, after] = args.json ? [`${facts.slice(0, -1)},"secret":"`, '"}\n'] : ['', '\n'];
  // The stream may keep the bytes until they are written: they are not wiped.
  io.stdout.write(Buffer.concat([Buffer.from(before), text, Buffer.from(after)]));
  wipe(text);
}

async function runDestroy(args: DestroyArguments, io: CliIo): Promise<void> {
  const home = homeOf(io, args);
  const stored = await find(home, await resolveCollaborationId(io, args), args.generation);
  await checkRole(io, { home, manifest: args.manifest, action: 'destroy', envelope: stored.envelope });
  const { provider, key } = stored.envelope;
  const final = 'this is final: what only this secret opens, and no other member has it, stays closed';
  await confirmOrRefuse(io, args, `destroy ${describeEnvelope(stored)}? ${final}`);
  await recordEvent(home, stored.envelope, { action: 'destroy', purpose: 'destroy' });
  await destroyEnvelope(home, stored);
  writeAnswer(
    io,
    args,
    { ...describeStored(stored), destroyed: true },
    `destroyed ${describeEnvelope(stored)}; ${final}`,
  );
  if (args.json) return;
  if (isPlaintext(provider)) say(io, 'warning', `the secret itself still lies in \`${key}\``);
  say(io, 'hint', 'copies and backups of the envelope, and what a disk keeps, are not reached');
}

const GENERATION = { type: 'number', requiresArg: true } as const;

function withOwnCommands(yargs: Argv, io: CliIo): Argv {
  return yargs
    .command(
      'create',
      'make the secret of a collaboration and wrap it',
      (inner) =>
        withKeyOptions(withCollaboration(inner)).option('import', {
          type: 'boolean',
          default: false,
          describe: 'take over the secret in C3R_SHARED_SECRET or SEALROOM_SECRET_FILE',
        }),
      (args) => runCreate(args, io),
    )
    .command(
      'wrap',
      'put secrets under another key',
      (inner) =>
        withKeyOptions(withCollaboration(inner))
          .option('to', { type: 'string', demandOption: true, requiresArg: true, describe: 'URI of the new key' })
          .option('generation', { ...GENERATION, describe: 'only this generation (default: all)' }),
      (args) => runWrap(args, io),
    )
    .command(
      'export-c3r',
      'print a secret for C3R_SHARED_SECRET; asks first',
      (inner) =>
        withConfirm(withKeyOptions(withCollaboration(inner))).option('generation', {
          ...GENERATION,
          describe: 'which generation (default: the newest)',
        }),
      (args) => runExport(args, io),
    )
    .command(
      'destroy',
      'destroy a generation of a secret, for good; asks first',
      (inner) =>
        withConfirm(withCollaboration(inner)).option('generation', {
          ...GENERATION,
          demandOption: true,
          describe: 'which generation',
        }),
      (args) => runDestroy(args, io),
    );
}

/** `sealroom key`: the envelopes that a member's shared secrets are in. */
export function keyCommand(io: CliIo): CommandModule {
  return {
    command: 'key',
    describe: 'make, keep and hand over the shared secrets of collaborations',
    builder: (yargs) =>
      [withOwnCommands, withShowCommand, withExchangeCommands, withRotateCommand, withDoctorCommand]
        .reduce<Argv>((all, add) => add(all, io), yargs)
        .demandCommand(1, 'expected a command of `key`'),
    handler: () => undefined,
  };
}
