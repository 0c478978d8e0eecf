import { canonicalText } from '../ast/equal.ts';
import type { Expression, Query, Select } from '../ast/nodes.ts';
import { childrenOf, isAggregated, joinsIn, selectsIn, within } from '../ast/walk.ts';
import type { Findings } from '../findings/finding.ts';

function refuseComputed(expression: Expression, clause: string, found: Findings): void {
  for (const part of within(expression)) {
    if (part.kind === 'aggregate') found.add('AGG_POSITION', part.span, `an aggregate is not allowed in ${clause}`);
    if (part.kind === 'window') found.add('AGG_POSITION', part.span, `a window function is not allowed in ${clause}`);
  }
}

/** Reports columns that are neither grouped nor aggregated, and aggregates inside aggregates. */
function checkShown(expression: Expression, groups: ReadonlySet<string>, found: Findings): void {
  if (groups.has(canonicalText(expression))) return;
  if (expression.kind === 'column') {
    found.add('NOT_GROUPED', expression.span, `\`${expression.name}\` is neither grouped nor aggregated`);
    return;
  }
  if (expression.kind === 'aggregate') {
    for (const child of childrenOf(expression)) refuseComputed(child, 'an aggregate', found);
    return;
  }
  for (const child of childrenOf(expression)) checkShown(child, groups, found);
}

function checkSelect(select: Select, found: Findings): void {
  const { items, where, groups, having, qualify, from } = select;
  if (where !== null) refuseComputed(where, 'WHERE', found);
  for (const join of joinsIn(from)) {
    refuseComputed(join.on, 'a join condition', found);
    // The engine does not run such a join, and would say so only after the query has been paid for.
    const inner = join.type === 'INNER' ? [] : [...within(join.on)];
    for (const part of inner) {
      if (part.kind !== 'scalarQuery' && part.kind !== 'inQuery') continue;
      found.add('SUBQUERY', part.span, `a sub-query is not allowed in the condition of a ${join.type} JOIN`);
    }
  }
  for (const group of groups) {
    refuseComputed(group, 'GROUP BY', found);
    if (group.kind === 'literal') found.add('GROUP_BY_LITERAL', group.span, 'GROUP BY contains a constant');
  }
  const shown = [...items.map((item) => item.value), having, qualify].filter((value) => value !== null);
  if (qualify !== null && !shown.some((value) => [...within(value)].some((part) => part.kind === 'window'))) {
    found.add('UNSUPPORTED_NODE', qualify.span, 'QUALIFY needs a window function');
  }
  for (const value of shown) {
    const windows = [...within(value)].filter((part) => part.kind === 'window');
    for (const part of windows.flatMap(childrenOf)) {
      for (const inner of within(part)) {
        if (inner.kind === 'window')
          found.add('AGG_POSITION', inner.span, 'a window function is not allowed in another one');
      }
    }
  }
  if (having !== null) {
    for (const part of within(having)) {
      if (part.kind === 'window') found.add('AGG_POSITION', part.span, 'a window function is not allowed in HAVING');
    }
  }
  if (!isAggregated(select)) return;
  const texts = new Set(groups.map(canonicalText));
  for (const value of shown) checkShown(value, texts, found);
}

/** Checks what SQL itself requires of aggregates and groups; the engine's own messages are never shown. */
export function checkGrouping(query: Query, found: Findings): void {
  for (const select of selectsIn(query)) checkSelect(select, found);
}
