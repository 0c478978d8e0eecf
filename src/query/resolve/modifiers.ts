import { canonicalText } from '../ast/equal.ts';
import type { Expression, Item, Order } from '../ast/nodes.ts';
import type { Context } from './context.ts';
import { resolveExpression } from './expression.ts';
import { readDirection } from './null-order.ts';
import { type StrictNode, foldName } from './strict-node.ts';

/** The clauses at the end of a query. */
export interface Modifiers {
  readonly distinct: boolean;
  readonly order: readonly Order[];
  readonly limit: number | null;
  readonly offset: number | null;
}

/** The output that a bare name in ORDER BY means: outputs come before columns. */
function findByName(node: StrictNode, items: readonly Item[], context: Context): number | null {
  if (node.text('class') !== 'COLUMN_REF') return null;
  const [name, more] = node.texts('column_names').map(foldName);
  if (more !== undefined) return null;
  const matches = items.flatMap((item, index) => (foldName(item.name) === name ? [index] : []));
  const [index = null, other] = matches;
  if (other !== undefined) context.walk.found.add('AMBIGUOUS_COLUMN', node.span, 'more than one output has this name');
  return index;
}

function findByValue(value: Expression, items: readonly Item[], context: Context): number | null {
  const { found } = context.walk;
  if (value.kind === 'literal' && value.type.kind === 'integer') {
    const index = Number(value.text) - 1;
    if (items[index] !== undefined) return index;
    found.add(
      'ORDINAL_RANGE',
      value.span,
      `expected an output from 1 to ${String(items.length)}, got ${String(value.text)}`,
    );
    return null;
  }
  if (value.kind === 'invalid') return null;
  const text = canonicalText(value);
  const index = items.findIndex((item) => canonicalText(item.value) === text);
  if (index >= 0) return index;
  found.add('ORDER_NOT_OUTPUT', value.span, 'the query orders by something that is not an output');
  return null;
}

function readOrder(node: StrictNode, items: readonly Item[], context: Context): readonly Order[] {
  const direction = readDirection(node, context);
  const term = node.node('expression');
  node.close();
  if (term.text('class') === 'STAR') {
    term.skipAll();
    context.walk.found.add('ORDER_NOT_OUTPUT', term.span, 'ORDER BY ALL does not name what it orders by', {
      help: 'Name the outputs.',
    });
    return [];
  }
  context.nodes.add(items.length);
  const item = findByName(term, items, context) ?? findByValue(resolveExpression(term, context), items, context);
  return item === null ? [] : [{ item, ...direction }];
}

/** Reads a number of rows that must be written in the query. */
function readRows(node: StrictNode, name: string, context: Context): number | null {
  if (!node.isGiven(name)) return null;
  const child = node.node(name);
  const value = child.text('class') === 'CONSTANT' ? resolveExpression(child, context) : null;
  // LIMIT ALL.
  if (value?.kind === 'literal' && value.text === null) return null;
  const rows = value?.kind === 'literal' && value.type.kind === 'integer' ? Number(value.text) : -1;
  if (Number.isSafeInteger(rows) && rows >= 0) return rows;
  context.walk.found.add('LIMIT_EXPR', child.span, 'expected a whole number of rows that is written in the query');
  return null;
}

/** DISTINCT, ORDER BY, LIMIT and OFFSET of a query with these outputs. */
export function readModifiers(nodes: readonly StrictNode[], items: readonly Item[], context: Context): Modifiers {
  let result: Modifiers = { distinct: false, order: [], limit: null, offset: null };
  for (const node of nodes) {
    const type = node.word('type', ['ORDER_MODIFIER', 'LIMIT_MODIFIER', 'LIMIT_PERCENT_MODIFIER', 'DISTINCT_MODIFIER']);
    if (type === 'ORDER_MODIFIER') {
      const order = node.nodes('orders').flatMap((term) => readOrder(term, items, context));
      result = { ...result, order };
    } else if (type === 'LIMIT_MODIFIER') {
      result = { ...result, limit: readRows(node, 'limit', context), offset: readRows(node, 'offset', context) };
    } else if (type === 'DISTINCT_MODIFIER') {
      result = { ...result, distinct: true };
      if (node.isGiven('distinct_on_targets'))
        context.walk.found.add('DISTINCT_ON', node.span, 'the query uses DISTINCT ON');
    } else if (type === 'LIMIT_PERCENT_MODIFIER') {
      node.skipAll();
      context.walk.found.add('LIMIT_EXPR', node.span, 'the query limits its rows by a percentage');
    }
    node.close();
  }
  return result;
}
