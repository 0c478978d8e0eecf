import yargs, { type Argv } from 'yargs';
import { SealroomError } from '../src/errors/index.ts';
import { EXIT, exitCodeOf, printError } from './exit.ts';
import { normaliseArguments } from './spelling.ts';
import type { CliIo } from './terminal.ts';
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
    printError(
      io,
      error,
      wants('--json'),
      ['--debug', '--enable-stack-traces', '--enableStackTraces', '-v'].some(wants),
    );
    return exitCodeOf(error);
  }
}

/** Adds the commands of one module to a parser. */
type AddCommands = (parser: Argv, io: CliIo) => Promise<Argv>;

/** The commands by their first word. Each is loaded when it is run, or when help is asked for. */
const COMMANDS: Readonly<Record<string, AddCommands>> = {
  encrypt: async (parser, io) => parser.command((await import('./commands/encrypt.ts')).encryptCommand(io)),
  decrypt: async (parser, io) => parser.command((await import('./commands/decrypt.ts')).decryptCommand(io)),
  reencrypt: async (parser, io) => parser.command((await import('./commands/reencrypt.ts')).reencryptCommand(io)),
  schema: async (parser, io) => parser.command((await import('./commands/schema.ts')).schemaCommand(io)),
  collab: async (parser, io) => parser.command((await import('./commands/collab.ts')).collabCommand(io)),
  key: async (parser, io) => parser.command((await import('./commands/key.ts')).keyCommand(io)),
  room: async (parser, io) => parser.command((await import('./commands/room.ts')).roomCommand(io)),
  check: async (parser, io) => parser.command((await import('./commands/check.ts')).checkCommand(io)),
  query: async (parser, io) => parser.command((await import('./commands/query.ts')).queryCommand(io)),
  member: async (parser, io) => parser.command((await import('./commands/member.ts')).memberCommand(io)),
  audit: async (parser, io) => parser.command((await import('./commands/audit.ts')).auditCommand(io)),
};

/** Adds the command that is called, or all of them if it is not clear which one that is. */
async function addCommands(parser: Argv, io: CliIo): Promise<void> {
  const [first = ''] = io.argv;
  const wanted = Object.hasOwn(COMMANDS, first) ? [first] : Object.keys(COMMANDS);
  for (const name of wanted) await COMMANDS[name]?.(parser, io);
}

/** The library has said what there is to say: help, the version, or nothing to do. */
class EarlyExit extends Error {
  readonly exitCode: number;

  constructor(exitCode: number) {
    super('shown');
    this.exitCode = exitCode;
  }
}

async function parse(io: CliIo): Promise<void> {
  const argv = normaliseArguments(io.argv);
  const parser = yargs(argv)
    .scriptName('sealroom')
    .usage(
      'sealroom <command> [options]\n\nEncrypts tables for a collaboration, column by column, and decrypts what comes back.',
    )
    .completion('completion', 'print a completion script for your shell')
    .demandCommand(1, 'expected a command')
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
    .fail((message: string | null, error: Error | null | undefined) => {
      // The library reports what it finds itself as a message, with or without an error of its own kind.
      if (error !== undefined && error !== null && error.name !== 'YError') throw error;
      throw new SealroomError('USAGE_OPTION', lowerFirst(message ?? 'invalid options'), {
        hint: 'see `sealroom --help`, or `sealroom <command> --help`',
      });
    });
  await addCommands(parser, io);
  let shown = '';
  await parser.parseAsync(argv, {}, (error: Error | null | undefined, _args: unknown, output: string) => {
    if (error === undefined || error === null) shown = output;
  });
  if (shown !== '') {
    io.stdout.write(`${shown}\n`);
    throw new EarlyExit(EXIT.done);
  }
}

function lowerFirst(text: string): string {
  const [line = ''] = text.split('\n');
  return line.charAt(0).toLowerCase() + line.slice(1);
}
