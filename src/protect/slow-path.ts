import { basename } from 'node:path';
import { nameOf, type TableInput, toTableInput } from '../tabular/index.ts';

/** What an attempt at the fast path gives that leaves a table to the ordinary way, before any output is in place. */
export interface LeftTable {
  readonly kind: 'left';
  /** For the summary: why, unless it goes without saying. `docs/preparing-data.md` explains these notes to users. */
  readonly notes: readonly string[];
}

/**
 * Leaves a table to the ordinary way.
 *
 * @param reason why, in words that follow a colon; `null` if nothing need be said of it
 */
export function leaveTable(input: string | TableInput, reason: string | null): LeftTable {
  const notes = reason === null ? [] : [`${basename(nameOf(toTableInput(input)))}: not on the fast path: ${reason}`];
  return { kind: 'left', notes };
}
