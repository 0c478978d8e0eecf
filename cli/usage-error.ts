import { type CommandDeclaration, namesOf } from './grammar/declarations.ts';
import { restoreArgument } from './grammar/arguments.ts';
import { didYouMean, quoteForMessage, SealroomError } from '../src/errors/index.ts';

/** What there is to say of a command whose arguments are wrong. */
export interface CommandUsage {
  /** Such as `sealroom key create`, without its arguments. */
  readonly command: string;
  /** Its positional arguments as usage writes them, such as `<input>` and `[files..]`. */
  readonly positionals: readonly string[];
  /** Every name of every option, with its hyphens. */
  readonly options: readonly string[];
  /** The name of each option that must be given. */
  readonly required: readonly string[];
  /** The words that name its subcommands. */
  readonly subcommands: readonly string[];
  /** Of the program: the words of all commands below those of the first level, such as `key doctor`. */
  readonly deeper: readonly string[];
}

/** Options that every command has. */
const EVERYWHERE = ['--help', '-h', '--version', '-V'];

/** How a command is used. */
export function usageOf({ path, usage, options, commands }: CommandDeclaration): CommandUsage {
  return {
    command: ['sealroom', ...path].join(' '),
    positionals: usage,
    options: [...options.flatMap(namesOf).map(optionOf), ...EVERYWHERE],
    required: options.filter(({ declared }) => declared.demandOption === true).map(({ name }) => optionOf(name)),
    subcommands: commands.flatMap((each) => each.path.slice(-1)),
    deeper: [],
  };
}

/**
 * How the program is used.
 *
 * @param commands what its commands declare, if a mistake is to be explained by them
 */
export function programUsage(
  subcommands: readonly string[],
  commands: Readonly<Record<string, CommandDeclaration>> = {},
): CommandUsage {
  const deeper = Object.values(commands).flatMap(wordsBelow);
  return { command: 'sealroom', positionals: [], options: EVERYWHERE, required: [], subcommands, deeper };
}

function wordsBelow({ commands }: CommandDeclaration): readonly string[] {
  return commands.flatMap((each) => [each.path.join(' '), ...wordsBelow(each)]);
}

/** What is said of a word that is no command here, but one below another command. */
function describeDeeper(word: string, { deeper }: CommandUsage): string | undefined {
  const found = deeper.filter((words) => words.endsWith(` ${word}`)).map((words) => `\`sealroom ${words}\``);
  return found.length === 0 ? undefined : `did you mean ${found.join(' or ')}?`;
}

function usageLine({ command, positionals, required, subcommands }: CommandUsage): string {
  if (subcommands.length > 0) return `usage: ${command} <command>, see \`${command} --help\``;
  const options = required.map((name) => `${name} <${name.slice(2)}>`);
  return `usage: ${[command, ...positionals, ...options].join(' ')} [options], see \`${command} --help\``;
}

/** The options in the arguments that a command does not have, without their values. */
function unknownOptions(argv: readonly string[], { options }: CommandUsage): readonly string[] {
  const camelCase = options.map((name) => name.replace(/(?<=\w)-(\w)/g, (_, letter: string) => letter.toUpperCase()));
  return (
    argv
      .map((argument) => argument.split('=', 1)[0] ?? '')
      // `-x=1` has become `--x=1`.
      .map((name) => (/^--[a-z]$/i.test(name) ? name.slice(1) : name))
      .filter((name) => /^(--[\w-]+|-[a-z])$/i.test(name) && !options.includes(name) && !camelCase.includes(name))
  );
}

/** What the parser is told to say where a command is missing. */
export const NEEDS_COMMAND = 'needs a command';

/** How the parser says that an option has no value; its name follows. */
export const NEEDS_VALUE = 'Not enough arguments following: ';

/** How we say that the value of an option is not a number; its name follows. */
export const NEEDS_NUMBER = 'Not a number: ';

/** How we say that an option is there more than once; its name follows. */
export const REPEATED = 'Repeated: ';

/** Whether a message is one of those above, and so of the arguments. */
export function isUsage(message: string): boolean {
  return [NEEDS_VALUE, NEEDS_NUMBER, REPEATED].some((start) => message.startsWith(start));
}

/** What the parser says of a value that is none of a list. */
const INVALID_VALUE = /Argument: ([\w-]+), Given: (?:"([^"]*)"|[^,]*), Choices: (.*)/;

function optionOf(name: string): string {
  return name.length === 1 ? `-${name}` : `--${name}`;
}

