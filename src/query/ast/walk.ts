import { AGGREGATES, isGuarded } from './functions.ts';
import { countPieces } from './time-format.ts';
import { findTimeUnit, lengthOf } from './time-parts.ts';
import type { Expression, ExpressionOf, Leaf, Query, Relation, Select } from './nodes.ts';

/** The direct children of an expression, without those in sub-queries. */
export function childrenOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'column':
    case 'literal':
    case 'parameter':
    case 'scalarQuery':
      return [];
    case 'aggregate':
      return [
        ...[expression.argument, expression.filter].filter((child) => child !== null),
        ...(expression.order ?? []).map((order) => order.value),
      ];
    case 'window':
      return [...expression.arguments, ...expression.partition, ...expression.order.map((order) => order.value)];
    case 'call':
    case 'engineCall':
    case 'saltedHash':
    case 'grouping':
      return expression.arguments;
    case 'arithmetic':
    case 'comparison':
      return [expression.left, expression.right];
    case 'between':
      return [expression.value, expression.low, expression.high];
    case 'logic':
      return expression.terms;
    case 'not':
    case 'isNull':
    case 'inQuery':
    case 'cast':
      return [expression.value];
    case 'in':
      return [expression.value, ...expression.options];
    case 'like':
      return [expression.value, expression.pattern];
    case 'case': {
      const { branches, otherwise } = expression;
      const children = branches.flatMap((branch) => [branch.when, branch.then]);
      return otherwise === null ? children : [...children, otherwise];
    }
    case 'invalid':
      return expression.parts;
  }
}

/** The same expression with its direct children replaced; sub-queries stay as they are. */
export function mapChildren(expression: Expression, change: (child: Expression) => Expression): Expression {
  const orNull = (child: Expression | null): Expression | null => (child === null ? null : change(child));
  switch (expression.kind) {
    case 'column':
    case 'literal':
    case 'parameter':
    case 'scalarQuery':
      return expression;
    case 'aggregate':
      return {
        ...expression,
        argument: orNull(expression.argument),
        filter: orNull(expression.filter),
        ...(expression.order === undefined
          ? {}
          : { order: expression.order.map((order) => ({ ...order, value: change(order.value) })) }),
      };
    case 'window':
      return {
        ...expression,
        arguments: expression.arguments.map(change),
        partition: expression.partition.map(change),
        order: expression.order.map((order) => ({ ...order, value: change(order.value) })),
      };
    case 'call':
    case 'engineCall':
    case 'saltedHash':
    case 'grouping':
      return { ...expression, arguments: expression.arguments.map(change) };
    case 'arithmetic':
    case 'comparison':
      return { ...expression, left: change(expression.left), right: change(expression.right) };
    case 'between': {
      const { value, low, high } = expression;
      return { ...expression, value: change(value), low: change(low), high: change(high) };
    }
    case 'logic':
      return { ...expression, terms: expression.terms.map(change) };
    case 'not':
    case 'isNull':
    case 'inQuery':
    case 'cast':
      return { ...expression, value: change(expression.value) };
    case 'in':
      return { ...expression, value: change(expression.value), options: expression.options.map(change) };
    case 'like':
      return { ...expression, value: change(expression.value), pattern: change(expression.pattern) };
    case 'case':
      return {
        ...expression,
        branches: expression.branches.map(({ when, then }) => ({ when: change(when), then: change(then) })),
        otherwise: orNull(expression.otherwise),
      };
    case 'invalid':
      return { ...expression, parts: expression.parts.map(change) };
  }
}

/** An expression and all its descendants, outermost first, without sub-queries. */
export function* within(expression: Expression): Generator<Expression> {
  yield expression;
  for (const child of childrenOf(expression)) yield* within(child);
}

/** The columns in an expression, without those of sub-queries. */
export function columnsIn(expression: Expression): readonly ExpressionOf<'column'>[] {
  return [...within(expression)].filter((part) => part.kind === 'column');
}

/** Whether an expression contains an aggregate. */
export function hasAggregate(expression: Expression): boolean {
  return [...within(expression)].some((part) => part.kind === 'aggregate');
}

/** The expressions of a SELECT, without those of its relations that are queries. */
export function expressionsOf(select: Select): readonly Expression[] {
  const { items, from, where, groups, having, qualify } = select;
  const clauses = [where, having, qualify].filter((clause) => clause !== null);
  return [...items.map((item) => item.value), ...clauses, ...groups, ...joinsIn(from).map((join) => join.on)];
}

/** The relations of a FROM other than joins, in the order of the text, with those that only filter. */
export function leavesOf(relation: Relation | null): readonly Leaf[] {
  if (relation === null) return [];
  return relation.kind === 'join' ? [...leavesOf(relation.left), ...leavesOf(relation.right)] : [relation];
}

/** The first of `name`, `name_`, `name__`, … that no relation in a FROM has as its alias. */
export function freeAlias(from: Relation | null, name: string): string {
  const taken = new Set(leavesOf(from).map((leaf) => leaf.alias.toLowerCase()));
  let alias = name;
  while (taken.has(alias)) alias += '_';
  return alias;
}

/** Whether a join only chooses among the rows of its left side: the columns of its right side can be used in its condition alone. */
export function isFilterJoin({ type }: Extract<Relation, { readonly kind: 'join' }>): boolean {
  return type === 'SEMI' || type === 'ANTI';
}

