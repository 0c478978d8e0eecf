import { personColumns } from '../analysis/person-columns.ts';
import { compare, NOWHERE, wholeNumber } from '../ast/build.ts';
import type { Expression, Item, Query, RelationColumn, Select } from '../ast/nodes.ts';
import { outputsOf } from '../ast/outputs.ts';
import { firstSelect } from '../ast/walk.ts';
import { BIGINT } from '../ast/value-type.ts';
import type { Obligation, ObligationOf } from './obligations.ts';
import { applyThresholds } from './extremes.ts';
import { fullOrder } from './full-order.ts';
import { limitGroups } from './max-groups.ts';
import { roundAggregates } from './rounding.ts';
import { makeTotal } from './total/total-expressions.ts';
import { isTooDeep } from './levels.ts';
import { addTotals } from './totals.ts';
import { addSummary } from './summary.ts';

/** The alias of the answer inside the statement that orders and limits it. */
const ANSWER = 'r';

function pick<Kind extends Obligation['kind']>(
  obligations: readonly Obligation[],
  kind: Kind,
): readonly ObligationOf<Kind>[] {
  return obligations.filter((each): each is ObligationOf<Kind> => each.kind === kind);
}

/** `count(DISTINCT column) >= minimum` for every threshold and scan. */
function thresholdTerms(select: Select, obligations: readonly Obligation[]): readonly Expression[] {
  //= rules R-34
  return pick(obligations, 'threshold').flatMap(({ table, column, minimum }) => {
    const columns = personColumns(select, table, column).flatMap((person) => person.column ?? []);
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

/** Rounds numbers that are shown or compared; the thresholds themselves count exactly. */
function roundShown(select: Select, obligations: readonly Obligation[]): Select {
  //= rules R-35
  const steps = pick(obligations, 'round');
  const round = (value: Expression): Expression => roundAggregates(value, steps);
  const orNull = (value: Expression | null): Expression | null => (value === null ? null : round(value));
  const items = select.items.map(({ name, value }) => ({ name, value: round(value) }));
  return { ...select, items, having: orNull(select.having), qualify: orNull(select.qualify) };
}

/** The answer to a query, without its order and its limit. */
function answerOf(query: Query, obligations: readonly Obligation[]): Query {
  const bare: Query = { ...query, order: [], limit: null, offset: null };
  if (bare.kind === 'set') return bare;
  const limited = limitGroups(bare, pick(obligations, 'maxGroups'), thresholdTerms(bare, obligations));
  const shown = roundShown(limited.select, obligations);
  if (shown.totals !== undefined) return { ...addTotals(shown, shown.totals, limited.thresholds), named: shown.named };
  const { select: answered, thresholds } = applyThresholds(shown, limited.thresholds);
  return pick(obligations, 'summary').length === 0 ? answered : addSummary(answered, thresholds);
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

/**
 * The query with all obligations applied. The answer and its thresholds become a sub-query; the order by all outputs and the
 * limit go around it, so that they do not see what the thresholds remove.
 *
 * The limit is one row more than may be released, so that the caller can tell that there were too many.
 *
 * @returns `null` if expressions are nested too deeply for the engine
 */
export function rewriteQuery(query: Query, obligations: readonly Obligation[]): Select | null {
  const { order, limit, offset } = query;
  const names = firstSelect(query).items.map((item) => item.name);
  const safe = makeTotal(renumber(answerOf(query, obligations)));
  if (isTooDeep(safe)) return null;
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
