import type { Manifest } from '../../collab/index.ts';
import { isList, quoteForMessage } from '../../errors/index.ts';
import { canonicalText } from '../ast/equal.ts';
import type { Expression, Item, NamedQuery, Query, Select, SetOperation } from '../ast/nodes.ts';
import { outputsOf } from '../ast/outputs.ts';
import { familyOfType, meetExactly, type ValueType } from '../ast/value-type.ts';
import { firstSelect } from '../ast/walk.ts';
import { type Context, NodeCounter, reportTooManyNodes, TooManyNodes, type VisibleQuery } from './context.ts';
import { expectTruth, resolveExpression } from './expression.ts';
import { resolveWhere } from './where.ts';
import { StrictNode, foldName, MAX_LIST, type Walk } from './strict-node.ts';
import { expandSets, groupingsIn, type GroupingSets } from './grouping-sets.ts';
import { SPAN_HELP } from './time/value.ts';
import { readModifiers } from './modifiers.ts';
import type { Span } from '../findings/finding.ts';
import { relationColumns, resolveRelation } from './relation.ts';
import { renameOutputs } from './values.ts';
import { columnExpression, groupByName, NO_SCOPE, type Scope } from './scope.ts';
import type { Json } from '../parse/json.ts';

/** The name of an output without an alias: that of its column or of its function, as it was written. */
function nameOf(node: StrictNode, value: Expression, index: number): string {
  if (value.kind === 'column') return value.name;
  const written = node.text('class') === 'FUNCTION' ? foldName(node.text('function_name')) : '';
  if (/^[a-z]\w*$/.test(written) && written !== 'count_star') return written;
  if (value.kind === 'aggregate' || value.kind === 'window' || value.kind === 'call') return value.function;
  return `column${String(index + 1)}`;
}

/** The columns that `*` or `alias.*` selects. */
function expandStar(node: StrictNode, context: Context): readonly Item[] {
  const { span } = node;
  const relation = foldName(node.text('relation_name'));
  const extras = ['exclude_list', 'replace_list', 'rename_list', 'qualified_exclude_list', 'columns', 'expr'];
  const isPlain = extras.filter((name) => node.has(name) && node.isGiven(name)).length === 0;
  node.close();
  if (!isPlain) {
    context.walk.found.add('STAR', span, 'COLUMNS, EXCLUDE, REPLACE and RENAME are not supported');
    return [];
  }
  const entries = context.scope.entries.filter(({ leaf }) => relation === '' || foldName(leaf.alias) === relation);
  context.nodes.add(entries.reduce((columns, { leaf }) => columns + leaf.columns.length, 0));
  if (entries.length === 0 && !context.scope.isBroken) {
    context.walk.found.add('STAR', span, 'the star does not select any column');
  }
  return entries.flatMap(({ leaf, hidden }) =>
    leaf.columns
      .filter((column) => relation !== '' || !hidden.has(foldName(column.name)))
      .map((column) => ({ name: column.name, value: columnExpression({ leaf, column }, span) })),
  );
}

interface ResolvedItems {
  readonly items: readonly Item[];
  readonly hasStar: boolean;
}

function resolveItems(nodes: readonly StrictNode[], context: Context): ResolvedItems {
  const items: Item[] = [];
  let hasStar = false;
  for (const [index, node] of nodes.entries()) {
    const alias = node.text('alias');
    if (node.text('class') === 'STAR') {
      node.text('type');
      hasStar = true;
      items.push(...expandStar(node, context));
    } else {
      const value = resolveExpression(node, context);
      if (value.type.kind === 'interval') {
        context.walk.found.add('TYPE_MISMATCH', value.span, 'a span of time cannot be an output', { help: SPAN_HELP });
      }
      items.push({ name: alias === '' ? nameOf(node, value, index) : alias, value });
    }
    //= rules R-3
    if (items.length <= MAX_LIST) continue;
    const message = `the query has more than ${String(MAX_LIST)} outputs`;
    context.walk.found.add('TOO_LARGE', node.span, message);
    return { items: [], hasStar };
  }
  return { items, hasStar };
}

/** Resolves a term of GROUP BY; a whole number refers to an output. */
function resolveGroup(node: StrictNode, items: readonly Item[], context: Context): Expression | null {
  const { found } = context.walk;
  const value = resolveExpression(node, context);
  if (value.kind !== 'literal') return value;
  if (value.type.kind !== 'integer') {
    found.add('GROUP_BY_LITERAL', value.span, 'GROUP BY contains a constant');
    return null;
  }
  const item = items[Number(value.text) - 1];
  if (item !== undefined) return item.value;
  found.add(
    'ORDINAL_RANGE',
    value.span,
    `expected an output from 1 to ${String(items.length)}, got ${String(value.text)}`,
  );
  return null;
}

