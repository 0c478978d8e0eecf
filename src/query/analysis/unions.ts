import type { Leaf, Query, Relation, Select } from '../ast/nodes.ts';
import { visibleLeavesOf } from '../ast/walk.ts';

/** A relation that is a UNION or a UNION ALL of SELECTs. */
export interface Union {
  readonly leaf: Leaf;
  /** The SELECTs that are combined, at least two. */
  readonly branches: readonly Select[];
}

/** The SELECTs that UNION combines in a query, which is one itself or a set operation; `null` if it combines by anything else. */
function branchesOf(query: Query): readonly Select[] | null {
  if (query.kind === 'select') return [query];
  if (query.operator !== 'UNION' || query.limit !== null || query.offset !== null || query.named.length > 0)
    return null;
  const [left, right] = [branchesOf(query.left), branchesOf(query.right)];
  return left === null || right === null ? null : [...left, ...right];
}

/** What a relation combines by UNION; `null` if it is no such sub-query. */
export function unionOf(leaf: Leaf): Union | null {
  if (leaf.kind !== 'derived' || leaf.query.kind !== 'set') return null;
  const branches = branchesOf(leaf.query);
  return branches === null ? null : { leaf, branches };
}

/** The unions of a FROM whose columns can be used. */
export function unionsIn(from: Relation | null): readonly Union[] {
  return visibleLeavesOf(from).flatMap((leaf) => unionOf(leaf) ?? []);
}

/** Whether an output is the same column of the same table in all parts of a union, unchanged. */
export function isSameColumn({ branches }: Union, index: number): boolean {
  const origins = branches.map(({ items }) => {
    const value = items[index]?.value;
    const origin = value?.kind === 'column' ? value.column.origin : null;
    return origin === null ? null : JSON.stringify([origin.table, origin.column]);
  });
  const [first = null] = origins;
  return first !== null && origins.every((origin) => origin === first);
}
