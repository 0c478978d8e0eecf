import type { Context } from './context.ts';
import type { StrictNode } from './strict-node.ts';
import { meaningsOf } from './dialect.ts';

/** The direction of a term of ORDER BY. */
export interface Direction {
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

/** Reads the direction of a term of ORDER BY, in a query or in a window. */
export function readDirection(node: StrictNode, context: Context): Direction {
  const descending = node.word('type', ['ORDER_DEFAULT', 'ASCENDING', 'DESCENDING']) === 'DESCENDING';
  const nulls = node.word('null_order', ['ORDER_DEFAULT', 'NULLS FIRST', 'NULLS LAST']);
  //= rules R-56
  const isDefault = nulls !== 'NULLS FIRST' && nulls !== 'NULLS LAST';
  return {
    descending,
    nullsFirst: isDefault ? meaningsOf(context).areNullsFirst(descending) : nulls === 'NULLS FIRST',
  };
}
