import { castTo, columnOf, compare, logic, PLAIN_SELECT, TRUE, wholeNumber } from '../ast/build.ts';
import { canonicalText } from '../ast/equal.ts';
import type { Expression, ExpressionOf, Item, Leaf, Query, Select, SetOperation } from '../ast/nodes.ts';
import { outputsOf } from '../ast/outputs.ts';
import { BIGINT, NULL } from '../ast/value-type.ts';
import { childrenOf, columnsIn, expressionsOf, mapChildren, shownIn, sizeOf, within } from '../ast/walk.ts';
import type { Span } from '../findings/finding.ts';
import type { Context } from './context.ts';
import { foldName } from './strict-node.ts';
import { meaningsOf } from './dialect.ts';

/** The most sets of one query. */
const MAX_SETS = 64;

/** The groups of a SELECT, and which of them are in each of its sets. */
export interface GroupingSets {
  readonly groups: readonly Expression[];
  readonly sets: readonly (readonly Expression[])[];
}

/** What groups are called, to compare them. */
function textsOf(groups: readonly Expression[]): ReadonlySet<string> {
  return new Set(groups.map(canonicalText));
}

/** A value of a SELECT in the rows of one set: NULL for the groups that are not in it. */
function inSet(value: Expression, all: ReadonlySet<string>, own: ReadonlySet<string>): Expression {
  if (value.kind === 'grouping') {
    const bits = value.arguments.map((part) => (own.has(canonicalText(part)) ? 0 : 1));
    const number = bits.reduce((sum: number, bit) => sum * 2 + bit, 0);
    return wholeNumber(number, value.span);
  }
  const text = canonicalText(value);
  if (own.has(text)) return value;
  if (all.has(text)) return castTo({ kind: 'literal', text: null, span: value.span, type: NULL }, value.type);
  // What is aggregated are the values of the rows.
  return value.kind === 'aggregate' ? value : mapChildren(value, (child) => inSet(child, all, own));
}

/** The HAVING of a set without groups: Spark has no row of it if there are no rows at all, and DuckDB has one. */
function someRows(span: Span, context: Context): Expression {
  const rows: Expression = {
    kind: 'aggregate',
    function: 'count',
    distinct: false,
    argument: null,
    filter: null,
    span,
    type: BIGINT,
  };
  return compare(meaningsOf(context).rowsOfTotal, rows, wholeNumber(0, span), span);
}

function selectOf(select: Select, { groups, sets }: GroupingSets, context: Context): readonly Select[] {
  const all = textsOf(groups);
  return sets.map((set): Select => {
    const own = textsOf(set);
    const change = (value: Expression): Expression => inSet(value, all, own);
    const conditions = [
      ...(select.having === null ? [] : [change(select.having)]),
      ...(set.length === 0 ? [someRows(select.span, context)] : []),
    ];
    const having = logic('AND', conditions, select.span);
    const items = select.items.map(({ name, value }): Item => ({ name, value: change(value) }));
    return { ...select, items, groups: set, having };
  });
}

/** The first of `grouped`, `grouped_`, … that nothing else is called. */
function freeName({ visible, manifest }: Context, select: Select): string {
  const taken = new Set([
    ...visible.keys(),
    ...[...manifest.tables, ...select.named].map(({ name }) => foldName(name)),
  ]);
  let name = 'grouped';
  while (taken.has(name)) name += '_';
  return name;
}

/** The columns that a SELECT uses after its WHERE, as a WITH query that all of its sets read. */
function baseOf(
  select: Select,
  name: string,
): { readonly base: Select; readonly leaf: Leaf; readonly keys: readonly string[] } {
  const values = [...shownIn(select), ...select.groups];
  const parts = new Map(values.flatMap(columnsIn).map((part) => [canonicalText(part), part]));
  const used = [...parts.values()].map((value, index): Item => ({ name: `c${String(index)}`, value }));
  // A query needs an output, also if only rows are counted.
  const items = used.length > 0 ? used : [{ name: 'c0', value: TRUE }];
  const base: Select = { ...PLAIN_SELECT, from: select.from, where: select.where, items, span: select.span };
  const leaf: Leaf = { kind: 'named', name, alias: name, columns: outputsOf(base), span: select.span };
  return { base, leaf, keys: [...parts.keys()] };
}

