import type { Expression, ExpressionOf, Select } from '../ast/nodes.ts';
import { missingIn } from './links.ts';
import { leafOf, namedIn, type Placed, queryOf } from './places.ts';

const NOTHING: ReadonlySet<string> = new Set();

function isMissingValue(value: Expression, place: Placed<Select>): boolean {
  return value.kind === 'column' && mayBeMissing(value, place);
}

/** Whether an output of a query may be null because an outer join found no row for it. */
function mayOutputBeMissing(place: Placed, name: string): boolean {
  const { query, around } = place;
  if (query.kind === 'select') {
    const item = query.items.find((each) => each.name === name);
    return item !== undefined && isMissingValue(item.value, { query, around });
  }
  // The outputs of the right side have the places of those of the left one, and names of their own.
  return false;
}

/** Whether a column of a SELECT's FROM may be null because an outer join, there or in a sub-query, found no row for it. */
export function mayBeMissing(part: ExpressionOf<'column'>, place: Placed<Select>): boolean {
  const { query } = place;
  if (missingIn(query.from, NOTHING).has(part.relation)) return true;
  const leaf = leafOf(query, part.relation);
  const inner = leaf === null ? null : queryOf(leaf, namedIn(place));
  return inner !== null && mayOutputBeMissing(inner, part.name);
}
