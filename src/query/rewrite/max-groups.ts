import { compare, logic, not, NOWHERE, wholeNumber } from '../ast/build.ts';
import type { Expression, Select } from '../ast/nodes.ts';
import { shownIn } from '../ast/walk.ts';
import { BIGINT, BOOLEAN } from '../ast/value-type.ts';
import { personColumns } from '../analysis/person-columns.ts';
import type { ObligationOf } from './obligations.ts';
import { rowsOf, selectRows } from './rows.ts';

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
  const present = persons.map(({ person }) =>
    not({ kind: 'isNull', value: person, span: NOWHERE, type: BOOLEAN }, NOWHERE),
  );
  const rows = rowsOf(select, from, values, {
    alias: KEPT,
    where: logic('AND', [...(select.where === null ? [] : [select.where]), ...present], NOWHERE),
    qualify: logic(
      'AND',
      persons.map(({ person, groups }) => keepGroups(person, select.groups, groups)),
      NOWHERE,
    ),
    computed: [],
  });
  return { select: selectRows(select, rows), thresholds: thresholds.map(rows.change) };
}
