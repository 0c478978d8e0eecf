import type { Query, Relation, Select } from '../ast/nodes.ts';
import { expressionsOf, termsOf, within } from '../ast/walk.ts';
import { type Named, namedIn, placed, type Placed, queryOf } from './places.ts';

/** Scans by whether the rows of an answer are made of their rows, or only of rows that are not in them. */
interface Sorted {
  readonly used: Set<number>;
  readonly excluding: Set<number>;
}

/** Sorts the scans of a query. */
class ScanSorter {
  readonly sorted: Sorted = { used: new Set(), excluding: new Set() };
  readonly #seen = { used: new Set<Query>(), excluding: new Set<Query>() };

  addQuery(place: Placed, side: keyof Sorted): void {
    const { query } = place;
    // A WITH query may be read many times over.
    if (this.#seen[side].has(query)) return;
    this.#seen[side].add(query);
    const named = namedIn(place);
    if (query.kind === 'set') {
      for (const part of [query.left, query.right]) this.addQuery({ query: part, around: named }, side);
      return;
    }
    this.#addRelation(query.from, named, side);
    this.#addExpressions(query, named, side);
  }

  #addRelation(relation: Relation | null, named: Named, side: keyof Sorted): void {
    if (relation === null) return;
    if (relation.kind === 'join') {
      this.#addRelation(relation.left, named, side);
      this.#addRelation(relation.right, named, relation.type === 'ANTI' ? 'excluding' : side);
      return;
    }
    if (relation.kind === 'scan') this.sorted[side].add(relation.scan);
    const inner = queryOf(relation, named);
    if (inner !== null) this.addQuery(inner, side);
  }

  #addExpressions(select: Select, named: Named, side: keyof Sorted): void {
    const excluding = new Set<Query>();
    for (const term of termsOf(select.where)) {
      if (term.kind === 'not' && term.value.kind === 'inQuery') excluding.add(term.value.query);
    }
    for (const part of expressionsOf(select).flatMap((expression) => [...within(expression)])) {
      if (part.kind !== 'scalarQuery' && part.kind !== 'inQuery') continue;
      this.addQuery({ query: part.query, around: named }, excluding.has(part.query) ? 'excluding' : side);
    }
  }
}

const KNOWN = new WeakMap<Query, Sorted>();

function sortScans(query: Query): Sorted {
  const known = KNOWN.get(query);
  if (known !== undefined) return known;
  const sorter = new ScanSorter();
  sorter.addQuery(placed(query), 'used');
  KNOWN.set(query, sorter.sorted);
  return sorter.sorted;
}

/** The scans of a query that exclude rows, by an ANTI join or by NOT IN; those of a WITH query may be used elsewhere as well. */
export function excludingScans(query: Query): ReadonlySet<number> {
  return sortScans(query).excluding;
}

/**
 * The scans of a query that only exclude rows: no row of the answer is made of theirs, so that nothing of them can be counted in it.
 */
export function onlyExcludingScans(query: Query): ReadonlySet<number> {
  const { used, excluding } = sortScans(query);
  return new Set([...excluding].filter((scan) => !used.has(scan)));
}
