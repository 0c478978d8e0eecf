import { randomUUID } from 'node:crypto';
import { relative, resolve } from 'node:path';
import type { Argv } from 'yargs';
import { addMember, joinCollaboration, startCollaboration, startProject } from '../../src/actions/member/index.ts';
import { ABILITIES, type Ability, draftManifest, parseManifest } from '../../src/collab/index.ts';
import { parseCollaborationId } from '../../src/crypto/index.ts';
import { quoteForMessage, quoteForShell } from '../../src/errors/index.ts';
import { checkTarget, writeWholeFile } from '../../src/files/index.ts';
import type { ProjectValues } from '../../src/project/index.ts';
import { memberEnvironment, type NewKeyArguments, withNewKeyOptions } from '../options/key-options.ts';
import { readNamedFile } from '../options/manifest-option.ts';
import { type OutputArguments, withOutputOptions } from '../options/output-options.ts';
import { settingsOfFlags, type SettingFlags, withSettingFlags } from '../options/table-options.ts';
import { printAnswer } from '../output/answer.ts';
import { describeEnvelope, describeStored } from '../output/key-output.ts';
import { layDigits } from '../prompts/compare-card.ts';
import { type CliIo, say, tell } from '../terminal.ts';

/** The member that a home is of, or becomes. */
interface MemberArguments extends NewKeyArguments, OutputArguments {
  readonly manifest: string;
  readonly as: string | undefined;
  readonly 'display-name': string | undefined;
}

/** The arguments of `collab init`. */
interface InitArguments extends MemberArguments, SettingFlags {
  readonly members: string | undefined;
  readonly name: string;
  readonly id: string | undefined;
  readonly overwrite: boolean;
}

/** The arguments of `collab join`. */
interface JoinArguments extends MemberArguments {
  readonly ability: readonly Ability[] | undefined;
  readonly from: string | undefined;
}

/** The arguments of `collab add-member`. */
interface AddMemberArguments extends OutputArguments {
  readonly card: string;
  readonly manifest: string;
  readonly ability: readonly Ability[] | undefined;
  readonly home: string | undefined;
}

async function runInit(args: InitArguments, io: CliIo): Promise<void> {
  const id = args.id === undefined ? randomUUID() : parseCollaborationId(args.id);
  const file = resolve(io.cwd, args.manifest);
  await checkTarget(file, args);
  if (args.members !== undefined) return draftForMembers(args, args.members, { id, file }, io);
  const started = await startCollaboration(memberEnvironment(io, args), {
    id,
    name: args.name,
    member: { id: args.as, name: args['display-name'] },
    file,
    settings: settingsOfFlags(args),
    key: args.key ?? (io.env['SEALROOM_KEY'] === '' ? undefined : io.env['SEALROOM_KEY']),
  });
  await writeWholeFile(file, started.text, args);
  const { card, isNewMember, secret, manifest } = started;
  const own = card.body.id;
  const project = await writeProject(io, args, { as: own, manifest: file });
  const answer = { manifest: args.manifest, id, members: [own], sha256: manifest.sha256, member: own, isNewMember };
  printAnswer(io, args, { ...answer, secret: secret && describeStored(secret), project }, [
    ...(isNewMember ? [`created the keys and the card of ${quoteForMessage(own)}`] : []),
    ...(secret === null ? [] : [`created ${describeEnvelope(secret)}`]),
    `wrote ${quoteForMessage(args.manifest)} for the collaboration ${id}`,
    ...describeProject(io, project),
  ]);
  if (args.json) return;
  if (secret === null)
    say(
      io,
      'hint',
      'no secret was made: `sealroom key create --key <key>` makes it, `sealroom collab secret` names it',
    );
  say(
    io,
    'hint',
    'next: `sealroom collab add-table <name> --schema <schema> --data <file> --rule aggregation --min <persons>`',
  );
}

