import { columnOf, compare, logic, not } from '../ast/build.ts';
import { canonicalText } from '../ast/equal.ts';
import type { Expression, ExpressionOf, Query, Relation, Select } from '../ast/nodes.ts';
import { outputsOf } from '../ast/outputs.ts';
import { columnsIn, freeAlias, isAggregated, mapChildren, termsOf, visibleLeavesOf } from '../ast/walk.ts';
import type { Span } from '../findings/finding.ts';
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

function isSubquery(node: StrictNode, type: 'EXISTS' | 'ANY'): boolean {
  return node.text('class') === 'SUBQUERY' && node.text('subquery_type') === type;
}

/** The sub-query of `NOT EXISTS (…)` or `value NOT IN (…)`, as the parser's node; `null` for other terms. */
function negatedSubquery(node: StrictNode): StrictNode | null {
  if (node.text('class') !== 'OPERATOR' || node.text('type') !== 'OPERATOR_NOT') return null;
  const [child, more] = node.nodes('children');
  if (child === undefined || more !== undefined) return null;
  if (!isSubquery(child, 'EXISTS') && !isSubquery(child, 'ANY')) return null;
  node.text('alias');
  node.close();
  return child;
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

/** A sub-query of which a row must exist, or none. */
interface Existing {
  readonly type: 'SEMI' | 'ANTI';
  readonly query: Select;
  readonly span: Span;
}

/** `from SEMI JOIN query` or `from ANTI JOIN query`, where the terms that use columns of `from` become the condition. */
function joinExisting(from: Relation, { type, query, span }: Existing, { walk }: Context): Relation | null {
  const aliases = new Set(visibleLeavesOf(query.from).map((leaf) => leaf.alias));
  const isInner = (part: ExpressionOf<'column'>): boolean => aliases.has(part.relation);
  const terms = termsOf(query.where);
  const mixed = terms.filter((term) => columnsIn(term).some((part) => !isInner(part)));
  const on = logic('AND', mixed, span);
  if (on === null) {
    walk.found.add('SUBQUERY', span, 'EXISTS compares no column of its tables with a column outside');
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
    span,
  );
  const inner: Select = { ...query, items, where, hasStar: false, distinct: false, order: [] };
  const columns = outputsOf(inner);
  const alias = freeAlias(from, FILTER);
  const outputs = new Map(
    carried.flatMap(([text], index) => {
      const column = columns[index];
      return column === undefined ? [] : [[text, columnOf(alias, column, span)] as const];
    }),
  );
  const right: Relation = { kind: 'derived', query: inner, alias, columns, span };
  return { kind: 'join', type, left: from, right, on: withOutputs(on, outputs), span };
}

function resolveExists(
  node: StrictNode,
  type: Existing['type'],
  from: Relation | null,
  context: Context,
): Relation | null {
  node.text('type');
  node.text('alias');
  node.text('comparison_type');
  node.empty('child');
  const query = context.resolveInner(node.node('subquery'), { ...context, isCorrelated: true });
  node.close();
  if (query === null || from === null) return from;
  if (isPlain(query)) return joinExisting(from, { type, query, span: node.span }, context) ?? from;
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

/** Whether a query uses columns of the query around it, which it can in WHERE. */
function isCorrelated(query: Query): boolean {
  if (query.kind === 'set') return isCorrelated(query.left) || isCorrelated(query.right);
  const aliases = new Set(visibleLeavesOf(query.from).map((leaf) => leaf.alias));
  return termsOf(query.where)
    .flatMap(columnsIn)
    .some((part) => !aliases.has(part.relation));
}

/** `from SEMI JOIN query` for `value IN (query)`, where the query uses columns of `from`. */
function joinCorrelated(from: Relation, { value, query, span }: ExpressionOf<'inQuery'>, context: Context): Relation {
  const [item] = isPlain(query) ? query.items : [];
  if (!isPlain(query) || item === undefined) {
    const message = 'a sub-query that refers to the query around it needs to be a plain SELECT';
    context.walk.found.add('SUBQUERY', span, message);
    return from;
  }
  const where = logic('AND', [...termsOf(query.where), compare('=', item.value, value, span)], span);
  return joinExisting(from, { type: 'SEMI', query: { ...query, where }, span }, context) ?? from;
}

/** Resolves `value IN (query)` or `value NOT IN (query)` that all rows must meet. */
function resolveListed(node: StrictNode, isNegated: boolean, filtered: Filtered, context: Context): Filtered {
  const { from, where } = filtered;
  const value = resolveExpression(node, { ...context, isCorrelated: true });
  const keep = (term: Expression): Filtered => ({ from, where: logic('AND', [...termsOf(where), term], node.span) });
  if (value.kind !== 'inQuery' || from === null) return keep(isNegated ? not(value, node.span) : value);
  const isRefused = isCorrelated(value.query);
  if (isNegated) {
    if (isRefused) {
      const message = 'NOT IN has a sub-query that refers to the query around it';
      // With a null in such a list NOT IN is neither true nor false, for each row anew.
      const help = 'Write NOT EXISTS (SELECT 1 …), with the equality of the two columns in its WHERE.';
      context.walk.found.add('SUBQUERY', node.span, message, { help });
    }
    return keep(not(value, node.span));
  }
  if (isRefused) return { from: joinCorrelated(from, value, context), where };
  // A column of the query around this one stays where its equalities are taken out.
  const aliases = new Set(visibleLeavesOf(from).map((leaf) => leaf.alias));
  const isOwn = value.value.kind === 'column' && aliases.has(value.value.relation);
  return isOwn ? { from: joinListed(from, value), where } : keep(value);
}

/**
 * Resolves WHERE. `column IN (query)`, EXISTS and NOT EXISTS become SEMI and ANTI joins of FROM if all rows must meet them, so that
 * there is one form for tables that only filter. `column NOT IN (query)` stays as it is, because it means something else than an ANTI
 * join where a value is null.
 */
export function resolveWhere(node: StrictNode | null, from: Relation | null, context: Context): Filtered {
  if (node === null) return { from, where: null };
  let filtered: Filtered = { from, where: null };
  for (const term of conjunctsOf(node)) {
    const negated = negatedSubquery(term);
    const inner = negated ?? term;
    if (isSubquery(inner, 'EXISTS')) {
      const relation = resolveExists(inner, negated === null ? 'SEMI' : 'ANTI', filtered.from, context);
      filtered = { ...filtered, from: relation };
    } else if (isSubquery(inner, 'ANY')) filtered = resolveListed(inner, negated !== null, filtered, context);
    else {
      const terms = [...termsOf(filtered.where), expectTruth(resolveExpression(term, context), context)];
      filtered = { ...filtered, where: logic('AND', terms, node.span) };
    }
  }
  if (filtered.from === null) return filtered;
  const joined = joinByWhere(filtered.from, termsOf(filtered.where));
  return { from: joined.from, where: logic('AND', joined.terms, node.span) };
}
