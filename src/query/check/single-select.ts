import type { Expression, Query, Select } from '../ast/nodes.ts';
import { expressionsOf, leavesOf, within } from '../ast/walk.ts';
import type { Findings } from '../findings/finding.ts';

function checkExpression(expression: Expression, found: Findings): void {
  for (const part of within(expression)) {
    if (part.kind === 'window') found.add('WINDOW', part.span, 'the query uses a window function');
    if (part.kind === 'scalarQuery' || part.kind === 'inQuery')
      found.add('SUBQUERY', part.span, 'the query uses a sub-query');
    if (part.kind === 'like' && part.pattern.kind !== 'literal') {
      found.add('ARGUMENT_NOT_LITERAL', part.pattern.span, 'expected a quoted pattern, got an expression');
    }
  }
}

/**
 * Checks that a query has the shape that aggregation and list rules allow: one SELECT over tables.
 *
 * @returns the SELECT, or `null` if there is none to check further
 */
export function checkSingleSelect(query: Query, found: Findings): Select | null {
  for (const { name, query: inner } of query.named) found.add('CTE', inner.span, `\`${name}\` is a WITH query`);
  if (query.kind === 'set') {
    found.add('SETOP', query.span, `${query.operator} combines two queries`);
    for (const side of [query.left, query.right]) checkSingleSelect(side, found);
    return null;
  }
  for (const leaf of leavesOf(query.from)) {
    if (leaf.kind === 'derived') found.add('SUBQUERY', leaf.span, 'FROM contains a sub-query');
  }
  if (query.hasStar) found.add('STAR', query.items[0]?.value.span ?? query.span, 'the query selects a star');
  if (query.qualify !== null) found.add('WINDOW', query.qualify.span, 'the query uses QUALIFY');
  for (const expression of expressionsOf(query)) checkExpression(expression, found);
  return query;
}
