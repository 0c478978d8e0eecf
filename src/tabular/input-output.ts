import { extname } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { SealroomError } from '../errors/index.ts';
import type { TableFormat } from './table.ts';

/**
 * Where a table is read from. Only a file has a name that can say its format.
 *
 * A stream is read once, to its end, and kept encrypted in a temporary file while it is used. Bytes in memory must not
 * change while the table is open. Both can hold CSV and Arrow; Parquet is read from files only.
 */
export type TableInput =
  | {
      readonly kind: 'file';
      readonly path: string;
      /** Without it, the file's extension says it. */
      readonly format?: TableFormat | undefined;
    }
  | {
      readonly kind: 'stream';
      readonly stream: Readable;
      readonly format: TableFormat;
      /** What errors call it; default `-`. */
      readonly name?: string | undefined;
    }
  | {
      readonly kind: 'memory';
      readonly bytes: Uint8Array;
      readonly format: TableFormat;
      /** What errors call it; default `-`. */
      readonly name?: string | undefined;
    };

/**
 * Where a table is written to: a file, which gets its name when it is complete; a stream, which is not ended; or memory.
 *
 * What a failure leaves on a stream cannot be taken back. A stream takes Parquet only if it is a file, a pipe or a device
 * of the system; memory takes CSV and Arrow.
 */
export type TableOutput =
  | {
      readonly kind: 'file';
      readonly path: string;
      /** Without it, the file's extension says it. */
      readonly format?: TableFormat | undefined;
    }
  | {
      readonly kind: 'stream';
      readonly stream: Writable;
      /** Without it, the output of an operation has the format of its input. */
      readonly format?: TableFormat | undefined;
    }
  | {
      readonly kind: 'memory';
      /** Without it, the output of an operation has the format of its input. */
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
};

/** The format that a file's extension names, in any case, or `null`. */
export function formatOf(path: string): TableFormat | null {
  return EXTENSIONS[extname(path).toLowerCase()] ?? null;
}

/** An input as a type; a string is the path of a file, whatever it looks like. */
export function toTableInput(input: string | TableInput): TableInput {
  return typeof input === 'string' ? { kind: 'file', path: input } : input;
}

/** An output as a type; a string is the path of a file, whatever it looks like. */
export function toTableOutput(output: string | TableOutput): TableOutput {
  return typeof output === 'string' ? { kind: 'file', path: output } : output;
}

/** What errors call an input or an output. */
export function nameOf(place: TableInput | TableOutput): string {
  if (place.kind === 'file') return place.path;
  return 'name' in place ? (place.name ?? '-') : '-';
}

/** The format of an input or an output, said or named by a file's extension, or `null`. */
export function formatAt(place: TableInput | TableOutput): TableFormat | null {
  return place.format ?? (place.kind === 'file' ? formatOf(place.path) : null);
}

/** The error for a table whose format nothing says. */
export function unknownFormat(file: string): SealroomError {
  return new SealroomError('IO_FORMAT', 'expected a name ending in .csv, .parquet or .arrow', {
    where: { file },
    hint: 'say the format with `--file-format csv|parquet|arrow`',
  });
}