/** What is said of short options that are something else in other programs. */
const SHORT_HINTS: ReadonlyMap<string, string> = new Map([
  // C3R's prints stack traces: here it is nothing, so that nobody gets them unasked.
  ['-v', '`--version` prints the version, and `--debug` stack traces, which may show data'],
  // The file of a query in other clients of databases, and C3R's for what is to be replaced.
  ['-f', '`--file` names the file with a query, and `--overwrite` replaces an existing output'],
]);

function describeMistake(
  message: string,
  argv: readonly string[],
  usage: CommandUsage,
): readonly [string, ...string[]] {
  // The options of an unknown command are not known either.
  const unknown = message.startsWith('Unknown command: ') ? [] : unknownOptions(argv, usage);
  const [first] = unknown;
  if (first !== undefined) {
    const hint = SHORT_HINTS.get(first) ?? didYouMean(first, usage.options);
    const list = unknown.map(quoteForMessage).join(', ');
    return [`unknown option${unknown.length === 1 ? '' : 's'} ${list}`, ...(hint === undefined ? [] : [hint])];
  }
  const [, option = '', given = '', choices = ''] = INVALID_VALUE.exec(message) ?? [];
  if (option !== '' && given === '') return [`\`--${option}\` needs a value`];
  if (option !== '') {
    const values = [...choices.matchAll(/"([^"]*)"/g)].map(([, value = '']) => value);
    const hint = didYouMean(given, values) ?? `give one of ${values.map(quoteForMessage).join(', ')}`;
    return [`unknown value ${quoteForMessage(given)} for \`--${option}\``, hint];
  }
  const [, missing = ''] = /^Missing required arguments?: (.*)$/.exec(message) ?? [];
  if (missing !== '') {
    const names = missing
      .split(', ')
      .map((name) => (usage.options.includes(`--${name}`) ? `\`--${name}\`` : `\`<${name}>\``));
    return [`\`${usage.command}\` needs ${names.join(' and ')}`];
  }
  const [, got = ''] = /^Not enough non-option arguments: got (\d+)/.exec(message) ?? [];
  if (got !== '') {
    const names = usage.positionals.filter((name) => name.startsWith('<')).slice(Number(got));
    return [`\`${usage.command}\` needs ${names.map((name) => `\`${name}\``).join(' and ')}`];
  }
  if (message.startsWith(NEEDS_VALUE)) return [`\`${optionOf(message.slice(NEEDS_VALUE.length))}\` needs a value`];
  if (message.startsWith(REPEATED)) {
    return [`\`${optionOf(message.slice(REPEATED.length))}\` is given more than once`];
  }
  if (message.startsWith(NEEDS_NUMBER)) return [`\`${optionOf(message.slice(NEEDS_NUMBER.length))}\` needs a number`];
  const [, extra = ''] = /^Unknown (?:arguments?|commands?): (.*)$/.exec(message) ?? [];
  if (extra !== '') {
    const [word = ''] = extra.split(', ').map(restoreArgument);
    if (usage.subcommands.length === 0) {
      const isTable = usage.positionals.includes('<input>');
      const hints = isTable ? ['name one table: for several files give their folder, or a pattern in quotes'] : [];
      return [`unexpected argument ${quoteForMessage(word)}`, ...hints];
    }
    const hint =
      describeDeeper(word, usage) ??
      didYouMean(word, usage.subcommands) ??
      `its commands are ${usage.subcommands.join(', ')}`;
    return [`\`${usage.command}\` has no command ${quoteForMessage(word)}`, hint];
  }
  const [line = ''] = message.split('\n');
  return [line === NEEDS_COMMAND ? `\`${usage.command}\` ${line}` : line.charAt(0).toLowerCase() + line.slice(1)];
}

/**
 * The error for arguments that the parser refuses: what is wrong, what was probably meant, and how the command is used.
 *
 * @param message what the parser says
 * @param argv the arguments that the parser was given
 */
export function usageError(message: string, argv: readonly string[], usage: CommandUsage): SealroomError {
  const [mistake, ...hints] = describeMistake(message, argv, usage);
  return new SealroomError('USAGE_OPTION', mistake, { hint: [...hints, usageLine(usage)].join('\n') });
}

/** The error for options before the command, whose values cannot be told from it. */
export function optionsFirst(usage: CommandUsage, word: string): SealroomError {
  return new SealroomError('USAGE_OPTION', 'options come after the command', {
    hint: [`write \`${usage.command} ${word}\` first, then its options`, usageLine(usage)].join('\n'),
  });
}