/** Writes a manifest in which every member still has to put its key. */
async function draftForMembers(
  args: InitArguments,
  list: string,
  { id, file }: { readonly id: string; readonly file: string },
  io: CliIo,
): Promise<void> {
  const members = list.split(',').map((member) => member.trim());
  const text = draftManifest({ id, name: args.name, members, settings: settingsOfFlags(args) });
  // The user chose the names: if they are invalid, nothing is written.
  const { sha256 } = parseManifest(text);
  await writeWholeFile(file, text, args);
  const project = await writeProject(io, args, { as: args.as, manifest: file });
  printAnswer(io, args, { manifest: args.manifest, id, members, sha256, project }, [
    `wrote ${quoteForMessage(args.manifest)} for the collaboration ${id}`,
    ...describeProject(io, project),
    'next: each member adds its public keys and tables, and then signs',
  ]);
}

/** A project file, and whether it was written. */
interface WrittenProject {
  readonly file: string;
  readonly isNew: boolean;
}

/** Writes the project file of the folder, unless one is in use; with the home and the key that were named. */
async function writeProject(
  io: CliIo,
  { home, key }: Partial<NewKeyArguments>,
  values: ProjectValues,
): Promise<WrittenProject> {
  const { project } = io;
  if (project !== null && project !== undefined) return { file: project.file, isNew: false };
  const isPlain = key !== undefined && /^(env|file):/.test(key);
  const [, scheme, path] = /^(keystore|age):(?!~\/)(.+)$/s.exec(key ?? '') ?? [];
  const absolute = scheme === undefined || path === undefined ? key : `${scheme}:${resolve(io.cwd, path)}`;
  return startProject(io.cwd, {
    ...values,
    ...(home === undefined ? {} : { home: resolve(io.cwd, home) }),
    ...(absolute === undefined || isPlain ? {} : { key: absolute }),
  });
}

function describeProject({ cwd }: CliIo, { file, isNew }: WrittenProject): readonly string[] {
  const name = quoteForMessage(relative(cwd, file));
  return [isNew ? `wrote ${name}, which gives the other commands their defaults` : `left ${name} as it is`];
}

async function runJoin(args: JoinArguments, io: CliIo): Promise<void> {
  const file = await readNamedFile(io, args.manifest);
  const joined = await joinCollaboration(memberEnvironment(io, args), {
    manifest: file,
    member: { id: args.as, name: args['display-name'] },
    abilities: args.ability ?? [],
    from: args.from,
  });
  await writeWholeFile(file.file, joined.text, { overwrite: true });
  const { card, isNewMember, request, toCompare, manifest, isSignedNoMore } = joined;
  const own = card.body.id;
  const project = await writeProject(io, args, { as: own, manifest: file.file });
  const asked = manifest.exchange.cards.find(({ sha256 }) => sha256 === request?.body.sender)?.body.id;
  const answer = { manifest: args.manifest, id: manifest.id, sha256: manifest.sha256, member: own, isNewMember };
  printAnswer(io, args, { ...answer, asked: asked ?? null, toCompare, isSignedNoMore, project }, [
    ...(isNewMember ? [`created the keys and the card of ${quoteForMessage(own)}`] : []),
    `added ${quoteForMessage(own)} to ${quoteForMessage(args.manifest)}`,
    ...(asked === undefined ? [] : [`asked ${asked} for the secret, in this file`]),
    ...describeProject(io, project),
  ]);
  if (args.json) return;
  if (isSignedNoMore) say(io, 'hint', SIGNED_NO_MORE);
  for (const { member, digits, isPinned } of toCompare) {
    if (isPinned) continue;
    tell(io, `when ${member} has your card, compare these digits by phone:\n${layDigits(digits).join('\n')}`);
  }
  say(
    io,
    'hint',
    'next: `sealroom collab add-table` if you bring a table, then `sealroom collab sign`; `sealroom status` shows all steps',
  );
}

