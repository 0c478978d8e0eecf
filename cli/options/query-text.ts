import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { text as readStream } from 'node:stream/consumers';
import type { Argv } from 'yargs';
import { quoteForMessage, quoteForShell, SealroomError } from '../../src/errors/index.ts';
import { readTextFile } from '../../src/files/index.ts';
import { type CliIo, STANDARD_STREAM } from '../terminal.ts';

/** Where a query comes from. */
export interface QueryTextArguments {
  readonly sql: string | undefined;
  readonly file: string | undefined;
}

/** Declares the query: as an argument, or in a file. */
export function withQueryText<T>(yargs: Argv<T>): Argv<T & QueryTextArguments> {
  return yargs
    .positional('sql', {
      type: 'string',
      describe: 'the query, in quotes, or - to read it from standard input',
    })
    .option('file', { type: 'string', requiresArg: true, describe: 'file with the query (SQL)' });
}

/** The start of a query: a statement, a sub-query, or a comment. */
const STATEMENT = /^\s*(select|with|values|\(|--|\/\*)/i;

/** Whether an argument names a file: one that exists, or would have the name of an SQL file. */
async function isFileName(io: CliIo, argument: string): Promise<boolean> {
  if (/\.sql$/i.test(argument) && !STATEMENT.test(argument)) return true;
  try {
    return (await stat(resolve(io.cwd, argument))).isFile();
  } catch {
    // No file has the text of a query for its name; some of them are too long for one.
    return false;
  }
}

/**
 * `name` is that of the file, or of standard input; empty for an argument. What begins like no query is not even checked: what is
 * wrong with a query is shown in its own words, and a file that is given by mistake may be a key or a table.
 */
function requireText(text: string, name: string): string {
  // Some editors begin a file with a byte order mark.
  const query = text.replace(/^\uFEFF/, '');
  if (query.trim() === '') {
    throw new SealroomError('USAGE_OPTION', name === '' ? 'the query is empty' : `${name} has no query`);
  }
  if (name === '' || STATEMENT.test(query)) return query;
  throw new SealroomError('USAGE_OPTION', `${name} does not begin like a query`, {
    hint: 'a query begins with SELECT, WITH or VALUES, a parenthesis or a comment',
  });
}

/**
 * Reads the query that the arguments give; `undefined` if there is none. The name of a file is never taken for a query.
 *
 * @throws {SealroomError} USAGE_OPTION for a query and a file, a name instead of `--file`, or an empty query; as `readTextFile`.
 */
export async function readQueryText(io: CliIo, { sql, file }: QueryTextArguments): Promise<string | undefined> {
  if (sql !== undefined && file !== undefined) {
    throw new SealroomError('USAGE_OPTION', 'a query and `--file` cannot be combined');
  }
  if (file !== undefined) return requireText(await readTextFile(resolve(io.cwd, file)), quoteForMessage(file));
  if (sql === undefined) return undefined;
  if (sql === STANDARD_STREAM) return requireText(await readStream(io.stdin), 'standard input');
  if (await isFileName(io, sql)) {
    throw new SealroomError('USAGE_OPTION', `${quoteForMessage(sql)} is the name of a file, and not a query`, {
      hint: `write \`--file ${quoteForShell(sql)}\``,
    });
  }
  return requireText(sql, '');
}
