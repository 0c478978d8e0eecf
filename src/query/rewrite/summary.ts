import { compare, logic, not, NOWHERE } from '../ast/build.ts';
import type { Expression, Query, Relation, Select } from '../ast/nodes.ts';
import { outputsOf } from '../ast/outputs.ts';
import { columnsIn, freeAlias, hasAggregate, isExtreme, mapChildren } from '../ast/walk.ts';
import { NULL } from '../ast/value-type.ts';

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
  const { groups, from } = select;
  const passes = logic('AND', thresholds, NOWHERE);
  if (passes === null || from === null) return select;
  //= rules R-36
  const alias = freeAlias(from, SUPPRESSED);
  const keys = groups.map((value, index) => ({ name: `k${String(index)}`, value }));
  const failing: Select = { ...select, items: keys, having: not(passes, NOWHERE), qualify: null, hasStar: false };
  const columns = outputsOf(failing);
  const terms = columns.map((column, index) => {
    const key: Expression = {
      kind: 'column',
      relation: alias,
      name: column.name,
      column,
      span: NOWHERE,
      type: column.type,
    };
    return compare('IS NOT DISTINCT FROM', groups[index] ?? key, key, NOWHERE);
  });
  const on = logic('AND', terms, NOWHERE);
  if (on === null) return select;
  const suppressed: Relation = { kind: 'derived', query: failing, alias, columns, span: NOWHERE };
  const joined: Relation = { kind: 'join', type: 'INNER', left: from, right: suppressed, on, span: NOWHERE };
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
