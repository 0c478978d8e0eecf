import { extname } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { quoteForMessage, SealroomError } from '../errors/index.ts';
import { compressionOf, findParts, type Part, requireReadable } from '../files/index.ts';
import type { TableFormat } from './table.ts';

/**
 * Where a table is read from.
 *
 * A stream is read once, to its end, and an encrypted copy is kept in a temporary file. Bytes in memory must not change
 * while the table is open. Both can contain CSV or Arrow; Parquet is read from files only.
 */
export type TableInput =
  | {
      readonly kind: 'file';
      /** A file, or a folder or a pattern, whose files are one table. */
      readonly path: string;
      /** Default: by the file's extension. */
      readonly format?: TableFormat | undefined;
    }
  | {
      readonly kind: 'stream';
      readonly stream: Readable;
      readonly format: TableFormat;
      /** The name of the input in errors. Default: `-`. */
      readonly name?: string | undefined;
    }
  | {
      readonly kind: 'memory';
      readonly bytes: Uint8Array;
      readonly format: TableFormat;
      /** The name of the input in errors. Default: `-`. */
      readonly name?: string | undefined;
    };

/**
 * Where a table is written to: a file, which is renamed into place when it is complete; a stream, which is not ended; or
 * memory.
 *
 * What was written to a stream before a failure cannot be undone. A stream accepts Parquet only if it is a file, a pipe or a
 * device of the system; memory accepts CSV and Arrow.
 */
export type TableOutput =
  | {
      readonly kind: 'file';
      readonly path: string;
      /** Default: by the file's extension. */
      readonly format?: TableFormat | undefined;
      /** Makes `path` a folder of files with at most so many rows each (format F-133). */
      readonly rowsPerFile?: number | undefined;
    }
  | {
      readonly kind: 'stream';
      readonly stream: Writable;
      /** Default, where a table is made of another one: the format of the input. */
      readonly format?: TableFormat | undefined;
    }
  | {
      readonly kind: 'memory';
      /** Default, where a table is made of another one: the format of the input. */
      readonly format?: TableFormat | undefined;
      /** Called once, with the complete table, which is then the caller's; never with an unfinished one. */
      readonly receive: (table: Uint8Array) => void;
    };

const EXTENSIONS: Readonly<Record<string, TableFormat>> = {
  '.csv': 'csv',
  '.tsv': 'csv',
  '.parquet': 'parquet',
  '.arrow': 'arrow',
  '.arrows': 'arrow',
  '.ipc': 'arrow',
  '.feather': 'arrow',
};

/** The endings of tables, for messages. */
const KNOWN_ENDINGS = '.csv, .tsv, .parquet or .arrow; .csv and .tsv also with .gz or .zst after it';

/** The format of a file by its extension, ignoring case, or `null`. Only CSV is compressed as a whole. */
export function formatOf(path: string): TableFormat | null {
  const compression = compressionOf(path);
  const inner = compression === null ? path : path.slice(0, -extname(path).length);
  const format = EXTENSIONS[extname(inner).toLowerCase()] ?? null;
  return compression === null || format === 'csv' ? format : null;
}

/** The ending of the files in a folder: that of the folder's name if it has the format, else that of the format. */
export function endingOfParts(path: string, format: TableFormat): string {
  if (formatOf(path) !== format) return `.${format}`;
  const ending = extname(path);
  return (compressionOf(path) === null ? ending : extname(path.slice(0, -ending.length)) + ending).toLowerCase();
}

/** Whether the name of a file says that tabs separate its fields. */
export function isTabSeparated(name: string): boolean {
  return /\.tsv(\.gz|\.zst)?$/i.test(name);
}

/**
 * Refuses an output whose name promises what is not written.
 *
 * @throws {SealroomError} IO_FORMAT for a name that ends in `.tsv` without a format.
 */
export function requireWritable(output: TableOutput): void {
  if (output.kind !== 'file' || output.format !== undefined || !isTabSeparated(output.path)) return;
  throw new SealroomError('IO_FORMAT', 'CSV is written with commas, not with tabs', {
    where: { file: output.path },
    hint: 'give the output a name that ends in .csv',
  });
}

