import { columnOf } from '../ast/build.ts';
import type { ExpressionOf, Leaf, Query, Select } from '../ast/nodes.ts';
import { columnsIn, innerQueries, leavesOf, queriesIn, selectsIn, termsOf, visibleLeavesOf } from '../ast/walk.ts';
import { areDistinct, constantRowsOf } from './constant-rows.ts';
import { columnKey, keyOf, linksIn, linksOf } from './links.ts';
import { leafOf, type Named, namedIn, type Placed, queryOf } from './places.ts';
import { isOfRow } from './row-analysis.ts';
import { isSameColumn, unionOf } from './unions.ts';

type Column = ExpressionOf<'column'>;

function hasMark({ items }: Select): boolean {
  return items.some(({ value }) => value.kind !== 'column');
}

/**
 * Which columns of a query hang on a person through tables of one owner only: columns of the rows that the person is in, and of those
 * that equalities between this owner's columns lead to. What others bring can leave such rows out, and never ties a person to them.
 */
export class OwnGroups {
  readonly #isOwn: (scan: number) => boolean;
  readonly #reached = new WeakMap<Query, Map<string, ReadonlySet<string>>>();
  readonly #ownLeaves = new WeakMap<Leaf, boolean>();

  /** @param isOwn whether a scan is of a table of the owner */
  constructor(isOwn: (scan: number) => boolean) {
    this.#isOwn = isOwn;
  }

  /** Whether a column hangs on the person in another one. */
  hangsOn(part: Column, person: Column, place: Placed<Select>): boolean {
    if (part.relation === person.relation) return this.#hangsInLeaf(part.name, person, place);
    return this.#reachedFrom(person, place).has(keyOf(part));
  }

  /**
   * Whether a column of a union is the same column of a table of the owner in all its parts, and hangs in each on the person that is the
   * union's, so that the union brings together what hangs on the person anyway.
   */
  hangsInUnion(part: Column, person: Column, place: Placed<Select>): boolean {
    const leaf = part.relation === person.relation ? leafOf(place.query, part.relation) : null;
    const union = leaf === null ? null : unionOf(leaf);
    if (leaf === null || union === null) return false;
    const indexOf = ({ name }: Column): number => leaf.columns.findIndex((column) => column.name === name);
    const [of, own] = [indexOf(part), indexOf(person)];
    if (!isSameColumn(union, of)) return false;
    return union.branches.every((branch) => {
      const [value, carried] = [branch.items[of]?.value, branch.items[own]?.value];
      if (value?.kind !== 'column' || carried?.kind !== 'column' || value.column.origin === null) return false;
      const inside = { query: branch, around: namedIn(place) };
      return this.#isOwn(value.column.origin.scan) && this.hangsOn(value, carried, inside);
    });
  }

  /** Whether all that a relation reads is of tables of the owner, with what only filters. */
  #isOwnLeaf(leaf: Leaf, named: Named): boolean {
    if (leaf.kind === 'scan') return this.#isOwn(leaf.scan);
    const known = this.#ownLeaves.get(leaf) ?? this.#readsOwn(queryOf(leaf, named));
    this.#ownLeaves.set(leaf, known);
    return known;
  }

  #readsOwn(inner: Placed | null): boolean {
    if (inner === null) return false;
    const selects = selectsIn(inner.query);
    const leaves = selects.flatMap(({ from }) => leavesOf(from));
    const named = namedIn(inner);
    // Constants are the asking member's, and no rows of the owner.
    if (selects.some(({ from }) => from === null)) return false;
    // What a part of a union computes can be a mark that the part was given by whoever wrote it, for any rows.
    const isMarked = [...queriesIn(inner.query)].some(
      (each) => each.kind === 'set' && innerQueries(each).some((side) => side.kind === 'select' && hasMark(side)),
    );
    if (isMarked) return false;
    return leaves.every((each) => each.kind === 'derived' || this.#isOwnLeaf(each, named));
  }

  #hangsInLeaf(name: string, person: Column, place: Placed<Select>): boolean {
    const named = namedIn(place);
    const leaf = leafOf(place.query, person.relation);
    if (leaf === null) return false;
    if (this.#isOwnLeaf(leaf, named)) return true;
    const inner = queryOf(leaf, named);
    if (inner === null || inner.query.kind === 'set') return false;
    const valueOf = (output: string): Select['items'][number]['value'] | undefined =>
      inner.query.kind === 'set' ? undefined : inner.query.items.find((item) => item.name === output)?.value;
    const [own, value] = [valueOf(person.name), valueOf(name)];
    if (own?.kind !== 'column' || value === undefined || !isOfRow(value)) return false;
    const inside = { query: inner.query, around: inner.around };
    return columnsIn(value).every((each) => this.hangsOn(each, own, inside));
  }

  /** Whether constants of the query have at most one row for values at these places, so that they only give the values other names. */
  #isKeyed(leaf: Leaf, places: readonly number[], named: Named): boolean {
    const inner = queryOf(leaf, named);
    const rows = inner === null ? null : constantRowsOf(inner.query);
    return rows !== null && areDistinct(rows, places);
  }

  /** The columns that equalities lead to, from the person's, over relations of the owner. */
  #reachedFrom(person: Column, place: Placed<Select>): ReadonlySet<string> {
    const known = this.#reached.get(place.query) ?? new Map<string, ReadonlySet<string>>();
    this.#reached.set(place.query, known);
    const found = known.get(keyOf(person)) ?? this.#reach(person, place);
    known.set(keyOf(person), found);
    return found;
  }

  #reach(person: Column, place: Placed<Select>): ReadonlySet<string> {
    const { from, where } = place.query;
    const named = namedIn(place);
    const leaves = visibleLeavesOf(from);
    const links = [...linksIn(from, new Set([person.relation])), ...linksOf(termsOf(where))];
    const reached = new Set([keyOf(person)]);
    // A set grows while it is walked: what equals the person is also what that equals.
    for (const key of reached) for (const link of links) if (link.from === key) reached.add(link.to);
    // Other readings of a person, as those of a WITH query, are the person as well, with what hangs on it there.
    const same = leaves.flatMap((leaf) =>
      leaf.columns
        .filter(({ name }) => reached.has(columnKey(leaf.alias, name)))
        .map((column) => ({ leaf, column: columnOf(leaf.alias, column) })),
    );
    for (const { leaf, column } of same) {
      for (const { name } of leaf.columns) {
        if (this.#hangsInLeaf(name, column, place)) reached.add(columnKey(leaf.alias, name));
      }
    }
    const own = leaves
      .filter((leaf) => leaf.alias !== person.relation && this.#isOwnLeaf(leaf, named))
      .map(({ alias, columns }) => columns.map(({ name }) => columnKey(alias, name)));
    for (let size = 0; size < reached.size;) {
      size = reached.size;
      for (const link of links) if (reached.has(link.from)) reached.add(link.to);
      for (const keys of own) {
        if (keys.some((key) => reached.has(key))) for (const key of keys) reached.add(key);
      }
      for (const leaf of leaves) {
        const keys = leaf.columns.map(({ name }) => columnKey(leaf.alias, name));
        const places = keys.flatMap((key, index) => (reached.has(key) ? [index] : []));
        if (places.length > 0 && this.#isKeyed(leaf, places, named)) for (const key of keys) reached.add(key);
      }
    }
    return reached;
  }
}
