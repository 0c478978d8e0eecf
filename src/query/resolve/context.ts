import type { Manifest } from '../../collab/index.ts';
import type { Query, RelationColumn } from '../ast/nodes.ts';
import type { ValueType } from '../ast/value-type.ts';
import type { StrictNode, Walk } from './strict-node.ts';
import type { Scope } from './scope.ts';

/** A WITH query that is in scope. */
export interface VisibleQuery {
  readonly name: string;
  readonly columns: readonly RelationColumn[];
}

/** WITH queries by folded name. */
export type VisibleQueries = ReadonlyMap<string, VisibleQuery>;

/** What a clause is resolved against. */
export interface Context {
  readonly walk: Walk;
  readonly manifest: Manifest;
  /** Parameters of the template by name; `null` if the query is not a template. */
  readonly parameters: ReadonlyMap<string, ValueType> | null;
  readonly visible: VisibleQueries;
  readonly scope: Scope;
  /** Whether WHERE may use columns of the query around this one, as in EXISTS. */
  readonly isCorrelated: boolean;
  /** Resolves a query inside a clause. */
  readonly resolveInner: (node: StrictNode, context: Context) => Query | null;
  readonly nextScan: () => number;
}
