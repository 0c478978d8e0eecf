import type { Dialect } from '../../collab/index.ts';
import type { Context } from './context.ts';
import type { StrictNode } from './strict-node.ts';

/** Whether nulls come first in an order that does not say so. */
const NULLS_FIRST: Readonly<Record<Dialect, (isDescending: boolean) => boolean>> = {
  // A null is less than any value.
  spark: (isDescending) => !isDescending,
  duckdb: () => false,
};

/** The direction of a term of ORDER BY. */
export interface Direction {
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

/** Reads the direction of a term of ORDER BY, in a query or in a window. */
export function readDirection(node: StrictNode, { manifest }: Context): Direction {
  const descending = node.word('type', ['ORDER_DEFAULT', 'ASCENDING', 'DESCENDING']) === 'DESCENDING';
  const nulls = node.word('null_order', ['ORDER_DEFAULT', 'NULLS FIRST', 'NULLS LAST']);
  //= rules R-56
  const isDefault = nulls !== 'NULLS FIRST' && nulls !== 'NULLS LAST';
  return { descending, nullsFirst: isDefault ? NULLS_FIRST[manifest.dialect](descending) : nulls === 'NULLS FIRST' };
}
