import yargs from 'yargs';
import { SealroomError } from '../src/index.ts';
import { auditCommand } from './commands/audit.ts';
import { checkCommand } from './commands/check.ts';
import { collabCommand } from './commands/collab.ts';
import { decryptCommand } from './commands/decrypt.ts';
import { encryptCommand } from './commands/encrypt.ts';
import { queryCommand } from './commands/query.ts';
import { roomCommand } from './commands/room.ts';
import { schemaCommand } from './commands/schema.ts';
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
    if (error instanceof Shown) return error.exitCode;
    printError(
      io,
      error,
      wants('--json'),
      ['--debug', '--enable-stack-traces', '--enableStackTraces', '-v'].some(wants),
    );
    return exitCodeOf(error);
  }
}

/** The library has said what there is to say: help, the version, or nothing to do. */
class Shown extends Error {
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
    .command(encryptCommand(io))
    .command(decryptCommand(io))
    .command(schemaCommand(io))
    .command(collabCommand(io))
    .command(roomCommand(io))
    .command(checkCommand(io))
    .command(queryCommand(io))
    .command(auditCommand(io))
    .completion('completion', 'print a completion script for your shell')
    .demandCommand(1, 'expected a command')
    .parserConfiguration({ 'duplicate-arguments-array': false, 'boolean-negation': false })
    .strict()
    .version(VERSION)
    .alias('help', 'h')
    .alias('version', 'V')
    .epilogue(
      'The shared secret comes from C3R_SHARED_SECRET, or from the file that SEALROOM_SECRET_FILE names; never from a flag.\n' +
        'Exit codes: 0 done, 1 failed, 2 usage, 3 refused by a rule, 4 integrity failure.',
    )
    .wrap(100)
    .exitProcess(false)
    .fail((message: string | null, error: Error | null | undefined) => {
      // The library reports what it finds itself as a message, with or without an error of its own kind.
      if (error !== undefined && error !== null && error.name !== 'YError') throw error;
      throw new SealroomError('USAGE_OPTION', lowerFirst(message ?? 'invalid options'), {
        hint: 'see `sealroom --help`, or `sealroom <command> --help`',
      });
    });
  let shown = '';
  await parser.parseAsync(argv, {}, (error: Error | null | undefined, _args: unknown, output: string) => {
    if (error === undefined || error === null) shown = output;
  });
  if (shown !== '') {
    io.stdout.write(`${shown}\n`);
    throw new Shown(EXIT.done);
  }
}

function lowerFirst(text: string): string {
  const [line = ''] = text.split('\n');
  return line.charAt(0).toLowerCase() + line.slice(1);
}
