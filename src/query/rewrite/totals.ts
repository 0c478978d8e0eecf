import { logic, NOWHERE } from '../ast/build.ts';
import type { Expression, Query, Select } from '../ast/nodes.ts';
import { rowsOfGroups } from './shown-groups.ts';

const SHOWN = 'shown';

/**
 * The answer with the rows of its other grouping sets. They are of the rows of those groups that pass the thresholds, and so tell nothing
 * of the others: a total less its parts is nothing.
 */
export function addTotals(answer: Select, totals: readonly Select[], thresholds: readonly Expression[]): Query {
  const passes = logic('AND', thresholds, NOWHERE);
  if (passes === null || answer.from === null) throw new TypeError('totals without a threshold');
  //= rules R-61
  const from = rowsOfGroups(answer, answer.from, passes, SHOWN);
  if (from === null) throw new TypeError('totals of no groups');
  const parts = { operator: 'UNION', all: true, order: [], limit: null, offset: null, span: answer.span } as const;
  const rest = { named: [], where: answer.where, order: [], limit: null, offset: null } as const;
  return totals.reduce<Query>(
    (left, total) => {
      const having = logic('AND', [...(total.having === null ? [] : [total.having]), passes], NOWHERE);
      const right: Select = { ...total, ...rest, from, having };
      return { kind: 'set', left, right, named: [], ...parts };
    },
    { ...answer, named: [] },
  );
}
