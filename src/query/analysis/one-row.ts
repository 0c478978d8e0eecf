import { isAggregated, joinsIn, isCross, leavesOf } from '../ast/walk.ts';
import { namedIn, type Placed, queryOf } from './places.ts';
import { constantRowsOf } from './constant-rows.ts';

/**
 * Whether a query has exactly one row whatever the data is: a single aggregate without GROUP BY, constants, or outputs computed from such
 * rows. So a join with it neither repeats nor drops a row.
 */
export function hasOneRow(place: Placed | null): boolean {
  if (place === null) return false;
  const { query } = place;
  if (query.limit === 0 || (query.offset ?? 0) > 0) return false;
  if (query.kind === 'set') return constantRowsOf(query)?.length === 1;
  const { from, where, groups, having, qualify } = query;
  if (groups.length > 0 || having !== null || qualify !== null) return false;
  if (isAggregated(query)) return true;
  const named = namedIn(place);
  const isProduct = joinsIn(from).every(isCross);
  return where === null && isProduct && leavesOf(from).every((leaf) => hasOneRow(queryOf(leaf, named)));
}
