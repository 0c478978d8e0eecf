import { SealroomError } from '../errors/index.ts';
import type { Batch, ColumnSource } from '../columns/index.ts';

/** The table formats that are read and written. */
export type TableFormat = 'csv' | 'parquet' | 'arrow';

/** A table of some format. */
export interface TableReader extends ColumnSource {
  readonly format: TableFormat;
  /** Rows of the table, or `null` where they are only known after a reading. */
  readonly rows: number | null;
  /** Size of the table in bytes. */
  readonly bytes: number;
  /** What a user should know about how this table is read: one line each. */
  readonly warnings: readonly string[];
  /** SHA-256 of the table's bytes in hexadecimal; a reading of its own. */
  sha256(signal?: AbortSignal): Promise<string>;
  close(): Promise<void>;
}

/** A table that is being written. Exactly one of `close` and `abort` ends it. */
export interface TableWriter {
  /** Appends a batch, whose buffers belong to the writer from then on; resolves when there is room for the next one. */
  write(batch: Batch): Promise<void>;
  /** Buffers of batches that were written, for whoever takes them out and uses them again. */
  readonly spare: ArrayBuffer[];
  /**
   * Appends rows that are serialised already, as a `CsvSerialiser` of the same fields and options does it; only for CSV.
   *
   * @throws {SealroomError} IO_FORMAT if the table is of another format.
   */
  writeLines(lines: Uint8Array): Promise<void>;
  /** Ends the table and gives it its final name. Returns its size in bytes. */
  close(): Promise<number>;
  /** Removes all traces of the table. */
  abort(): Promise<void>;
}

/** The error of a writer whose format has no lines. */
export function noLines(): SealroomError {
  return new SealroomError('IO_FORMAT', 'lines can be written to CSV only');
}
