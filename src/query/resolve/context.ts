import type { Manifest } from '../../collab/index.ts';
import type { Query, RelationColumn } from '../ast/nodes.ts';
import type { Findings, Span } from '../findings/finding.ts';
import type { ValueType } from '../ast/value-type.ts';
import type { StrictNode, Walk } from './strict-node.ts';
import type { Scope } from './scope.ts';

/** A WITH query that is in scope. */
export interface VisibleQuery {
  readonly name: string;
  readonly columns: readonly RelationColumn[];
}

/** The maximum number of nodes of a resolved query. */
const MAX_NODES = 20_000;

/** Thrown if a query has too many nodes once its names are resolved, and caught before a verdict. */
export class TooManyNodes extends Error {}

/** Reports a query that has too many nodes. */
export function reportTooManyNodes(span: Span, found: Findings, help: string): void {
  const message = `the query has more than ${String(MAX_NODES)} parts once its names are written out`;
  found.add('TOO_LARGE', span, message, { help });
}

/** Counts what a query becomes while it is resolved, so that a short text cannot become a query that takes long to check. */
export class NodeCounter {
  #nodes = 0;

  /** @throws {TooManyNodes} if there are now too many. */
  add(nodes: number): void {
    //= rules R-3
    this.#nodes += nodes;
    if (this.#nodes > MAX_NODES) throw new TooManyNodes();
  }
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
  /** Counts each expression, each column that a relation offers, each column that a name is searched in, and all that a name stands for. */
  readonly nodes: NodeCounter;
}
