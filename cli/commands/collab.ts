import { resolve } from 'node:path';
import type { Argv, CommandModule } from 'yargs';
import {
  compareKeys,
  ensureSigningKey,
  nameSecrets,
  signAsMember,
  withdrawAsMember,
} from '../../src/actions/member/index.ts';
import {
  adviseOnManifest,
  describeKey,
  describeSignature,
  diffManifests,
  listGrants,
  listLimits,
  type Manifest,
  parseManifest,
  requireKnownSigners,
  requirePinnedKeys,
  requireSignatures,
  verifyManifest,
} from '../../src/collab/index.ts';
import { countOf, quoteForMessage } from '../../src/errors/index.ts';
import { writeWholeFile } from '../../src/files/index.ts';
import { readNamedFile } from '../options/manifest-option.ts';
import { type KeyArguments as KeyOptions, memberEnvironment, withKeyOptions } from '../options/key-options.ts';
import { printChanges, printManifest } from '../output/format-manifest.ts';
import { type CliIo, say, tell } from '../terminal.ts';
import { NEEDS_COMMAND } from '../usage-error.ts';
import { importCommand } from './collab-import.ts';
import { withSetUpCommands } from './collab-setup.ts';
import { withTableCommand } from './collab-table.ts';
import { type OutputArguments, withOutputOptions } from '../options/output-options.ts';
import { printAnswer } from '../output/answer.ts';

interface ManifestArguments extends OutputArguments {
  readonly manifest: string;
}

/** The arguments of `collab key`. */
interface KeyArguments extends OutputArguments {
  readonly file: string;
}

/** Who signs, and with what. */
interface SignerArguments extends ManifestArguments {
  readonly as: string | undefined;
  readonly 'signing-key': string | undefined;
  readonly home: string | undefined;
}

/** The arguments of `collab sign`. */
interface SignArguments extends SignerArguments {
  readonly template: string | undefined;
}

/** The arguments of `collab withdraw`. */
interface WithdrawArguments extends SignerArguments {
  readonly template: string;
}

/** The arguments of `collab secret`. */
interface SecretArguments extends ManifestArguments, KeyOptions {
  readonly generation: number | undefined;
}

/** The arguments of `collab verify`. */
interface VerifyArguments extends ManifestArguments {
  readonly home: string | undefined;
}

/** The arguments of `collab diff`. */
interface DiffArguments extends OutputArguments {
  readonly before: string;
  readonly after: string;
}

function withManifest(yargs: Argv): Argv<ManifestArguments> {
  return withOutputOptions(yargs).positional('manifest', {
    type: 'string',
    demandOption: true,
    describe: 'the manifest (YAML or JSON)',
  });
}

async function readManifest(io: CliIo, file: string): Promise<Manifest> {
  const named = await readNamedFile(io, file);
  return parseManifest(named.text, named);
}

async function runKey(args: KeyArguments, io: CliIo): Promise<void> {
  const { sign, isNew } = await ensureSigningKey(resolve(io.cwd, args.file));
  if (isNew && !args.json) tell(io, `created a signing key in ${quoteForMessage(args.file)}; keep it secret`);
  printAnswer(io, args, { sign, isNew }, [sign]);
}

async function runValidate(args: ManifestArguments, io: CliIo): Promise<void> {
  const { sha256, members, tables, templates } = await readManifest(io, args.manifest);
  const counts = { members: members.length, tables: tables.length, templates: templates.length };
  printAnswer(io, args, { valid: true, sha256, ...counts }, [
    `valid: ${countOf(counts.members, 'member')}, ${countOf(counts.tables, 'table')}, ${countOf(counts.templates, 'template')}`,
    `hash ${sha256}`,
  ]);
}

async function runShow(args: ManifestArguments, io: CliIo): Promise<void> {
  const manifest = await readManifest(io, args.manifest);
  const signatureStates = verifyManifest(manifest);
  const words = { allowed: listGrants(manifest), limits: listLimits(manifest), leftOpen: adviseOnManifest(manifest) };
  printAnswer(io, args, { ...manifest, signatureStates, ...words }, printManifest(manifest, signatureStates));
}

function pathOf(io: CliIo, file: string | undefined): string | undefined {
  return file === undefined ? undefined : resolve(io.cwd, file);
}

async function runSign(args: SignArguments, io: CliIo): Promise<void> {
  const { template = null } = args;
  const file = await readNamedFile(io, args.manifest);
  const { manifest, signature, text } = await signAsMember(memberEnvironment(io, args), {
    manifest: file,
    member: args.as,
    keyFile: pathOf(io, args['signing-key']),
    template,
  });
  await writeWholeFile(file.file, text, { overwrite: true });
  const what = template === null ? manifest.name : `template ${template}`;
  printAnswer(io, args, { template, ...signature }, [
    `signed ${quoteForMessage(what)} as ${signature.member}`,
    `hash ${signature.sha256}`,
  ]);
}

async function runWithdraw(args: WithdrawArguments, io: CliIo): Promise<void> {
  const { template } = args;
  const file = await readNamedFile(io, args.manifest);
  const { signature, text } = await withdrawAsMember(memberEnvironment(io, args), {
    manifest: file,
    member: args.as,
    keyFile: pathOf(io, args['signing-key']),
    template,
  });
  await writeWholeFile(file.file, text, { overwrite: true });
  printAnswer(io, args, { template, ...signature }, [
    `withdrew the approval of template ${template} as ${signature.member}, at ${signature.time ?? ''}`,
    `hash ${signature.sha256}`,
  ]);
  if (args.json) return;
  say(io, 'hint', 'it counts where it is known: give this file to the operator, who runs `sealroom room update`');
}

