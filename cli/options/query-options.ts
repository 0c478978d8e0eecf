import type { Argv } from 'yargs';
import { quoteForMessage, SealroomError } from '../../src/errors/index.ts';
import type { QueryRequest } from '../../src/room/index.ts';
import type { CliIo } from '../terminal.ts';
import { type QueryTextArguments, readQueryText, withQueryText } from './query-text.ts';

/** The arguments of a query. */
export interface QueryArguments extends QueryTextArguments {
  readonly as: string | undefined;
  readonly for: readonly string[] | undefined;
  readonly template: string | undefined;
  readonly param: readonly string[] | undefined;
}

/** Declares the options for the query, the asking member and the receivers. */
export function withQuery<T>(yargs: Argv<T>): Argv<T & QueryArguments> {
  return withQueryText(yargs)
    .option('as', {
      type: 'string',
      describe: 'id of the member that asks the query; a room over the network knows it by the key',
    })
    .option('for', {
      type: 'string',
      array: true,
      requiresArg: true,
      describe: 'id of a member that receives the result; may be repeated (default: the member that asks)',
    })
    .option('template', { type: 'string', describe: 'id of a template of the manifest, instead of a query' })
    .option('param', {
      type: 'string',
      array: true,
      requiresArg: true,
      describe: 'parameter of the template, as name=value; may be repeated',
    });
}

/** The member that asks, where nothing but `--as` says it. @throws {SealroomError} USAGE_OPTION if it does not */
export function requireMember(as: string | undefined): string {
  if (as !== undefined) return as;
  throw new SealroomError('USAGE_OPTION', '`--as` is missing', { hint: 'it is the id of the member that asks' });
}

function readParameters(given: readonly string[]): Readonly<Record<string, string>> {
  const parameters = new Map<string, string>();
  for (const text of given) {
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
 * @throws {SealroomError} USAGE_OPTION if there is not exactly one of query and template, or parameters without a template; as
 *   `readQueryText`.
 */
export async function readQuestion(io: CliIo, args: QueryArguments): Promise<Question> {
  const { template, for: receivers = [], param = [] } = args;
  const sql = await readQueryText(io, args);
  if ((sql === undefined) === (template === undefined)) {
    const message = sql === undefined ? 'missing query' : 'a query and `--template` cannot be combined';
    throw new SealroomError('USAGE_OPTION', message, {
      hint: 'write the query in quotes as one argument, name its file with `--file`, or a template with `--template`',
    });
  }
  const parameters = readParameters(param);
  if (template === undefined && param.length > 0) {
    throw new SealroomError('USAGE_OPTION', '`--param` needs `--template`');
  }
  return {
    receivers,
    query: template === undefined ? { kind: 'text', sql: sql ?? '' } : { kind: 'template', id: template, parameters },
  };
}
