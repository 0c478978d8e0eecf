import { extname } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { SealroomError } from '../errors/index.ts';
import type { Field } from '../columns/index.ts';
import { type ByteSink, fileSink, streamSink } from '../files/index.ts';
import { type ByteSource, openFile, spoolStream } from '../files/index.ts';
import { createCsv } from './csv/write.ts';
import { openCsv } from './csv/read.ts';
import { createParquet } from './parquet/write.ts';
import { openParquet, parquetStream } from './parquet/read.ts';
import type { TableFormat, TableReader, TableWriter } from './table.ts';
import { type BeforeCommit, checkedFile, checkedStream, createTarget, standardOutput } from '../files/index.ts';
import { sidecarPath } from './provenance/place.ts';

/** The name of standard input and standard output. */
export const STANDARD_STREAM = '-';

const EXTENSIONS: Readonly<Record<string, TableFormat>> = {
  '.csv': 'csv',
  '.parquet': 'parquet',
  '.arrow': 'arrow',
  '.arrows': 'arrow',
  '.ipc': 'arrow',
};

/** The format of a file by its extension, ignoring case, or `null`. */
export function formatOf(path: string): TableFormat | null {
  return EXTENSIONS[extname(path).toLowerCase()] ?? null;
}

/** Options for opening a table. */
export interface OpenOptions {
  /** The format; without it, the file's extension says it. */
  readonly format?: TableFormat | undefined;
  /** CSV: whether the first record holds the headers. Default true. */
  readonly headerRow?: boolean | undefined;
  /** CSV: the input null text (format F-80). */
  readonly csvNullText?: string | undefined;
  /** Parquet: whether binary columns without an annotation are text. Default false. */
  readonly binaryAsString?: boolean | undefined;
  /** Parquet: whether columns that can only be passed through are read as text. Default false. */
  readonly opaqueAsText?: boolean | undefined;
  /** The stream that `-` reads. */
  readonly stdin?: Readable | undefined;
  /** Directory for the encrypted copy of a stream that does not fit in memory. */
  readonly tempDirectory?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens a table for reading: a file, or `-` for standard input.
 *
 * @throws {SealroomError} IO_READ if it cannot be read, IO_FORMAT if its format is unknown; DATA_ENCODING, DATA_FIELDS,
 *   DATA_HEADER, DATA_CORRUPT from the format's reader.
 */
export async function openTable(input: string, options: OpenOptions = {}): Promise<TableReader> {
  const format = options.format ?? formatOf(input);
  if (format === null) throw unknownFormat(input);
  if (format === 'parquet' && input === STANDARD_STREAM) throw parquetStream(input);
  const source = await openSource(input, options);
  try {
    switch (format) {
      case 'csv':
        return await openCsv(source, {
          headerRow: options.headerRow ?? true,
          nullText: options.csvNullText,
          signal: options.signal,
        });
      case 'parquet':
        return await openParquet(source, {
          binaryAsString: options.binaryAsString ?? false,
          opaqueAsText: options.opaqueAsText ?? false,
        });
      case 'arrow':
        return await (
          await import('./arrow/read-write.ts')
        ).openArrow(source, { opaqueAsText: options.opaqueAsText ?? false });
    }
  } catch (error) {
    await source.close();
    throw error;
  }
}

async function openSource(input: string, options: OpenOptions): Promise<ByteSource> {
  if (input !== STANDARD_STREAM) return openFile(input, options);
  if (options.stdin === undefined) throw new SealroomError('IO_READ', 'standard input is not available here');
  return spoolStream(options.stdin, STANDARD_STREAM, options);
}

/** Options for creating a table. */
export interface CreateOptions {
  /** The format; without it, the file's extension says it. */
  readonly format?: TableFormat | undefined;
  readonly overwrite?: boolean | undefined;
  /** The input file, which must not be the output as well. */
  readonly input?: string | undefined;
  /** CSV: the output null text (format F-81). */
  readonly csvNullText?: string | undefined;
  /** The stream that `-` writes to. */
  readonly stdout?: Writable | undefined;
  /** Parquet: key-value metadata of the file. */
  readonly metadata?: ReadonlyMap<string, string> | undefined;
  /** Called when the table is complete, before it is renamed into place. If it throws, no file is left behind. */
  readonly beforeCommit?: BeforeCommit | undefined;
}

/**
 * Creates a table: a file that is renamed into place when it is complete, or `-` for standard output.
 *
 * @throws {SealroomError} IO_EXISTS, IO_WRITE if the output cannot be written; IO_FORMAT if its format is unknown or does
 *   not support a column's type.
 */
export async function createTable(
  output: string,
  fields: readonly Field[],
  options: CreateOptions = {},
): Promise<TableWriter> {
  const format = options.format ?? formatOf(output);
  if (format === null) throw unknownFormat(output);
  if (output === STANDARD_STREAM) {
    if (options.stdout === undefined) throw new SealroomError('IO_WRITE', 'standard output is not available here');
    if (format === 'parquet') {
      const target = checkedStream(standardOutput(options.stdout), options.beforeCommit);
      return createParquet(target, STANDARD_STREAM, fields, options.metadata);
    }
    return createStream(format, streamSink(options.stdout, options.beforeCommit), fields, options);
  }
  const { overwrite = false, input } = options;
  const target = checkedFile(
    await createTarget(output, { overwrite, input, companions: [sidecarPath(output)] }),
    options.beforeCommit,
  );
  let sink: ByteSink | null = null;
  try {
    if (format === 'parquet') return createParquet(target, output, fields, options.metadata);
    sink = await fileSink(target, output);
    return await createStream(format, sink, fields, options);
  } catch (error) {
    await (sink === null ? target.abort() : sink.abort());
    throw error;
  }
}

// Loading Arrow's library takes longer than encrypting a small table, so it is loaded on demand.
async function createStream(
  format: 'csv' | 'arrow',
  sink: ByteSink,
  fields: readonly Field[],
  options: CreateOptions,
): Promise<TableWriter> {
  if (format === 'csv') return createCsv(sink, fields, { nullText: options.csvNullText });
  return (await import('./arrow/read-write.ts')).createArrow(sink, fields);
}

/** The error for a file of unknown format. */
export function unknownFormat(file: string): SealroomError {
  return new SealroomError('IO_FORMAT', 'unknown table format: the name must end in .csv, .parquet or .arrow', {
    where: { file },
    hint: 'give the format with `--file-format csv|parquet|arrow`',
  });
}
