import type { Expression, ExpressionOf, Item, Leaf, Query } from '../ast/nodes.ts';
import { familyOfType } from '../ast/value-type.ts';

/** Rows of a query that are written in it. */
export type ConstantRows = readonly (readonly ExpressionOf<'literal'>[])[];

/** The rows of `SELECT` with some columns of other constants, in the order of its outputs. */
function pickedFrom(leaf: Leaf, items: readonly Item[]): ConstantRows | null {
  const rows = leaf.kind === 'derived' ? constantRowsOf(leaf.query) : null;
  const places = items.map(({ value }) =>
    value.kind === 'column' ? leaf.columns.findIndex(({ name }) => name === value.name) : -1,
  );
  return rows?.map((row) => places.flatMap((place) => row[place] ?? [])) ?? null;
}

/** The rows of a query that only has constants, as VALUES is resolved; `null` if it reads anything or leaves any of them out. */
export function constantRowsOf(query: Query): ConstantRows | null {
  if (query.limit !== null || query.offset !== null || query.named.length > 0) return null;
  if (query.kind === 'set') {
    if (query.operator !== 'UNION' || !query.all) return null;
    const [left, right] = [constantRowsOf(query.left), constantRowsOf(query.right)];
    return left === null || right === null ? null : [...left, ...right];
  }
  const { items, from, where, groups, having, qualify } = query;
  if (where !== null || groups.length > 0 || having !== null || qualify !== null || from?.kind === 'join') return null;
  const own = items.flatMap(({ value }) => (value.kind === 'literal' ? [value] : []));
  const rows = from === null ? [own] : pickedFrom(from, items);
  return rows?.every((row) => row.length === items.length) === true ? rows : null;
}

/** A text that is the same for constants that may be equal. */
function valueOf({ text, type }: Expression & { readonly kind: 'literal' }): string {
  return familyOfType(type) === 'number' ? String(Number(text)) : String(text);
}

/** Whether no two of these rows have the same values, other than null, in the columns at these places. */
export function areDistinct(rows: ConstantRows, places: readonly number[]): boolean {
  const seen = new Set<string>();
  for (const row of rows) {
    const values = places.flatMap((place) => row[place] ?? []);
    if (values.some(({ text }) => text === null)) continue;
    const key = JSON.stringify(values.map(valueOf));
    if (seen.has(key)) return false;
    seen.add(key);
  }
  return places.length > 0 || rows.length <= 1;
}
