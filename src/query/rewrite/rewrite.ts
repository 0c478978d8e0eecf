import { compare, logic, NOWHERE, wholeNumber } from '../ast/build.ts';
import type { Expression, Item, Order, Query, Relation, RelationColumn, Select } from '../ast/nodes.ts';
import { outputsOf } from '../ast/outputs.ts';
import { firstSelect, leavesOf } from '../ast/walk.ts';
import { BIGINT } from '../ast/value-type.ts';
import type { Obligation, ObligationOf } from './obligations.ts';
import { roundAggregates } from './rounding.ts';
import { makeTotal } from './total-expressions.ts';
import { addSummary } from './summary.ts';

/** The alias of the answer inside the statement that orders and limits it. */
const ANSWER = 'r';

function pick<Kind extends Obligation['kind']>(
  obligations: readonly Obligation[],
  kind: Kind,
): readonly ObligationOf<Kind>[] {
  return obligations.filter((each): each is ObligationOf<Kind> => each.kind === kind);
}

/** The columns of a FROM that hold a table column's values unchanged: one for each scan of the table. */
function identityColumns(from: Relation | null, table: string, column: string): readonly Expression[] {
  const found = leavesOf(from).flatMap((leaf) =>
    leaf.columns
      .filter(({ origin }) => origin?.table === table && origin.column === column)
      .map((each) => ({ leaf, each })),
  );
  const byScan = new Map(found.map((match) => [match.each.origin?.scan, match]));
  return [...byScan.values()].map(({ leaf, each }) => ({
    kind: 'column',
    relation: leaf.alias,
    name: each.name,
    column: each,
    span: NOWHERE,
    type: each.type,
  }));
}

/** `count(DISTINCT column) >= minimum` for every threshold and scan. */
function thresholdTerms(from: Relation | null, obligations: readonly Obligation[]): readonly Expression[] {
  //= rules R-34
  return pick(obligations, 'threshold').flatMap(({ table, column, minimum }) => {
    const columns = identityColumns(from, table, column);
    if (columns.length === 0) throw new TypeError(`the threshold on ${table}.${column} has no column to count`);
    return columns.map((argument) => {
      const count: Expression = {
        kind: 'aggregate',
        function: 'count',
        distinct: true,
        argument,
        filter: null,
        span: NOWHERE,
        type: BIGINT,
      };
      return compare('>=', count, wholeNumber(minimum), NOWHERE);
    });
  });
}

/** Adds thresholds to HAVING, and rounds numbers that are shown or compared; the thresholds themselves count exactly. */
function addToSelect(select: Select, obligations: readonly Obligation[]): Select {
  //= rules R-35
  const steps = pick(obligations, 'round');
  const items = select.items.map(({ name, value }) => ({ name, value: roundAggregates(value, steps) }));
  const own = select.having === null ? [] : [roundAggregates(select.having, steps)];
  const having = logic('AND', [...own, ...thresholdTerms(select.from, obligations)], NOWHERE);
  return { ...select, items, having };
}

/** Gives the outputs new names, because those of the query may repeat. */
function renumber(query: Query): Query {
  if (query.kind === 'set') return { ...query, left: renumber(query.left) };
  return { ...query, items: query.items.map(({ value }, index) => ({ name: `c${String(index)}`, value })) };
}

function answerItem(name: string, column: RelationColumn): Item {
  const value: Expression = {
    kind: 'column',
    relation: ANSWER,
    name: column.name,
    column,
    span: NOWHERE,
    type: column.type,
  };
  return { name, value };
}

/** The order that the query asks for, then all other outputs. */
function fullOrder(order: readonly Order[], count: number): readonly Order[] {
  //= rules R-37
  const seen = new Set(order.map((term) => term.item));
  const rest = Array.from({ length: count }, (_, item) => item).filter((item) => !seen.has(item));
  return [...order, ...rest.map((item) => ({ item, descending: false, nullsFirst: false }))];
}

/**
 * The query with all obligations applied. The answer and its thresholds become a sub-query; the order by all outputs and the
 * limit go around it, so that they do not see what the thresholds remove.
 *
 * The limit is one row more than may be released, so that the caller can tell that there were too many.
 */
export function rewriteQuery(query: Query, obligations: readonly Obligation[]): Select {
  const { order, limit, offset } = query;
  const names = firstSelect(query).items.map((item) => item.name);
  const bare: Query = { ...query, order: [], limit: null, offset: null };
  const answered = bare.kind === 'select' ? addToSelect(bare, obligations) : bare;
  const isSummed = pick(obligations, 'summary').length > 0 && answered.kind === 'select';
  const safe = makeTotal(
    renumber(isSummed ? addSummary(answered, thresholdTerms(answered.from, obligations)) : answered),
  );
  const columns = outputsOf(safe);
  const [rows] = pick(obligations, 'rowLimit').map((each) => each.maxRows + 1);
  //= rules R-38
  const limits = [limit, rows ?? null].filter((each) => each !== null);
  return {
    kind: 'select',
    named: [],
    items: columns.map((column, index) => answerItem(names[index] ?? column.name, column)),
    hasStar: false,
    distinct: false,
    from: { kind: 'derived', query: safe, alias: ANSWER, columns, span: query.span },
    where: null,
    groups: [],
    having: null,
    qualify: null,
    order: fullOrder(order, columns.length),
    limit: limits.length === 0 ? null : Math.min(...limits),
    offset,
    span: query.span,
  };
}
