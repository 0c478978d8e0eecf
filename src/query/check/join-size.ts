import type { KnownKeys } from '../analysis/known-keys.ts';
import { namedIn, placed, queryOf, selectPlaces, type Placed } from '../analysis/places.ts';
import type { RowAnalysis } from '../analysis/row-analysis.ts';
import { columnKey, isBare, keyOf } from '../analysis/links.ts';
import { logic } from '../ast/build.ts';
import type { Expression, Leaf, Query, Relation, Select } from '../ast/nodes.ts';
import {
  expressionsOf,
  isAggregated,
  isFilterJoin,
  joinsIn,
  leavesOf,
  mapChildren,
  termsOf,
  visibleLeavesOf,
  within,
} from '../ast/walk.ts';
import type { RuleContext } from './rule-context.ts';

/** The most rows that a join may have for one row of another member's table. */
const MAX_JOINED_ROWS = 1_000_000_000;

/** Counts how many rows the repeated rows of the asking member's own tables can make of one row of another member's. */
class JoinSize {
  readonly #rows: RowAnalysis;
  readonly #keys: KnownKeys;
  readonly #member: string;
  readonly #sizes = new Map<Query, number>();

  constructor(rows: RowAnalysis, keys: KnownKeys, member: string) {
    this.#rows = rows;
    this.#keys = keys;
    this.#member = member;
  }

  #ofQuery(place: Placed): number {
    const { query, around } = place;
    const known = this.#sizes.get(query);
    if (known !== undefined) return known;
    const named = namedIn(place);
    const size =
      query.kind === 'select'
        ? this.of({ query, around })
        : this.#ofQuery({ query: query.left, around: named }) + this.#ofQuery({ query: query.right, around: named });
    this.#sizes.set(query, size);
    return size;
  }

  /** The rows of a relation for one row of those that are joined with it. */
  #ofLeaf(leaf: Leaf, place: Placed<Select>, joined: readonly string[]): number {
    const { columns, leaves } = this.#rows.determine(place, { leaves: joined });
    if (joined.length > 0 && leaves.has(leaf.alias)) return 1;
    if (leaf.kind === 'scan') {
      const names = leaf.columns.map(({ name }) => name);
      const bound = joined.length === 0 ? [] : names.filter((name) => columns.has(columnKey(leaf.alias, name)));
      return this.#keys.most(leaf.table, bound) ?? 1;
    }
    const inner = queryOf(leaf, namedIn(place));
    return inner === null ? 1 : this.#ofQuery(inner);
  }

  /** The rows of a SELECT's FROM. */
  of(place: Placed<Select>): number {
    const leaves = visibleLeavesOf(place.query.from);
    const isForeign = (leaf: Leaf): boolean => leaf.kind === 'scan' && leaf.table.owner !== this.#member;
    const rest = leaves.filter((leaf) => !isForeign(leaf));
    const joined = leaves.filter(isForeign).map(({ alias }) => alias);
    let size = 1;
    while (rest.length > 0) {
      const sizes = rest.map((leaf) => this.#ofLeaf(leaf, place, joined));
      const least = Math.min(...sizes);
      const [next] = rest.splice(sizes.indexOf(least), 1);
      if (next !== undefined) joined.push(next.alias);
      size *= least;
    }
    return size;
  }
}

/** The SELECTs of a query and of those in it, with those in expressions, such as the list of NOT IN. */
function allPlaces(place: Placed): readonly Placed<Select>[] {
  return selectPlaces(place).flatMap((each) => {
    const around = namedIn(each);
    const inner = expressionsOf(each.query)
      .flatMap((expression) => [...within(expression)])
      .flatMap((part) => (part.kind === 'scalarQuery' || part.kind === 'inQuery' ? [part.query] : []));
    return [each, ...inner.flatMap((query) => allPlaces({ query, around }))];
  });
}

type Join = Extract<Relation, { readonly kind: 'join' }>;

function isEquality(term: Expression): boolean {
  return term.kind === 'comparison' && term.operator === '=' && isBare(term.left) && isBare(term.right);
}

/** A sub-query that only selects rows of its FROM; `null` if a relation is none. */
function plainQueryOf(relation: Relation): Select | null {
  if (relation.kind !== 'derived' || relation.query.kind === 'set' || relation.query.named.length > 0) return null;
  const { query } = relation;
  return query.distinct || query.limit !== null || query.qualify !== null || isAggregated(query) ? null : query;
}

/** The pairs of rows that a join looks at which filters by more than equalities, as an inner join. */
function pairsOf(join: Join): Relation {
  const inner = plainQueryOf(join.right);
  const outside = new Set(leavesOf(join.left).map(({ alias }) => alias));
  const from = inner?.from ?? null;
  const isClear = !leavesOf(from).some(({ alias }) => outside.has(alias));
  if (inner === null || from === null || !isClear) return { ...join, type: 'INNER' };
  const alias = join.right.kind === 'derived' ? join.right.alias : '';
  const values = new Map(inner.items.map(({ name, value }) => [columnKey(alias, name), value]));
  const opened = (part: Expression): Expression =>
    (isBare(part) ? values.get(keyOf(part)) : undefined) ?? mapChildren(part, opened);
  const terms = [...termsOf(join.on).map(opened), ...termsOf(inner.where)];
  return { ...join, type: 'INNER', right: from, on: logic('AND', terms, join.span) ?? join.on };
}

/** The FROMs of a SELECT: its own, those of joins that only filter it, and the pairs of rows that these look at. */
function fromsOf(place: Placed<Select>): readonly Placed<Select>[] {
  const filters = joinsIn(place.query.from).filter(isFilterJoin);
  const inner = filters.map(({ right }) => ({ ...place, query: { ...place.query, from: right, where: null } }));
  const pairs = filters
    .filter(({ on }) => !termsOf(on).every(isEquality))
    .map((join) => ({ ...place, query: { ...place.query, from: pairsOf(join) } }));
  return [place, ...inner, ...pairs];
}

/** Checks that no join can become huge because of repeated rows of the asking member, whatever is in the tables of others. */
export function checkJoinSize(query: Query, rows: RowAnalysis, keys: KnownKeys, { found, member }: RuleContext): void {
  const size = new JoinSize(rows, keys, member);
  for (const place of allPlaces(placed(query)).flatMap(fromsOf)) {
    const joined = size.of(place);
    if (joined <= MAX_JOINED_ROWS) continue;
    //= rules R-43
    const message = `repeated rows of your tables can make ${joined.toExponential(0)} rows of one row of another member's`;
    found.add('JOIN_SIZE', place.query.span, message);
    return;
  }
}
