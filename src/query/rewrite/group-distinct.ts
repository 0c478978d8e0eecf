import { canonicalText } from '../ast/equal.ts';
import type { Expression, Query } from '../ast/nodes.ts';
import { isAggregated, within } from '../ast/walk.ts';

function canBeGrouped(value: Expression): boolean {
  return ![...within(value)].some((part) => ['window', 'scalarQuery', 'inQuery', 'invalid'].includes(part.kind));
}

/**
 * `SELECT DISTINCT a, b` as `SELECT a, b … GROUP BY a, b`, which gives the same rows and can have a threshold. Other queries stay as
 * they are, and so does one whose outputs cannot be grouped by.
 */
export function groupDistinct(query: Query): Query {
  if (query.kind === 'set' || !query.distinct || query.qualify !== null || isAggregated(query)) return query;
  const values = query.items.map(({ value }) => value);
  const keys = values.filter(({ kind }) => kind !== 'literal' && kind !== 'parameter');
  if (keys.length === 0 || !values.every(canBeGrouped)) return query;
  const groups = [...new Map(keys.map((value) => [canonicalText(value), value])).values()];
  return { ...query, distinct: false, groups };
}
