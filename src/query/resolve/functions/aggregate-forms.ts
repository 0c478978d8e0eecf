import { aggregateType } from '../../ast/aggregate-type.ts';
import { quoteForMessage } from '../../../errors/index.ts';
import { not, wholeNumber } from '../../ast/build.ts';
import type { AggregateName } from '../../ast/functions.ts';
import type { Expression } from '../../ast/nodes.ts';
import { BIGINT, BOOLEAN, familyOfType } from '../../ast/value-type.ts';
import { checkAggregateArgument, type ResolvePart } from './call.ts';
import type { Context } from '../context.ts';
import { type Form, aggregateTexts, readWritten, resolvePathAggregate, varying, type Written } from './paths.ts';
import { type StrictNode, foldName } from '../strict-node.ts';
import { isTime } from '../literal.ts';
import { invalid } from '../scope.ts';

function aggregate(name: AggregateName, argument: Expression, { filter, span }: Written): Expression {
  const type = aggregateType(name, argument.type);
  return { kind: 'aggregate', function: name, distinct: false, argument, filter, span, type };
}

/** The exact number of different values. */
const countDistinct: Form = (written) => {
  const [argument, precision, more] = written.values;
  if (argument === undefined || more !== undefined) return null;
  if (precision !== undefined && precision.kind !== 'literal') return null;
  return {
    ...aggregate('count', argument, written),
    kind: 'aggregate',
    function: 'count',
    distinct: true,
    argument,
    filter: written.filter,
  };
};

/** `COUNT(CASE WHEN condition THEN 1 END)`. */
const countIf: Form = (written) => {
  const [when, more] = written.values;
  if (when === undefined || more !== undefined || !isTruth(when)) return null;
  const then = wholeNumber(1, when.span);
  const type = BIGINT;
  return aggregate(
    'count',
    { kind: 'case', branches: [{ when, then }], otherwise: null, span: when.span, type },
    written,
  );
};

function isTruth({ type }: Expression): boolean {
  const family = familyOfType(type);
  return family === null || family === 'boolean';
}

/** Whether all, or some, of the conditions are true. */
function ofTruths(name: 'min' | 'max'): Form {
  return (written) => {
    const [argument, more] = written.values;
    return argument === undefined || more !== undefined || !isTruth(argument)
      ? null
      : aggregate(name, argument, written);
  };
}

/** Some value, always the same one; Spark takes a second argument, which says whether nulls are passed over. */
function some(name: 'min' | 'max'): Form {
  return (written) => {
    const [argument, passing, more] = written.values;
    if (argument === undefined || more !== undefined) return null;
    if (passing !== undefined && (passing.kind !== 'literal' || passing.type.kind !== 'boolean')) return null;
    return aggregate(name, argument, written);
  };
}

/** The value in the row with the greatest or least other value: of several such rows, the least of the values. */
function valueBy(descending: boolean): Form {
  return (written) => {
    const [argument, by, more] = written.values;
    if (argument === undefined || by === undefined || more !== undefined) return null;
    const present = not({ kind: 'isNull', value: by, span: by.span, type: BOOLEAN }, by.span);
    const filters = written.filter === null ? [present] : [written.filter, present];
    const filter: Expression =
      filters.length === 1 ? present : { kind: 'logic', operator: 'AND', terms: filters, span: by.span, type: BOOLEAN };
    const order = varying([
      { value: by, descending, nullsFirst: false },
      { value: argument, descending: false, nullsFirst: false },
    ]);
    const type = argument.type;
    return { kind: 'aggregate', function: 'first', distinct: false, argument, filter, order, span: written.span, type };
  };
}

/** A share from 0 to 1 that is written in the query. */
function readShare(value: Expression, context: Context): number | null {
  const { found } = context.walk;
  if (value.kind !== 'literal' || value.text === null || familyOfType(value.type) !== 'number') {
    found.add('ARGUMENT_NOT_LITERAL', value.span, 'expected a number from 0 to 1 that is written in the query');
    return null;
  }
  const share = Number(value.text);
  if (share >= 0 && share <= 1) return share;
  found.add('LITERAL_RANGE', value.span, `expected a number from 0 to 1, got ${value.text}`);
  return null;
}