/** The input that a string stands for: the file of that path, even if it is `-`. */
export function toTableInput(input: string | TableInput): TableInput {
  return typeof input === 'string' ? { kind: 'file', path: input } : input;
}

/** The output that a string stands for: the file of that path, even if it is `-`. */
export function toTableOutput(output: string | TableOutput): TableOutput {
  return typeof output === 'string' ? { kind: 'file', path: output } : output;
}

/** The name of an input or an output in errors. */
export function nameOf(place: TableInput | TableOutput): string {
  if (place.kind === 'file') return place.path;
  return 'name' in place ? (place.name ?? '-') : '-';
}

/** The format of an input or an output, as given or by the file's extension, or `null`. */
export function formatAt(place: TableInput | TableOutput): TableFormat | null {
  return place.format ?? (place.kind === 'file' ? formatOf(place.path) : null);
}

/** An input whose files and format are known. */
export interface FoundInput {
  readonly format: TableFormat;
  /** The files of a folder or pattern; `null` for any other input. */
  readonly parts: readonly Part[] | null;
}

/**
 * Finds out what an input is: that it is there, its files, and their format.
 *
 * @throws {SealroomError} IO_READ if it is missing; IO_FORMAT if its format is unknown, or its files have several; IO_ADDRESS.
 */
export async function findInput(input: string | TableInput): Promise<FoundInput> {
  const place = toTableInput(input);
  const parts = place.kind === 'file' ? await findParts(place.path) : null;
  if (parts !== null) return { format: place.format ?? formatOfParts(nameOf(place), parts), parts };
  if (place.kind === 'file') await requireReadable(place.path);
  const format = formatAt(place);
  if (format === null) throw unknownFormat(nameOf(place));
  return { format, parts };
}

function formatOfParts(path: string, parts: readonly Part[]): TableFormat {
  const formats = parts.map((part) => ({ file: part.path, format: formatOf(part.path) }));
  const unknown = formats.find(({ format }) => format === null);
  const hint = `give a pattern in quotes, such as ${quoteForMessage(`${path}/*.csv`)}, or \`--file-format csv|parquet|arrow\``;
  if (unknown !== undefined) {
    throw new SealroomError('IO_FORMAT', `a file that is no table: the name must end in ${KNOWN_ENDINGS}`, {
      where: { file: unknown.file },
      hint,
    });
  }
  const [first] = formats;
  const other = formats.find(({ format }) => format !== first?.format);
  if (other === undefined) return first?.format ?? 'csv';
  throw new SealroomError(
    'IO_FORMAT',
    `the files have several formats: ${String(first?.format)} and ${String(other.format)}`,
    {
      where: { file: other.file },
      hint,
    },
  );
}

/** Names of spreadsheets, which are no tables of any format. */
const SPREADSHEET = /\.(?:xls[bmx]?|ods|numbers)$/i;

/** The error for a table of unknown format. */
export function unknownFormat(
  file: string,
  option: '--file-format' | '--output-format' = '--file-format',
): SealroomError {
  if (file === '-') {
    const stream = option === '--file-format' ? 'standard input' : 'standard output';
    return new SealroomError('IO_FORMAT', `${stream} has no name that says its format`, {
      hint: `give the format with \`${option} csv|arrow\``,
    });
  }
  const isSheet = SPREADSHEET.test(file) && option === '--file-format';
  return new SealroomError('IO_FORMAT', `unknown table format: the name must end in ${KNOWN_ENDINGS}`, {
    where: { file },
    hint: isSheet ? 'save the sheet as CSV in UTF-8' : `give the format with \`${option} csv|parquet|arrow\``,
  });
}

/** The error for Parquet from a stream: reading starts at the end of the file, so it needs random access. */
export function parquetStream(name: string): SealroomError {
  return new SealroomError('IO_FORMAT', 'Parquet cannot be read from a stream', {
    where: { file: name },
    hint: 'give a file, or pipe CSV or Arrow',
  });
}
