import { STANDARD_STREAM } from '../src/tabular/index.ts';

/** What a bare `-` is while the argument parser, which drops it as a positional, has it; no path contains a NUL. */
const STREAM_WORD = `\0${STANDARD_STREAM}`;

/** Option names of the C3R client that are not the camel case of ours. */
const C3R_NAMES: Readonly<Record<string, string>> = {
  '--csvInputNULLValue': '--csv-input-null-value',
  '--csvOutputNULLValue': '--csv-output-null-value',
};

/** Arguments as the parser takes them: C3R's spellings become ours, a bare `-` becomes a word. */
export function normaliseArguments(argv: readonly string[]): string[] {
  return argv.map((argument) => {
    if (argument === STANDARD_STREAM) return STREAM_WORD;
    const [name = ''] = argument.split('=', 1);
    const known = Object.hasOwn(C3R_NAMES, name) ? C3R_NAMES[name] : undefined;
    return known === undefined ? argument : known + argument.slice(name.length);
  });
}

/** Gives a path argument its `-` back. */
export function restoreStream<Path extends string | undefined>(path: Path): Path | typeof STANDARD_STREAM {
  return path === STREAM_WORD ? STANDARD_STREAM : path;
}
