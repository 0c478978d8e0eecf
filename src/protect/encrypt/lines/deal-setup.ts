import type { NullRule } from '../../../tabular/index.ts';
import type { StoredFigures } from '../core/stored-figures.ts';
import type { SharedParts } from './part-store.ts';

/** A column that is stored, as the machine sees it. */
export interface DealtColumn {
  /** The number of its field in a record. */
  readonly field: number;
  /** Its normalising steps, or `null` if its values stay as they are. */
  readonly steps: { readonly trims: boolean; readonly lowers: boolean; readonly nulls: readonly Uint8Array[] } | null;
  /** The longest value that can be protected, in bytes. */
  readonly mostBytes: number;
  /** Whether nulls can be protected. */
  readonly acceptsNulls: boolean;
  /** Bytes of a sealed cell without pad, before its Base64, beside the value; 0 if there are no such cells. */
  readonly overheadBytes: number;
}

/** What a thread needs to deal the rows of a file. It can be sent to any of them. */
export interface DealSetup {
  /**
   * A plain file, of which threads deal ranges: its descriptor, which any thread of the process may use, and its path for errors; `null` for
   * a table whose bytes come one after another.
   */
  readonly file: { readonly descriptor: number; readonly path: string } | null;
  /** The file's length in bytes. */
  readonly bytes: number;
  /** The place of its first row. */
  readonly dataStart: number;
  /** Length of the ranges in bytes, of which one thread deals the records that start in it. */
  readonly rangeBytes: number;
  /** The number of the next range that no thread has taken, of 32 bits. */
  readonly nextRange: SharedArrayBuffer;
  readonly delimiter: number;
  readonly separator: '\n' | '\r\n';
  /** Fields of a record. */
  readonly fields: number;
  readonly nullRule: NullRule;
  readonly columns: readonly DealtColumn[];
  /** The fields that a report looks at, as they are read; `null` without a report. */
  readonly sampled: readonly number[] | null;
  /** Whether rows are stored with their positions in the file. */
  readonly hasPositions: boolean;
  /** A power of two. */
  readonly parts: number;
  /** Room for the rows of a part in the memory of a thread, in bytes. */
  readonly roomBytes: number;
  readonly store: SharedParts;
}

/** Numbers that say where a piece of a part was stored: the part, the place, the length in bytes and the rows. */
export const PIECE_NUMBERS = 4;

/** What dealing a range gave. */
export interface DealtRange {
  /** Of the range: from 0 on, in the order of the file. */
  readonly number: number;
  /** The place of the first record that starts in the range or behind it, by looking at the range alone. */
  readonly first: number;
  /** The place of the first record behind the range. */
  readonly next: number;
  readonly rows: number;
  /** {@link PIECE_NUMBERS} for each piece. */
  readonly pieces: Float64Array;
  /** Of each stored column. */
  readonly columns: readonly StoredFigures[];
  /** The rows of the sample, in the format of `row-format.ts`: the sampled fields as they were read, then the stored columns. */
  readonly samples: Uint8Array;
}

/** That a table is left to the ordinary way. */
export interface Declined {
  /** Why, in words that follow a colon; `null` if nothing need be said of it. */
  readonly reason: string | null;
}
