import type { Leaf, NamedQuery, Query, Relation, Select } from '../ast/nodes.ts';
import { visibleLeavesOf } from '../ast/walk.ts';

/** The WITH queries that a query can read, by name. */
export type Named = ReadonlyMap<string, Placed>;

/** A query, with the WITH queries around it. */
export interface Placed<Kind extends Query = Query> {
  readonly query: Kind;
  readonly around: Named;
}

/** The place of a query that has none around it. */
export function placed<Kind extends Query>(query: Kind): Placed<Kind> {
  return { query, around: new Map() };
}

/** The WITH queries that the parts of a query can read: those around it, and its own. */
export function namedIn({ query, around }: Placed): Named {
  const add = (inside: Named, { name, query: inner }: NamedQuery): Named =>
    new Map([...inside, [name, { query: inner, around: inside }]]);
  return query.named.reduce(add, around);
}

/** The query that a relation stands for; `null` for a table. */
export function queryOf(leaf: Leaf, named: Named): Placed | null {
  if (leaf.kind === 'scan') return null;
  return leaf.kind === 'derived' ? { query: leaf.query, around: named } : (named.get(leaf.name) ?? null);
}

/** The queries directly inside a query: its WITH queries, its sides, and those in FROM that are not WITH queries. */
function placesIn(place: Placed): readonly Placed[] {
  const { query } = place;
  const named = namedIn(place);
  const own = query.named.flatMap(({ name }) => named.get(name) ?? []);
  if (query.kind === 'set')
    return [...own, { query: query.left, around: named }, { query: query.right, around: named }];
  return [...own, ...derivedIn(query.from).map((inner) => ({ query: inner, around: named }))];
}

function derivedIn(relation: Relation | null): readonly Query[] {
  if (relation === null) return [];
  if (relation.kind === 'join') return [...derivedIn(relation.left), ...derivedIn(relation.right)];
  return relation.kind === 'derived' ? [relation.query] : [];
}

/** The SELECTs of a query and of those in it, outermost first, other than those in expressions. */
export function selectPlaces(place: Placed): readonly Placed<Select>[] {
  const { query, around } = place;
  const inner = placesIn(place).flatMap(selectPlaces);
  return query.kind === 'select' ? [{ query, around }, ...inner] : inner;
}

/** The relation of a FROM with an alias, if its columns can be used. */
export function leafOf(select: Select, alias: string): Leaf | null {
  return visibleLeavesOf(select.from).find((leaf) => leaf.alias === alias) ?? null;
}
