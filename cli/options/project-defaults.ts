import { relative, resolve } from 'node:path';
import { SealroomError } from '../../src/errors/index.ts';
import { findProject, type Project, PROJECT_KEYS, type ProjectKey } from '../../src/project/index.ts';
import type { CommandDeclaration } from '../grammar/declarations.ts';
import { type CliIo, say } from '../terminal.ts';

/** What the parser has read: the words of the command, and the options by name; `undefined` for those that were not given. */
type Arguments = Readonly<Record<string, unknown>>;

/** Finds the project file of the working directory, and warns if there is one that must not be used. @throws {SealroomError} as `findProject` */
export async function loadProject(io: CliIo): Promise<Project | null> {
  const { project, ignored } = await findProject(io.cwd, io.env);
  if (ignored !== null) say(io, 'warning', ignored);
  return project;
}

/** Where a key of the project file is not the default of the option that has its name, or something else speaks for itself there. */
const EXCEPT: Readonly<Partial<Record<ProjectKey, (command: string, args: Arguments, io: CliIo) => boolean>>> = {
  // There the id is that of a collaboration in AWS, or of a new one. A manifest has the id.
  id: (command, args) => /^(schema|clean-rooms|collab) ?/.test(command) || args['manifest'] !== undefined,
  // A card says whose home it is.
  as: (command) => /^(decrypt|member|collab (init|join))/.test(command),
  home: (_command, _args, { env }) => isSet(env['SEALROOM_HOME']),
  manifest: (command, args) => /^(collab (init|join|import)|member|audit)/.test(command) || args['id'] !== undefined,
  // In other commands `--key` is a file, or what to look for. The variables come before a file.
  key: (command, _args, { env }) =>
    !/^(encrypt|decrypt|reencrypt|key (create|receive)|collab (init|join))\b/.test(command) ||
    ['SEALROOM_KEY', 'C3R_SHARED_SECRET', 'SEALROOM_SECRET_FILE'].some((name) => isSet(env[name])),
  // Only a result package needs it, and a log of one's own is checked with its own key.
  trust: (command, args) => command === 'decrypt' || (command.startsWith('audit') && args['log'] === undefined),
};

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '';
}

/** The values of a table in the project file, by the option of `encrypt` that each is the default of. */
const OF_TABLE = { input: 'data', schema: 'schema', output: 'output' } as const;

/**
 * The options that a command has and was not given, with what the project file says of them. Paths are relative to the working
 * directory, as a user would type them.
 *
 * @param called the command that is called
 * @param args what was given
 */
export function projectDefaults(
  io: CliIo,
  { values, tables }: Project,
  called: CommandDeclaration,
  args: Arguments,
): Readonly<Record<string, string>> {
  const declared = [...called.options, ...called.positionals].map(({ name }) => name);
  const command = called.path.join(' ');
  const found: Record<string, string> = {};
  const isOpen = (option: string): boolean => declared.includes(option) && args[option] === undefined;
  for (const key of PROJECT_KEYS) {
    const value = values[key];
    if (value === undefined || !isOpen(key)) continue;
    if (EXCEPT[key]?.(command, { ...args, ...found }, io) === true) continue;
    // A room has its manifest.
    if (key === 'manifest' && command.startsWith('check') && (args['room'] ?? values.room) !== undefined) continue;
    found[key] = isPath(key) ? shortPath(io, value) : value;
  }
  const name = args['table'];
  const table = command.startsWith('encrypt') && typeof name === 'string' ? tables.get(name) : undefined;
  for (const [option, part] of Object.entries(OF_TABLE)) {
    const value = table?.[part];
    if (value !== undefined && isOpen(option)) found[option] = shortPath(io, value);
  }
  for (const [option, value] of Object.entries(found)) io.defaults?.set(option, value);
  return found;
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
  const text = `${message}\n${hint.replace(/^usage: .*$/m, '')}`;
  const isNamed = (option: string): boolean => isOfUse && new RegExp(`--${option}\\b`).test(text);
  const filled = [...(defaults ?? [])].filter(
    ([option, value]) => isNamed(option) || (file !== undefined && file === resolve(cwd, value)),
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
