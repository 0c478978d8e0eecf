import type { Span } from '../findings/finding.ts';
import type { Expression, Item, Leaf, RelationColumn } from '../ast/nodes.ts';
import { UNKNOWN } from '../ast/value-type.ts';
import { foldName } from './strict-node.ts';

/** A relation whose columns can be named. */
export interface ScopeEntry {
  readonly leaf: Leaf;
  /** The columns of the leaf by folded name. */
  readonly columns: ReadonlyMap<string, readonly RelationColumn[]>;
  /** Folded names that mean a column of another relation when written without an alias, because of USING. */
  readonly hidden: ReadonlySet<string>;
}

/** How a clause can name outputs: not at all, only to detect names with two meanings, or freely. */
export type OutputUse = 'no' | 'clash' | 'yes';

/** What a name can mean in a clause of a SELECT. */
export interface Scope {
  readonly entries: readonly ScopeEntry[];
  /** Whether something in FROM was refused; then a name that is not found is not reported. */
  readonly isBroken: boolean;
  /** Outputs by folded name. */
  readonly outputs: ReadonlyMap<string, readonly Item[]>;
  readonly outputUse: OutputUse;
  /** The scope of the query around this one. */
  readonly outer: Scope | null;
  /** Whether columns of `outer` can be used; otherwise it only serves to say that they cannot. */
  readonly usesOuter: boolean;
}

/** A scope without relations. */
export const NO_SCOPE: Scope = {
  entries: [],
  isBroken: false,
  outputs: new Map(),
  outputUse: 'no',
  outer: null,
  usesOuter: false,
};

/** A column, with the relation that it belongs to. */
export interface FoundColumn {
  readonly leaf: Leaf;
  readonly column: RelationColumn;
}

/** Groups what has a name by its folded name, so that looking one up takes as long in a long list as in a short one. */
export function groupByName<T extends { readonly name: string }>(
  named: readonly T[],
): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const each of named) {
    const name = foldName(each.name);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [each]);
    else group.push(each);
  }
  return groups;
}

/** The two sides of a join as one scope. */
export function joinScopes(left: Scope, right: Scope): Scope {
  return { ...left, entries: [...left.entries, ...right.entries], isBroken: left.isBroken || right.isBroken };
}

/** The same scope, with columns that can only be named after their alias. */
export function hideColumns(scope: Scope, names: readonly string[]): Scope {
  const entries = scope.entries.map((entry) => ({ ...entry, hidden: new Set([...entry.hidden, ...names]) }));
  return { ...scope, entries };
}

/** All columns of a folded name that can be written without an alias. */
export function findColumns(scope: Scope, name: string): readonly FoundColumn[] {
  return columnsNamed(
    name,
    scope.entries.filter(({ hidden }) => !hidden.has(name)),
  );
}

/** The columns of a folded name in some relations. */
export function columnsNamed(name: string, entries: readonly ScopeEntry[]): readonly FoundColumn[] {
  return entries.flatMap(({ leaf, columns }) => (columns.get(name) ?? []).map((column) => ({ leaf, column })));
}

/** The entries that an alias can mean. */
export function findRelations(scope: Scope, alias: string): readonly ScopeEntry[] {
  return scope.entries.filter(({ leaf }) => foldName(leaf.alias) === alias);
}

/** A column as an expression. */
export function columnExpression({ leaf, column }: FoundColumn, span: Span): Expression {
  return { kind: 'column', relation: leaf.alias, name: column.name, column, span, type: column.type };
}

/** The placeholder for a part that was reported. */
export function invalid(span: Span, parts: readonly Expression[] = [], isColumn = false): Expression {
  return { kind: 'invalid', isColumn, parts, span, type: UNKNOWN };
}