/** The groups of each set, by their places in the list of groups. */
function readSets(node: StrictNode, groups: readonly (Expression | null)[]): readonly (readonly Expression[])[] {
  return node.list('group_sets').map((set) => {
    const places = isList(set) ? set.map(Number) : [];
    return distinct(places.flatMap((place) => groups[place] ?? []));
  });
}

function distinct(groups: readonly Expression[]): readonly Expression[] {
  return [...new Map(groups.map((group) => [canonicalText(group), group])).values()];
}

function resolveGroups(node: StrictNode, items: readonly Item[], context: Context): GroupingSets {
  const { found } = context.walk;
  const groups = node.nodes('group_expressions').map((group) => resolveGroup(group, items, context));
  const sets = readSets(node, groups);
  const handling = node.word('aggregate_handling', ['STANDARD_HANDLING', 'FORCE_AGGREGATES', 'NO_AGGREGATES_ALLOWED']);
  if (handling === 'FORCE_AGGREGATES')
    found.add('GROUP_BY_ALL', node.span, 'GROUP BY ALL does not name what it groups by');
  return { groups: distinct(groups.filter((group) => group !== null)), sets };
}

/** The query that a SELECT means with its grouping sets. */
function withSets(select: Select, grouping: GroupingSets, context: Context): Query {
  const { sets, groups } = grouping;
  const [set] = sets;
  const isPlain = set === undefined || (sets.length === 1 && set.length === groups.length);
  if (!isPlain) return expandSets(select, grouping, context);
  const [call] = groupingsIn(select);
  if (call === undefined) return select;
  if (groups.length > 0) return expandSets(select, { groups, sets: [groups] }, context);
  context.walk.found.add('GROUPING_SETS', call.span, 'GROUPING needs a GROUP BY');
  return select;
}

function resolveNamed(
  node: StrictNode,
  context: Context,
): { readonly named: readonly NamedQuery[]; readonly context: Context } {
  const { found } = context.walk;
  const visible = new Map<string, VisibleQuery>(context.visible);
  const named: NamedQuery[] = [];
  const map = node.node('cte_map');
  for (const entry of map.nodes('map')) {
    const name = entry.text('key');
    const value = entry.node('value');
    const names = value.texts('aliases');
    value.word('materialized', ['CTE_MATERIALIZE_DEFAULT', 'CTE_MATERIALIZE_ALWAYS', 'CTE_MATERIALIZE_NEVER']);
    value.empty('key_targets');
    const written = context.resolveInner(value.node('query'), { ...context, visible, scope: NO_SCOPE });
    const query = written === null ? null : renameOutputs(written, names, written.span, context);
    value.close();
    entry.close();
    if (context.manifest.tables.some((table) => foldName(table.name) === foldName(name))) {
      found.add(
        'CTE_SHADOWS_TABLE',
        query?.span ?? node.span,
        `${quoteForMessage(name)} is the name of a table of the collaboration`,
      );
    }
    if (query === null) continue;
    visible.set(foldName(name), { name, columns: relationColumns(query, context) });
    named.push({ name, query });
  }
  map.close();
  return { named, context: { ...context, visible } };
}

/** The span from the first place to the last; the parser gives no location for a query itself. */
function cover(spans: readonly Span[]): Span | null {
  if (spans.length === 0) return null;
  return { start: Math.min(...spans.map(({ start }) => start)), end: Math.max(...spans.map(({ end }) => end)) };
}

function resolveSelect(node: StrictNode, around: Context): Query {
  const { named, context } = resolveNamed(node, { ...around, isCorrelated: false });
  const { relation, scope: from } = resolveRelation(node.node('from_table'), context);
  const inner: Scope = { ...from, outer: around.scope.entries.length > 0 ? around.scope : null };
  const inSelect: Context = { ...context, scope: inner };
  const { items, hasStar } = resolveItems(node.nodes('select_list'), inSelect);
  const outputs = groupByName(items);
  const withOutputs: Context = { ...context, scope: { ...inner, outputs, outputUse: 'yes' } };
  const clause = (name: string): Expression | null => {
    const part = node.optionalNode(name);
    return part === null ? null : expectTruth(resolveExpression(part, withOutputs), withOutputs);
  };
  const inWhere: Scope = { ...inner, outputs, outputUse: 'clash', usesOuter: around.isCorrelated };
  const filtered = resolveWhere(node.optionalNode('where_clause'), relation, { ...context, scope: inWhere });
  const grouping = resolveGroups(node, items, withOutputs);
  const having = clause('having');
  const qualify = clause('qualify');
  if (node.isGiven('sample')) context.walk.found.add('SAMPLE', node.span, 'the query asks for a sample of the result');
  const modifiers = readModifiers(node.nodes('modifiers'), items, withOutputs);
  node.close();
  const span = cover(items.map((item) => item.value.span)) ?? node.span;
  const select: Select = {
    kind: 'select',
    named,
    items,
    hasStar,
    ...filtered,
    groups: grouping.groups,
    having,
    qualify,
    span,
    ...modifiers,
  };
  return withSets(select, grouping, context);
}

