import { SealroomError } from '../errors/index.ts';
import type { Field } from '../columns/index.ts';
import {
  type BeforeCommit,
  type ByteSink,
  type ByteSource,
  checkedFile,
  checkedStream,
  compressingSink,
  compressionOf,
  createTarget,
  decompressed,
  fileSink,
  isRegularFile,
  lentSource,
  memorySink,
  memorySource,
  openFile,
  spoolStream,
  standardOutput,
  streamSink,
} from '../files/index.ts';
import type { CsvReadOptions, CsvStart, NoCsvStart } from './csv/start.ts';
import { createCsv } from './csv/write.ts';
import {
  endingOfParts,
  findInput,
  formatAt,
  isTabSeparated,
  nameOf,
  parquetStream,
  requireWritable,
  type TableInput,
  type TableOutput,
  toTableInput,
  toTableOutput,
  unknownFormat,
} from './input-output.ts';
import { noteSlowness, type TableFormat, type TableReader, type TableWriter } from './table.ts';

/** Options for opening a table. */
export interface OpenOptions {
  /** CSV: whether the first record holds the headers. Default true. */
  readonly headerRow?: boolean | undefined;
  /** CSV without a header row: the number of columns that the caller expects, if it is known. */
  readonly csvColumns?: number | undefined;
  /** CSV: the input null text, or several (format F-80). */
  readonly csvInputNull?: string | readonly string[] | undefined;
  /** CSV: the delimiter, such as `;`, `tab` or `\t` (format F-120). Default: it is found out, and said in the notes. */
  readonly csvDelimiter?: string | undefined;
  /** CSV: the encoding, by a label of the Encoding Standard (format F-123). Default: by the byte order mark, otherwise UTF-8. */
  readonly csvEncoding?: string | undefined;
  /** Parquet: whether binary columns without an annotation are text. Default false. */
  readonly binaryAsString?: boolean | undefined;
  /** Parquet: whether columns that can only be passed through are read as text. Default false. */
  readonly opaqueAsText?: boolean | undefined;
  /** Directory for the encrypted copy of a stream. */
  readonly tempDirectory?: string | undefined;
  /** The bytes of a stream that was copied before, so that several attempts can open it. */
  readonly held?: ByteSource | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** How a CSV file is read, in all commands alike. */
export type CsvReading = Pick<OpenOptions, 'csvInputNull' | 'csvDelimiter' | 'csvEncoding'>;

/**
 * Opens a table for reading. A string is the path of a file, a folder or a pattern.
 *
 * @throws {SealroomError} IO_READ if it cannot be read, IO_FORMAT if its format is unknown or cannot be read from there; DATA_COLUMN if
 *   the files of a folder or pattern differ; DATA_ENCODING, DATA_FIELDS, DATA_HEADER, DATA_CORRUPT from the format's reader.
 */
export async function openTable(input: string | TableInput, options: OpenOptions = {}): Promise<TableReader> {
  const place = toTableInput(input);
  const { format, parts } = await findInput(place);
  if (parts === null) return withSlowNote(await openOne(place, format, options));
  const { openParts } = await import('./parts/read.ts');
  return withSlowNote(
    await openParts(nameOf(place), parts, format, (path) => openOne({ kind: 'file', path }, format, options)),
  );
}

function withSlowNote(reader: TableReader): TableReader {
  const { slowReason, notes } = reader;
  if (slowReason === null) return reader;
  return { ...reader, notes: [...notes, ...noteSlowness(reader, `read by the exact, slower reader: ${slowReason}`)] };
}

async function openOne(place: TableInput, format: TableFormat, options: OpenOptions): Promise<TableReader> {
  if (format === 'parquet' && place.kind !== 'file') throw parquetStream(nameOf(place));
  requireCsvFor(format, options);
  const source = await openSource(place, format, options);
  try {
    switch (format) {
      case 'csv':
        return await (await import('./csv/read.ts')).openCsv(source, csvOptions(place, options));
      case 'parquet':
        return await (
          await import('./parquet/read.ts')
        ).openParquet(source, {
          binaryAsString: options.binaryAsString ?? false,
          opaqueAsText: options.opaqueAsText ?? false,
        });
      case 'arrow':
        return await (
          await import('./arrow/read.ts')
        ).openArrow(source, { opaqueAsText: options.opaqueAsText ?? false });
    }
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** Refuses options that would mean nothing. */
function requireCsvFor(format: TableFormat, { csvDelimiter, csvEncoding }: OpenOptions): void {
  if (format === 'csv' || (csvDelimiter === undefined && csvEncoding === undefined)) return;
  const option = csvDelimiter === undefined ? '--encoding' : '--delimiter';
  throw new SealroomError('USAGE_OPTION', `\`${option}\` is for CSV files, got ${format}`);
}

/**
 * Copies a CSV table that can be read only once, so that several attempts can open it; `undefined` for any other. The caller closes it.
 *
 * @throws {SealroomError} as {@link openTable}.
 */
export async function copyInput(
  input: string | TableInput,
  options: Pick<OpenOptions, 'tempDirectory' | 'signal'>,
): Promise<ByteSource | undefined> {
  const place = toTableInput(input);
  const { format, parts } = await findInput(place);
  if (format !== 'csv' || parts !== null || !(await isReadOnce(place))) return undefined;
  return openSource(place, format, options);
}

/** Whether an input can be read only once: a stream, or a file such as a pipe. */
async function isReadOnce(place: TableInput): Promise<boolean> {
  return place.kind === 'stream' || (place.kind === 'file' && !(await isRegularFile(place.path)));
}

/**
 * Reads the start of a CSV table, see `readCsvStart`; `null` for a table of another format. Of what can be read only once, nothing is
 * read unless it is held.
 *
 * @throws {SealroomError} as {@link openTable}.
 */
export async function openCsvStart(
  input: string | TableInput,
  options: OpenOptions = {},
): Promise<CsvStart | NoCsvStart | null> {
  const place = toTableInput(input);
  const { format, parts } = await findInput(place);
  if (format !== 'csv') return null;
  if (parts === null) return openStart(place, options);
  const { openPartStarts } = await import('./parts/start.ts');
  return openPartStarts(nameOf(place), parts, (path) => openStart({ kind: 'file', path }, options));
}

async function openStart(place: TableInput, options: OpenOptions): Promise<CsvStart | NoCsvStart> {
  if (options.held === undefined && (await isReadOnce(place))) return { kind: 'none', reason: 'not a regular file' };
  const source = await openSource(place, 'csv', options);
  try {
    const { readCsvStart } = await import('./csv/start.ts');
    const start = await readCsvStart(source, csvOptions(place, options));
    if (start.kind === 'none') await source.close();
    return start;
  } catch (error) {
    await source.close();
    throw error;
  }
}

function csvOptions(place: TableInput, options: OpenOptions): CsvReadOptions {
  return {
    headerRow: options.headerRow ?? true,
    columns: options.csvColumns,
    nullText: options.csvInputNull,
    delimiter: options.csvDelimiter,
    encoding: options.csvEncoding,
    isTsv: place.format === undefined && isTabSeparated(nameOf(place)),
    signal: options.signal,
  };
}

async function openSource(input: TableInput, format: TableFormat, options: OpenOptions): Promise<ByteSource> {
  if (options.held !== undefined) return lentSource(options.held);
  switch (input.kind) {
    case 'file': {
      const source = await openFile(input.path, options);
      const compression = format === 'csv' ? compressionOf(input.path) : null;
      return compression === null ? source : decompressed(source, compression);
    }
    case 'stream':
      return spoolStream(input.stream, nameOf(input), options);
    case 'memory':
      return memorySource(input.bytes, nameOf(input));
  }
}

/** Options for creating a table. */
export interface CreateOptions {
  readonly overwrite?: boolean | undefined;
  /** The input file, which must not be the output as well. */
  readonly input?: string | undefined;
  /** CSV: the output null text (format F-81). */
  readonly csvOutputNull?: string | undefined;
  /** Parquet: key-value metadata of the file. */
  readonly metadata?: ReadonlyMap<string, string> | undefined;
  /** Called when the table is complete, before it is renamed into place. If it throws, no file is left behind. */
  readonly beforeCommit?: BeforeCommit | undefined;
}

/**
 * Creates a table. A string is the path of a file, which is renamed into place when it is complete.
 *
 * @throws {SealroomError} IO_EXISTS, IO_WRITE if the output cannot be written; IO_FORMAT if its format is unknown, cannot
 *   be written there, or does not support a column's type.
 */
export async function createTable(
  output: string | TableOutput,
  fields: readonly Field[],
  options: CreateOptions = {},
): Promise<TableWriter> {
  const place = toTableOutput(output);
  requireWritable(place);
  const format = formatAt(place);
  if (format === null) throw unknownFormat(nameOf(place), '--output-format');
  if (place.kind === 'file') {
    const { path, rowsPerFile } = place;
    if (rowsPerFile === undefined) return createFile({ path, format }, fields, options);
    const { createFolder } = await import('./parts/write.ts');
    const { overwrite = false, beforeCommit, csvOutputNull, metadata } = options;
    return createFolder({
      path,
      rowsPerFile,
      ending: endingOfParts(path, format),
      overwrite,
      beforeCommit,
      create: (file) => createFile({ path: file, format }, fields, { csvOutputNull, metadata }),
    });
  }
  if (format !== 'parquet') {
    const sink =
      place.kind === 'stream'
        ? streamSink(place.stream, options.beforeCommit)
        : memorySink(place.receive, options.beforeCommit);
    return createSerialised(format, sink, fields, options);
  }
  if (place.kind === 'memory') throw new SealroomError('IO_FORMAT', 'Parquet cannot be written to memory');
  const target = checkedStream(standardOutput(place.stream), options.beforeCommit);
  return (await import('./parquet/write.ts')).createParquet(target, nameOf(place), fields, options.metadata);
}

async function createFile(
  { path, format }: { readonly path: string; readonly format: TableFormat },
  fields: readonly Field[],
  options: CreateOptions,
): Promise<TableWriter> {
  const { overwrite = false, input } = options;
  const target = checkedFile(await createTarget(path, { overwrite, input }), options.beforeCommit);
  let sink: ByteSink | null = null;
  try {
    if (format === 'parquet') {
      return (await import('./parquet/write.ts')).createParquet(target, path, fields, options.metadata);
    }
    sink = await fileSink(target, path);
    const compression = format === 'csv' ? compressionOf(path) : null;
    if (compression !== null) sink = compressingSink(sink, compression, path);
    return await createSerialised(format, sink, fields, options);
  } catch (error) {
    await (sink === null ? target.abort() : sink.abort());
    throw error;
  }
}

/** Loads Arrow's library now rather than at its first use. */
export async function preloadArrow(): Promise<void> {
  await import('./arrow/write.ts');
}

// Loading Arrow's library takes longer than encrypting a small table, so it is loaded on demand.
async function createSerialised(
  format: 'csv' | 'arrow',
  sink: ByteSink,
  fields: readonly Field[],
  options: CreateOptions,
): Promise<TableWriter> {
  if (format === 'csv') return createCsv(sink, fields, { nullText: options.csvOutputNull });
  return (await import('./arrow/write.ts')).createArrow(sink, fields);
}
