import { logic, not, NOWHERE } from '../ast/build.ts';
import type { Expression, Query, Select } from '../ast/nodes.ts';
import { columnsIn, hasAggregate, isExtreme, mapChildren } from '../ast/walk.ts';
import { NULL } from '../ast/value-type.ts';
import { rowsOfGroups } from './shown-groups.ts';

const SUPPRESSED = 'suppressed';

/**
 * An output for the summary row: aggregates stay, and columns and windows outside of them become NULL. So do MIN and MAX, because the
 * persons who share a value were counted in each group apart.
 */
function withoutGroups(value: Expression): Expression {
  if (value.kind === 'aggregate' && !isExtreme(value)) return value;
  const isGroup = columnsIn(value).length > 0 && !hasAggregate(value);
  if (isGroup || value.kind === 'window' || isExtreme(value))
    return { kind: 'literal', text: null, span: value.span, type: NULL };
  return mapChildren(value, withoutGroups);
}

/**
 * The query with one extra row, which combines the rows of all groups that fail the thresholds, if it passes them itself. Its
 * outputs that are not aggregates are NULL.
 */
export function addSummary(select: Select, thresholds: readonly Expression[]): Query {
  const { from } = select;
  const passes = logic('AND', thresholds, NOWHERE);
  if (passes === null || from === null) return select;
  //= rules R-36
  const joined = rowsOfGroups(select, from, not(passes, NOWHERE), SUPPRESSED);
  if (joined === null) return select;
  const items = select.items.map(({ name, value }) => ({ name, value: withoutGroups(value) }));
  const summary: Select = { ...select, from: joined, items, groups: [], having: passes, qualify: null };
  return {
    kind: 'set',
    operator: 'UNION',
    all: true,
    left: select,
    right: summary,
    named: [],
    order: [],
    limit: null,
    offset: null,
    span: select.span,
  };
}
