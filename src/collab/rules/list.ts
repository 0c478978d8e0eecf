import { readUnique } from '../cursor.ts';
import { type JoinOperator, readJoinOperators } from './aggregation.ts';
import { checkAdditionalAnalyses, refuseOtherExtensions, type RulePlace } from './rule-place.ts';

/** What the owner of a table allows if rows of the overlap with the querying member may leave the room. */
export interface ListRule {
  readonly kind: 'list';
  /** At least one. */
  readonly joinColumns: readonly string[];
  /** At least `AND`. */
  readonly allowedJoinOperators: readonly JoinOperator[];
  readonly listColumns: readonly string[];
}

/** Reads a list rule; `null` if it is not an object. Other mistakes are noted, and the broken parts left out. */
export function readListRule({ table, branch, columns }: RulePlace): ListRule | null {
  refuseOtherExtensions(table, 'a list rule', []);
  if (!branch.object(['joinColumns', 'allowedJoinOperators', 'listColumns', 'additionalAnalyses'])) return null;
  checkAdditionalAnalyses(branch);
  return Object.freeze({
    kind: 'list',
    joinColumns: readUnique(branch.at('joinColumns'), (item) => columns.read(item, 'join'), 1),
    allowedJoinOperators: readJoinOperators(branch.at('allowedJoinOperators')),
    listColumns: readUnique(branch.at('listColumns'), (item) => columns.read(item, 'list')),
  });
}
