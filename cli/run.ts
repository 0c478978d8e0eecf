import yargs, { type Argv } from 'yargs';
import { EXIT, exitCodeOf, printError } from './exit.ts';
import { COMMANDS } from './commands/commands.ts';
import { type CommandDeclaration, findCommand } from './grammar/declarations.ts';
import { install } from './grammar/install.ts';
import { respell } from './grammar/old-spellings.ts';
import { normaliseArguments } from './spelling.ts';
import { type CliIo, say } from './terminal.ts';
import { isUsage, NEEDS_COMMAND, NEEDS_NUMBER, NEEDS_VALUE, usageError } from './usage-error.ts';
import { VERSION } from './version.ts';

/**
 * Runs the command line and returns its exit code: 0 done, 1 failed, 2 usage, 3 refused by a rule, 4 integrity failure.
 *
 * Data goes to `io.stdout`, words to `io.stderr`. Nothing is thrown.
 */
export async function runCli(io: CliIo): Promise<number> {
  const wants = (flag: string): boolean => io.argv.includes(flag);
  try {
    await parse(io);
    return EXIT.done;
  } catch (error) {
    if (error instanceof EarlyExit) return error.exitCode;
    printError(io, error, wants('--json'), ['--debug', '--enable-stack-traces', '--enableStackTraces'].some(wants));
    return exitCodeOf(error);
  }
}

/** What the called command of the first level declares, or `null` if it is not clear which one that is. */
async function loadCommand(io: CliIo): Promise<CommandDeclaration | null> {
  const [first = ''] = io.argv;
  const wanted = Object.hasOwn(COMMANDS, first) ? COMMANDS[first] : undefined;
  return wanted === undefined ? null : wanted.load(wanted, io);
}

/** Adds the command that is called, or the heads of all of them. */
function addCommands(parser: Argv, called: CommandDeclaration | null): void {
  if (called !== null) install(parser, called);
  else for (const { command, describe } of Object.values(COMMANDS)) parser.command(command, describe);
}

/** The arguments as they are written now; says which ones were written as in earlier releases. */
function readArguments(io: CliIo, called: CommandDeclaration | null): readonly string[] {
  if (called === null) return io.argv;
  const { argv, renamed } = respell(findCommand(called, io.argv).path, io.argv);
  if (!argv.includes('--json')) {
    for (const [old, now] of renamed) say(io, 'notice', `\`${old}\` is now \`${now}\``);
  }
  return argv;
}

/** The library has said what there is to say: help, the version, or nothing to do. */
class EarlyExit extends Error {
  readonly exitCode: number;

  constructor(exitCode: number) {
    super('shown');
    this.exitCode = exitCode;
  }
}

/** Options whose value may be an empty text. */
const MAY_BE_EMPTY: ReadonlySet<string> = new Set(['csv-input-null-value', 'r', 'csv-output-null-value', 'w']);

/** Whether an option of this name is among the arguments. */
function isGiven(argv: readonly string[], name: string): boolean {
  const option = name.length === 1 ? `-${name}` : `--${name}`;
  return argv.some((argument) => argument === option || argument.startsWith(`${option}=`));
}

async function parse(io: CliIo): Promise<void> {
  const called = await loadCommand(io);
  const argv = normaliseArguments(readArguments(io, called));
  const parser = yargs(argv)
    .scriptName('sealroom')
    .usage(
      'sealroom <command> [options]\n\nEncrypts tables for a collaboration, column by column, and decrypts what comes back.',
    )
    .completion('completion', 'print a completion script for your shell')
    .demandCommand(1, NEEDS_COMMAND)
    .parserConfiguration({ 'duplicate-arguments-array': false, 'boolean-negation': false })
    .strict()
    .version(VERSION)
    .alias('help', 'h')
    .alias('version', 'V')
    .epilogue(
      'The shared secret comes from C3R_SHARED_SECRET, from the file that SEALROOM_SECRET_FILE names,\n' +
        'or from an envelope that `sealroom key` has made; never from a flag.\n' +
        'Exit codes: 0 done, 1 failed, 2 usage, 3 refused by a rule, 4 integrity failure.',
    )
    // The library lays out the help at every command. To break its lines is most of that, so only help that is shown has it.
    .wrap(['--help', '-h', 'help'].some((word) => argv.includes(word)) ? 100 : null)
    .exitProcess(false)
    .fail((message: string | null, error: Error | null | undefined, usage: { help(): unknown }) => {
      // The library reports what it finds itself as a message, with or without an error of its own kind.
      const said = message ?? error?.message ?? 'invalid options';
      const isOurs = error !== undefined && error !== null && error.name !== 'YError' && !isUsage(said);
      if (isOurs) throw error;
      throw usageError(said, argv, String(usage.help()));
    });
  // The parser takes an option at the end, or before another one, for an empty text, and a number for none at all.
  parser.check((args: Readonly<Record<string, unknown>>) => {
    for (const [name, value] of Object.entries(args)) {
      if (!isGiven(argv, name) || MAY_BE_EMPTY.has(name)) continue;
      if (value === '' || value === undefined) throw new Error(`${NEEDS_VALUE}${name}`);
      if (Number.isNaN(value)) throw new Error(`${NEEDS_NUMBER}${name}`);
    }
    return true;
  }, true);
  addCommands(parser, called);
  let shown = '';
  await parser.parseAsync(argv, {}, (error: Error | null | undefined, _args: unknown, output: string) => {
    if (error === undefined || error === null) shown = output;
  });
  if (shown !== '') {
    io.stdout.write(`${shown}\n`);
    throw new EarlyExit(EXIT.done);
  }
}
