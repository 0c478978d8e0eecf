import type { Readable, Writable } from 'node:stream';
import { SealroomError } from '../errors.ts';
import type { Field } from './batch.ts';
import { createTable, formatOf, openTable, STANDARD_STREAM, unknownFormat } from './open.ts';
import { writeSidecar } from './provenance.ts';
import { PARQUET_KEY, printMetadata, type Provenance } from './provenance-place.ts';
import type { TableFormat, TableReader, TableWriter, WrittenTable } from './table.ts';
import { checkDirectory, checkTarget, type OutputTarget } from './target.ts';

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
  /**
   * Called when the output is complete: before a file gets its name, after all went to `stdout`. What it throws ends the
   * operation, and leaves no file. Not called for a dry run.
   */
  readonly beforeCommit?: ((facts: TransferFacts) => Promise<void>) | undefined;
}

/** What was read and written. */
export interface TransferFacts {
  readonly rows: number;
  /** SHA-256 of the input in hexadecimal; a reading of its own. */
  readonly inputSha256: () => Promise<string>;
  /** That of the output; `null` where it is gone, as Parquet is on standard output. */
  readonly outputSha256: () => Promise<string | null>;
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

/** What an output is made of. */
export interface OutputParts {
  readonly reader: TableReader;
  readonly fields: readonly Field[];
  readonly format: TableFormat;
  /** Rows that were written so far. */
  readonly rows: () => number;
  /** Where it comes from, which goes with it unless it goes to standard output; `null` if that is not known. */
  readonly provenance: Provenance | null;
}

/** Starts the output of a transfer. */
export async function createOutput(options: TransferOptions, parts: OutputParts): Promise<TableWriter> {
  const { output, overwrite, input, csvOutputNull: csvNullText, stdout, beforeCommit } = options;
  const { reader, fields, format, rows, provenance } = parts;
  const hasSidecar = provenance !== null && format !== 'parquet' && output !== STANDARD_STREAM;
  let sidecar: OutputTarget | null = null;
  const finish = async (written: WrittenTable): Promise<void> => {
    const outputSha256 = (): Promise<string | null> => written.sha256();
    if (hasSidecar) sidecar = await startSidecar(output, provenance, written, rows());
    await beforeCommit?.({ rows: rows(), inputSha256: () => reader.sha256(options.signal), outputSha256 });
  };
  const writer = await createTable(output, fields, {
    format,
    overwrite,
    input,
    csvNullText,
    stdout,
    metadata: provenance === null ? undefined : new Map([[PARQUET_KEY, printMetadata(provenance)]]),
    beforeCommit: hasSidecar || beforeCommit !== undefined ? finish : undefined,
  });
  return {
    ...writer,
    async close() {
      const bytes = await writer.close();
      await sidecar?.commit();
      return bytes;
    },
    async abort() {
      await writer.abort();
      await sidecar?.discard();
    },
  };
}

async function startSidecar(
  output: string,
  provenance: Provenance,
  written: WrittenTable,
  rows: number,
): Promise<OutputTarget> {
  return writeSidecar(output, provenance, { bytes: written.bytes, rows, sha256: (await written.sha256()) ?? '' });
}

async function checkOutput(options: TransferOptions): Promise<TableFormat> {
  const { input, output, inputFormat, outputFormat, tempDirectory } = options;
  const format = outputFormat ?? formatOf(output) ?? inputFormat ?? formatOf(input);
  if (format === null) throw unknownFormat(input);
  if (options.csvOutputNull !== undefined && format !== 'csv') {
    throw new SealroomError('USAGE_OPTION', `an output null text needs CSV output, got ${format}`);
  }
  if (output !== STANDARD_STREAM) await checkTarget(output, { overwrite: options.overwrite ?? false, input });
  if (tempDirectory !== undefined) await checkDirectory(tempDirectory, tempDirectory);
  return format;
}
