import { canonicalText } from '../../ast/equal.ts';
import type { Expression, WindowOrder } from '../../ast/nodes.ts';
import { familyOfType, TEXT } from '../../ast/value-type.ts';
import type { Span } from '../../findings/finding.ts';
import type { ResolvePart } from './call.ts';
import type { Context } from '../context.ts';
import { invalid } from '../scope.ts';
import { type StrictNode, foldName } from '../strict-node.ts';
import { readOrders } from './window.ts';
import { meaningsOf } from '../dialect.ts';

/** What a call of an aggregate has in the text. */
export interface Written {
  readonly name: string;
  readonly values: readonly Expression[];
  readonly distinct: boolean;
  readonly filter: Expression | null;
  readonly order: readonly WindowOrder[];
  readonly span: Span;
}

/** Builds the aggregate that a call means; `null` if it does not have the arguments for it. */
export type Form = (written: Written, context: Context) => Expression | null;

/** The terms of an order without constants, by which the engine orders nothing. */
export function varying(order: readonly WindowOrder[]): readonly WindowOrder[] {
  return order.filter(({ value }) => value.kind !== 'literal' && value.kind !== 'parameter');
}

/** One text out of the texts of a group. Where the order leaves a choice, the texts themselves are ordered. */
export function aggregateTexts(written: Written, context: Context): Expression | null {
  const { found } = context.walk;
  const { values, span, filter, distinct } = written;
  const empty: Expression = { kind: 'literal', text: meaningsOf(context).separator, span, type: TEXT };
  const [argument, parameter = empty, more] = values;
  if (argument === undefined || more !== undefined) return null;
  if (parameter.kind !== 'literal' || parameter.type.kind !== 'text') {
    found.add('ARGUMENT_NOT_LITERAL', parameter.span, 'expected a text that is written in the query');
  }
  const family = familyOfType(argument.type);
  if (family !== null && family !== 'text') {
    found.add('TYPE_MISMATCH', argument.span, `expected a text value, got a ${family} value`);
  }
  // Of values that are there once, the place in another order would not be one.
  const isOwn = ({ value }: WindowOrder): boolean => canonicalText(value) === canonicalText(argument);
  if (distinct && !written.order.every(isOwn)) {
    found.add('AGG_ORDER_BY', span, 'different values can only be ordered by themselves');
  }
  const own: WindowOrder = { value: argument, descending: false, nullsFirst: false };
  const order = varying(written.order.some(isOwn) ? written.order : [...written.order, own]);
  return { kind: 'aggregate', function: 'string_agg', distinct, argument, filter, parameter, order, span, type: TEXT };
}

/** The parts of a node that is an aggregate. */
export function readWritten(name: string, node: StrictNode, context: Context, resolve: ResolvePart): Written {
  node.text('function_name');
  node.empty('catalog', 'schema');
  const distinct = node.flag('distinct');
  const filterNode = node.optionalNode('filter');
  const filter = filterNode === null ? null : resolve(filterNode, context);
  const values = node.nodes('children').map((child) => resolve(child, context));
  const orders = node.node('order_bys');
  orders.word('type', ['ORDER_MODIFIER']);
  const order = readOrders(orders, context, resolve);
  orders.close();
  node.empty('export_state', 'is_operator');
  node.close();
  return { name, values, distinct, filter, order, span: node.span };
}

/** Aggregates that give a list, and whether each of them has every value once. */
const COLLECTING: Readonly<Record<string, boolean>> = {
  collect_list: false,
  array_agg: false,
  list: false,
  collect_set: true,
};

/** Functions that put a list in the order of its values. */
const SORTING: ReadonlySet<string> = new Set(['sort_array', 'array_sort']);

function functionOf(node: StrictNode | undefined): string {
  return node?.text('class') === 'FUNCTION' ? foldName(node.text('function_name')) : '';
}

/** Reads the fields of a plain call other than its arguments. */
function closeCall(node: StrictNode): void {
  node.text('function_name');
  node.empty('schema', 'catalog', 'distinct', 'filter', 'export_state', 'is_operator');
  const orders = node.node('order_bys');
  orders.empty('orders');
  orders.word('type', ['ORDER_MODIFIER']);
  orders.close();
  node.close();
}

/** A list that is collected, and in the order of its values if the text asks for it; `null` if a node is something else. */
function readCollected(node: StrictNode, context: Context, resolve: ResolvePart): Written | null {
  const name = functionOf(node);
  if (Object.hasOwn(COLLECTING, name)) {
    node.text('type');
    node.text('alias');
    const written = readWritten(name, node, context, resolve);
    return { ...written, distinct: written.distinct || COLLECTING[name] === true };
  }
  if (!SORTING.has(name)) return null;
  node.text('type');
  node.text('alias');
  const [list, ascending, more] = node.nodes('children');
  const up = ascending === undefined ? null : resolve(ascending, context);
  closeCall(node);
  const written = list === undefined || more !== undefined ? null : readCollected(list, context, resolve);
  const [value] = written?.values ?? [];
  if (written === null || value === undefined) return null;
  const isWritten = up === null || (up.kind === 'literal' && up.type.kind === 'boolean');
  if (!isWritten) context.walk.found.add('ARGUMENT_NOT_LITERAL', up.span, 'expected TRUE or FALSE');
  const descending = up?.kind === 'literal' && up.text === 'false';
  return { ...written, order: [{ value, descending, nullsFirst: false }] };
}

/**
 * Resolves `ARRAY_JOIN(COLLECT_LIST(…), separator)` and `CONCAT_WS(separator, COLLECT_LIST(…))` to the text that they give, which is empty
 * where nothing is collected; `null` if a node is something else.
 */
export function resolvePathAggregate(
  name: string,
  node: StrictNode,
  context: Context,
  resolve: ResolvePart,
): Expression | null {
  if (name !== 'array_join' && name !== 'concat_ws') return null;
  const children = node.nodes('children');
  const [first, second, more] = children;
  const [list, separator] = name === 'array_join' ? [first, second] : [second, first];
  const inner = functionOf(list);
  if (list === undefined || separator === undefined || more !== undefined) return null;
  if (!Object.hasOwn(COLLECTING, inner) && !SORTING.has(inner)) return null;
  const { span } = node;
  closeCall(node);
  const written = readCollected(list, context, resolve);
  const parameter = resolve(separator, context);
  const [argument, other] = written?.values ?? [];
  if (written === null || argument === undefined || other !== undefined) {
    context.walk.found.add('AGG_ARG', span, 'only COLLECT_LIST and COLLECT_SET of one value can be joined to a text');
    return invalid(span, [...(written?.values ?? []), parameter]);
  }
  const text = aggregateTexts({ ...written, values: [argument, parameter], span }, context);
  if (text === null) return invalid(span);
  const nothing: Expression = { kind: 'literal', text: '', span, type: TEXT };
  return { kind: 'call', function: 'coalesce', arguments: [text, nothing], span, type: TEXT };
}
