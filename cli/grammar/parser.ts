import yargs, { type Argv } from 'yargs';
import type { Options } from 'yargs';
import {
  isUsage,
  NEEDS_COMMAND,
  NEEDS_NUMBER,
  NEEDS_VALUE,
  REPEATED,
  type CommandUsage,
  usageError,
} from '../usage-error.ts';
import { VERSION } from '../version.ts';
import { spellingsOf } from './arguments.ts';
import type { CommandDeclaration, Declared } from './declarations.ts';

/** Width of the help, in characters. */
const HELP_COLUMNS = 100;

/** Options whose value may be an empty text. */
const MAY_BE_EMPTY: ReadonlySet<string> = new Set(['csv-input-null-value', 'csv-output-null-value']);

/** Whether an option of this name is among the arguments. */
function isGiven(argv: readonly string[], name: string): boolean {
  return argv.some(
    (argument) => argument === `-${name}` || argument === `--${name}` || argument.startsWith(`--${name}=`),
  );
}

/**
 * Checks what the parser lets through: it takes an option at the end, or before another one, for an empty text, a number for none at all,
 * and all values of an option that is repeated.
 */
function checkValues(
  options: readonly Declared<Options>[],
  argv: readonly string[],
  args: Readonly<Record<string, unknown>>,
): void {
  for (const option of options) {
    const { name, declared } = option;
    const given = spellingsOf(option).find((each) => isGiven(argv, each));
    if (given === undefined) continue;
    const value = args[name];
    if (Array.isArray(value) && declared.array !== true) throw new Error(`${REPEATED}${given}`);
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    const isMissing = MAY_BE_EMPTY.has(name)
      ? values.length === 0 && !argv.includes(`--${given}=`)
      : values.length === 0 || values.some((each) => each === '' || each === undefined);
    if (isMissing) throw new Error(`${NEEDS_VALUE}${given}`);
    if (Number.isNaN(value)) throw new Error(`${NEEDS_NUMBER}${given}`);
  }
}

/** `--help`, `-h` and what the parser takes for them, such as `--help=true` and `-fh`. */
const ASKING = /^(-\w*h|--h(elp)?(=|$))/;

/** Whether help may be shown. The library lays it out at every command, so where it is not shown, there is little to lay out. */
export function asksForHelp(argv: readonly string[]): boolean {
  return argv.some((word) => ASKING.test(word));
}

/** What the parser reads, and how its mistakes are explained. */
export interface Invocation {
  /** As `prepareArguments` returns them. */
  readonly argv: readonly string[];
  /** The command that runs; `null` if it is not known. */
  readonly command: CommandDeclaration | null;
  readonly usage: CommandUsage;
}

/** Makes the parser for an invocation, still without commands. It throws `SealroomError`s with the code USAGE_OPTION. */
export function createParser({ argv, command, usage }: Invocation): Argv {
  return yargs([...argv])
    .scriptName('sealroom')
    .usage(
      'sealroom <command> [options]\n\nEncrypts tables for a collaboration, column by column, and decrypts what comes back.',
    )
    .demandCommand(1, NEEDS_COMMAND)
    .parserConfiguration({ 'duplicate-arguments-array': true, 'greedy-arrays': false, 'boolean-negation': false })
    .strict()
    .version(VERSION)
    .alias('help', 'h')
    .alias('version', 'V')
    .epilogue(
      'The shared secret comes from C3R_SHARED_SECRET, from the file that SEALROOM_SECRET_FILE names,\n' +
        'or from an envelope that `sealroom key` has made; never from a flag.\n' +
        'Exit codes: 0 done, 1 failed, 2 usage, 3 refused by a rule, 4 integrity failure.',
    )
    .wrap(asksForHelp(argv) ? HELP_COLUMNS : null)
    .exitProcess(false)
    .check((args: Readonly<Record<string, unknown>>) => {
      checkValues(command?.options ?? [], argv, args);
      return true;
    }, true)
    .fail((message: string | null, error: Error | null | undefined) => {
      // The library reports what it finds itself as a message, with or without an error of its own kind.
      const said = message ?? error?.message ?? 'invalid options';
      const isOurs = error !== undefined && error !== null && error.name !== 'YError' && !isUsage(said);
      throw isOurs ? error : usageError(said, argv, usage);
    });
}
