import { extname } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { SealroomError } from '../errors/index.ts';
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
  '.parquet': 'parquet',
  '.arrow': 'arrow',
  '.arrows': 'arrow',
  '.ipc': 'arrow',
  '.feather': 'arrow',
};

/** The format of a file by its extension, ignoring case, or `null`. */
export function formatOf(path: string): TableFormat | null {
  return EXTENSIONS[extname(path).toLowerCase()] ?? null;
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

/** The error for a table of unknown format. */
export function unknownFormat(file: string): SealroomError {
  return new SealroomError('IO_FORMAT', 'unknown table format: the name must end in .csv, .parquet or .arrow', {
    where: { file },
    hint: 'give the format with `--file-format csv|parquet|arrow`',
  });
}

/** The error for Parquet from a stream: reading starts at the end of the file, so it needs random access. */
export function parquetStream(name: string): SealroomError {
  return new SealroomError('IO_FORMAT', 'Parquet cannot be read from a stream', {
    where: { file: name },
    hint: 'give a file, or pipe CSV or Arrow',
  });
}
