import { basename, extname, resolve } from 'node:path';
import type { Argv } from 'yargs';
import type { TableTransfer } from '../../src/actions/member/tables.ts';
import { KERNEL_NAMES, type KernelName } from '../../src/crypto/index.ts';
import { SealroomError } from '../../src/errors/index.ts';
import { STANDARD_STREAM, type TableFormat } from '../../src/tabular/index.ts';
import { fipsKernel, type FipsArguments } from './fips-option.ts';
import { restoreArgument } from '../spelling.ts';
import type { CliIo } from '../terminal.ts';

const FORMATS: readonly TableFormat[] = ['csv', 'parquet', 'arrow'];

/** Options that both `encrypt` and `decrypt` take. */
export interface TableArguments extends FipsArguments {
  readonly input: string;
  readonly id: string | undefined;
  readonly manifest: string | undefined;
  readonly output: string | undefined;
  readonly overwrite: boolean;
  readonly 'dry-run': boolean;
  readonly 'file-format': TableFormat | undefined;
  readonly 'output-format': TableFormat | undefined;
  readonly 'csv-input-null-value': string | undefined;
  readonly 'csv-output-null-value': string | undefined;
  readonly 'temp-dir': string | undefined;
  readonly kernel: KernelName | undefined;
  readonly threads: number | undefined;
  readonly json: boolean;
  readonly debug: boolean;
}

/** Declares the options that both commands take; long names also in the reference's spelling. */
export function withTableOptions(yargs: Argv): Argv<Omit<TableArguments, keyof FipsArguments>> {
  return yargs
    .positional('input', {
      type: 'string',
      demandOption: true,
      coerce: restoreArgument<string>,
      describe: 'the table, or - for standard input',
    })
    .option('id', { type: 'string', describe: 'collaboration id (UUID)' })
    .option('manifest', { type: 'string', describe: 'manifest of the collaboration, which has its id and settings' })
    .option('output', {
      alias: 'o',
      type: 'string',
      coerce: restoreArgument<string | undefined>,
      describe: 'the output, or - for standard output (default: <name>.out.<ext> here)',
    })
    .option('overwrite', { alias: 'f', type: 'boolean', default: false, describe: 'replace an existing output' })
    .option('dry-run', { alias: 'n', type: 'boolean', default: false, describe: 'do everything but write the output' })
    .option('file-format', {
      alias: 'e',
      type: 'string',
      coerce: parseFormat,
      describe: "csv, parquet or arrow (default: what the input's extension says)",
    })
    .option('output-format', {
      type: 'string',
      coerce: parseFormat,
      describe: "as --file-format (default: what the output's extension says, else the input's format)",
    })
    .option('csv-input-null-value', {
      alias: 'r',
      type: 'string',
      describe: 'CSV text that is null on input (default: blank and "")',
    })
    .option('csv-output-null-value', {
      alias: 'w',
      type: 'string',
      describe: 'CSV text that a null is written as (default: nothing)',
    })
    .option('temp-dir', {
      alias: 'd',
      type: 'string',
      describe: "directory for temporary files (default: the system's)",
    })
    .option('kernel', { choices: KERNEL_NAMES, describe: 'implementation of the cryptography (default: the fastest)' })
    .option('threads', {
      type: 'number',
      requiresArg: true,
      describe: 'threads that do the cryptography (default: as many as there are cores)',
    })
    .option('json', { type: 'boolean', default: false, describe: 'print the summary and errors as JSON' })
    .option('debug', {
      alias: ['v', 'enable-stack-traces'],
      type: 'boolean',
      default: false,
      describe: 'print stack traces, which may show data',
    });
}

/** Reads a format option, in any case. */
export function parseFormat(text: string | undefined): TableFormat | undefined {
  if (text === undefined) return undefined;
  const format = FORMATS.find((name) => name === text.toLowerCase());
  if (format !== undefined) return format;
  throw new SealroomError('USAGE_OPTION', `expected a format of ${FORMATS.join(', ')}, got \`${text}\``);
}

/** A path relative to the directory that the command runs in; `-` stays. */
export function resolvePath(io: CliIo, path: string): string {
  return path === STANDARD_STREAM ? path : resolve(io.cwd, path);
}

/** The output of a command on a table: as given, or the input's file name with `.out` before its extension, here. */
export function outputPath(io: CliIo, input: string, output: string | undefined): string {
  if (output !== undefined) return resolvePath(io, output);
  if (input === STANDARD_STREAM) return STANDARD_STREAM;
  const extension = extname(input);
  return resolve(io.cwd, `${basename(input, extension)}.out${extension}`);
}

/** From where to where the options say that a table goes, and with what. */
export function readTransfer(io: CliIo, args: TableArguments): TableTransfer {
  const tempDirectory = args['temp-dir'];
  return {
    input: resolvePath(io, args.input),
    output: outputPath(io, args.input, args.output),
    inputFormat: args['file-format'],
    outputFormat: args['output-format'],
    csvInputNull: args['csv-input-null-value'],
    csvOutputNull: args['csv-output-null-value'],
    overwrite: args.overwrite,
    dryRun: args['dry-run'],
    tempDirectory: tempDirectory === undefined ? undefined : resolve(io.cwd, tempDirectory),
    kernel: args.fips ? fipsKernel(args.kernel) : args.kernel,
    threads: args.threads,
    stdin: io.stdin,
    stdout: io.stdout,
  };
}

/** The four settings, from one of three places. */
export interface SettingsArguments {
  readonly 'allow-cleartext': boolean | undefined;
  readonly 'allow-duplicates': boolean | undefined;
  readonly 'allow-joins-on-columns-with-different-names': boolean | undefined;
  readonly 'preserve-nulls': boolean | undefined;
  readonly settings: string | undefined;
  readonly 'from-clean-rooms': boolean;
  readonly profile: string | undefined;
  readonly region: string | undefined;
}

/** Declares the options that say the collaboration's settings. */
export function withSettingsOptions<T>(yargs: Argv<T>): Argv<T & SettingsArguments> {
  return yargs
    .option('allow-cleartext', { type: 'boolean', describe: 'the collaboration allows cleartext columns' })
    .option('allow-duplicates', { type: 'boolean', describe: 'it allows repeated values in fingerprint columns' })
    .option('allow-joins-on-columns-with-different-names', {
      type: 'boolean',
      describe: 'it allows joins between fingerprint columns of different names',
    })
    .option('preserve-nulls', { type: 'boolean', describe: 'it keeps nulls visible' })
    .option('settings', { type: 'string', describe: 'JSON file with these four settings' })
    .option('from-clean-rooms', { type: 'boolean', default: false, describe: 'ask AWS Clean Rooms for the settings' })
    .option('profile', { alias: 'l', type: 'string', describe: 'AWS profile, with --from-clean-rooms' })
    .option('region', { alias: 'g', type: 'string', describe: 'AWS region, with --from-clean-rooms' });
}
