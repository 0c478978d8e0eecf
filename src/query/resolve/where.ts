import { columnOf, compare, logic } from '../ast/build.ts';
import { canonicalText } from '../ast/equal.ts';
import type { Expression, ExpressionOf, Query, Relation, Select } from '../ast/nodes.ts';
import { outputsOf } from '../ast/outputs.ts';
import { columnsIn, freeAlias, isAggregated, mapChildren, termsOf, visibleLeavesOf } from '../ast/walk.ts';
import { joinByWhere } from './comma-joins.ts';
import type { Context } from './context.ts';
import { expectTruth, resolveExpression } from './expression.ts';
import type { StrictNode } from './strict-node.ts';

/** FROM and WHERE of a SELECT. */
export interface Filtered {
  readonly from: Relation | null;
  readonly where: Expression | null;
}

/** The alias of a sub-query that only filters. */
const FILTER = 'filter';

/** The terms that AND combines, as the parser's nodes. */
function conjunctsOf(node: StrictNode): readonly StrictNode[] {
  if (node.text('class') !== 'CONJUNCTION' || node.text('type') !== 'CONJUNCTION_AND') return [node];
  node.text('alias');
  const children = node.nodes('children');
  node.close();
  return children.flatMap(conjunctsOf);
}

function isExists(node: StrictNode): boolean {
  return node.text('class') === 'SUBQUERY' && node.text('subquery_type') === 'EXISTS';
}

/** Whether a query only selects rows, so that EXISTS over it means a join with one of them. */
function isPlain(query: Query): query is Select {
  if (query.kind === 'set' || query.named.length > 0 || query.limit !== null || query.offset !== null) return false;
  return query.from !== null && query.qualify === null && !isAggregated(query);
}

/** The same expression, with columns of the sub-query replaced by the outputs that carry them. */
function withOutputs(part: Expression, outputs: ReadonlyMap<string, Expression>): Expression {
  const output = part.kind === 'column' ? outputs.get(canonicalText(part)) : undefined;
  return output === undefined
    ? mapChildren(part, (child) => withOutputs(child, outputs))
    : { ...output, span: part.span };
}

/** `from SEMI JOIN query`, where the terms that use columns of `from` become the condition. */
function joinExisting(from: Relation, query: Select, node: StrictNode, { walk }: Context): Relation | null {
  const aliases = new Set(visibleLeavesOf(query.from).map((leaf) => leaf.alias));
  const isInner = (part: ExpressionOf<'column'>): boolean => aliases.has(part.relation);
  const terms = termsOf(query.where);
  const mixed = terms.filter((term) => columnsIn(term).some((part) => !isInner(part)));
  const on = logic('AND', mixed, node.span);
  if (on === null) {
    walk.found.add('SUBQUERY', node.span, 'EXISTS compares no column of its tables with a column outside');
    return null;
  }
  const carried = [
    ...new Map(
      mixed
        .flatMap(columnsIn)
        .filter(isInner)
        .map((part) => [canonicalText(part), part]),
    ),
  ];
  const items = carried.map(([, value], index) => ({ name: `c${String(index)}`, value }));
  const where = logic(
    'AND',
    terms.filter((term) => !mixed.includes(term)),
    node.span,
  );
  const inner: Select = { ...query, items, where, hasStar: false, distinct: false, order: [] };
  const columns = outputsOf(inner);
  const alias = freeAlias(from, FILTER);
  const outputs = new Map(
    carried.flatMap(([text], index) => {
      const column = columns[index];
      return column === undefined ? [] : [[text, columnOf(alias, column, node.span)] as const];
    }),
  );
  const right: Relation = { kind: 'derived', query: inner, alias, columns, span: node.span };
  return { kind: 'join', type: 'SEMI', left: from, right, on: withOutputs(on, outputs), span: node.span };
}

function resolveExists(node: StrictNode, from: Relation | null, context: Context): Relation | null {
  node.text('type');
  node.text('alias');
  node.text('comparison_type');
  node.empty('child');
  const query = context.resolveInner(node.node('subquery'), { ...context, isCorrelated: true });
  node.close();
  if (query === null || from === null) return from;
  if (isPlain(query)) return joinExisting(from, query, node, context) ?? from;
  context.walk.found.add('SUBQUERY', node.span, 'EXISTS needs a plain SELECT, without groups, aggregates and LIMIT');
  return from;
}

/** `from SEMI JOIN query ON value = output`: what a condition `value IN (query)` means that all rows must meet. */
function joinListed(from: Relation, { value, query, span }: ExpressionOf<'inQuery'>): Relation {
  const columns = outputsOf(query);
  const alias = freeAlias(from, FILTER);
  const [output] = columns;
  if (output === undefined) return from;
  const on = compare('=', value, columnOf(alias, output, span), span);
  return { kind: 'join', type: 'SEMI', left: from, right: { kind: 'derived', query, alias, columns, span }, on, span };
}

/**
 * Resolves WHERE. `column IN (query)` and EXISTS become SEMI joins of FROM if all rows must meet them, so that there is one form for
 * tables that only filter.
 */
export function resolveWhere(node: StrictNode | null, from: Relation | null, context: Context): Filtered {
  if (node === null) return { from, where: null };
  let relation = from;
  const terms: Expression[] = [];
  for (const term of conjunctsOf(node)) {
    if (isExists(term)) relation = resolveExists(term, relation, context);
    else {
      const values = termsOf(expectTruth(resolveExpression(term, context), context));
      for (const value of values) {
        if (value.kind === 'inQuery' && value.value.kind === 'column' && relation !== null)
          relation = joinListed(relation, value);
        else terms.push(value);
      }
    }
  }
  const joined = relation === null ? null : joinByWhere(relation, terms, context.manifest);
  return { from: joined?.from ?? null, where: logic('AND', joined?.terms ?? terms, node.span) };
}