async function runSecret(args: SecretArguments, io: CliIo): Promise<void> {
  const file = await readNamedFile(io, args.manifest);
  const { generation, key } = args;
  const { secretIds, added, text, isSignedNoMore } = await nameSecrets(memberEnvironment(io, args), {
    manifest: file,
    generation,
    key,
  });
  if (added.length > 0) await writeWholeFile(file.file, text, { overwrite: true });
  const lines = Object.entries(secretIds).map(([each, id]) => {
    return `generation ${each}: secret ${id}${added.includes(each) ? '' : ', named already'}`;
  });
  printAnswer(io, args, { secretIds, added }, lines);
  if (args.json || added.length === 0) return;
  say(
    io,
    'hint',
    `${isSignedNoMore ? 'the signatures no longer hold: ' : ''}all members sign it with \`sealroom collab sign\``,
  );
}

async function runVerify(args: VerifyArguments, io: CliIo): Promise<void> {
  const manifest = await readManifest(io, args.manifest);
  const states = verifyManifest(manifest);
  const keys = await compareKeys(memberEnvironment(io, args), manifest);
  printAnswer(io, args, { sha256: manifest.sha256, signatureStates: states, keys }, [
    ...states.map(describeSignature),
    ...keys.map(describeKey),
    `hash ${manifest.sha256}`,
  ]);
  requirePinnedKeys(keys, args.manifest);
  requireSignatures(states, args.manifest);
  requireKnownSigners(manifest, keys, args.manifest);
}

async function runDiff(args: DiffArguments, io: CliIo): Promise<void> {
  const changes = diffManifests(await readManifest(io, args.before), await readManifest(io, args.after));
  printAnswer(io, args, { changes }, printChanges(changes));
}

function withSigner(yargs: Argv): Argv<SignerArguments> {
  return withManifest(yargs)
    .option('as', {
      type: 'string',
      requiresArg: true,
      describe: "id of the member that signs (default: that of the home's card)",
    })
    .option('signing-key', {
      type: 'string',
      requiresArg: true,
      describe: "file with the member's signing key (default: `sign.key` in the home)",
    })
    .option('home', {
      type: 'string',
      requiresArg: true,
      describe: 'home with your keys, whose log records refusals (default: SEALROOM_HOME, else ~/.sealroom)',
    });
}

function withSign(yargs: Argv): Argv<SignArguments> {
  return withSigner(yargs).option('template', {
    type: 'string',
    describe: 'approve this template instead of the manifest',
  });
}

function withWithdraw(yargs: Argv): Argv<WithdrawArguments> {
  return withSigner(yargs).option('template', {
    type: 'string',
    demandOption: true,
    describe: 'id of the template',
  });
}

function withSecret(yargs: Argv): Argv<SecretArguments> {
  return withKeyOptions(withManifest(yargs)).option('generation', {
    type: 'number',
    requiresArg: true,
    describe: 'only this generation (default: all in the home)',
  });
}

function withVerify(yargs: Argv): Argv<VerifyArguments> {
  return withManifest(yargs).option('home', {
    type: 'string',
    requiresArg: true,
    describe: 'home whose pinned cards the keys are compared with (default: SEALROOM_HOME, else ~/.sealroom)',
  });
}

function withFiles(yargs: Argv): Argv<DiffArguments> {
  return withOutputOptions(yargs)
    .positional('before', { type: 'string', demandOption: true, describe: 'the earlier manifest' })
    .positional('after', { type: 'string', demandOption: true, describe: 'the later manifest' });
}

function withFile(yargs: Argv): Argv<KeyArguments> {
  return withOutputOptions(yargs).positional('file', {
    type: 'string',
    demandOption: true,
    describe: 'file of the private key',
  });
}

/** `sealroom collab`: writes, checks, signs and compares the manifest of a collaboration. */
export function collabCommand(io: CliIo): CommandModule {
  return {
    builder: (yargs) =>
      withTableCommand(withSetUpCommands(yargs, io), io)
        .command(
          'validate <manifest>',
          'check a manifest, and report every mistake with its place',
          withManifest,
          (args) => runValidate(args, io),
        )
        .command('show <manifest>', 'show what is allowed, and what is left open', withManifest, (args) =>
          runShow(args, io),
        )
        .command(
          'key <file>',
          "print a member's public key; creates the private key if the file does not exist",
          withFile,
          (args) => runKey(args, io),
        )
        .command('sign <manifest>', 'sign the manifest, or a template in it, as a member', withSign, (args) =>
          runSign(args, io),
        )
        .command(
          'withdraw <manifest>',
          'take back the approval of a template, also in older copies of the manifest',
          withWithdraw,
          (args) => runWithdraw(args, io),
        )
        .command(
          'secret <manifest>',
          'write the ids of your secrets into the manifest, so that no other is used',
          withSecret,
          (args) => runSecret(args, io),
        )
        .command(
          'verify <manifest>',
          'check signatures and keys; exit code 4 if a signature is invalid or another key is pinned',
          withVerify,
          (args) => runVerify(args, io),
        )
        .command(importCommand(io))
        .command('diff <before> <after>', 'show what a change newly allows or forbids', withFiles, (args) =>
          runDiff(args, io),
        )
        .demandCommand(1, NEEDS_COMMAND),
    handler: () => undefined,
  };
}
