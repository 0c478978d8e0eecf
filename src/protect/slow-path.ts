import { basename } from 'node:path';
import { nameOf, type TableInput, toTableInput } from '../tabular/index.ts';

/**
 * The note in a summary that a table was not on the fast path; `docs/preparing-data.md` explains it to users.
 *
 * @param reason why, in words that follow a colon
 */
export function describeSlowPath(input: string | TableInput, reason: string): string {
  return `${basename(nameOf(toTableInput(input)))}: not on the fast path: ${reason}`;
}