/** `name(share) WITHIN GROUP (ORDER BY value)`, or `name(value, share)`; a third number, which says how exact, has no meaning here. */
function percentile(name: 'quantile_cont' | 'quantile_disc'): Form {
  return (written, context) => {
    const { values, order, span, filter, distinct } = written;
    const [term, second] = order;
    const [argument, given, accuracy, more] = term === undefined ? values : [term.value, ...values];
    if (argument === undefined || given === undefined || more !== undefined || second !== undefined) return null;
    if (accuracy !== undefined && (term !== undefined || accuracy.kind !== 'literal')) return null;
    const share = readShare(given, context);
    if (share === null) return invalid(span, [argument]);
    if (name === 'quantile_cont') checkAggregateArgument('avg', argument, context);
    else if (!isTime(argument.type)) checkAggregateArgument('avg', argument, context);
    // From the greatest value down, the engine counts with shares below zero, of which it has none for the first one.
    const down = share === 0 ? '1' : `-${String(share)}`;
    const text = term?.descending === true ? down : String(share);
    const parameter: Expression = { kind: 'literal', text, span: given.span, type: given.type };
    const type = aggregateType(name, argument.type);
    return { kind: 'aggregate', function: name, distinct, argument, filter, parameter, span, type };
  };
}

/** What a name of an aggregate means that is not one of the engine's plain ones. */
const FORMS: Readonly<Record<string, Form>> = {
  approx_count_distinct: countDistinct,
  count_if: countIf,
  countif: countIf,
  bool_and: ofTruths('min'),
  every: ofTruths('min'),
  bool_or: ofTruths('max'),
  any: ofTruths('max'),
  some: ofTruths('max'),
  any_value: some('min'),
  arbitrary: some('min'),
  first: some('min'),
  first_value: some('min'),
  last: some('max'),
  last_value: some('max'),
  max_by: valueBy(true),
  arg_max: valueBy(true),
  argmax: valueBy(true),
  min_by: valueBy(false),
  arg_min: valueBy(false),
  argmin: valueBy(false),
  quantile_cont: percentile('quantile_cont'),
  percentile: percentile('quantile_cont'),
  percentile_cont: percentile('quantile_cont'),
  quantile_disc: percentile('quantile_disc'),
  quantile: percentile('quantile_disc'),
  percentile_disc: percentile('quantile_disc'),
  approx_percentile: percentile('quantile_disc'),
  percentile_approx: percentile('quantile_disc'),
  approx_quantile: percentile('quantile_disc'),
  string_agg: aggregateTexts,
  listagg: aggregateTexts,
  group_concat: aggregateTexts,
};

/** The names whose values can be given an order. */
const ORDERED: ReadonlySet<string> = new Set([
  ...['quantile_cont', 'quantile_disc', 'percentile_cont', 'percentile_disc', 'string_agg', 'listagg', 'group_concat'],
]);

/** Resolves a call of an aggregate by one of its other names; `null` if it has none of them. */
export function resolveForm(node: StrictNode, context: Context, resolve: ResolvePart): Expression | null {
  const { span } = node;
  const { found } = context.walk;
  const name = foldName(node.text('function_name'));
  const form = Object.hasOwn(FORMS, name) ? FORMS[name] : undefined;
  if (form === undefined || node.text('schema') !== '') return resolvePathAggregate(name, node, context, resolve);
  const written = readWritten(name, node, context, resolve);
  if (written.order.length > 0 && !ORDERED.has(name)) found.add('AGG_ORDER_BY', span, 'the aggregate has an ORDER BY');
  //= rules R-62
  const value = form(written, context);
  if (value !== null) return value;
  found.add('AGG_ARG', span, `${quoteForMessage(name)} does not take these arguments`);
  return invalid(span, written.values);
}
