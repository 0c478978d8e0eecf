import { SealroomError } from '../errors/index.ts';
import type { Batch, Field } from '../columns/index.ts';

/** The supported table formats. */
export type TableFormat = 'csv' | 'parquet' | 'arrow';

/** Options of one pass over a table. */
export interface ReadRequest {
  /** The columns in the batches, as indexes into `fields`, in this order. Others are not read. */
  readonly columns: readonly number[];
  readonly signal?: AbortSignal | undefined;
}

/** A table that can be read any number of times, in batches. */
export interface TableReader {
  readonly name: string;
  readonly format: TableFormat;
  /** All columns, in the table's order, with headers as they are in the table. */
  readonly fields: readonly Field[];
  /** Number of rows, or `null` if only known after a pass. */
  readonly rows: number | null;
  /** Size of the table in bytes. */
  readonly bytes: number;
  /** Notes for the user about how this table is read, one line each. */
  readonly warnings: readonly string[];
  /**
   * Starts a pass over the rows in table order, with bounded memory. The reader owns the buffers of a batch: they are valid
   * until the next batch is requested, and must not be passed to a writer.
   *
   * @throws {SealroomError} DATA_CORRUPT if the file turns out to be damaged, DATA_TYPE for a column that cannot be read,
   *   IO_ABORTED if the signal fires.
   */
  batches(request: ReadRequest): AsyncIterable<Batch>;
  /** SHA-256 of the table's bytes in hexadecimal; takes a separate pass. */
  sha256(signal?: AbortSignal): Promise<string>;
  close(): Promise<void>;
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
  /** Finishes the table and renames it into place. Returns its size in bytes. */
  close(): Promise<number>;
  /** Removes all traces of the table. */
  abort(): Promise<void>;
}

/** The error of a writer whose format is not made of lines. */
export function noLines(): SealroomError {
  return new SealroomError('IO_FORMAT', 'lines can be written to CSV only');
}
