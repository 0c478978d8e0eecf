import type { Options } from 'yargs';
import { STANDARD_STREAM } from '../terminal.ts';
import { type CommandDeclaration, type Declared, namesOf } from './declarations.ts';

/** Marks an argument that begins with a hyphen and is not an option; no path and no SQL contains a NUL. */
const MARK = '\0';

/** An SQL comment or other text: no option name contains white space. */
const TEXT = /^-[^\s=]*\s/;

/** A value in quotes, which the parser would remove. */
const QUOTED = /^(--[^=]+=)((["'])[^]*\3)$/;

/** After it, nothing is an option. */
const END_OF_OPTIONS = '--';

/** Option names of the C3R client that are not the camel case of ours. */
const C3R_NAMES: Readonly<Record<string, string>> = {
  '--csvInputNULLValue': '--csv-input-null-value',
  '--csvOutputNULLValue': '--csv-output-null-value',
};

/** The parser's word for help, which it takes for the command also where a file has this name. */
const HELP = 'help';

function takesValue({ declared }: Declared<Options>): boolean {
  return declared.type !== 'boolean';
}

/** `-o=a` and `-oa` as the parser understands them: `--o=a`. */
function splitShort(argument: string, options: readonly Declared<Options>[]): string {
  const [, letter = '', equals = '', value = ''] = /^-([a-z])(=?)(.*)$/is.exec(argument) ?? [];
  if (letter === '' || (equals === '' && value === '')) return argument;
  const option = options.find((each) => namesOf(each).includes(letter));
  if (equals === '' && (option === undefined || !takesValue(option))) return argument;
  return `--${letter}=${value}`;
}

/**
 * Prepares arguments for the parser, which would lose or change some of them:
 *
 * - C3R's spellings become ours, and `-o=a`, `-oa` and `-o=` become `--o=a` and `--o=`;
 * - what comes after `--`, a bare `-`, text that begins with a hyphen, and a value in quotes are marked, and {@link restoreArguments}
 *   removes the mark.
 *
 * @param command the command that is called; `null` if it is not known
 */
export function prepareArguments(argv: readonly string[], command: CommandDeclaration | null): string[] {
  const end = argv.indexOf(END_OF_OPTIONS);
  const options = command?.options ?? [];
  const takesFiles = command !== null && command.commands.length === 0;
  const before = (end < 0 ? argv : argv.slice(0, end)).map((argument, index) => {
    if (argument === STANDARD_STREAM || TEXT.test(argument)) return MARK + argument;
    if (argument === HELP && takesFiles && index >= command.path.length) return MARK + argument;
    const [name = ''] = argument.split('=', 1);
    const known = Object.hasOwn(C3R_NAMES, name) ? C3R_NAMES[name] : undefined;
    const spelled = known === undefined ? splitShort(argument, options) : known + argument.slice(name.length);
    return spelled.replace(QUOTED, `$1${MARK}$2`);
  });
  const after = end < 0 ? [] : argv.slice(end + 1);
  return [...before, ...after.map((argument) => MARK + argument)];
}

/** What arguments give: the options by their long names, with the text of the last value, and the number of positional arguments. */
export interface GivenArguments {
  readonly options: ReadonlyMap<string, string | undefined>;
  readonly positionals: number;
}

/** Reads which options and how many positional arguments there are, without a parser. @param argv as {@link prepareArguments} returns them */
export function readGiven(argv: readonly string[], { path, options }: CommandDeclaration): GivenArguments {
  const given = new Map<string, string | undefined>();
  let positionals = 0;
  for (let index = path.length; index < argv.length; index += 1) {
    const argument = argv[index] ?? '';
    const [, written = '', , value] = /^--?([^=]+)(=([^]*))?$/.exec(argument) ?? [];
    if (written === '' || argument.startsWith(MARK)) {
      positionals += 1;
      continue;
    }
    const option = options.find((each) => spellingsOf(each).includes(written));
    const isApart = option !== undefined && value === undefined && takesValue(option);
    if (isApart) index += 1;
    const text = value ?? (isApart ? argv[index] : undefined);
    given.set(option?.name ?? written, text === undefined ? undefined : restoreArgument(text));
  }
  return { options: given, positionals };
}

/** All spellings of an option's names, without hyphens: the parser also takes them in camel case. */
export function spellingsOf(option: Declared<Options>): readonly string[] {
  const toCamelCase = (name: string): string => name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
  return namesOf(option).flatMap((name) => [name, toCamelCase(name)]);
}

/** Removes the mark of {@link prepareArguments} from one argument. */
export function restoreArgument(text: string): string {
  return text.startsWith(MARK) ? text.slice(MARK.length) : text;
}

function restore(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(restore);
  return typeof value === 'string' ? restoreArgument(value) : value;
}

/** Removes the marks of {@link prepareArguments} from the arguments that the parser has read. */
export function restoreArguments<T extends object>(args: T): T {
  const restored: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(args)) restored[name] = restore(value);
  return restored as T;
}
