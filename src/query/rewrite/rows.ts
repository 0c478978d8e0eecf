import { columnOf } from '../ast/build.ts';
import { canonicalText } from '../ast/equal.ts';
import type { Expression, ExpressionOf, Relation, Select } from '../ast/nodes.ts';
import { outputsOf } from '../ast/outputs.ts';
import { columnsIn, freeAlias, mapChildren } from '../ast/walk.ts';

/** The rows of a SELECT's FROM and WHERE, as a sub-query. */
export interface InnerRows {
  readonly from: Relation;
  /** An expression over the relations in the sub-query, as one over the sub-query. */
  readonly change: (value: Expression) => Expression;
  /** What was computed in the sub-query besides the columns. */
  readonly computed: readonly ExpressionOf<'column'>[];
}

/** How the sub-query differs from the FROM and WHERE. */
export interface RowsOptions {
  readonly alias: string;
  readonly where: Expression | null;
  readonly qualify: Expression | null;
  readonly computed: readonly Expression[];
}

/** A column of the sub-query, instead of the same one of the relations in it. */
function carried(value: Expression, outputs: ReadonlyMap<string, Expression>): Expression {
  return outputs.get(canonicalText(value)) ?? mapChildren(value, (child) => carried(child, outputs));
}

/** The rows that a SELECT groups, with the columns that `values` are made of. */
export function rowsOf(
  select: Select,
  from: Relation,
  values: readonly Expression[],
  { alias: name, where, qualify, computed }: RowsOptions,
): InnerRows {
  const parts = new Map(values.flatMap(columnsIn).map((part) => [canonicalText(part), part]));
  const items = [...parts.values(), ...computed].map((value, index) => ({ name: `c${String(index)}`, value }));
  // DISTINCT is of the answer; rows that are the same count as often as they are there.
  const query: Select = {
    ...select,
    named: [],
    items,
    groups: [],
    having: null,
    where,
    qualify,
    hasStar: false,
    distinct: false,
  };
  const alias = freeAlias(from, name);
  const columns = outputsOf(query);
  const all = columns.map((column) => columnOf(alias, column));
  const outputs = new Map<string, Expression>();
  for (const [index, text] of [...parts.keys()].entries()) {
    const column = all[index];
    if (column !== undefined) outputs.set(text, column);
  }
  return {
    from: { kind: 'derived', query, alias, columns, span: select.span },
    change: (value) => carried(value, outputs),
    computed: all.slice(parts.size),
  };
}

/** A SELECT over a sub-query with its rows. */
export function selectRows(select: Select, { from, change }: InnerRows): Select {
  return {
    ...select,
    from,
    where: null,
    items: select.items.map(({ name, value }) => ({ name, value: change(value) })),
    groups: select.groups.map(change),
    having: select.having === null ? null : change(select.having),
    qualify: select.qualify === null ? null : change(select.qualify),
  };
}
