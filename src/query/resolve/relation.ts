import type { ManifestColumn, ManifestTable } from '../../collab/index.ts';
import { findNearest, quoteForMessage } from '../../errors/index.ts';
import { compare, logic, TRUE } from '../ast/build.ts';
import type { Expression, Leaf, ColumnProtection, Query, Relation, RelationColumn } from '../ast/nodes.ts';
import { outputsOf } from '../ast/outputs.ts';
import { isFilterJoin, leavesOf } from '../ast/walk.ts';
import { readTypeName } from '../ast/value-type.ts';
import type { Span } from '../findings/finding.ts';
import type { Context } from './context.ts';
import { expectTruth, resolveExpression } from './expression.ts';
import { type StrictNode, foldName } from './strict-node.ts';
import { unify } from './literal.ts';
import { readColumnNames, renameOutputs, resolveValues, selectAll } from './values.ts';
import {
  columnExpression,
  findColumns,
  groupByName,
  hideColumns,
  invalid,
  joinScopes,
  NO_SCOPE,
  type Scope,
} from './scope.ts';

/** A resolved FROM: its relation, `null` if there is none or it cannot be used, and the names that it makes available. */
export interface ResolvedFrom {
  readonly relation: Relation | null;
  readonly scope: Scope;
}

const BROKEN: ResolvedFrom = { relation: null, scope: { ...NO_SCOPE, isBroken: true } };

function protectionOf(column: ManifestColumn): ColumnProtection {
  switch (column.protection) {
    case 'cleartext':
    case 'sealed':
      return { kind: column.protection };
    case 'fingerprint':
      return { kind: 'fingerprint', header: column.name };
  }
}

function scanColumns(table: ManifestTable, scan: number): readonly RelationColumn[] {
  return table.columns.flatMap((column) => {
    const type = readTypeName(column.type);
    if (type === null) return [];
    const source = { table: table.name, column: column.name };
    const protection = protectionOf(column);
    return [{ name: column.name, type, protection, origin: { ...source, scan }, sources: [source] }];
  });
}

function scopeOf(leaf: Leaf, { nodes }: Context): ResolvedFrom {
  nodes.add(leaf.columns.length);
  return {
    relation: leaf,
    scope: { ...NO_SCOPE, entries: [{ leaf, columns: groupByName(leaf.columns), hidden: new Set() }] },
  };
}

/** Reports what can follow any table but is not supported. */
function refuseExtras(node: StrictNode, context: Context): void {
  const { found } = context.walk;
  if (node.isGiven('sample')) found.add('SAMPLE', node.span, 'the query asks for a sample of a table');
}

/** The table or WITH query that a mistyped name most likely means, or all tables of the manifest, as a sentence. */
function suggestTable(name: string, { manifest, visible, nodes }: Context): string {
  const tables = manifest.tables.map((known) => known.name);
  nodes.add(tables.length + visible.size);
  const nearest = findNearest(name, [...[...visible.values()].map((known) => known.name), ...tables]);
  return nearest === undefined
    ? `Its tables are ${tables.map(quoteForMessage).join(', ')}.`
    : `Did you mean ${quoteForMessage(nearest)}?`;
}

