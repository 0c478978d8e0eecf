import { columnOf, compare, logic, not, NOWHERE, wholeNumber } from '../ast/build.ts';
import { canonicalText } from '../ast/equal.ts';
import type { Expression, ExpressionOf, Relation, Select } from '../ast/nodes.ts';
import { outputsOf } from '../ast/outputs.ts';
import { columnsIn, freeAlias, mapChildren, shownIn } from '../ast/walk.ts';
import { BIGINT, BOOLEAN } from '../ast/value-type.ts';
import { personColumns } from '../analysis/person-columns.ts';
import type { ObligationOf } from './obligations.ts';

const KEPT = 'kept';

/** `dense_rank() OVER (PARTITION BY person ORDER BY hash(salt, person, groups), groups) <= most`. */
function keepGroups(person: Expression, groups: readonly Expression[], most: number): Expression {
  const hash: Expression = { kind: 'saltedHash', arguments: [person, ...groups], span: NOWHERE, type: BIGINT };
  const rank: Expression = {
    kind: 'window',
    function: 'dense_rank',
    arguments: [],
    partition: [person],
    order: [hash, ...groups].map((value) => ({ value, descending: false, nullsFirst: false })),
    frame: null,
    span: NOWHERE,
    type: BIGINT,
  };
  return compare('<=', rank, wholeNumber(most), NOWHERE);
}

/** A column of the sub-query, instead of the same one of the relations in it. */
function carried(value: Expression, outputs: ReadonlyMap<string, Expression>): Expression {
  return outputs.get(canonicalText(value)) ?? mapChildren(value, (child) => carried(child, outputs));
}

/**
 * The same SELECT over rows of which each person keeps a number of groups, chosen by a salted hash. Rows without a person are left
 * out.
 */
export function limitGroups(
  select: Select,
  limits: readonly ObligationOf<'maxGroups'>[],
  thresholds: readonly Expression[],
): { readonly select: Select; readonly thresholds: readonly Expression[] } {
  const persons = limits.flatMap(({ table, column, groups }) =>
    personColumns(select, table, column).flatMap((person) =>
      person.column === null ? [] : [{ person: person.column, groups }],
    ),
  );
  const { from } = select;
  if (persons.length === 0 || from === null) return { select, thresholds };
  //= rules R-42
  const values = [...shownIn(select), ...select.groups, ...thresholds];
  const parts = new Map(values.flatMap(columnsIn).map((part) => [canonicalText(part), part]));
  const items = [...parts.values()].map((value, index) => ({ name: `c${String(index)}`, value }));
  const present = persons.map(({ person }) =>
    not({ kind: 'isNull', value: person, span: NOWHERE, type: BOOLEAN }, NOWHERE),
  );
  const kept: Select = {
    ...select,
    named: [],
    items,
    groups: [],
    having: null,
    where: logic('AND', [...(select.where === null ? [] : [select.where]), ...present], NOWHERE),
    qualify: logic(
      'AND',
      persons.map(({ person, groups }) => keepGroups(person, select.groups, groups)),
      NOWHERE,
    ),
    hasStar: false,
    // DISTINCT is of the answer; rows that are the same count as often as they are there.
    distinct: false,
  };
  const columns = outputsOf(kept);
  const alias = freeAlias(from, KEPT);
  const outputs = new Map<string, ExpressionOf<'column'>>();
  for (const [index, text] of [...parts.keys()].entries()) {
    const column = columns[index];
    if (column !== undefined) outputs.set(text, columnOf(alias, column));
  }
  const inner: Relation = { kind: 'derived', query: kept, alias, columns, span: select.span };
  const change = (value: Expression): Expression => carried(value, outputs);
  return {
    select: {
      ...select,
      from: inner,
      where: null,
      items: select.items.map(({ name, value }) => ({ name, value: change(value) })),
      groups: select.groups.map(change),
      having: select.having === null ? null : change(select.having),
      qualify: select.qualify === null ? null : change(select.qualify),
    },
    thresholds: thresholds.map(change),
  };
}
