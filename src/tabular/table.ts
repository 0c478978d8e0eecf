import { basename } from 'node:path';
import { SealroomError } from '../errors/index.ts';
import type { Batch, ColumnSource } from '../columns/index.ts';
import type { PositionedFile } from '../files/index.ts';

/** The supported table formats. */
export type TableFormat = 'csv' | 'parquet' | 'arrow';

/** A table of some format. */
export interface TableReader extends ColumnSource {
  readonly format: TableFormat;
  /** Number of rows, or `null` if only known after a pass. */
  readonly rows: number | null;
  /** Size of the table in bytes. */
  readonly bytes: number;
  /** What was found out about how this table is to be read, each with the option that says otherwise. */
  readonly notes: readonly string[];
  /** What the user should know about how this table is read, one line each. */
  readonly warnings: readonly string[];
  /** Why its rows are read by a slower reader than those of most tables, in words that follow a colon, or `null`. */
  readonly slowReason: string | null;
  /** Why its columns may not be those that the user expects, for the hint of an error about them, or `null`. */
  readonly columnHint: string | null;
  /** For a table of several files: the one with a row of the table, from 1, and the row's number in it; `null` if that is not known. */
  readonly placeOf?: ((row: number) => { readonly file: string; readonly row: number } | null) | undefined;
  /** SHA-256 of the table's bytes in hexadecimal, as they are stored; of several files, format F-131. Takes a separate pass. */
  sha256(signal?: AbortSignal): Promise<string>;
  close(): Promise<void>;
}

/** The size from which on a table is worth a note on what slows it down, in bytes: it costs about half a second then. */
const NOTED_BYTES = 16 << 20;

/** What is said of a table that takes longer than others: nothing of a small one, whose user would not wait any less. */
export function noteSlowness({ name, bytes }: Pick<TableReader, 'name' | 'bytes'>, words: string): readonly string[] {
  return bytes < NOTED_BYTES ? [] : [`${basename(name)}: ${words}`];
}

/** A table being written. End it with exactly one of `close` and `abort`. */
export interface TableWriter {
  /** Appends a batch and takes ownership of its buffers; resolves when there is room for the next one. */
  write(batch: Batch): Promise<void>;
  /** Buffers of batches that were written. The caller can remove them for reuse. */
  readonly spare: ArrayBuffer[];
  /**
   * Appends rows that a `CsvSerialiser` with the same fields and options has serialised; only for CSV.
   *
   * @throws {SealroomError} IO_FORMAT if the table is of another format.
   */
  writeLines(lines: Uint8Array): Promise<void>;
  /** Where lines may be written at places of the caller's choice instead; left out where they are only taken in their order. */
  readonly lineFile?: LineFile | undefined;
  /** Finishes the table and renames it into place. Returns its size in bytes. */
  close(): Promise<number>;
  /** Removes all traces of the table. */
  abort(): Promise<void>;
}

/** The file of a CSV table without compression. Its lines fill it from `start` on when it is closed. */
export interface LineFile extends PositionedFile {
  /** Bytes of the header line. */
  readonly start: number;
}

/** The error of a writer whose format is not made of lines. */
export function noLines(): SealroomError {
  return new SealroomError('IO_FORMAT', 'lines can be written to CSV only');
}
