import { aggregateType } from '../../ast/aggregate-type.ts';
import { quoteForMessage } from '../../../errors/index.ts';
import type { Expression, Frame, FrameBound, WindowOrder } from '../../ast/nodes.ts';
import { type AggregateName, findAggregate, isWindowName, type WindowName, WINDOWS } from '../../ast/functions.ts';
import { BIGINT, commonType, DOUBLE, UNKNOWN, type ValueType } from '../../ast/value-type.ts';
import { checkAggregateArgument, type ResolvePart } from './call.ts';
import type { Context } from '../context.ts';
import { readDirection } from '../null-order.ts';
import { type StrictNode, foldName } from '../strict-node.ts';
import { unify } from '../literal.ts';
import { invalid } from '../scope.ts';

const MAX_DISTANCE = 1_000_000;

function windowType(name: WindowName | AggregateName, argument: ValueType): ValueType {
  switch (name) {
    case 'row_number':
    case 'rank':
    case 'dense_rank':
    case 'ntile':
      return BIGINT;
    case 'percent_rank':
    case 'cume_dist':
      return DOUBLE;
    case 'first_value':
    case 'last_value':
    case 'lag':
    case 'lead':
      return argument;
    case 'count':
    case 'sum':
    case 'avg':
    case 'min':
    case 'max':
    case 'stddev_samp':
    case 'stddev_pop':
    case 'var_samp':
    case 'var_pop':
    case 'median':
    case 'first':
    case 'quantile_cont':
    case 'quantile_disc':
    case 'string_agg':
      return aggregateType(name, argument);
  }
}

/** A whole number that is written in the query, or `null`. */
function readDistance(value: Expression | null): number | null {
  if (value?.kind !== 'literal' || value.type.kind !== 'integer') return null;
  const distance = Number(value.text);
  return distance >= 0 && distance <= MAX_DISTANCE ? distance : null;
}

function readBound(kind: string, distance: Expression | null): FrameBound | null {
  const rows = readDistance(distance);
  if (kind === 'UNBOUNDED_PRECEDING' && distance === null) return { kind: 'unboundedPreceding' };
  if (kind === 'UNBOUNDED_FOLLOWING' && distance === null) return { kind: 'unboundedFollowing' };
  if (kind === 'CURRENT_ROW_ROWS' && distance === null) return { kind: 'currentRow' };
  if (kind === 'EXPR_PRECEDING_ROWS' && rows !== null) return { kind: 'preceding', rows };
  return kind === 'EXPR_FOLLOWING_ROWS' && rows !== null ? { kind: 'following', rows } : null;
}

/** A frame in rows, or `null` for the default frame; `undefined` if it is not supported. */
function readFrame(node: StrictNode, context: Context, resolve: ResolvePart): Frame | null | undefined {
  const part = (name: string): Expression | null => {
    const value = node.optionalNode(name);
    return value === null ? null : resolve(value, context);
  };
  const [start, end] = [node.text('start'), node.text('end')];
  const [from, to] = [part('start_expr'), part('end_expr')];
  if (start === 'UNBOUNDED_PRECEDING' && end === 'CURRENT_ROW_RANGE' && from === null && to === null) return null;
  const bounds = [readBound(start, from), readBound(end, to)];
  const [first = null, last = null] = bounds;
  return first === null || last === null ? undefined : { start: first, end: last };
}

/** The terms of an ORDER BY. */
export function readOrders(node: StrictNode, context: Context, resolve: ResolvePart): readonly WindowOrder[] {
  return node.nodes('orders').map((order) => {
    const direction = readDirection(order, context);
    const value = resolve(order.node('expression'), context);
    order.close();
    return { value, ...direction };
  });
}

/** Whether the numbers that say which row is meant, or how many parts there are, are written in the query. */
function areNumbersWritten(name: string | null, [first, second]: readonly Expression[]): boolean {
  if (name === 'ntile') return (readDistance(first ?? null) ?? 0) > 0;
  return second === undefined || readDistance(second) !== null;
}

/** The arguments of a window function, with a third one, which stands for a missing row, of the type of the first. */
function withDefault(values: readonly Expression[], context: Context): readonly Expression[] {
  const [argument, distance, other] = values;
  if (argument === undefined || distance === undefined || other === undefined) return values;
  if (other.kind !== 'literal' && other.kind !== 'parameter') {
    context.walk.found.add('ARGUMENT_NOT_LITERAL', other.span, 'expected a value that is written in the query');
  }
  const [first = argument, last = other] = unify([argument, other], context);
  return [first, distance, last];
}

/** Resolves a window function over a partition, an order and a frame in rows. */
export function resolveWindow(node: StrictNode, type: string, context: Context, resolve: ResolvePart): Expression {
  const { span } = node;
  const { found } = context.walk;
  const written = foldName(node.text('function_name'));
  const name = isWindowName(written) ? written : written === 'count_star' ? 'count' : findAggregate(written);
  node.empty('schema', 'catalog', 'ignore_nulls', 'filter_expr', 'distinct', 'arg_orders');
  node.word('exclude_clause', ['NO_OTHER']);
  const values = node.nodes('children').map((child) => resolve(child, context));
  const partition = node.nodes('partitions').map((child) => resolve(child, context));
  const order = readOrders(node, context, resolve);
  const frame = readFrame(node, context, resolve);
  const offset = node.optionalNode('offset_expr');
  if (offset !== null) values.push(resolve(offset, context));
  const instead = node.optionalNode('default_expr');
  if (instead !== null) values.push(resolve(instead, context));
  node.close();
  if (name === null || !type.startsWith('WINDOW_')) {
    found.add('FUNCTION_NOT_ALLOWED', span, `${quoteForMessage(written)} is not a window function that may run`);
    return invalid(span, values);
  }
  const { least, most } = isWindowName(name) ? WINDOWS[name] : { least: name === 'count' ? 0 : 1, most: 1 };
  if (frame === undefined || values.length < least || values.length > most || !areNumbersWritten(name, values)) {
    found.add('UNSUPPORTED_NODE', span, 'a window frame must use ROWS, and a distance must be a whole number');
    return invalid(span, values);
  }
  const [argument] = values;
  if (!isWindowName(name) && argument !== undefined) checkAggregateArgument(name, argument, context);
  const taken = withDefault(values, context);
  const result = [taken[0], taken[2]].flatMap((value) => value?.type ?? []).reduce(commonType, UNKNOWN);
  return {
    kind: 'window',
    function: name,
    arguments: taken,
    partition,
    order,
    frame,
    span,
    type: windowType(name, result),
  };
}