/** The same value over the columns of the WITH query. */
function carried(value: Expression, columns: ReadonlyMap<string, Expression>): Expression {
  return columns.get(canonicalText(value)) ?? mapChildren(value, (child) => carried(child, columns));
}

function unite(sides: readonly Select[], all: boolean, span: Span): Query | null {
  const [first, ...rest] = sides;
  const parts = { operator: 'UNION', all, named: [], order: [], limit: null, offset: null, span } as const;
  return rest.reduce<Query | null>(
    (left, right) => (left === null ? right : { kind: 'set', left, right, ...parts }),
    first ?? null,
  );
}

/** Reports what GROUPING SETS cannot have. */
function checkSets(select: Select, { groups, sets }: GroupingSets, { walk, nodes }: Context): boolean {
  const { found } = walk;
  const before = found.size;
  nodes.add(sets.length * expressionsOf(select).reduce((size, value) => size + sizeOf(value), 0));
  if (sets.length > MAX_SETS) {
    found.add(
      'TOO_LARGE',
      select.span,
      `expected at most ${String(MAX_SETS)} grouping sets, got ${String(sets.length)}`,
    );
  }
  for (const part of groups.flatMap(columnsIn)) {
    if (part.column.protection.kind === 'cleartext') continue;
    found.add(
      'GROUPING_SETS',
      part.span,
      `\`${part.name}\` is a protected column, and totals over it have nothing in its place`,
    );
  }
  const all = textsOf(groups);
  for (const part of groupingsIn(select).flatMap((call) => call.arguments)) {
    if (!all.has(canonicalText(part))) found.add('NOT_GROUPED', part.span, 'GROUPING takes what is in GROUP BY');
  }
  if (groupingsIn(select).length > shownIn(select).flatMap((value) => [...outside(value)]).length) {
    found.add('GROUPING_SETS', select.span, 'GROUPING belongs in SELECT, HAVING and ORDER BY, and not in an aggregate');
  }
  const windows = shownIn(select).flatMap((value) => [...within(value)].filter((part) => part.kind === 'window'));
  for (const window of windows) {
    found.add('GROUPING_SETS', window.span, 'a window would see totals next to their parts', {
      help: 'Compute the window in a query around this one.',
    });
  }
  return found.size === before;
}

/** A SELECT with several grouping sets as the UNION ALL of SELECTs with one each. */
export function expandSets(select: Select, grouping: GroupingSets, context: Context): Query {
  //= rules R-61
  if (!checkSets(select, grouping, context)) return select;
  const name = freeName(context, select);
  const { base, leaf, keys } = baseOf(select, name);
  const columns = new Map(
    keys.flatMap((key, index) => {
      const column = leaf.columns[index];
      return column === undefined ? [] : [[key, columnOf(leaf.alias, column, select.span)] as const];
    }),
  );
  const parts = selectOf(select, grouping, context);
  const sides = parts.map((part): Select => {
    const change = (value: Expression): Expression => carried(value, columns);
    const items = part.items.map(({ name: output, value }): Item => ({ name: output, value: change(value) }));
    const having = part.having === null ? null : change(part.having);
    const rest = { named: [], where: null, order: [], limit: null, offset: null, distinct: false } as const;
    return { ...part, ...rest, from: leaf, items, having, groups: part.groups.map(change) };
  });
  const union = unite(sides, !select.distinct, select.span);
  if (union?.kind !== 'set') return parts[0] ?? select;
  const finest = parts.find((part) => part.groups.length === grouping.groups.length) ?? null;
  const operation: SetOperation = {
    ...union,
    named: [...select.named, { name, query: base }],
    order: select.order,
    limit: select.limit,
    offset: select.offset,
    grouping: finest === null ? null : { ...finest, totals: parts.filter((part) => part !== finest) },
  };
  return operation;
}

/** The calls of GROUPING in a SELECT. */
export function groupingsIn(select: Select): readonly ExpressionOf<'grouping'>[] {
  return expressionsOf(select)
    .flatMap((value) => [...within(value)])
    .filter((part) => part.kind === 'grouping');
}

/** The calls of GROUPING in a value that are not in an aggregate. */
function* outside(value: Expression): Generator<Expression> {
  if (value.kind === 'grouping') yield value;
  else if (value.kind !== 'aggregate') for (const child of childrenOf(value)) yield* outside(child);
}
