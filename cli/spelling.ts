import { STANDARD_STREAM } from './terminal.ts';

/** Before what begins with a hyphen and is no option, while the argument parser has it; no path and no SQL contains a NUL. */
const MARK = '\0';

/** A comment of SQL, or other text: no option has white space in its name. */
const TEXT = /^-[^\s=]*\s/;

/** Option names of the C3R client that are not the camel case of ours. */
const C3R_NAMES: Readonly<Record<string, string>> = {
  '--csvInputNULLValue': '--csv-input-null-value',
  '--csvOutputNULLValue': '--csv-output-null-value',
};

/** Arguments as the parser takes them: C3R's spellings become ours; a bare `-` and text behind a hyphen are marked. */
export function normaliseArguments(argv: readonly string[]): string[] {
  return argv.map((argument) => {
    if (argument === STANDARD_STREAM || TEXT.test(argument)) return MARK + argument;
    const [name = ''] = argument.split('=', 1);
    const known = Object.hasOwn(C3R_NAMES, name) ? C3R_NAMES[name] : undefined;
    return known === undefined ? argument : known + argument.slice(name.length);
  });
}

/** An argument as it was given, without the mark. */
export function restoreArgument<Text extends string | undefined>(text: Text): Text | string {
  return text?.startsWith(MARK) === true ? text.slice(MARK.length) : text;
}
