import type { Argv } from 'yargs';
import { quoteForMessage, SealroomError } from '../../src/errors/index.ts';
import type { QueryRequest } from '../../src/room/index.ts';
import { restoreArgument } from '../spelling.ts';
import type { CliIo } from '../terminal.ts';

/** The arguments of a query. */
export interface QueryArguments {
  readonly sql: string | undefined;
  readonly as: string;
  readonly for: string | undefined;
  readonly template: string | undefined;
  readonly param: string | undefined;
}

/** Declares the options for the query, the asking member and the receivers. */
export function withQuery<T>(yargs: Argv<T>): Argv<T & QueryArguments> {
  return yargs
    .positional('sql', {
      type: 'string',
      coerce: restoreArgument<string | undefined>,
      describe: 'the query, in quotes: "SELECT …", or "$(cat query.sql)"',
    })
    .option('as', { type: 'string', demandOption: true, describe: 'id of the member that asks the query' })
    .option('for', {
      type: 'string',
      describe: 'id of a member that receives the result; may be repeated (default: the member that asks)',
    })
    .option('template', { type: 'string', describe: 'id of a template of the manifest, instead of a query' })
    .option('param', {
      type: 'string',
      describe: 'parameter of the template, as name=value; may be repeated',
    });
}

/** All values of an option, of which the parser keeps only the last. */
export function valuesOf(argv: readonly string[], name: string): readonly string[] {
  const end = argv.indexOf('--');
  const own = end < 0 ? argv : argv.slice(0, end);
  return own.flatMap((argument, index) => {
    if (argument.startsWith(`${name}=`)) return [argument.slice(name.length + 1)];
    const value = own[index + 1];
    return argument === name && value !== undefined ? [value] : [];
  });
}

function readParameters(argv: readonly string[]): Readonly<Record<string, string>> {
  const parameters = new Map<string, string>();
  for (const text of valuesOf(argv, '--param')) {
    const split = text.indexOf('=');
    if (split < 1) throw new SealroomError('USAGE_OPTION', '`--param` needs the form `name=value`');
    const name = text.slice(0, split);
    if (parameters.has(name))
      throw new SealroomError('USAGE_OPTION', `the parameter ${quoteForMessage(name)} is given twice`);
    parameters.set(name, text.slice(split + 1));
  }
  return Object.fromEntries(parameters);
}

/** The query and the receivers of its result. */
export type Question = Pick<QueryRequest, 'receivers' | 'query'>;

/**
 * Reads the query and its receivers from the options.
 *
 * @throws {SealroomError} USAGE_OPTION if there is not exactly one of query and template, or parameters without a template.
 */
export function readQuestion({ argv }: CliIo, { sql, template }: QueryArguments): Question {
  if ((sql === undefined) === (template === undefined)) {
    const message = sql === undefined ? 'missing query' : 'a query and `--template` cannot be combined';
    throw new SealroomError('USAGE_OPTION', message, {
      hint: 'write the query in quotes as one argument, or name a template with `--template`',
    });
  }
  const parameters = readParameters(argv);
  if (template === undefined && Object.keys(parameters).length > 0) {
    throw new SealroomError('USAGE_OPTION', '`--param` needs `--template`');
  }
  return {
    receivers: valuesOf(argv, '--for'),
    query: template === undefined ? { kind: 'text', sql: sql ?? '' } : { kind: 'template', id: template, parameters },
  };
}
