import { relative, resolve } from 'node:path';
import { didYouMean, quoteForMessage, SealroomError } from '../../src/errors/index.ts';
import {
  findProject,
  isRoomAddress,
  type Project,
  PROJECT_KEYS,
  type ProjectKey,
  type ProjectTable,
} from '../../src/project/index.ts';
import { type GivenArguments, readGiven } from '../grammar/arguments.ts';
import type { CommandDeclaration } from '../grammar/declarations.ts';
import { type CliIo, say } from '../terminal.ts';

/** Finds the project file of the working directory, and warns if there is one that must not be used. @throws {SealroomError} as `findProject` */
export async function loadProject(io: CliIo): Promise<Project | null> {
  const { project, ignored } = await findProject(io.cwd, io.env);
  if (ignored !== null) say(io, 'warning', ignored);
  return project;
}

/** A command that is called, and what it was given. */
interface Call extends GivenArguments {
  /** Its words, as `collab sign`. */
  readonly command: string;
  readonly env: CliIo['env'];
}

/** Where a key of the project file is not the default of the option that has its name, or something else speaks for itself there. */
const EXCEPT: Readonly<Partial<Record<ProjectKey, (call: Call) => boolean>>> = {
  // There the id is that of a collaboration in AWS, or of a new one. A manifest has the id.
  id: ({ command, options }) => /^(schema|clean-rooms|collab) ?/.test(command) || options.has('manifest'),
  // A card says whose home it is.
  as: ({ command }) => /^(decrypt|member|collab (init|join))/.test(command),
  home: ({ env }) => isSet(env['SEALROOM_HOME']),
  manifest: ({ command, options }) => /^(collab (init|join|import)|member|audit)/.test(command) || options.has('id'),
  // In other commands `--key` is a file, or what to look for. The variables come before a file.
  key: ({ command, env }) =>
    !/^(encrypt|decrypt|reencrypt|key (create|receive)|collab (init|join))\b/.test(command) ||
    ['SEALROOM_KEY', 'C3R_SHARED_SECRET', 'SEALROOM_SECRET_FILE'].some((name) => isSet(env[name])),
  // A room is not what a log is looked for in.
  room: ({ command }) => command.startsWith('audit'),
  // Only a result package needs it, or a room over the network, and both find it. A log of one's own is checked with its own key.
  trust: ({ command, positionals }) =>
    /^(decrypt|check|query|room)\b/.test(command) || (command.startsWith('audit') && positionals === 0),
};

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '';
}

/** The values of a table in the project file, by the option of `encrypt` that each is the default of. */
const OF_TABLE = {
  input: 'data',
  schema: 'schema',
  output: 'output',
  delimiter: 'delimiter',
  encoding: 'encoding',
} as const;

/** Those of them that are no paths. */
const TEXTS: readonly string[] = ['delimiter', 'encoding'];

/**
 * Adds to the arguments what the project file says of options that the command has and was not given. Paths are relative to the working
 * directory, as a user would type them.
 *
 * @param command the command that is called
 * @param argv as `prepareArguments` returns them
 */
export function withDefaults(io: CliIo, command: CommandDeclaration, argv: readonly string[]): readonly string[] {
  const { project } = io;
  if (project === null || project === undefined) return argv;
  const given = readGiven(argv, command);
  const found = defaultsOf(io, project, command, given);
  const added: string[] = [];
  for (const [name, value] of found) {
    const isOption = command.options.some((option) => option.name === name);
    // A positional argument has its place only if those before it are there.
    const place = command.positionals.findIndex((positional) => positional.name === name);
    if (!isOption && place !== given.positionals) continue;
    added.push(isOption ? `--${name}=${value}` : value);
    io.defaults?.set(name, value);
  }
  return [...argv, ...added];
}

