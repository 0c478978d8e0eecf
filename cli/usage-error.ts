import { didYouMean, quoteForMessage, SealroomError } from '../src/errors/index.ts';

/** What the help of a command says of it. */
interface CommandHelp {
  /** Such as `sealroom key create`, without its arguments. */
  readonly command: string;
  /** Its positional arguments as usage writes them, such as `<input>` and `[files..]`. */
  readonly positionals: readonly string[];
  /** Every name of every option, with its hyphens. */
  readonly options: readonly string[];
  /** The first long name of each option that must be given. */
  readonly required: readonly string[];
  /** The words that name its subcommands. */
  readonly subcommands: readonly string[];
}

function readHelp(help: string): CommandHelp {
  const [head = ''] = help.split('\n');
  const words = head.split(' ');
  const isArgument = (word: string): boolean => /^[<[]/.test(word);
  const command = words.filter((word) => !isArgument(word)).join(' ');
  const lines = help.split('\n').slice(1);
  const subcommand = new RegExp(`^\\s+${command} (\\S+)`);
  const options: string[] = [];
  const required: string[] = [];
  for (const line of lines) {
    const [, list] = /^\s+((?:-\w, )?--[\w-]+(?:, --[\w-]+)*)/.exec(line) ?? [];
    if (list === undefined) continue;
    const names = list.split(', ');
    options.push(...names);
    const long = names.find((name) => name.startsWith('--'));
    if (long !== undefined && line.includes('[required]')) required.push(long);
  }
  return {
    command,
    positionals: words.filter((word) => isArgument(word) && word !== '<command>' && word !== '[options]'),
    options,
    required,
    subcommands: lines.flatMap((line) => subcommand.exec(line)?.[1] ?? []),
  };
}

function usageLine({ command, positionals, required, subcommands }: CommandHelp): string {
  if (subcommands.length > 0) return `usage: ${command} <command>, see \`${command} --help\``;
  const options = required.map((name) => `${name} <${name.slice(2)}>`);
  return `usage: ${[command, ...positionals, ...options].join(' ')} [options], see \`${command} --help\``;
}

/** The options in the arguments that a command does not have, without their values. */
function unknownOptions(argv: readonly string[], { options }: CommandHelp): readonly string[] {
  const end = argv.indexOf('--');
  const camelCase = options.map((name) => name.replace(/(?<=\w)-(\w)/g, (_, letter: string) => letter.toUpperCase()));
  return (end < 0 ? argv : argv.slice(0, end))
    .map((argument) => argument.split('=', 1)[0] ?? '')
    .filter((name) => /^(--[\w-]+|-[a-z])$/i.test(name) && !options.includes(name) && !camelCase.includes(name));
}

/** What the parser is told to say where a command is missing. */
export const NEEDS_COMMAND = 'needs a command';

/** How the parser says that an option has no value; its name follows. */
export const NEEDS_VALUE = 'Not enough arguments following: ';

/** How we say that the value of an option is not a number; its name follows. */
export const NEEDS_NUMBER = 'Not a number: ';

/** Whether a message is one of those above, and so of the arguments. */
export function isUsage(message: string): boolean {
  return message.startsWith(NEEDS_VALUE) || message.startsWith(NEEDS_NUMBER);
}

/** What the parser says of a value that is none of a list. */
const INVALID_VALUE = /Argument: ([\w-]+), Given: (?:"([^"]*)"|[^,]*), Choices: (.*)/;

function optionOf(name: string): string {
  return name.length === 1 ? `-${name}` : `--${name}`;
}

/** C3R's `-v` prints stack traces, and most programs' something else; here it is nothing, so that nobody gets them unasked. */
const VERBOSE = '`--version` prints the version, and `--debug` stack traces, which may show data';

function describeMistake(message: string, argv: readonly string[], help: CommandHelp): readonly [string, ...string[]] {
  const unknown = unknownOptions(argv, help);
  const [first] = unknown;
  if (first !== undefined) {
    const hint = first === '-v' ? VERBOSE : didYouMean(first, help.options);
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
      .map((name) => (help.options.includes(`--${name}`) ? `\`--${name}\`` : `\`<${name}>\``));
    return [`\`${help.command}\` needs ${names.join(' and ')}`];
  }
  const [, got = ''] = /^Not enough non-option arguments: got (\d+)/.exec(message) ?? [];
  if (got !== '') {
    const names = help.positionals.filter((name) => name.startsWith('<')).slice(Number(got));
    return [`\`${help.command}\` needs ${names.map((name) => `\`${name}\``).join(' and ')}`];
  }
  if (message.startsWith(NEEDS_VALUE)) return [`\`${optionOf(message.slice(NEEDS_VALUE.length))}\` needs a value`];
  if (message.startsWith(NEEDS_NUMBER)) return [`\`${optionOf(message.slice(NEEDS_NUMBER.length))}\` needs a number`];
  const [, extra = ''] = /^Unknown (?:arguments?|commands?): (.*)$/.exec(message) ?? [];
  if (extra !== '') {
    const [word = ''] = extra.split(', ');
    if (help.subcommands.length === 0) return [`unexpected argument ${quoteForMessage(word)}`];
    const hint = didYouMean(word, help.subcommands) ?? `its commands are ${help.subcommands.join(', ')}`;
    return [`\`${help.command}\` has no command ${quoteForMessage(word)}`, hint];
  }
  const [line = ''] = message.split('\n');
  return [line === NEEDS_COMMAND ? `\`${help.command}\` ${line}` : line.charAt(0).toLowerCase() + line.slice(1)];
}

/**
 * The error for arguments that the parser refuses: what is wrong, what was probably meant, and how the command is used.
 *
 * @param message what the parser says
 * @param help the help of the command, unwrapped
 */
export function usageError(message: string, argv: readonly string[], help: string): SealroomError {
  const command = readHelp(help);
  const [mistake, ...hints] = describeMistake(message, argv, command);
  return new SealroomError('USAGE_OPTION', mistake, { hint: [...hints, usageLine(command)].join('\n') });
}
