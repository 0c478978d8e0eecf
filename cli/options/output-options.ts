import type { Argv } from 'yargs';

/** The arguments of commands that answer machines too. */
export interface OutputArguments {
  readonly json: boolean;
  readonly debug: boolean;
}

/** Declares `--json` and `--debug`. */
export function withOutputOptions<T>(yargs: Argv<T>): Argv<T & OutputArguments> {
  return yargs
    .option('json', { type: 'boolean', default: false, describe: 'print the answer and errors as JSON' })
    .option('debug', { type: 'boolean', default: false, describe: 'print stack traces' });
}