/** Reports two sides of a set operation that do not match. */
function checkSides({ left, right, span }: SetOperation, { walk }: Context): void {
  const [a, b] = [outputsOf(left), outputsOf(right)];
  if (a.length !== b.length) {
    walk.found.add(
      'SETOP_KIND',
      span,
      `the left side has ${String(a.length)} outputs, the right side ${String(b.length)}`,
    );
  }
  for (const [index, column] of a.entries()) {
    const other = b[index];
    if (other === undefined) continue;
    const families = [familyOfType(column.type), familyOfType(other.type)].filter((family) => family !== null);
    const isMixed = JSON.stringify(column.protection) !== JSON.stringify(other.protection);
    if (new Set(families).size > 1 || isMixed || !meetExactly([column.type, other.type])) {
      walk.found.add(
        'SETOP_KIND',
        span,
        `output ${String(index + 1)} does not have the same type and protection on both sides`,
      );
    }
  }
}

function resolveSetOperation(node: StrictNode, around: Context): Query | null {
  const { span } = node;
  const { named, context } = resolveNamed(node, around);
  const operator = node.text('setop_type');
  const all = node.flag('setop_all');
  const left = resolveNode(node.node('left'), context);
  const right = resolveNode(node.node('right'), context);
  const items = left === null ? [] : firstSelect(left).items;
  const outputs: Scope = { ...NO_SCOPE, outputs: groupByName(items), outputUse: 'yes', isBroken: left === null };
  const { distinct, ...modifiers } = readModifiers(node.nodes('modifiers'), items, { ...context, scope: outputs });
  if (distinct) context.walk.found.add('SETOP_KIND', span, 'DISTINCT belongs in the SELECTs that are combined');
  node.close();
  const known = (['UNION', 'INTERSECT', 'EXCEPT'] as const).find((name) => name === operator);
  if (known === undefined) context.walk.found.add('SETOP_KIND', span, `${quoteForMessage(operator)} is not supported`);
  if (known === undefined || left === null || right === null) return null;
  const parts = { operator: known, all, left, right, named, span: cover([left.span, right.span]) ?? span };
  const operation: SetOperation = { kind: 'set', ...parts, ...modifiers };
  checkSides(operation, context);
  return operation;
}

function resolveNode(node: StrictNode, context: Context): Query | null {
  if (node.isTooDeep) return null;
  const type = node.text('type');
  if (type === 'SELECT_NODE') return resolveSelect(node, context);
  if (type === 'SET_OPERATION_NODE') return resolveSetOperation(node, context);
  const isRecursive = type === 'RECURSIVE_CTE_NODE';
  node.skipAll();
  const code = isRecursive ? 'CTE_RECURSIVE' : 'UNSUPPORTED_NODE';
  context.walk.found.add(
    code,
    node.span,
    isRecursive ? 'the query refers to itself' : `${quoteForMessage(type)} is not supported`,
  );
  return null;
}

/** Resolves a statement, which is a query; its parameters are resolved where they are used. */
function resolveStatement(node: StrictNode, context: Context): Query | null {
  node.list('named_param_map');
  const query = resolveNode(node.node('node'), context);
  node.close();
  return query;
}

/**
 * Resolves the parser's tree to a query in which every name is a column of the manifest and every value has a type. Whatever is
 * not understood becomes a finding, and then the result must not run; `null` if there is no result.
 */
export function resolveQuery(
  statement: Json,
  walk: Walk,
  manifest: Manifest,
  parameters: ReadonlyMap<string, ValueType> | null,
): Query | null {
  let scans = 0;
  const nextScan = (): number => {
    scans += 1;
    return scans;
  };
  const visible = new Map<string, VisibleQuery>();
  const context: Context = {
    walk,
    manifest,
    parameters,
    visible,
    scope: NO_SCOPE,
    isCorrelated: false,
    resolveInner: resolveStatement,
    nextScan,
    nodes: new NodeCounter(),
  };
  try {
    return resolveStatement(new StrictNode(walk, statement, walk.index.whole), context);
  } catch (error) {
    if (!(error instanceof TooManyNodes)) throw error;
    const help = 'Use the names of long outputs less often, and stars over fewer columns.';
    reportTooManyNodes(walk.index.whole, walk.found, help);
    return null;
  }
}
