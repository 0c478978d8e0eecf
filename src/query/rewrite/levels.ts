import type { Expression, Query } from '../ast/nodes.ts';
import { childrenOf, expressionsOf, leavesOf } from '../ast/walk.ts';

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

/**
 * Whether an expression of a query as it runs is nested too deeply. It goes through the levels one after the other, since there can be
 * more than calls can be nested.
 */
export function isTooDeep(query: Query): boolean {
  //= rules R-3
  let level = outermost(query);
  for (let levels = 0; level.length > 0; levels += 1) {
    if (levels > MAX_LEVELS) return true;
    level = level.flatMap(partsOf);
  }
  return false;
}