/** The relations of a FROM whose columns can be used outside of joins: all except the right sides of SEMI and ANTI joins. */
export function visibleLeavesOf(relation: Relation | null): readonly Leaf[] {
  if (relation === null) return [];
  if (relation.kind !== 'join') return [relation];
  const left = visibleLeavesOf(relation.left);
  return isFilterJoin(relation) ? left : [...left, ...visibleLeavesOf(relation.right)];
}

/** The terms that a condition combines with AND. */
export function termsOf(condition: Expression | null): readonly Expression[] {
  if (condition === null) return [];
  return condition.kind === 'logic' && condition.operator === 'AND' ? condition.terms : [condition];
}

/** The joins of a FROM, innermost first. */
export function joinsIn(relation: Relation | null): readonly Extract<Relation, { readonly kind: 'join' }>[] {
  if (relation?.kind !== 'join') return [];
  return [...joinsIn(relation.left), ...joinsIn(relation.right), relation];
}

/** Whether a join has no condition, as CROSS JOIN and a comma have none: it is an INNER JOIN on TRUE. */
export function isCross({ type, on }: Extract<Relation, { readonly kind: 'join' }>): boolean {
  return type === 'INNER' && on.kind === 'literal' && on.text === 'true';
}

/** The queries directly inside a query: WITH queries, sides of a set operation, FROM, and those in expressions. */
export function innerQueries(query: Query): readonly Query[] {
  const named = query.named.map((each) => each.query);
  if (query.kind === 'set') return [...named, query.left, query.right];
  const derived = leavesOf(query.from).flatMap((leaf) => (leaf.kind === 'derived' ? [leaf.query] : []));
  const inExpressions = expressionsOf(query).flatMap((expression) =>
    [...within(expression)].flatMap((part) =>
      part.kind === 'scalarQuery' || part.kind === 'inQuery' ? [part.query] : [],
    ),
  );
  return [...named, ...derived, ...inExpressions];
}

/** A query and all queries in it, outermost first. */
export function* queriesIn(query: Query): Generator<Query> {
  yield query;
  for (const inner of innerQueries(query)) yield* queriesIn(inner);
}

/** The SELECTs in a query, itself included, outermost first. */
export function selectsIn(query: Query): readonly Select[] {
  return [...queriesIn(query)].filter((each) => each.kind === 'select');
}

/** The SELECT that names the outputs of a query: the leftmost one of a set operation. */
export function firstSelect(query: Query): Select {
  return query.kind === 'select' ? query : firstSelect(query.left);
}

/** The expressions of a SELECT that are computed after its groups: outputs, HAVING and QUALIFY. */
export function shownIn({ items, having, qualify }: Select): readonly Expression[] {
  return [...items.map((item) => item.value), having, qualify].filter((value) => value !== null);
}

/** The relations whose columns an expression uses. */
export function aliasesIn(expression: Expression): ReadonlySet<string> {
  return new Set(columnsIn(expression).map((part) => part.relation));
}

/** The relations of a SELECT whose columns are shown, grouped by or aggregated; the others only filter. */
export function usedAliases(select: Select): ReadonlySet<string> {
  return new Set([...shownIn(select), ...select.groups].flatMap((value) => [...aliasesIn(value)]));
}

/** Whether a SELECT returns one row per group, or one in all, rather than one for each row of its relations. */
export function isAggregated(select: Select): boolean {
  return select.groups.length > 0 || select.having !== null || shownIn(select).some(hasAggregate);
}

/** Whether a part is MIN or MAX as an aggregate. */
export function isExtreme(part: Expression): part is ExpressionOf<'aggregate'> {
  return part.kind === 'aggregate' && (part.function === 'min' || part.function === 'max');
}

const EVEN_AGGREGATES: ReadonlySet<string> = new Set(['min', 'max']);

/** Whether a part combines rows so that a repeated row changes its value: a sum, an average, a count or a spread. */
export function isMultiplied(part: Expression): boolean {
  if (part.kind === 'aggregate') return !part.distinct && !EVEN_AGGREGATES.has(part.function);
  return part.kind === 'window' && Object.hasOwn(AGGREGATES, part.function) && !EVEN_AGGREGATES.has(part.function);
}

/** The most copies of an argument in the SQL that a call becomes; `rewrite/` makes no more than these. */
function copiesOf({ function: name, arguments: values }: ExpressionOf<'call'>): number {
  const [setting] = values;
  const text = setting?.kind === 'literal' ? (setting.text ?? '') : '';
  if (name === 'format_time') return countPieces(text);
  if (name === 'months_between') return 6;
  const unit = name === 'whole_units' ? findTimeUnit(text) : null;
  return unit !== null && 'months' in lengthOf(unit) ? 6 : 1;
}

/** How many expressions guard an argument of a function of times. */
const GUARDS = 24;

function sizeAlone(expression: Expression): number {
  const children = childrenOf(expression);
  const size = children.reduce((sum, child) => sum + sizeAlone(child), 0);
  if (expression.kind !== 'call' || !isGuarded(expression.function)) return 1 + size;
  return 1 + copiesOf(expression) * (size + GUARDS * children.length);
}

/** The number of expressions that an expression becomes, itself, its copies and those of its sub-queries included. */
export function sizeOf(expression: Expression): number {
  let size = sizeAlone(expression);
  for (const part of within(expression)) {
    if (part.kind !== 'scalarQuery' && part.kind !== 'inQuery') continue;
    for (const each of selectsIn(part.query).flatMap(expressionsOf)) size += sizeAlone(each);
  }
  return size;
}
