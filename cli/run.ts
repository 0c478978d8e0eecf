import { SealroomError } from '../src/errors/index.ts';
import { COMMANDS } from './commands/commands.ts';
import { EXIT, exitCodeOf, printError } from './exit.ts';
import { prepareArguments } from './grammar/arguments.ts';
import { type CommandDeclaration, findCommand } from './grammar/declarations.ts';
import { respell } from './grammar/old-spellings.ts';
import { asksForHelp, createParser } from './grammar/parser.ts';
import { explainDefaults, loadProject, withDefaults } from './options/project-defaults.ts';
import { type CliIo, say } from './terminal.ts';
import { optionsFirst, programUsage, usageError, usageOf } from './usage-error.ts';

/**
 * Runs the command line and returns its exit code: 0 done, 1 failed, 2 usage, 3 refused by a rule, 4 integrity failure.
 *
 * Data goes to `io.stdout`, words to `io.stderr`. Nothing is thrown.
 */
export async function runCli(given: CliIo): Promise<number> {
  let io: CliIo = { ...given, argv: wordsAsOptions(given.argv) };
  const wants = (flag: string): boolean => io.argv.includes(flag);
  try {
    io = { ...io, project: await loadProject(io), defaults: new Map() };
    await parse(io);
    return EXIT.done;
  } catch (thrown) {
    const error = thrown instanceof SealroomError ? explainDefaults(io, thrown) : thrown;
    printError(io, error, wants('--json'), ['--debug', '--enable-stack-traces', '--enableStackTraces'].some(wants));
    return exitCodeOf(error);
  }
}

/** Reads `help collab sign` as `collab sign --help`, and `version` as `--version`. */
function wordsAsOptions(argv: readonly string[]): readonly string[] {
  const [first, ...rest] = argv;
  if (first === 'help') return [...rest, '--help'];
  return first === 'version' && rest.length === 0 ? ['--version'] : argv;
}

/** What the called command of the first level declares, or `null` if it is not clear which one that is. */
async function readDeclaration(io: CliIo): Promise<CommandDeclaration | null> {
  const [first = ''] = io.argv;
  if (!Object.hasOwn(COMMANDS, first)) return null;
  const { readDeclarations } = await import('./grammar/recorded.ts');
  return (await readDeclarations())[first] ?? null;
}

/** Runs a command. Only now is loaded what it needs. */
async function runCommand(io: CliIo, path: readonly string[], args: Readonly<Record<string, unknown>>): Promise<void> {
  const wanted = COMMANDS[path[0] ?? ''];
  if (wanted === undefined) throw new TypeError('a command that is declared and not there');
  const { requireFipsIfAsked } = await import('./options/fips-option.ts');
  await requireFipsIfAsked(args);
  const { requireNoAddresses } = await import('./addresses.ts');
  requireNoAddresses(args);
  const { handler } = findCommand(await wanted.load(wanted, io), path);
  // The parser has read the arguments that this command declares.
  await (handler as (read: typeof args) => void | Promise<void>)(args);
}

/** The arguments as they are written now; says which ones were written as in earlier releases. */
function respellArguments(io: CliIo, path: readonly string[]): readonly string[] {
  const { argv, renamed } = respell(path, io.argv);
  if (!argv.includes('--json')) {
    for (const [old, now] of renamed) say(io, 'notice', `\`${old}\` is now \`${now}\``);
  }
  return argv;
}

/** Refuses an option where a command is expected, if a command follows: the parser would take that for its value. C3R's `-v` has a hint of its own. */
function requireCommandFirst(argv: readonly string[], command: CommandDeclaration | null): void {
  const usage = command === null ? programUsage(Object.keys(COMMANDS)) : usageOf(command);
  const [next = '', ...rest] = argv.slice(command?.path.length ?? 0);
  if (!next.startsWith('-') || next === '-v' || usage.subcommands.length === 0) return;
  const word = rest.find((argument) => usage.subcommands.includes(argument));
  if (word !== undefined) throw optionsFirst(usage, word);
}

async function parse(io: CliIo): Promise<void> {
  const called = await readDeclaration(io);
  const command = called === null ? null : findCommand(called, io.argv);
  requireCommandFirst(io.argv, command);
  const [first = ''] = io.argv;
  if (command === null && !first.startsWith('-') && first !== '') {
    const { readDeclarations } = await import('./grammar/recorded.ts');
    throw usageError(
      `Unknown command: ${first}`,
      io.argv,
      programUsage(Object.keys(COMMANDS), await readDeclarations()),
    );
  }
  const given = prepareArguments(command === null ? io.argv : respellArguments(io, command.path), command);
  const argv = command === null ? given : withDefaults(io, command, given);
  const usage = command === null ? programUsage(Object.keys(COMMANDS)) : usageOf(command);
  const parser = createParser({ argv, command, usage });
  if (called !== null) {
    const { install } = await import('./grammar/install.ts');
    install(parser, called, { isShown: asksForHelp(argv), run: (path, args) => runCommand(io, path, args) });
  } else for (const { command: name, describe } of Object.values(COMMANDS)) parser.command(name, describe);
  let shown = '';
  await parser.parseAsync([...argv], {}, (error: Error | null | undefined, _args: unknown, output: string) => {
    if (error === undefined || error === null) shown = output;
  });
  if (shown !== '') io.stdout.write(`${shown}\n`);
}
