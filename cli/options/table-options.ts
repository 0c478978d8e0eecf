import { basename, resolve } from 'node:path';
import type { Argv } from 'yargs';
import type { TableTransfer } from '../../src/actions/member/tables.ts';
import type { CollaborationSettings } from '../../src/collab/index.ts';
import { KERNEL_NAMES, type KernelName } from '../../src/crypto/index.ts';
import { didYouMean, quoteForMessage, SealroomError } from '../../src/errors/index.ts';
import { findParts } from '../../src/files/index.ts';
import {
  checkTransfer,
  formatOf,
  type TableFormat,
  type TableInput,
  type TableOutput,
  unknownFormat,
} from '../../src/tabular/index.ts';
import { type CsvArguments, readCsvOptions, withCsvOptions } from './csv-options.ts';
import { type ManifestArguments, withManifestOptions } from './manifest-option.ts';
import { fipsKernel, type FipsArguments } from './fips-option.ts';
import { type CliIo, STANDARD_STREAM } from '../terminal.ts';

const FORMATS: readonly TableFormat[] = ['csv', 'parquet', 'arrow'];

/** The files and formats of a command that reads a table and writes one. */
export interface TransferArguments extends CsvArguments {
  readonly input: string;
  readonly output: string | undefined;
  readonly 'rows-per-file': number | undefined;
  readonly overwrite: boolean;
  readonly 'dry-run': boolean;
  readonly 'file-format': string | undefined;
  readonly 'output-format': string | undefined;
  readonly 'csv-input-null-value': readonly string[] | undefined;
  readonly 'csv-output-null-value': string | undefined;
  readonly 'temp-dir': string | undefined;
  readonly json: boolean;
  readonly debug: boolean;
}

/** The options of all commands that read a table and write one, protected or opened. */
export interface TableArguments extends TransferArguments, FipsArguments, ManifestArguments {
  readonly id: string | undefined;
  readonly kernel: KernelName | undefined;
  readonly threads: number | undefined;
}

/** Declares the options of all commands that read a table and write one, protected or opened. */
export function withTableOptions(yargs: Argv): Argv<Omit<TableArguments, keyof FipsArguments>> {
  const named = withTransferOptions(yargs)
    .option('id', { type: 'string', describe: 'collaboration id (UUID)' })
    .option('kernel', { choices: KERNEL_NAMES, describe: 'implementation of the cryptography (default: the fastest)' })
    .option('threads', {
      type: 'number',
      requiresArg: true,
      describe: 'number of threads for the cryptography (default: one per core)',
    });
  return withManifestOptions(named, 'manifest of the collaboration, signed by all members, with its id and settings');
}

/** Declares the files and formats of a command that reads a table and writes one. */
export function withTransferOptions(yargs: Argv): Argv<TransferArguments> {
  return withCsvOptions(yargs)
    .positional('input', {
      type: 'string',
      demandOption: true,
      describe: 'the table: a file, a folder, a pattern in quotes, or - for standard input',
    })
    .option('output', {
      alias: 'o',
      type: 'string',
      describe: 'the output, or - for standard output (default: <name>.out.<ext> in the current directory)',
    })
    .option('overwrite', { alias: 'f', type: 'boolean', default: false, describe: 'replace an existing output' })
    .option('rows-per-file', {
      type: 'number',
      requiresArg: true,
      describe: 'write a folder of this name, with files of at most so many rows',
    })
    .option('dry-run', {
      alias: 'n',
      type: 'boolean',
      default: false,
      describe: 'do everything except write the output',
    })
    .option('file-format', {
      alias: 'e',
      type: 'string',
      describe: "csv, parquet or arrow (default: by the input's extension)",
    })
    .option('output-format', {
      type: 'string',
      describe: "csv, parquet or arrow (default: by the output's extension, else the input's format)",
    })
    .option('csv-input-null-value', {
      alias: 'r',
      type: 'string',
      array: true,
      describe: 'CSV text that means null in the input; may be repeated (default: blank and "")',
    })
    .option('csv-output-null-value', {
      alias: 'w',
      type: 'string',
      describe: 'CSV text to write for null (default: nothing)',
    })
    .option('temp-dir', {
      alias: 'd',
      type: 'string',
      describe: "directory for temporary files (default: the system's)",
    })
    .option('json', { type: 'boolean', default: false, describe: 'print the summary and errors as JSON' })
    .option('debug', {
      alias: 'enable-stack-traces',
      type: 'boolean',
      default: false,
      describe:
        'print the stacks of errors and what caused them: they may show paths and values of the table, but no secret',
    });
}

