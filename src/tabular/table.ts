import { SealroomError } from '../errors/index.ts';
import type { Batch, Field } from '../columns/index.ts';

/** The table formats that are read and written. */
export type TableFormat = 'csv' | 'parquet' | 'arrow';

/** What a reading of a table takes. */
export interface ReadRequest {
  /** Indexes into `fields` of the columns that the batches hold, in this order. Others are not read. */
  readonly columns: readonly number[];
  readonly signal?: AbortSignal | undefined;
}

/** A table that can be read any number of times, in batches. */
export interface TableReader {
  readonly name: string;
  readonly format: TableFormat;
  /** All columns, in the table's order, with headers as they stand in the table. */
  readonly fields: readonly Field[];
  /** Rows of the table, or `null` where they are only known after a reading. */
  readonly rows: number | null;
  /** Size of the table in bytes. */
  readonly bytes: number;
  /** What a user should know about how this table is read: one line each. */
  readonly warnings: readonly string[];
  /**
   * One reading, in the table's row order, bounded in memory. The buffers of a batch are the reader's: they are valid
   * until the next batch is asked for, and may not be given to a writer.
   *
   * @throws {SealroomError} DATA_CORRUPT if the file turns out to be damaged, DATA_TYPE for a column that cannot be read,
   *   IO_ABORTED if the signal fires.
   */
  batches(request: ReadRequest): AsyncIterable<Batch>;
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
