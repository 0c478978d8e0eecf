import type { Argv, CommandModule, Options, PositionalOptions } from 'yargs';

/** An option or a positional argument of a command, as it is declared for yargs. */
export interface Declared<T extends Options | PositionalOptions = Options | PositionalOptions> {
  readonly name: string;
  readonly declared: T;
}

/**
 * A command with everything that is declared of it, as data: for the parser, the help, completion, the man page and the reference. No code
 * that runs belongs to it, so the build can write it down (`recorded.ts`).
 */
export interface CommandDeclaration {
  /** Its words, without the program: `['collab', 'sign']`. */
  readonly path: readonly string[];
  /** The positional arguments as usage writes them: `['<manifest>']`. */
  readonly usage: readonly string[];
  readonly describe: string;
  readonly positionals: readonly Declared<PositionalOptions>[];
  readonly options: readonly Declared<Options>[];
  readonly commands: readonly CommandDeclaration[];
}

/** A command, and what it does. */
export interface RunnableCommand extends CommandDeclaration {
  readonly commands: readonly RunnableCommand[];
  readonly handler: (args: never) => void | Promise<void>;
}

/** What help says of a command of the first level. */
export interface CommandHead {
  readonly command: string;
  readonly describe: string;
}

type Handler = RunnableCommand['handler'];
type Builder = (parser: Argv) => unknown;

/**
 * Stands for the parser while a command declares its options, and keeps what it declares. It has the methods of yargs that commands
 * use; another one is a `TypeError` in every test.
 */
class Recorder {
  readonly positionals: Declared<PositionalOptions>[] = [];
  readonly options = new Map<string, Options>();
  readonly commands: RunnableCommand[] = [];
  private readonly path: readonly string[];

  constructor(path: readonly string[]) {
    this.path = path;
  }

  positional(name: string, declared: PositionalOptions): this {
    this.positionals.push({ name, declared });
    return this;
  }

  /** As for yargs, the last declaration of an option holds. */
  option(name: string, declared: Options): this {
    this.options.set(name, declared);
    return this;
  }

  command(head: string | CommandModule, describe = '', builder?: Builder, handler?: Handler): this {
    const module = typeof head === 'string' ? { command: head, describe, builder, handler } : head;
    this.commands.push(declare(this.path, module));
    return this;
  }

  /** A command with subcommands needs one: {@link CommandDeclaration.commands} says so. */
  demandCommand(): this {
    return this;
  }
}

interface Module {
  readonly command?: string | readonly string[] | undefined;
  readonly describe?: string | false | undefined;
  readonly builder?: unknown;
  readonly handler?: Handler | undefined;
}

function declare(parent: readonly string[], { command, describe, builder, handler }: Module): RunnableCommand {
  const [name = '', ...usage] = String(command).split(' ');
  const path = [...parent, name];
  const recorder = new Recorder(path);
  // The builders of commands are functions that only declare: the recorder has what they call.
  if (typeof builder === 'function') (builder as (parser: unknown) => unknown)(recorder);
  const { positionals, options, commands } = recorder;
  return Object.freeze({
    path,
    usage,
    describe: describe === undefined || describe === false ? '' : describe,
    positionals,
    options: [...options].map(([option, declared]) => ({ name: option, declared })),
    commands,
    handler: handler ?? (() => undefined),
  });
}

/** Returns what a command of the first level declares, and does. */
export function declareCommand<T>(head: CommandHead, module: CommandModule<object, T>): RunnableCommand {
  return declare([], { ...head, builder: module.builder, handler: module.handler });
}

/** A command with those below it. */
interface Family<T> {
  readonly path: readonly string[];
  readonly commands: readonly T[];
}

/** All commands that can be run, those below others included. */
export function listCommands<T extends Family<T>>(command: T): readonly T[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap((each) => listCommands(each));
}

/** The command that arguments name: `collab sign` for `collab sign m.yaml --as brand`. */
export function findCommand<T extends Family<T>>(command: T, argv: readonly string[]): T {
  const word = argv[command.path.length];
  const next = command.commands.find(({ path }) => path.at(-1) === word);
  return next === undefined ? command : findCommand(next, argv);
}

/** All names of an option: the long one first, then its aliases. */
export function namesOf({ name, declared: { alias = [] } }: Declared<Options>): readonly string[] {
  return [name, ...(typeof alias === 'string' ? [alias] : alias)];
}