/** The options for a protected output: its signature, and who will read it. */
export interface SigningArguments {
  readonly sign: boolean;
  readonly table: string | undefined;
  readonly target: 'aws' | undefined;
}

/** Declares the options for a protected output: its signature, and who will read it. */
export function withSigningOptions<T>(yargs: Argv<T>): Argv<T & SigningArguments> {
  return yargs
    .option('sign', {
      type: 'boolean',
      default: false,
      describe: 'sign the output with the key in your home, into <output>.sealroom.sig.json',
    })
    .option('target', {
      choices: ['aws'] as const,
      describe: 'refuse what AWS Glue and AWS Clean Rooms would refuse in the output',
    })
    .option('table', {
      type: 'string',
      requiresArg: true,
      describe: 'name of the table in the manifest, with --sign (default: the only one that fits)',
    });
}

/** Reads the options for signing. @throws {SealroomError} USAGE_OPTION for a name without a signature. */
export function readSigning({
  sign,
  table,
}: Pick<SigningArguments, 'sign' | 'table'>): { readonly table: string | undefined } | undefined {
  if (sign) return { table };
  if (table === undefined) return undefined;
  throw new SealroomError('USAGE_OPTION', '`--table` needs `--sign`', {
    hint: 'a table has its name in its signature',
  });
}

/** The option of the commands that open cells to read them as C3R does. */
export const LENIENT_CELLS = {
  type: 'boolean',
  default: false,
  describe: 'open cells whose padding is not zeros, or whose text is not UTF-8, instead of refusing them',
} as const;

/** Parses the value of a format option, in any case. @throws {SealroomError} USAGE_OPTION for an unknown format. */
export function parseFormat(
  option: 'file-format' | 'output-format',
  text: string | undefined,
): TableFormat | undefined {
  if (text === undefined) return undefined;
  const format = FORMATS.find((name) => name === text.toLowerCase());
  if (format !== undefined) return format;
  throw new SealroomError('USAGE_OPTION', `unknown format ${quoteForMessage(text)} for \`--${option}\``, {
    hint: didYouMean(text, FORMATS) ?? 'use csv, parquet or arrow',
  });
}

/** The absolute path of a relative one; `-` stays. */
export function resolvePath(io: CliIo, path: string): string {
  return path === STANDARD_STREAM ? path : resolve(io.cwd, path);
}

/**
 * The table that an argument names: a file, or standard input for `-`.
 *
 * @throws {SealroomError} IO_FORMAT for standard input without a format.
 */
export function tableInput(io: CliIo, path: string, format: TableFormat | undefined): TableInput {
  if (path !== STANDARD_STREAM) return { kind: 'file', path: resolve(io.cwd, path), format };
  if (format === undefined) throw unknownFormat(path);
  return { kind: 'stream', stream: io.stdin, format, name: path };
}

/** The output that an argument names: a file, or standard output for `-`. */
export function tableOutput(io: CliIo, path: string, format: TableFormat | undefined): TableOutput {
  if (path !== STANDARD_STREAM) return { kind: 'file', path: resolve(io.cwd, path), format };
  return { kind: 'stream', stream: io.stdout, format };
}

/** The same output, as a folder of files if a number of rows is given for them. @throws {SealroomError} USAGE_OPTION */
export function folderOutput(
  place: TableOutput,
  { output, 'rows-per-file': rowsPerFile }: Pick<TransferArguments, 'output' | 'rows-per-file'>,
): TableOutput {
  if (rowsPerFile === undefined) {
    if (output?.endsWith('/') !== true) return place;
    throw new SealroomError('USAGE_OPTION', 'a folder as output needs `--rows-per-file`');
  }
  if (output === undefined || place.kind !== 'file') {
    throw new SealroomError('USAGE_OPTION', '`--rows-per-file` needs a folder as `--output`');
  }
  if (!Number.isSafeInteger(rowsPerFile) || rowsPerFile < 1) {
    throw new SealroomError(
      'USAGE_OPTION',
      `\`--rows-per-file\` must be a whole number from 1 on, got ${String(rowsPerFile)}`,
    );
  }
  return { ...place, rowsPerFile };
}

/** The output of a command on a table: as given, or the input's file name with `.out` before its extension, `.csv` for `.tsv`. */
export function outputPath(input: string, output: string | undefined): string {
  if (output !== undefined) return output;
  if (input === STANDARD_STREAM) return STANDARD_STREAM;
  const [, stem = '', extension = ''] = /^(.+?)((?:\.[^.]*)?(?:\.(?:gz|zst))?)$/i.exec(basename(input)) ?? [];
  return `${stem}.out${extension.replace(/^\.tsv\b/i, '.csv')}`;
}

