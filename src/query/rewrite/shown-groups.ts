import { columnOf, compare, logic, NOWHERE } from '../ast/build.ts';
import type { Expression, Relation, Select } from '../ast/nodes.ts';
import { outputsOf } from '../ast/outputs.ts';
import { freeAlias } from '../ast/walk.ts';

/** The FROM of a SELECT, with only the rows of those groups of it for which a condition on groups holds. */
export function rowsOfGroups(select: Select, from: Relation, having: Expression, name: string): Relation | null {
  const { groups } = select;
  const alias = freeAlias(from, name);
  const keys = groups.map((value, index) => ({ name: `k${String(index)}`, value }));
  const rest = { named: [], order: [], limit: null, offset: null, qualify: null, hasStar: false } as const;
  const query: Select = { ...select, ...rest, items: keys, having };
  const columns = outputsOf(query);
  const terms = columns.map((column, index) => {
    const key = columnOf(alias, column);
    return compare('IS NOT DISTINCT FROM', groups[index] ?? key, key, NOWHERE);
  });
  const on = logic('AND', terms, NOWHERE);
  if (on === null) return null;
  const right: Relation = { kind: 'derived', query, alias, columns, span: NOWHERE };
  return { kind: 'join', type: 'INNER', left: from, right, on, span: NOWHERE };
}