const SIGNED_NO_MORE = 'the signatures no longer hold: all members sign it with `sealroom collab sign`';

async function runAddMember(args: AddMemberArguments, io: CliIo): Promise<void> {
  const file = await readNamedFile(io, args.manifest);
  const { text, manifest, card, isPinned, isSignedNoMore } = await addMember(memberEnvironment(io, args), {
    manifest: file,
    card: await readNamedFile(io, args.card),
    abilities: args.ability ?? [],
  });
  await writeWholeFile(file.file, text, { overwrite: true });
  const { id } = card.body;
  printAnswer(io, args, { member: id, card: card.sha256, sha256: manifest.sha256, isPinned, isSignedNoMore }, [
    `added ${quoteForMessage(id)} to ${quoteForMessage(args.manifest)}, with card ${card.sha256}`,
  ]);
  if (args.json) return;
  if (!isPinned)
    say(
      io,
      'warning',
      `the card of ${id} is not pinned: compare it by phone with \`sealroom member verify ${quoteForShell(args.card)}\``,
    );
  if (isSignedNoMore) say(io, 'hint', SIGNED_NO_MORE);
}

const MANIFEST = { type: 'string', demandOption: true, describe: 'the manifest (YAML or JSON)' } as const;

const ABILITY = {
  type: 'string',
  array: true,
  choices: ABILITIES,
  describe: 'what the member may do; may be repeated (default: nothing but bring tables)',
} as const;

function withMember(yargs: Argv): Argv<Omit<MemberArguments, 'manifest'>> {
  return withNewKeyOptions(withOutputOptions(yargs))
    .option('as', {
      type: 'string',
      requiresArg: true,
      describe: "id of your member (default: that of the home's card)",
    })
    .option('display-name', {
      type: 'string',
      requiresArg: true,
      describe: 'name of your member, if its card is made now (default: the id)',
    });
}

function withInit(yargs: Argv): Argv<InitArguments> {
  return withSettingFlags(withMember(yargs))
    .positional('manifest', { type: 'string', default: 'manifest.yaml', describe: 'file for the manifest' })
    .option('members', {
      type: 'string',
      describe: 'only write a draft for these ids, separated by commas; the first one asks the queries',
    })
    .option('name', { type: 'string', default: 'New collaboration', describe: 'name of the collaboration' })
    .option('id', { type: 'string', describe: 'collaboration id (default: a new one)' })
    .option('overwrite', { type: 'boolean', default: false, describe: 'replace an existing file' });
}

function withJoin(yargs: Argv): Argv<JoinArguments> {
  return withMember(yargs).positional('manifest', MANIFEST).option('ability', ABILITY).option('from', {
    type: 'string',
    requiresArg: true,
    describe: 'id of the member that is asked for the secret (default: the first with a card)',
  });
}

function withAddMember(yargs: Argv): Argv<AddMemberArguments> {
  return withOutputOptions(yargs)
    .positional('card', {
      type: 'string',
      demandOption: true,
      describe: 'the card, as `sealroom member card` prints it',
    })
    .option('manifest', { ...MANIFEST, requiresArg: true })
    .option('ability', ABILITY)
    .option('home', {
      type: 'string',
      requiresArg: true,
      describe: 'home whose pinned cards it is compared with (default: SEALROOM_HOME, else ~/.sealroom)',
    });
}

/** Adds `init`, `join` and `add-member` to the commands of `sealroom collab`. */
export function withSetUpCommands(yargs: Argv, io: CliIo): Argv {
  return yargs
    .command('init [manifest]', 'start a collaboration: your keys, a manifest and a project file', withInit, (args) =>
      runInit(args, io),
    )
    .command(
      'join <manifest>',
      'join a collaboration: your card in its manifest, and a request for the secret',
      withJoin,
      (args) => runJoin(args, io),
    )
    .command('add-member <card>', 'add a member to the manifest by its card', withAddMember, (args) =>
      runAddMember(args, io),
    );
}