/**
 * Reads the input, the output and their options, and checks the files before anything else is read.
 *
 * @throws {SealroomError} as `checkTransfer`; USAGE_OPTION.
 */
export async function readTransfer(io: CliIo, args: TableArguments): Promise<TableTransfer> {
  const transfer = await readPlaces(io, args);
  await checkTransfer(transfer);
  return transfer;
}

/** As {@link readTransfer}, for an input that may be a package, which is found out later. */
export async function readPlaces(io: CliIo, args: TableArguments): Promise<TableTransfer> {
  return {
    ...(await readFiles(io, args)),
    kernel: args.fips ? fipsKernel(args.kernel) : args.kernel,
    threads: args.threads,
  };
}

/**
 * Reads the input, the output and their formats.
 *
 * @throws {SealroomError} USAGE_OPTION if a folder or pattern has no output, and one would be written; as `findParts`.
 */
export async function readFiles(
  io: CliIo,
  args: TransferArguments,
): Promise<Omit<TableTransfer, 'kernel' | 'threads'>> {
  const tempDirectory = args['temp-dir'];
  const input = tableInput(io, args.input, parseFormat('file-format', args['file-format']));
  const isNamed = args.output !== undefined || input.kind !== 'file';
  const parts = isNamed ? null : await findParts(input.path);
  if (parts !== null && !args['dry-run']) {
    throw new SealroomError('USAGE_OPTION', 'a folder or pattern as input needs `--output`', {
      hint: 'such as `--output all.parquet`, or a folder with `--rows-per-file`',
    });
  }
  // An ending that says nothing of the input says nothing of an output that is named after it.
  const format =
    parseFormat('output-format', args['output-format']) ??
    (isNamed ? undefined : (input.format ?? formatOf(parts?.[0]?.path ?? input.path) ?? undefined));
  return {
    input,
    output: folderOutput(tableOutput(io, outputPath(args.input, args.output), format), args),
    csvInputNull: args['csv-input-null-value'],
    ...readCsvOptions(args),
    csvOutputNull: args['csv-output-null-value'],
    overwrite: args.overwrite,
    dryRun: args['dry-run'],
    tempDirectory: tempDirectory === undefined ? undefined : resolve(io.cwd, tempDirectory),
  };
}

/** The four settings as flags. */
export interface SettingFlags {
  readonly 'allow-cleartext': boolean | undefined;
  readonly 'allow-duplicates': boolean | undefined;
  readonly 'allow-joins-on-columns-with-different-names': boolean | undefined;
  readonly 'preserve-nulls': boolean | undefined;
}

/** The options for the four settings, which come from one of three sources. */
export interface SettingsArguments extends SettingFlags {
  readonly settings: string | undefined;
  readonly 'from-clean-rooms': boolean;
  readonly profile: string | undefined;
  readonly region: string | undefined;
}

/** Declares the four settings as flags. */
export function withSettingFlags<T>(yargs: Argv<T>): Argv<T & SettingFlags> {
  return yargs
    .option('allow-cleartext', { type: 'boolean', describe: 'the collaboration allows cleartext columns' })
    .option('allow-duplicates', {
      type: 'boolean',
      describe: 'the collaboration allows repeated values in fingerprint columns',
    })
    .option('allow-joins-on-columns-with-different-names', {
      type: 'boolean',
      describe: 'the collaboration allows joins between fingerprint columns with different names',
    })
    .option('preserve-nulls', { type: 'boolean', describe: 'the collaboration keeps nulls visible' });
}

/** The settings that the flags say; those that are not given are off. */
export function settingsOfFlags(args: SettingFlags): CollaborationSettings {
  return {
    allowCleartext: args['allow-cleartext'] ?? false,
    allowDuplicates: args['allow-duplicates'] ?? false,
    allowJoinsOnColumnsWithDifferentNames: args['allow-joins-on-columns-with-different-names'] ?? false,
    preserveNulls: args['preserve-nulls'] ?? false,
  };
}

/** Declares the options for the settings of the collaboration. */
export function withSettingsOptions<T>(yargs: Argv<T>): Argv<T & SettingsArguments> {
  return withSettingFlags(yargs)
    .option('settings', { type: 'string', describe: 'JSON file with these four settings' })
    .option('from-clean-rooms', {
      type: 'boolean',
      default: false,
      describe: 'fetch the settings from AWS Clean Rooms',
    })
    .option('profile', { alias: 'l', type: 'string', describe: 'AWS profile, with --from-clean-rooms' })
    .option('region', { alias: 'g', type: 'string', describe: 'AWS region, with --from-clean-rooms' });
}