function resolveTable(node: StrictNode, context: Context): ResolvedFrom {
  const { span } = node;
  const { found } = context.walk;
  const [catalog, schema, name] = [node.text('catalog_name'), node.text('schema_name'), node.text('table_name')];
  const written = node.text('alias');
  const names = readColumnNames(node);
  refuseExtras(node, context);
  if (node.isGiven('at_clause')) found.add('AT_CLAUSE', span, 'the query asks for a version of a table');
  node.close();
  const visible = catalog === '' && schema === '' ? context.visible.get(foldName(name)) : undefined;
  if (visible !== undefined) {
    const alias = written === '' ? visible.name : written;
    const leaf: Leaf = { kind: 'named', name: visible.name, alias, columns: visible.columns, span };
    if (names.length === 0) return scopeOf(leaf, context);
    return derivedOf(renameOutputs(selectAll(leaf), names, span, context), alias, span, context);
  }
  //= rules R-5
  const table = context.manifest.tables.find((known) => foldName(known.name) === foldName(name));
  const isOwn = table !== undefined && (schema === '' || foldName(schema) === foldName(table.owner));
  if (!isOwn || catalog !== '') {
    const full = [catalog, schema, name].filter((part) => part !== '').join('.');
    found.add('UNKNOWN_TABLE', span, `the collaboration has no table ${quoteForMessage(full)}`, {
      help: suggestTable(name, context),
    });
    return BROKEN;
  }
  if (names.length > 0) found.add('COLUMN_ALIAS_LIST', span, 'the alias has a list of column names');
  const scan = context.nextScan();
  const alias = written === '' ? table.name : written;
  return scopeOf({ kind: 'scan', scan, table, alias, columns: scanColumns(table, scan), span }, context);
}

/**
 * The outputs of a query as the columns of a relation. Reports two with the same name, because the engine renames the second one
 * and it is not known here which column the new name means.
 */
export function relationColumns(query: Query, { walk }: Context): readonly RelationColumn[] {
  const columns = outputsOf(query);
  const names = columns.map((column) => foldName(column.name));
  const repeated = columns.find((_, index) => names.indexOf(names[index] ?? '') < index);
  //= rules R-7
  if (repeated !== undefined) {
    const message = `more than one output of the sub-query is called ${quoteForMessage(repeated.name)}`;
    walk.found.add('AMBIGUOUS_COLUMN', query.span, message, {
      help: 'Give each output of the sub-query its own name.',
    });
  }
  return columns;
}

function derivedOf(query: Query, alias: string, span: Span, context: Context): ResolvedFrom {
  return scopeOf({ kind: 'derived', query, alias, columns: relationColumns(query, context), span }, context);
}

function resolveDerived(node: StrictNode, context: Context): ResolvedFrom {
  const { span } = node;
  const written = node.text('alias');
  const alias = written === '' ? 'subquery' : written;
  const names = readColumnNames(node);
  refuseExtras(node, context);
  const query = context.resolveInner(node.node('subquery'), { ...context, scope: NO_SCOPE });
  node.close();
  return query === null ? BROKEN : derivedOf(renameOutputs(query, names, span, context), alias, span, context);
}

/** The names that both sides of a NATURAL JOIN have, as its USING. */
function commonNames(left: Scope, right: Scope, span: Span, { walk }: Context): readonly string[] {
  const namesOf = ({ entries }: Scope): readonly string[] =>
    entries.flatMap(({ columns, hidden }) => [...columns.keys()].filter((name) => !hidden.has(name)));
  const rights = new Set(namesOf(right));
  const names = [...new Set(namesOf(left))].filter((name) => rights.has(name));
  //= rules R-60
  if (names.length === 0 && !left.isBroken && !right.isBroken) {
    walk.found.add('JOIN_TYPE', span, 'the sides of the NATURAL JOIN have no column name in common');
  }
  return names;
}

/** The equalities that USING means. */
function resolveUsing(names: readonly string[], left: Scope, right: Scope, span: Span, context: Context): Expression {
  const terms = names.map((name) => {
    const sides = [left, right].map((scope) => {
      const [column, more] = findColumns(scope, foldName(name));
      if (column !== undefined && more === undefined) return columnExpression(column, span);
      const code = column === undefined ? 'UNKNOWN_COLUMN' : 'AMBIGUOUS_COLUMN';
      const isBroken = scope.isBroken && column === undefined;
      if (!isBroken)
        context.walk.found.add(code, span, `USING needs exactly one column ${quoteForMessage(name)} on each side`);
      return invalid(span, [], true);
    });
    const [a = invalid(span), b = invalid(span)] = unify(sides, context);
    return compare('=', a, b, span);
  });
  return logic('AND', terms, span) ?? invalid(span);
}

