import type { Argv } from 'yargs';
import { SealroomError } from '../../src/errors/index.ts';
import type { QueryRequest } from '../../src/room/index.ts';
import { restoreArgument } from '../spelling.ts';
import type { CliIo } from '../terminal.ts';

/** What a query is asked with. */
export interface QueryArguments {
  readonly sql: string | undefined;
  readonly as: string;
  readonly for: string | undefined;
  readonly template: string | undefined;
  readonly param: string | undefined;
}

/** Declares who asks what, and for whom. */
export function withQuery<T>(yargs: Argv<T>): Argv<T & QueryArguments> {
  return yargs
    .positional('sql', {
      type: 'string',
      coerce: restoreArgument<string | undefined>,
      describe: 'the query, in quotes: "SELECT …", or "$(cat query.sql)"',
    })
    .option('as', { type: 'string', demandOption: true, describe: 'id of the member that asks' })
    .option('for', {
      type: 'string',
      describe: 'id of a member that gets the result; may be repeated (default: the member that asks)',
    })
    .option('template', { type: 'string', describe: 'id of a template of the manifest, instead of a query' })
    .option('param', {
      type: 'string',
      describe: 'value of a parameter of the template, as name=value; may be repeated',
    });
}

/** All values of an option, where the parser keeps the last one. */
function valuesOf(argv: readonly string[], name: string): readonly string[] {
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
    if (split < 1) throw new SealroomError('USAGE_OPTION', '`--param` expected name=value, got another text');
    const name = text.slice(0, split);
    if (parameters.has(name))
      throw new SealroomError('USAGE_OPTION', `\`--param\` expected \`${name}\` once, got it again`);
    parameters.set(name, text.slice(split + 1));
  }
  return Object.fromEntries(parameters);
}

/** What is asked, and for whom. */
export type Question = Pick<QueryRequest, 'receivers' | 'query'>;

/**
 * What the options ask, and for whom.
 *
 * @throws {SealroomError} USAGE_OPTION if there is not exactly one of query and template, or parameters without a template.
 */
export function readQuestion({ argv }: CliIo, { sql, template }: QueryArguments): Question {
  if ((sql === undefined) === (template === undefined)) {
    throw new SealroomError('USAGE_OPTION', 'expected a query or `--template`, got both or none', {
      hint: 'a query is one argument: write it in quotes',
    });
  }
  const parameters = readParameters(argv);
  if (template === undefined && Object.keys(parameters).length > 0) {
    throw new SealroomError('USAGE_OPTION', '`--param` expected together with `--template`, got it alone');
  }
  return {
    receivers: valuesOf(argv, '--for'),
    query: template === undefined ? { kind: 'text', sql: sql ?? '' } : { kind: 'template', id: template, parameters },
  };
}
