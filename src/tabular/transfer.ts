import { extname } from 'node:path';
import { SealroomError } from '../errors/index.ts';
import type { Field } from '../columns/index.ts';
import {
  findInput,
  formatAt,
  type FoundInput,
  requireWritable,
  type TableInput,
  type TableOutput,
  toTableInput,
  toTableOutput,
  unknownFormat,
} from './input-output.ts';
import { copyInput, createTable, openTable } from './open.ts';
import { writeSidecar } from './provenance/provenance.ts';
import { PARQUET_KEY, printMetadata, type Provenance } from './provenance/place.ts';
import type { TableFormat, TableReader, TableWriter } from './table.ts';
import {
  type ByteSource,
  checkDirectory,
  checkFolder,
  checkTarget,
  findOutput,
  type OutputTarget,
  prepareFile,
  requireOutside,
  signaturePath,
  type WrittenFile,
} from '../files/index.ts';

/** The options of every operation that turns one table into another. */
export interface TransferOptions {
  /** A CSV, Parquet or Arrow table; a string is the path of a file. */
  readonly input: string | TableInput;
  /** Where it goes; a string is the path of a file. Default format: by the file's extension, otherwise the input's. */
  readonly output: string | TableOutput;
  /** The CSV text that is read as null (format F-80). */
  readonly csvInputNull?: string | readonly string[] | undefined;
  /** The delimiter of a CSV input (format F-120). Default: it is found out, and said in the notes. */
  readonly csvDelimiter?: string | undefined;
  /** The encoding of a CSV input (format F-123). Default: by the byte order mark, otherwise UTF-8. */
  readonly csvEncoding?: string | undefined;
  /** The CSV text that a null is written as (format F-81). */
  readonly csvOutputNull?: string | undefined;
  /** Whether to replace an existing output. */
  readonly overwrite?: boolean | undefined;
  /** Texts for the metadata of a Parquet file, by their keys. Other formats have no place for them. */
  readonly metadata?: ReadonlyMap<string, string> | undefined;
  /** Whether to do everything except writing the output. */
  readonly dryRun?: boolean | undefined;
  /** Directory for temporary files. Default: the system's. */
  readonly tempDirectory?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /**
   * Called when the output is complete: before a file is renamed into place, or after everything went to a stream. If it
   * throws, the operation ends and no file is left behind. Not called for a dry run.
   */
  readonly beforeCommit?: ((facts: TransferResult) => Promise<void>) | undefined;
}

/** The input and output of a finished operation. */
export interface TransferResult {
  readonly rows: number;
  /** SHA-256 of the input in hexadecimal; takes a separate pass. */
  readonly inputSha256: () => Promise<string>;
  /** SHA-256 of the output; `null` if it can no longer be read, as for Parquet to a stream. */
  readonly outputSha256: () => Promise<string | null>;
}

/** Input options that depend on the operation. */
export interface InputTraits {
  readonly headerRow?: boolean | undefined;
  /** Number of columns of a CSV file without a header row. */
  readonly csvColumns?: number | undefined;
  readonly binaryAsString?: boolean | undefined;
  /** The bytes of the input, see `holdInput`. */
  readonly held?: ByteSource | undefined;
}

/**
 * Checks the files of an operation before anything else: the input is there and of a known format, and the output can be written.
 *
 * @returns the format of the output
 * @throws {SealroomError} IO_READ, IO_FORMAT, IO_ADDRESS for the input; IO_EXISTS, IO_WRITE, IO_FORMAT, USAGE_OPTION for the output.
 */
export async function checkTransfer(options: TransferOptions): Promise<TableFormat> {
  return checkOutput(options, await findInput(options.input));
}

/**
 * Copies the input of an operation if it is a CSV table that can be read only once and may be opened several times; `undefined` if it is
 * not. The caller closes it.
 *
 * @throws {SealroomError} IO_READ, IO_WRITE; IO_ABORTED.
 */
export async function holdInput({
  input,
  tempDirectory,
  signal,
}: Pick<TransferOptions, 'input' | 'tempDirectory' | 'signal'>): Promise<ByteSource | undefined> {
  try {
    return await copyInput(input, { tempDirectory, signal });
  } catch (error) {
    throw stoppedBy(signal, error);
  }
}

/**
 * Checks the output, opens the input, runs `work` on it and closes it.
 *
 * @throws {SealroomError} IO_EXISTS, IO_WRITE for the output; IO_READ, IO_FORMAT, DATA_* for the input; errors of `work`;
 *   IO_ABORTED for any failure after the signal fired.
 */
export async function transferTable<Result>(
  options: TransferOptions,
  traits: InputTraits,
  work: (reader: TableReader, outputFormat: TableFormat) => Promise<Result>,
): Promise<Result> {
  const outputFormat = await checkTransfer(options);
  try {
    const reader = await openTable(options.input, {
      ...traits,
      csvInputNull: options.csvInputNull,
      csvDelimiter: options.csvDelimiter,
      csvEncoding: options.csvEncoding,
      opaqueAsText: outputFormat === 'csv',
      tempDirectory: options.tempDirectory,
      signal: options.signal,
    });
    try {
      return await work(reader, outputFormat).catch(failInParts(reader));
    } catch (error) {
      throw explainColumns(error, reader);
    } finally {
      await reader.close();
    }
  } catch (error) {
    throw stoppedBy(options.signal, error);
  }
}

