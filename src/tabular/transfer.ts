import type { Readable, Writable } from 'node:stream';
import { SealroomError } from '../errors.ts';
import type { Field } from './batch.ts';
import { createTable, formatOf, openTable, STANDARD_STREAM, unknownFormat } from './open.ts';
import type { TableFormat, TableReader, TableWriter } from './table.ts';
import { checkDirectory, checkTarget } from './target.ts';

/** What every operation that turns one table into another takes. */
export interface TransferOptions {
  /** A CSV, Parquet or Arrow file, or `-` for `stdin`. */
  readonly input: string;
  /** The file to write, or `-` for `stdout`. */
  readonly output: string;
  /** Without it, the input's extension says it. */
  readonly inputFormat?: TableFormat | undefined;
  /** Without it, the output's extension says it, else it is the input's format. */
  readonly outputFormat?: TableFormat | undefined;
  /** Which CSV text is null on input (format F-80). */
  readonly csvInputNull?: string | undefined;
  /** Which CSV text a null is written as (format F-81). */
  readonly csvOutputNull?: string | undefined;
  /** Replace an existing output. */
  readonly overwrite?: boolean | undefined;
  /** Do everything but write the output. */
  readonly dryRun?: boolean | undefined;
  /** Where temporary files go; default: the system's place. */
  readonly tempDirectory?: string | undefined;
  readonly stdin?: Readable | undefined;
  readonly stdout?: Writable | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What only one of the operations says about its input. */
export interface InputTraits {
  readonly headerRow?: boolean | undefined;
  readonly binaryAsString?: boolean | undefined;
}

/**
 * Checks where the output goes, opens the input, runs `work` on it and closes it.
 *
 * @throws {SealroomError} what the checks, the reader and `work` throw; IO_ABORTED for anything that fails after the
 *   signal fired.
 */
export async function transferTable<Result>(
  options: TransferOptions,
  traits: InputTraits,
  work: (reader: TableReader, outputFormat: TableFormat) => Promise<Result>,
): Promise<Result> {
  const outputFormat = await checkOutput(options);
  try {
    const reader = await openTable(options.input, {
      ...traits,
      format: options.inputFormat,
      csvNullText: options.csvInputNull,
      opaqueAsText: outputFormat === 'csv',
      stdin: options.stdin,
      tempDirectory: options.tempDirectory,
      signal: options.signal,
    });
    try {
      return await work(reader, outputFormat);
    } finally {
      await reader.close();
    }
  } catch (error) {
    if (options.signal?.aborted !== true) throw error;
    throw new SealroomError('IO_ABORTED', 'stopped; no output was written', { cause: error });
  }
}

/** Starts the output of a transfer. */
export function createOutput(
  options: TransferOptions,
  fields: readonly Field[],
  format: TableFormat,
): Promise<TableWriter> {
  const { output, overwrite, input, csvOutputNull: csvNullText, stdout } = options;
  return createTable(output, fields, { format, overwrite, input, csvNullText, stdout });
}

async function checkOutput(options: TransferOptions): Promise<TableFormat> {
  const { input, output, inputFormat, outputFormat, tempDirectory } = options;
  const format = outputFormat ?? formatOf(output) ?? inputFormat ?? formatOf(input);
  if (format === null) throw unknownFormat(input);
  if (options.csvOutputNull !== undefined && format !== 'csv') {
    throw new SealroomError('USAGE_OPTION', `an output null text is for CSV, got ${format} output`);
  }
  if (output !== STANDARD_STREAM) await checkTarget(output, { overwrite: options.overwrite ?? false, input });
  if (tempDirectory !== undefined) await checkDirectory(tempDirectory, tempDirectory);
  return format;
}
