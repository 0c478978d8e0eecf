import type { Field } from '../columns/index.ts';
import type { ErrorCode, ErrorPlace } from '../errors/index.ts';
import type { SmallRow } from './small-result.ts';

/** A query whose rows are many. */
export interface ReadingQuery {
  readonly sql: string;
  readonly fields: readonly Field[];
  /** A query that yields more or fewer rows has failed. */
  readonly expectedRows: number;
  /** The longest text that is accepted, in bytes. */
  readonly maxValueBytes: number | undefined;
}

/** Messages to a reading process: questions, one after the other. `stop` ends a stream early, and `close` an engine. */
export type ReadingRequest =
  | { readonly kind: 'rows'; readonly sql: string }
  | { readonly kind: 'stream'; readonly query: ReadingQuery }
  | { readonly kind: 'stop' }
  | { readonly kind: 'close' };

/** Messages from a reading process. */
export type ReadingReply =
  | { readonly kind: 'rows'; readonly rows: readonly SmallRow[] }
  /** All batches of a stream are in the process's stream of bytes. */
  | { readonly kind: 'end' }
  /** The engine is closed; `dataBytes` is what the process still has of what its limit counts. */
  | { readonly kind: 'closed'; readonly dataBytes: number }
  /** What our own code found. */
  | {
      readonly kind: 'refused';
      readonly code: ErrorCode;
      readonly message: string;
      readonly hint: string | undefined;
      readonly where: ErrorPlace;
    }
  /** The kind of the engine's failure; its message may quote values and goes no further. */
  | { readonly kind: 'failed'; readonly failure: string };