/** The error of an operation that failed: IO_ABORTED if the signal had fired. */
export function stoppedBy(signal: AbortSignal | undefined, error: unknown): unknown {
  if (signal?.aborted !== true) return error;
  return new SealroomError('IO_ABORTED', 'stopped; no output was written', { cause: error });
}

/**
 * Rethrows an error; one that is in a row of a table of several files names the file and its row. What two rows have in common keeps
 * their numbers in the table.
 */
//= format F-130
export function failInParts({ name, placeOf }: TableReader): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof SealroomError) || placeOf === undefined || error.code === 'RULE_DUPLICATES') throw error;
    const { file, row, column } = error.where;
    const place = file === name && row !== undefined ? placeOf(row) : null;
    throw place === null ? error : error.atPlace({ ...place, column });
  };
}

/** Adds to an error about the columns of a table why they may not be those that the user expects. */
function explainColumns(error: unknown, { columnHint }: TableReader): unknown {
  if (columnHint === null || !(error instanceof SealroomError) || error.code !== 'DATA_COLUMN') return error;
  return error.withHint(error.hint === undefined ? columnHint : `${error.hint}; ${columnHint}`);
}

/** The content of an output. */
export interface OutputParts {
  readonly reader: Pick<TableReader, 'sha256'>;
  readonly fields: readonly Field[];
  readonly format: TableFormat;
  /** Rows written so far. */
  readonly rows: () => number;
  /** Its provenance, which is written along with a file; `null` if unknown. */
  readonly provenance: Provenance | null;
  /** Makes the signature of the finished table, which is written along with a file; `null` for none. */
  readonly sign: (() => string) | null;
}

/** Starts the output of a transfer. */
export async function createOutput(options: TransferOptions, parts: OutputParts): Promise<TableWriter> {
  const { overwrite, csvOutputNull, beforeCommit } = options;
  const { reader, fields, format, rows, provenance, sign } = parts;
  const output = { ...toTableOutput(options.output), format };
  const hasSidecar = provenance !== null && format !== 'parquet' && output.kind === 'file';
  const signed = output.kind === 'file' ? sign : null;
  const companions: OutputTarget[] = [];
  // Beside the file itself, where a link leads.
  const path = output.kind === 'file' ? await placeOfOutput(output, { overwrite: overwrite ?? false }) : '';
  const finish = async (written: WrittenFile): Promise<void> => {
    const outputSha256 = (): Promise<string | null> => written.sha256();
    if (hasSidecar) companions.push(await startSidecar(path, provenance, written, rows()));
    if (signed !== null) companions.push(await prepareFile(signaturePath(path), signed(), { overwrite: true }));
    await beforeCommit?.({ rows: rows(), inputSha256: () => reader.sha256(options.signal), outputSha256 });
  };
  const writer = await createTable(output, fields, {
    overwrite,
    input: fileOf(options.input),
    csvOutputNull,
    metadata: new Map([
      ...(options.metadata ?? []),
      ...(provenance === null ? [] : [[PARQUET_KEY, printMetadata(provenance)] as const]),
    ]),
    beforeCommit: hasSidecar || signed !== null || beforeCommit !== undefined ? finish : undefined,
  });
  return {
    ...writer,
    async close() {
      const bytes = await writer.close();
      for (const companion of companions) await companion.commit();
      return bytes;
    },
    async abort() {
      await writer.abort();
      for (const companion of companions) await companion.abort();
    },
  };
}

/** Where an output goes, without links. */
async function placeOfOutput(
  { path, rowsPerFile }: { readonly path: string; readonly rowsPerFile?: number | undefined },
  options: { readonly overwrite: boolean },
): Promise<string> {
  return rowsPerFile === undefined ? (await findOutput(path)).path : checkFolder(path, options);
}

async function startSidecar(
  output: string,
  provenance: Provenance,
  written: WrittenFile,
  rows: number,
): Promise<OutputTarget> {
  return writeSidecar(output, provenance, { bytes: written.bytes, rows, sha256: (await written.sha256()) ?? '' });
}

/** The path of an input that is a file. */
function fileOf(input: string | TableInput): string | undefined {
  const place = toTableInput(input);
  return place.kind === 'file' ? place.path : undefined;
}

async function checkOutput(options: TransferOptions, { format: inputFormat, parts }: FoundInput): Promise<TableFormat> {
  const { tempDirectory, overwrite = false } = options;
  const [input, output] = [toTableInput(options.input), toTableOutput(options.output)];
  requireWritable(output);
  const format = formatAt(output) ?? inputFormat;
  const isFolder = output.kind === 'file' && output.rowsPerFile !== undefined;
  if (output.kind === 'file' && !isFolder && formatAt(output) === null && extname(output.path) !== '') {
    throw unknownFormat(output.path, '--output-format');
  }
  if (options.csvOutputNull !== undefined && format !== 'csv') {
    throw new SealroomError('USAGE_OPTION', `\`--csv-output-null-value\` needs CSV output, got ${format}`);
  }
  if (output.kind === 'file') {
    const path = isFolder
      ? await checkFolder(output.path, { overwrite })
      : (await checkTarget(output.path, { overwrite, input: fileOf(input) })).path;
    await requireOutside(path, parts ?? []);
  }
  if (tempDirectory !== undefined) {
    await checkDirectory(tempDirectory, tempDirectory).catch((error: unknown) => {
      throw error instanceof SealroomError
        ? error.withHint('temporary files go there, by `--temp-dir`: name a directory that is there')
        : error;
    });
  }
  return format;
}
