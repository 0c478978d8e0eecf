import { logic, NOWHERE } from '../ast/build.ts';
import type { Expression, Query, Select } from '../ast/nodes.ts';
import { applyThresholds } from './extremes.ts';
import { rowsOfGroups } from './shown-groups.ts';

const SHOWN = 'shown';

/**
 * The rows of a SELECT that pass the thresholds, with those of its other grouping sets. They are of the rows of those groups that pass, and
 * so tell nothing of the others: a total less its parts is nothing.
 */
export function addTotals(select: Select, totals: readonly Select[], thresholds: readonly Expression[]): Query {
  const passes = logic('AND', thresholds, NOWHERE);
  if (select.from === null) throw new TypeError('totals of no rows');
  //= rules R-61
  // Where a table is free of its thresholds, all groups are shown.
  const from = passes === null ? select.from : rowsOfGroups(select, select.from, passes, SHOWN);
  if (from === null) throw new TypeError('totals of no groups');
  const parts = {
    operator: 'UNION',
    all: !select.distinct,
    order: [],
    limit: null,
    offset: null,
    span: select.span,
  } as const;
  const rest = { named: [], where: select.where, order: [], limit: null, offset: null } as const;
  return totals.reduce<Query>(
    (left, total) => {
      const right = applyThresholds({ ...total, ...rest, from }, thresholds).select;
      return { kind: 'set', left, right, named: [], ...parts };
    },
    { ...applyThresholds(select, thresholds).select, named: [] },
  );
}
