import type { ExpressionOf, Select } from '../ast/nodes.ts';
import { outputsOf } from '../ast/outputs.ts';
import { missingIn } from './links.ts';
import { leafOf, namedIn, type Placed, queryOf } from './places.ts';

const NOTHING: ReadonlySet<string> = new Set();

/** Whether an output of a query may be null because an outer join found no row for it. Both sides of a set operation may be why. */
function mayOutputBeMissing(place: Placed, index: number): boolean {
  const { query } = place;
  if (query.kind === 'select') {
    const value = query.items[index]?.value;
    return value?.kind === 'column' && mayBeMissing(value, { ...place, query });
  }
  const around = namedIn(place);
  return [query.left, query.right].some((side) => mayOutputBeMissing({ query: side, around }, index));
}

/** Whether a column of a SELECT's FROM may be null because an outer join, there or in a sub-query, found no row for it. */
export function mayBeMissing(part: ExpressionOf<'column'>, place: Placed<Select>): boolean {
  const { query } = place;
  if (missingIn(query.from, NOTHING).has(part.relation)) return true;
  const leaf = leafOf(query, part.relation);
  const inner = leaf === null ? null : queryOf(leaf, namedIn(place));
  if (inner === null) return false;
  return mayOutputBeMissing(
    inner,
    outputsOf(inner.query).findIndex(({ name }) => name === part.name),
  );
}
