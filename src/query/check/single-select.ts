import type { Expression, Query, Select } from '../ast/nodes.ts';
import { expressionsOf, isAggregated, leavesOf, visibleLeavesOf, within } from '../ast/walk.ts';
import type { Findings } from '../findings/finding.ts';
import { OUTSIDE_HELP } from './joins.ts';

function checkExpression(expression: Expression, found: Findings): void {
  for (const part of within(expression)) {
    if (part.kind === 'window') found.add('WINDOW', part.span, 'the query uses a window function');
    //= rules R-64
    if (part.kind === 'not' && part.value.kind === 'inQuery')
      found.add('SUBQUERY', part.value.span, 'NOT IN returns rows outside the overlap', { help: OUTSIDE_HELP });
    if (part.kind === 'scalarQuery' || part.kind === 'inQuery')
      found.add('SUBQUERY', part.span, 'the query uses a sub-query');
    if (part.kind === 'like' && part.pattern.kind !== 'literal') {
      found.add('ARGUMENT_NOT_LITERAL', part.pattern.span, 'expected a quoted pattern, got an expression');
    }
  }
}

/** The sub-queries that only filter the rows of a SELECT. */
function filtersOf({ from }: Select): readonly Query[] {
  const visible = new Set(visibleLeavesOf(from));
  return leavesOf(from).flatMap((leaf) => (leaf.kind === 'derived' && !visible.has(leaf) ? [leaf.query] : []));
}

/** A SELECT, and those that filter its rows, outermost first. */
export function withFilters(select: Select): readonly Select[] {
  return [select, ...filtersOf(select).flatMap((inner) => (inner.kind === 'select' ? withFilters(inner) : []))];
}

/** Checks that a sub-query that filters only selects columns of rows. */
function checkFilterQuery(query: Query, found: Findings): void {
  const select = checkSingleSelect(query, found);
  if (select === null) return;
  const isPlain = !isAggregated(select) && select.order.length === 0 && select.limit === null && select.offset === null;
  const isBare = select.items.every(({ value }) => value.kind === 'column' || value.kind === 'invalid');
  if (isPlain && isBare) return;
  found.add(
    'SUBQUERY',
    select.span,
    'a sub-query that filters may only select columns of tables, joins and conditions',
  );
}

/**
 * Checks that a query has the shape that aggregation and list rules allow: one SELECT over tables.
 *
 * @returns the SELECT, or `null` if there is none to check further
 */
export function checkSingleSelect(query: Query, found: Findings): Select | null {
  if (query.kind === 'set' && query.grouping !== undefined) {
    found.add('GROUPING_SETS', query.span, 'the query has several groupings, which show totals next to their parts');
    return query.grouping === null ? null : checkSingleSelect(query.grouping, found);
  }
  for (const { name, query: inner } of query.named) found.add('CTE', inner.span, `\`${name}\` is a WITH query`);
  if (query.kind === 'set') {
    found.add('SETOP', query.span, `${query.operator} combines two queries`);
    for (const side of [query.left, query.right]) checkSingleSelect(side, found);
    return null;
  }
  for (const leaf of visibleLeavesOf(query.from)) {
    if (leaf.kind === 'derived') found.add('SUBQUERY', leaf.span, 'FROM contains a sub-query');
  }
  for (const inner of filtersOf(query)) checkFilterQuery(inner, found);
  if (query.hasStar) found.add('STAR', query.items[0]?.value.span ?? query.span, 'the query selects a star');
  if (query.qualify !== null) found.add('WINDOW', query.qualify.span, 'the query uses QUALIFY');
  for (const expression of expressionsOf(query)) checkExpression(expression, found);
  return query;
}
