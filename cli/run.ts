import yargs, { type Argv } from 'yargs';
import { SealroomError } from '../src/errors/index.ts';
import { EXIT, exitCodeOf, printError } from './exit.ts';
import { declaredOptions, explainDefaults, loadProject, projectDefaults } from './options/project-defaults.ts';
import { normaliseArguments } from './spelling.ts';
import type { CliIo } from './terminal.ts';
import { isUsage, NEEDS_COMMAND, NEEDS_NUMBER, NEEDS_VALUE, usageError } from './usage-error.ts';
import { VERSION } from './version.ts';

/**
 * Runs the command line and returns its exit code: 0 done, 1 failed, 2 usage, 3 refused by a rule, 4 integrity failure.
 *
 * Data goes to `io.stdout`, words to `io.stderr`. Nothing is thrown.
 */
export async function runCli(given: CliIo): Promise<number> {
  const wants = (flag: string): boolean => given.argv.includes(flag);
  let io = given;
  try {
    const project = given.argv.length === 0 ? null : await loadProject(given);
    io = { ...given, project, defaults: new Map() };
    await parse(io);
    return EXIT.done;
  } catch (thrown) {
    if (thrown instanceof EarlyExit) return thrown.exitCode;
    const error = thrown instanceof SealroomError ? explainDefaults(io, thrown) : thrown;
    printError(io, error, wants('--json'), ['--debug', '--enable-stack-traces', '--enableStackTraces'].some(wants));
    return exitCodeOf(error);
  }
}

/** A command of the first level: what help says of it, and the module that has the rest, loaded when it is called. */
interface Command {
  readonly command: string;
  readonly describe: string;
  readonly add: (parser: Argv, head: CommandHead, io: CliIo) => Promise<Argv>;
}

type CommandHead = Pick<Command, 'command' | 'describe'>;

const COMMANDS: Readonly<Record<string, Command>> = {
  encrypt: {
    command: 'encrypt <input>',
    describe: 'encrypt a table',
    add: async (parser, head, io) =>
      parser.command({ ...(await import('./commands/encrypt.ts')).encryptCommand(io), ...head }),
  },
  decrypt: {
    command: 'decrypt <input>',
    describe: 'decrypt a table, or a result package of a room',
    add: async (parser, head, io) =>
      parser.command({ ...(await import('./commands/decrypt.ts')).decryptCommand(io), ...head }),
  },
  reencrypt: {
    command: 'reencrypt <input>',
    describe: 'encrypt a protected table again under the newest secret',
    add: async (parser, head, io) =>
      parser.command({ ...(await import('./commands/reencrypt.ts')).reencryptCommand(io), ...head }),
  },
  schema: {
    command: 'schema <input>',
    describe: 'write a schema for a table',
    add: async (parser, head, io) =>
      parser.command({ ...(await import('./commands/schema.ts')).schemaCommand(io), ...head }),
  },
  collab: {
    command: 'collab',
    describe: 'write, check, sign and compare the manifest of a collaboration',
    add: async (parser, head, io) =>
      parser.command({ ...(await import('./commands/collab.ts')).collabCommand(io), ...head }),
  },
  'clean-rooms': {
    command: 'clean-rooms',
    describe: 'ask AWS Clean Rooms a query that was checked here first',
    add: async (parser, head, io) =>
      parser.command({ ...(await import('./commands/clean-rooms.ts')).cleanRoomsCommand(io), ...head }),
  },
  key: {
    command: 'key',
    describe: 'create, keep and hand over the shared secrets of collaborations',
    add: async (parser, head, io) => parser.command({ ...(await import('./commands/key.ts')).keyCommand(io), ...head }),
  },
  room: {
    command: 'room',
    describe: 'create a clean room, and load encrypted tables into it',
    add: async (parser, head, io) =>
      parser.command({ ...(await import('./commands/room.ts')).roomCommand(io), ...head }),
  },
  check: {
    command: 'check [sql]',
    describe: 'say whether a query may run, and why not; exit code 3 if it may not',
    add: async (parser, head, io) =>
      parser.command({ ...(await import('./commands/check.ts')).checkCommand(io), ...head }),
  },
  query: {
    command: 'query [sql]',
    describe: 'ask a room a query; the answer comes at whole seconds; exit code 3 if it is not allowed',
    add: async (parser, head, io) =>
      parser.command({ ...(await import('./commands/query.ts')).queryCommand(io), ...head }),
  },
  member: {
    command: 'member',
    describe: 'create the keys and the card of a member, and verify the cards of others',
    add: async (parser, head, io) =>
      parser.command({ ...(await import('./commands/member.ts')).memberCommand(io), ...head }),
  },
  audit: {
    command: 'audit',
    describe: 'show, verify and export the audit log of a room, or of your keys',
    add: async (parser, head, io) =>
      parser.command({ ...(await import('./commands/audit.ts')).auditCommand(io), ...head }),
  },
};

/** Adds the command that is called, or the heads of all of them if it is not clear which one that is. */
async function addCommands(parser: Argv, io: CliIo): Promise<void> {
  const [first = ''] = io.argv;
  const wanted = Object.hasOwn(COMMANDS, first) ? COMMANDS[first] : undefined;
  if (wanted !== undefined) {
    const { add, ...head } = wanted;
    await add(parser, head, io);
    return;
  }
  for (const { command, describe } of Object.values(COMMANDS)) parser.command(command, describe);
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
  const argv = normaliseArguments(io.argv);
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
  const { project } = io;
  if (project !== null && project !== undefined) {
    parser.middleware((args) => {
      Object.assign(args, projectDefaults(io, project, args, declaredOptions(parser)));
    }, true);
  }
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
