import type { Argv, CommandModule } from 'yargs';
import { createSecret, destroySecret, exportSecret, wrapSecrets } from '../../src/actions/member/index.ts';
import { isPlaintext, shortSecretId } from '../../src/custody/index.ts';
import { quoteForShell } from '../../src/errors/index.ts';
import { readCollaboration } from '../options/collaboration-options.ts';
import {
  type KeyArguments,
  type KeyCollaborationArguments,
  memberEnvironment,
  type NewKeyArguments,
  withCollaboration,
  withKeyOptions,
  withNewKeyOptions,
} from '../options/key-options.ts';
import { describeEnvelope, describeStored, writeAnswer } from '../output/key-output.ts';
import { confirmOrRefuse, type ConfirmArguments, withConfirm } from '../prompts/confirm.ts';
import { type CliIo, say, tell } from '../terminal.ts';
import { NEEDS_COMMAND } from '../usage-error.ts';
import { withAdoptCommand } from './key-adopt.ts';
import { withDoctorCommand } from './key-doctor.ts';
import { withExchangeCommands } from './key-exchange.ts';
import { withRotateCommand } from './key-rotate.ts';
import { withShowCommand } from './key-show.ts';

/** The arguments of `key create`. */
interface CreateArguments extends KeyCollaborationArguments, NewKeyArguments {
  readonly import: boolean;
}

/** The arguments of `key wrap`. */
interface WrapArguments extends KeyCollaborationArguments, NewKeyArguments {
  readonly to: string;
  readonly generation: number | undefined;
}

/** The arguments of `key export-c3r`. */
interface ExportArguments extends KeyCollaborationArguments, KeyArguments, ConfirmArguments {
  readonly generation: number | undefined;
}

/** The arguments of `key destroy`. */
interface DestroyArguments extends KeyCollaborationArguments, ConfirmArguments {
  readonly generation: number;
}

async function runCreate(args: CreateArguments, io: CliIo): Promise<void> {
  const collaboration = await readCollaboration(io, args);
  const { key, import: isImported } = args;
  const stored = await createSecret(memberEnvironment(io, args), { collaboration, key, isImported });
  writeAnswer(io, args, describeStored(stored), `${isImported ? 'imported' : 'created'} ${describeEnvelope(stored)}`);
  if (args.json || args.manifest === undefined) return;
  say(
    io,
    'hint',
    `name it in the manifest, before members sign: \`sealroom collab secret ${quoteForShell(args.manifest)}\``,
  );
}

async function runWrap(args: WrapArguments, io: CliIo): Promise<void> {
  const { key, to, generation } = args;
  const wrapped = await wrapSecrets(memberEnvironment(io, args), {
    collaboration: await readCollaboration(io, args),
    key,
    to,
    generation,
    onWrapped: ({ stored, replaced: { envelope: old } }) => {
      if (args.json) return;
      tell(io, `wrapped ${describeEnvelope(stored)}`);
      const left = isPlaintext(old.provider)
        ? 'the secret itself is still in'
        : 'copies of the old envelope can still be opened with';
      say(io, 'hint', `${left} \`${old.key}\``);
    },
  });
  if (!args.json) return;
  io.stdout.write(`${JSON.stringify({ envelopes: wrapped.map(({ stored }) => describeStored(stored)) })}\n`);
}

async function runExport(args: ExportArguments, io: CliIo): Promise<void> {
  await exportSecret(memberEnvironment(io, args), {
    collaboration: await readCollaboration(io, args),
    generation: args.generation,
    key: args.key,
    confirm: (stored) => confirmOrRefuse(io, args, `print the secret itself: ${describeEnvelope(stored)}?`),
    take: (text, { envelope: { collaborationId, generation, secretId } }) => {
      const facts = JSON.stringify({ collaborationId, generation, secretId: shortSecretId(secretId) });
      const [before, after] = args.json ? [`${facts.slice(0, -1)},"secret":"`, '"}\n'] : ['', '\n'];
      // Not wiped, because the stream may keep the bytes until they are written.
      io.stdout.write(Buffer.concat([Buffer.from(before), text, Buffer.from(after)]));
    },
  });
}

async function runDestroy(args: DestroyArguments, io: CliIo): Promise<void> {
  const final = 'this is final: without another copy of the secret, nothing can open what it protects';
  const stored = await destroySecret(memberEnvironment(io, args), {
    collaboration: await readCollaboration(io, args),
    generation: args.generation,
    confirm: (found) => confirmOrRefuse(io, args, `destroy ${describeEnvelope(found)}? ${final}`),
  });
  writeAnswer(
    io,
    args,
    { ...describeStored(stored), destroyed: true },
    `destroyed ${describeEnvelope(stored)}; ${final}`,
  );
  if (args.json) return;
  const { provider, key } = stored.envelope;
  if (isPlaintext(provider)) say(io, 'warning', `the secret itself is still in \`${key}\``);
  say(io, 'hint', 'copies and backups of the envelope still exist, and the disk may keep the old bytes');
}

const GENERATION = { type: 'number', requiresArg: true } as const;

function withOwnCommands(yargs: Argv, io: CliIo): Argv {
  return yargs
    .command(
      'create',
      'create the secret of a collaboration, and wrap it',
      (inner) =>
        withNewKeyOptions(withCollaboration(inner)).option('import', {
          type: 'boolean',
          default: false,
          describe: 'import the secret from C3R_SHARED_SECRET or SEALROOM_SECRET_FILE',
        }),
      (args) => runCreate(args, io),
    )
    .command(
      'wrap',
      'wrap secrets with another key',
      (inner) =>
        withNewKeyOptions(withCollaboration(inner))
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
          describe: 'generation of the secret (default: the newest)',
        }),
      (args) => runExport(args, io),
    )
    .command(
      'destroy',
      'destroy a generation of a secret for good; asks first',
      (inner) =>
        withConfirm(withCollaboration(inner)).option('generation', {
          ...GENERATION,
          demandOption: true,
          describe: 'generation of the secret',
        }),
      (args) => runDestroy(args, io),
    );
}

/** `sealroom key`: the envelopes of a member's shared secrets. */
export function keyCommand(io: CliIo): CommandModule {
  return {
    builder: (yargs) =>
      [withOwnCommands, withAdoptCommand, withShowCommand, withExchangeCommands, withRotateCommand, withDoctorCommand]
        .reduce<Argv>((all, add) => add(all, io), yargs)
        .demandCommand(1, NEEDS_COMMAND),
    handler: () => undefined,
  };
}
