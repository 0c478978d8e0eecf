import { personColumns } from '../analysis/person-columns.ts';
import { calculate, castTo, compare, logic, NOWHERE, wholeNumber } from '../ast/build.ts';
import type { Expression, ExpressionOf, Item, Order, Query, RelationColumn, Select } from '../ast/nodes.ts';
import { outputsOf } from '../ast/outputs.ts';
import { firstSelect, mapChildren } from '../ast/walk.ts';
import { BIGINT, decimalOf, DOUBLE, familyOfType } from '../ast/value-type.ts';
import type { Obligation, ObligationOf } from './obligations.ts';
import { limitGroups } from './max-groups.ts';
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

/** A number as the nearest multiple of a step. */
function roundTo(value: Expression, step: number): Expression {
  const digits = -Math.round(Math.log10(step));
  const isDecimal = step < 1 && Number(step.toFixed(digits)) === step && step === Number(`1e${String(-digits)}`);
  if (isDecimal) {
    return {
      kind: 'call',
      function: 'round',
      arguments: [value, wholeNumber(digits)],
      span: NOWHERE,
      type: value.type,
    };
  }
  const unit: Expression = { kind: 'literal', text: step.toExponential(), span: NOWHERE, type: DOUBLE };
  const units = calculate('/', value, unit, NOWHERE);
  const rounded: Expression = { kind: 'call', function: 'round', arguments: [units], span: NOWHERE, type: DOUBLE };
  const product = calculate('*', rounded, unit, NOWHERE);
  return value.type.kind === 'integer' ? castTo(product, decimalOf(38, 0)) : product;
}

function roundAggregate(part: ExpressionOf<'aggregate'>, steps: readonly ObligationOf<'round'>[]): Expression {
  if (familyOfType(part.type) !== 'number') return part;
  const of = part.function === 'count' ? 'counts' : 'sums';
  const step = steps.find((each) => each.of === of)?.step;
  return step === undefined ? part : roundTo(part, step);
}

function roundParts(expression: Expression, steps: readonly ObligationOf<'round'>[]): Expression {
  if (expression.kind === 'aggregate') return roundAggregate(expression, steps);
  return mapChildren(expression, (child) => roundParts(child, steps));
}

/** Adds thresholds to HAVING, and rounds numbers that are shown or compared; the thresholds themselves count exactly. */
function addToSelect(select: Select, thresholds: readonly Expression[], obligations: readonly Obligation[]): Select {
  //= rules R-35
  const steps = pick(obligations, 'round');
  const items = select.items.map(({ name, value }) => ({ name, value: roundParts(value, steps) }));
  const own = select.having === null ? [] : [roundParts(select.having, steps)];
  return { ...select, items, having: logic('AND', [...own, ...thresholds], NOWHERE) };
}

/** The answer to a query, without its order and its limit. */
function answerOf(query: Query, obligations: readonly Obligation[]): Query {
  const bare: Query = { ...query, order: [], limit: null, offset: null };
  if (bare.kind === 'set') return bare;
  const { select, thresholds } = limitGroups(bare, pick(obligations, 'maxGroups'), thresholdTerms(bare, obligations));
  const answered = addToSelect(select, thresholds, obligations);
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
  const safe = makeTotal(renumber(answerOf(query, obligations)));
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
