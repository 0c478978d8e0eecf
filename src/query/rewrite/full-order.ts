import type { Order } from '../ast/nodes.ts';

/** The order that a query asks for, then all other outputs, so that it leaves no choice but between equal rows. */
export function fullOrder(order: readonly Order[], count: number): readonly Order[] {
  //= rules R-37
  const seen = new Set(order.map((term) => term.item));
  const rest = Array.from({ length: count }, (_, item) => item).filter((item) => !seen.has(item));
  return [...order, ...rest.map((item) => ({ item, descending: false, nullsFirst: false }))];
}
