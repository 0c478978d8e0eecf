import { quoteForMessage } from '../../errors/index.ts';
import type { Expression, Frame, FrameBound, WindowOrder } from '../ast/nodes.ts';
import { type AggregateName, findAggregate, isWindowName, type WindowName, WINDOWS } from '../ast/functions.ts';
import { BIGINT, DOUBLE, UNKNOWN, type ValueType } from '../ast/value-type.ts';
import { aggregateType, checkAggregateArgument, type ResolvePart } from './call.ts';
import type { Context } from './context.ts';
import { readDirection } from './null-order.ts';
import { type StrictNode, foldName } from './strict-node.ts';
import { invalid } from './scope.ts';

const MAX_DISTANCE = 1_000_000;

function windowType(name: WindowName | AggregateName, argument: ValueType): ValueType {
  switch (name) {
    case 'row_number':
    case 'rank':
    case 'dense_rank':
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

function readOrders(node: StrictNode, context: Context, resolve: ResolvePart): readonly WindowOrder[] {
  return node.nodes('orders').map((order) => {
    const direction = readDirection(order, context);
    const value = resolve(order.node('expression'), context);
    order.close();
    return { value, ...direction };
  });
}

/** Resolves a window function over a partition, an order and a frame in rows. */
export function resolveWindow(node: StrictNode, type: string, context: Context, resolve: ResolvePart): Expression {
  const { span } = node;
  const { found } = context.walk;
  const written = foldName(node.text('function_name'));
  const name = isWindowName(written) ? written : written === 'count_star' ? 'count' : findAggregate(written);
  node.empty('schema', 'catalog', 'ignore_nulls', 'filter_expr', 'distinct', 'arg_orders', 'default_expr');
  node.word('exclude_clause', ['NO_OTHER']);
  const values = node.nodes('children').map((child) => resolve(child, context));
  const partition = node.nodes('partitions').map((child) => resolve(child, context));
  const order = readOrders(node, context, resolve);
  const frame = readFrame(node, context, resolve);
  const offset = node.optionalNode('offset_expr');
  if (offset !== null) values.push(resolve(offset, context));
  node.close();
  if (name === null || !type.startsWith('WINDOW_')) {
    found.add('FUNCTION_NOT_ALLOWED', span, `${quoteForMessage(written)} is not a window function that may run`);
    return invalid(span, values);
  }
  const [argument, distance] = values;
  const { least, most } = isWindowName(name) ? WINDOWS[name] : { least: name === 'count' ? 0 : 1, most: 1 };
  const isDistanceGood = distance === undefined || readDistance(distance) !== null;
  if (frame === undefined || values.length < least || values.length > most || !isDistanceGood) {
    found.add('UNSUPPORTED_NODE', span, 'a window frame must use ROWS, and a distance must be a whole number');
    return invalid(span, values);
  }
  if (!isWindowName(name) && argument !== undefined) checkAggregateArgument(name, argument, context);
  const result = windowType(name, argument?.type ?? UNKNOWN);
  return { kind: 'window', function: name, arguments: values, partition, order, frame, span, type: result };
}