/** The names of both sides of a join; USING merges two columns into one. */
function mergeScopes(type: string, names: readonly string[], left: Scope, right: Scope): Scope {
  const folded = names.map(foldName);
  if (type === 'RIGHT') return joinScopes(hideColumns(left, folded), right);
  return type === 'FULL' ? joinScopes(left, right) : joinScopes(left, hideColumns(right, folded));
}

function resolveJoin(node: StrictNode, context: Context): ResolvedFrom {
  const { span } = node;
  const { found } = context.walk;
  const written = node.text('join_type');
  const kind = node.text('ref_type');
  const left = resolveRelation(node.node('left'), context);
  const right = resolveRelation(node.node('right'), context);
  const type = (['INNER', 'LEFT', 'RIGHT', 'FULL', 'SEMI', 'ANTI'] as const).find((known) => known === written) ?? null;
  const isKnown = kind === 'REGULAR' || kind === 'NATURAL' || (kind === 'CROSS' && type === 'INNER');
  if (!isKnown || type === null) {
    const words = kind === 'REGULAR' ? written : kind;
    found.add('JOIN_TYPE', span, `${quoteForMessage(words)} joins are not supported`);
  }
  const using = node.texts('using_columns');
  const names = kind === 'NATURAL' ? commonNames(left.scope, right.scope, span, context) : using;
  const scope = mergeScopes(written, names, left.scope, right.scope);
  const condition = node.optionalNode('condition');
  node.empty('alias', 'sample', 'delim_flipped', 'duplicate_eliminated_columns');
  node.close();
  let on: Expression = { ...TRUE, span };
  if (condition !== null) on = expectTruth(resolveExpression(condition, { ...context, scope }), context);
  else if (kind !== 'CROSS') on = resolveUsing(names, left.scope, right.scope, span, context);
  if (left.relation === null || right.relation === null) {
    return { relation: left.relation ?? right.relation, scope: { ...scope, isBroken: true } };
  }
  const form = kind === 'NATURAL' ? ({ form: 'natural' } as const) : {};
  const sides = { left: left.relation, right: right.relation };
  const join = { kind: 'join', type: type ?? 'INNER', ...sides, on, ...form, span } as const;
  if (findDoubleAlias(join)) found.add('AMBIGUOUS_COLUMN', span, 'two tables in FROM have the same alias');
  return { relation: join, scope: isFilterJoin(join) ? { ...left.scope, isBroken: scope.isBroken } : scope };
}

function findDoubleAlias(relation: Relation): boolean {
  const aliases = leavesOf(relation).map((leaf) => foldName(leaf.alias));
  return new Set(aliases).size < aliases.length;
}

/** FROM, or a part of it. */
export function resolveRelation(node: StrictNode, context: Context): ResolvedFrom {
  const { span } = node;
  const { found } = context.walk;
  if (node.isTooDeep) return BROKEN;
  const type = node.text('type');
  switch (type) {
    case 'BASE_TABLE':
      return resolveTable(node, context);
    case 'JOIN':
      return resolveJoin(node, context);
    case 'SUBQUERY':
      return resolveDerived(node, context);
    case 'EMPTY':
      node.empty('alias', 'sample');
      node.close();
      return { relation: null, scope: NO_SCOPE };
    case 'TABLE_FUNCTION':
      found.add('TABLE_FUNCTION', span, 'FROM contains a table function');
      break;
    case 'EXPRESSION_LIST': {
      const query = resolveValues(node, context);
      return query === null ? BROKEN : derivedOf(query, 'valueslist', span, context);
    }
    case 'SHOW_REF':
      found.add('UNSUPPORTED_NODE', span, 'DESCRIBE, SHOW and SUMMARIZE are not supported');
      break;
    default:
      found.add('UNSUPPORTED_NODE', span, `${quoteForMessage(type)} is not supported in FROM`);
  }
  node.skipAll();
  return BROKEN;
}
