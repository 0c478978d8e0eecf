import type { JoinOperator } from './aggregation.ts';

/** What the owner of a table allows when rows of the overlap with the querying member may leave the room. */
export interface ListRule {
  readonly kind: 'list';
  /** At least one. */
  readonly joinColumns: readonly string[];
  /** At least `AND`. */
  readonly allowedJoinOperators: readonly JoinOperator[];
  readonly listColumns: readonly string[];
}
