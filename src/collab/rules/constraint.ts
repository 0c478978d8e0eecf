import { quoteForMessage } from '../../errors/index.ts';
import { type Cursor, present } from '../cursor.ts';
import type { RuleColumns } from './columns.ts';

/** Each output row must be based on at least `minimum` different values of the column; null does not count. */
export interface OutputConstraint {
  readonly columnName: string;
  /** 2 to 100,000. */
  readonly minimum: number;
}

/** How released numbers are rounded, after the output constraints apply: to the nearest multiple of a step. */
export interface Rounding {
  /** The step of counts, a whole number; 1 leaves them unchanged. */
  readonly counts: number;
  /** The step of sums and averages, or `null` to leave them unchanged. */
  readonly sums: number | null;
}

/** Whether counts leave the room rounded, so that nothing else may count exactly. */
export function roundsCounts(round: Rounding | null): boolean {
  return round !== null && round.counts > 1;
}

/** The most groups of an answer that `x-maxGroups` can let one person be in. */
const MAX_GROUPS = 1000;

/** What the output shows of rows that an output constraint removes: nothing, or one row that sums them up. */
export type Suppression = 'silent' | 'summary';

/** With a minimum below two, a row could show one person. The upper bound is AWS Clean Rooms'. */
export const MIN_MINIMUM = 2;
/** See {@link MIN_MINIMUM}. */
export const MAX_MINIMUM = 100_000;

const MAX_COUNT_STEP = 1_000_000;

function readConstraint(cursor: Cursor, columns: RuleColumns): OutputConstraint | null {
  if (!cursor.object(['columnName', 'minimum', 'type'])) return null;
  cursor.at('type').oneOf(['COUNT_DISTINCT']);
  const columnName = columns.read(cursor.at('columnName'), 'constraint');
  const minimum = cursor.at('minimum').whole(MIN_MINIMUM, MAX_MINIMUM);
  return columnName === null || minimum === null ? null : Object.freeze({ columnName, minimum });
}

/** Reads at least one output constraint, and at most one per column, each on a column that `isAllowed`; `words` describe such columns. */
export function readOutputConstraints(
  cursor: Cursor,
  columns: RuleColumns,
  { isAllowed, words }: { readonly isAllowed: (column: string) => boolean; readonly words: string },
): readonly OutputConstraint[] {
  const seen = new Set<string>();
  const constraints = cursor.items(1).map((item) => {
    const constraint = readConstraint(item, columns);
    if (constraint === null) return null;
    const { columnName } = constraint;
    if (seen.has(columnName)) {
      return item.at('columnName').refuse(`there is already a constraint on ${quoteForMessage(columnName)}`);
    }
    seen.add(columnName);
    if (isAllowed(columnName)) return constraint;
    return item.at('columnName').refuse(`expected ${words}, got ${quoteForMessage(columnName)}`);
  });
  return Object.freeze(present(constraints));
}

/** Reads `x-round`; `null` if it is not given. */
export function readRounding(cursor: Cursor): Rounding | null {
  if (!cursor.isGiven || !cursor.object(['counts', 'sums'])) return null;
  const counts = cursor.at('counts').isGiven ? cursor.at('counts').whole(1, MAX_COUNT_STEP) : 1;
  const sums = cursor.at('sums').isGiven ? cursor.at('sums').positive() : null;
  return Object.freeze({ counts: counts ?? 1, sums });
}

/** Reads `x-suppression`; default: silent. */
export function readSuppression(cursor: Cursor): Suppression {
  return cursor.isGiven ? (cursor.oneOf(['silent', 'summary']) ?? 'silent') : 'silent';
}

/** Reads `x-maxGroups`; `null` if it is not given. */
export function readMaxGroups(cursor: Cursor): number | null {
  return cursor.isGiven ? cursor.whole(1, MAX_GROUPS) : null;
}