function defaultsOf(
  io: CliIo,
  { values, tables }: Project,
  { path, options, positionals }: CommandDeclaration,
  given: GivenArguments,
): ReadonlyMap<string, string> {
  const command = path.join(' ');
  const declared = [...options, ...positionals].map(({ name }) => name);
  const found = new Map<string, string>();
  const isOpen = (name: string): boolean => declared.includes(name) && !given.options.has(name);
  for (const key of PROJECT_KEYS) {
    const value = values[key];
    if (value === undefined || !isOpen(key)) continue;
    const all = new Map([...given.options, ...found]);
    if (EXCEPT[key]?.({ ...given, options: all, command, env: io.env }) === true) continue;
    // A room has its manifest.
    const hasRoom = given.options.has('room') || values.room !== undefined;
    if (key === 'manifest' && command === 'check' && hasRoom) continue;
    const isAddress = key === 'room' && isRoomAddress(value);
    found.set(key, isPath(key) && !isAddress ? shortPath(io, value) : value);
  }
  const table = command === 'encrypt' ? tableOf(io, tables, given) : undefined;
  for (const [name, part] of Object.entries(OF_TABLE)) {
    const value = table?.[part];
    // How a file is read says nothing of another file.
    if (TEXTS.includes(name) && given.positionals > 0) continue;
    if (value !== undefined && isOpen(name)) found.set(name, TEXTS.includes(name) ? value : shortPath(io, value));
  }
  return found;
}

/** The table of the file that `--table` names. @throws {SealroomError} USAGE_OPTION if it has none of that name, and no input is given */
function tableOf(io: CliIo, tables: Project['tables'], { options, positionals }: GivenArguments): ProjectTable | null {
  const name = options.get('table') ?? null;
  const table = name === null ? null : (tables.get(name) ?? null);
  if (name === null || table !== null || positionals > 0 || tables.size === 0) return table;
  const file = relative(io.cwd, io.project?.file ?? '');
  throw new SealroomError('USAGE_OPTION', `${file} has no table ${quoteForMessage(name)}`, {
    hint:
      didYouMean(name, [...tables.keys()]) ?? `its tables are ${[...tables.keys()].map(quoteForMessage).join(', ')}`,
  });
}

const isPath = (key: ProjectKey): boolean => ['home', 'manifest', 'room', 'trust'].includes(key);

function shortPath({ cwd }: CliIo, path: string): string {
  return relative(cwd, path) || '.';
}

/** Says of an error about options which of them came from the project file, or that it names none. */
export function explainDefaults(io: CliIo, error: SealroomError): SealroomError {
  const from = originOf(io, error);
  if (from === null) return error;
  const { code, message, where, cause, evidence } = error;
  const [, said = '', usage = ''] = /^([^]*?)\n?(usage: .*)?$/.exec(error.hint ?? '') ?? [];
  const hint = [said, from, usage].filter((line) => line !== '').join('\n');
  return new SealroomError(code, message, { where, cause, evidence, hint });
}

function originOf(
  { cwd, defaults, project }: CliIo,
  { code, message, hint = '', where: { file } }: SealroomError,
): string | null {
  const isOfUse = code === 'USAGE_OPTION';
  const isOfParser = /^usage: /m.test(hint);
  // What the parser finds is about what was typed; any other mistake may be about what was not.
  // The home is in every command, and seldom what is wrong.
  const isMeant = (option: string): boolean =>
    isOfUse && (isOfParser ? message.includes(`--${option}`) : option !== 'home' || /\bhome\b/.test(message));
  const filled = [...(defaults ?? [])].filter(
    ([option, value]) => isMeant(option) || (file !== undefined && file === resolve(cwd, value)),
  );
  if (project === null || project === undefined) return null;
  const name = relative(cwd, project.file);
  if (filled.length > 0) {
    return `${filled.map(([option, value]) => `\`--${option}\` is ${value}`).join(', ')} in ${name}`;
  }
  const missing = PROJECT_KEYS.filter((key) => new RegExp(`\`(--${key}|<${key}>)\``).test(message));
  const isMissing = isOfUse && missing.length > 0 && /needs|missing/.test(message);
  return isMissing ? `${name} names none` : null;
}
