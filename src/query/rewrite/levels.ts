import type { Expression, Query } from '../ast/nodes.ts';
import { childrenOf, expressionsOf, leavesOf, within } from '../ast/walk.ts';

/**
 * How deeply expressions may be nested once functions are written out in those of the engine. Its parser takes 1,000 levels, an expression
 * can be a few of them, and its time grows faster than they do.
 */
const MAX_LEVELS = 300;

/** The outermost expressions of a query and of all queries in its FROM. */
function outermost(query: Query): readonly Expression[] {
  const named = query.named.flatMap((each) => outermost(each.query));
  if (query.kind === 'set') return [...named, ...outermost(query.left), ...outermost(query.right)];
  const derived = leavesOf(query.from).flatMap((leaf) => (leaf.kind === 'derived' ? outermost(leaf.query) : []));
  return [...named, ...derived, ...expressionsOf(query)];
}

function partsOf(expression: Expression): readonly Expression[] {
  const children = childrenOf(expression);
  const isQuery = expression.kind === 'scalarQuery' || expression.kind === 'inQuery';
  return isQuery ? [...children, ...outermost(expression.query)] : children;
}

/** How deeply sub-queries that are values may be nested: with each level the engine takes several times longer to plan them. */
const MAX_VALUES = 6;

/** Whether an expression of a query is nested too deeply. */
function isDeep(query: Query): boolean {
  let level = outermost(query);
  // One level after the other, since there can be more than calls can be nested.
  for (let levels = 0; level.length > 0; levels += 1) {
    if (levels > MAX_LEVELS) return true;
    level = level.flatMap(partsOf);
  }
  return false;
}

/** In how many levels sub-queries are values inside one another. */
function valuesIn(query: Query): number {
  const levels = outermost(query).flatMap((expression) =>
    [...within(expression)].map((part) => {
      if (part.kind === 'scalarQuery') return 1 + valuesIn(part.query);
      return part.kind === 'inQuery' ? valuesIn(part.query) : 0;
    }),
  );
  return levels.reduce((most, each) => Math.max(most, each), 0);
}

/** Whether the engine could not read a query as it runs, or only in a long time, because it is nested too deeply. */
export function isTooDeep(query: Query): boolean {
  //= rules R-3
  return isDeep(query) || valuesIn(query) > MAX_VALUES;
}
