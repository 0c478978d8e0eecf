import type { Argv } from 'yargs';
import { didYouMean, quoteForMessage, SealroomError } from '../../src/errors/index.ts';
import { checkTarget } from '../../src/files/index.ts';
import { formatOf, type TableFormat } from '../../src/tabular/index.ts';
import { type CliIo, STANDARD_STREAM } from '../terminal.ts';
import { parseFormat, resolvePath } from './table-options.ts';

/** The options for the result of a query. */
export interface ResultArguments {
  readonly output: string | undefined;
  readonly 'output-format': string | undefined;
  readonly package: string | undefined;
  readonly overwrite: boolean;
}

/** Declares the options for the result of a query. */
export function withResult<T>(yargs: Argv<T>): Argv<T & ResultArguments> {
  return yargs
    .option('output', {
      alias: 'o',
      type: 'string',
      describe:
        'file for the result, or - for standard output; {date} and {template} in its name are filled in (default: a table on a terminal, else CSV)',
    })
    .option('output-format', {
      type: 'string',
      describe: "csv, parquet or arrow (default: by the output's extension)",
    })
    .option('package', {
      type: 'string',
      describe: 'file for the result, encrypted to its receivers, and named like `--output`; the result is not shown',
    })
    .option('overwrite', { type: 'boolean', default: false, describe: 'replace existing files' });
}

/** The files for a result; without any, it is shown. */
export interface ResultTargets {
  readonly table: { readonly path: string; readonly format: TableFormat } | null;
  readonly package: string | null;
  readonly overwrite: boolean;
  /** Whether `--output` was given. */
  readonly isNamed: boolean;
}

/** Fills in the day of the run and the id of the template where the name of a file has `{date}` and `{template}`. */
function fillName(io: CliIo, template: string | undefined, name: string): string {
  const { now = () => new Date() } = io;
  const parts: ReadonlyMap<string, string | undefined> = new Map([
    ['date', now().toISOString().slice(0, 10)],
    ['template', template],
  ]);
  return name.replace(/\{([a-z]+)\}/g, (text, part: string) => {
    if (!parts.has(part)) {
      throw new SealroomError(
        'USAGE_OPTION',
        `a file name can have \`{date}\` and \`{template}\`, not ${quoteForMessage(text)}`,
        {
          hint: didYouMean(part, parts.keys()),
        },
      );
    }
    const value = parts.get(part);
    if (value !== undefined) return value;
    throw new SealroomError('USAGE_OPTION', `\`{template}\` in a file name needs \`--template\``);
  });
}

/** The format of an output: as given, or by its extension, or CSV on standard output. @throws {SealroomError} IO_FORMAT */
function outputFormatOf(output: string, given: TableFormat | undefined): TableFormat {
  const format = given ?? (output === STANDARD_STREAM ? 'csv' : formatOf(output));
  if (format !== null) return format;
  throw new SealroomError('IO_FORMAT', 'unknown table format: the name must end in .csv, .parquet or .arrow', {
    where: { file: output },
    hint: 'give the format with `--output-format csv|parquet|arrow`; for an encrypted package, use `--package`',
  });
}

/**
 * Finds the files for a result, and checks that they can be written.
 *
 * @throws {SealroomError} USAGE_OPTION for a name that cannot be filled in; IO_FORMAT if the format is not known; as `checkTarget`.
 */
export async function checkTargets(
  io: CliIo,
  args: ResultArguments & { readonly json: boolean; readonly template?: string | undefined },
): Promise<ResultTargets> {
  const { overwrite, template } = args;
  const output = args.output === undefined ? undefined : fillName(io, template, args.output);
  const path = args.package === undefined ? null : resolvePath(io, fillName(io, template, args.package));
  const isNamed = output !== undefined;
  const isFile = output !== undefined && output !== STANDARD_STREAM;
  if (isFile) await checkTarget(resolvePath(io, output), { overwrite });
  if (path !== null) await checkTarget(path, { overwrite });
  const isShown = output === undefined && (path !== null || args.json || io.stdout.isTTY === true);
  if (isShown) return { table: null, package: path, overwrite, isNamed };
  const target = resolvePath(io, output ?? STANDARD_STREAM);
  const format = outputFormatOf(target, parseFormat('output-format', args['output-format']));
  return { table: { path: target, format }, package: path, overwrite, isNamed };
}
