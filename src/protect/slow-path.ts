import { noteSlowness, type TableReader } from '../tabular/index.ts';

/** What an attempt at the fast path gives that leaves a table to the ordinary way, before any output is in place. */
export interface LeftTable {
  readonly kind: 'left';
  /** Why, in words that follow a colon; `null` if it goes without saying. `docs/preparing-data.md` explains these reasons to users. */
  readonly reason: string | null;
}

/** Leaves a table to the ordinary way. */
export function leaveTable(reason: string | null): LeftTable {
  return { kind: 'left', reason };
}

/** The part of a summary that says why a table took the ordinary way. */
export interface SlowPath {
  /** Why a CSV table was not on the fast path; `null` if it was, or if this output, format or kernel never is. */
  readonly slowReason: string | null;
  readonly notes: readonly string[];
}

/**
 * Says why a table took the ordinary way: what its reader found is more precise than why the attempt was given up, and is in the
 * reader's notes already.
 *
 * @param left why the attempt was given up; `null` if there was none
 */
export function describeSlowPath(reader: TableReader, left: string | null): SlowPath {
  const { slowReason, notes } = reader;
  if (left === null) return { slowReason: null, notes };
  if (slowReason !== null) return { slowReason, notes };
  return { slowReason: left, notes: [...notes, ...noteSlowness(reader, `not on the fast path: ${left}`)] };
}
