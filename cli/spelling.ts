import { STANDARD_STREAM } from './terminal.ts';

/** Marks an argument that begins with a hyphen and is not an option; no path and no SQL contains a NUL. */
const MARK = '\0';

/** An SQL comment or other text: no option name contains white space. */
const TEXT = /^-[^\s=]*\s/;

/** Option names of the C3R client that are not the camel case of ours. */
const C3R_NAMES: Readonly<Record<string, string>> = {
  '--csvInputNULLValue': '--csv-input-null-value',
  '--csvOutputNULLValue': '--csv-output-null-value',
};

/** Prepares arguments for the parser: C3R's spellings become ours; a bare `-` and text that begins with a hyphen are marked. */
export function normaliseArguments(argv: readonly string[]): string[] {
  return argv.map((argument) => {
    if (argument === STANDARD_STREAM || TEXT.test(argument)) return MARK + argument;
    const [name = ''] = argument.split('=', 1);
    const known = Object.hasOwn(C3R_NAMES, name) ? C3R_NAMES[name] : undefined;
    return known === undefined ? argument : known + argument.slice(name.length);
  });
}

/** Removes the mark from an argument. */
export function restoreArgument<Text extends string | undefined>(text: Text): Text | string {
  return text?.startsWith(MARK) === true ? text.slice(MARK.length) : text;
}
