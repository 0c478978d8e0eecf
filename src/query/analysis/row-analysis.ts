import { canonicalText } from '../ast/equal.ts';
import type { Expression, ExpressionOf, Leaf, Query, Select } from '../ast/nodes.ts';
import { outputsOf } from '../ast/outputs.ts';
import { columnsIn, isAggregated, termsOf, visibleLeavesOf, within } from '../ast/walk.ts';
import { areDistinct, constantRowsOf } from './constant-rows.ts';
import type { KnownKeys } from './known-keys.ts';
import { columnKey, isBare, isConstant, keyOf, linksIn, linksOf, missingIn } from './links.ts';
import { leafOf, type Named, namedIn, type Placed, queryOf } from './places.ts';

/** What other values determine in a FROM: columns with one value at most, and relations with one row at most. */
export interface Determined {
  /** Of {@link columnKey}. */
  readonly columns: ReadonlySet<string>;
  /** Aliases. */
  readonly leaves: ReadonlySet<string>;
}

/** What is given: single values of columns, and single rows of relations. */
export interface Given {
  readonly columns?: readonly ExpressionOf<'column'>[];
  /** Aliases. */
  readonly leaves?: readonly string[];
}

/** Whether an aggregate or a window counts rows, whatever they hold. */
function countsRows(part: Expression): boolean {
  if (part.kind === 'aggregate') return part.argument === null || columnsIn(part.argument).length === 0;
  return part.kind === 'window' && part.arguments.every((value) => columnsIn(value).length === 0);
}

function isRowNumber(part: Expression): part is ExpressionOf<'window'> {
  return part.kind === 'window' && part.function === 'row_number';
}

/** Whether a value is the same for all rows in which its columns are: it has no aggregate and no window in it. */
export function isOfRow(value: Expression): boolean {
  return ![...within(value)].some(
    (part) => part.kind === 'aggregate' || part.kind === 'window' || part.kind === 'invalid',
  );
}

/**
 * Which rows and values of a query are determined by others, as far as keys, equalities, GROUP BY, DISTINCT and ROW_NUMBER show. Answers
 * are on the safe side: what is said to be determined is.
 */
export class RowAnalysis {
  readonly #keys: KnownKeys;
  readonly #answers = new WeakMap<Query, Map<string, unknown>>();

  constructor(keys: KnownKeys) {
    this.#keys = keys;
  }

  /** WITH queries may be read many times over, so each question is answered once. */
  #once<Answer>(query: Query, question: string, answer: () => Answer): Answer {
    const known = this.#answers.get(query) ?? new Map<string, unknown>();
    this.#answers.set(query, known);
    if (!known.has(question)) known.set(question, answer());
    return known.get(question) as Answer;
  }

  /** The scans whose rows were combined into the rows of a query; those that only filter are left out. */
  scansBehind(place: Placed): ReadonlySet<number> {
    return this.#once(place.query, 'scans', () => {
      const { query } = place;
      const named = namedIn(place);
      if (query.kind === 'select') {
        return new Set(visibleLeavesOf(query.from).flatMap((leaf) => [...this.scansOfLeaf(leaf, named)]));
      }
      return new Set(
        [query.left, query.right].flatMap((side) => [...this.scansBehind({ query: side, around: named })]),
      );
    });
  }

  /** {@link RowAnalysis.scansBehind} of a relation. */
  scansOfLeaf(leaf: Leaf, named: Named): ReadonlySet<number> {
    if (leaf.kind === 'scan') return new Set([leaf.scan]);
    const inner = queryOf(leaf, named);
    return inner === null ? new Set() : this.scansBehind(inner);
  }

  /** The scans whose rows an output of a query depends on. */
  #scansOfOutput(place: Placed, name: string): ReadonlySet<number> {
    return this.#once(place.query, JSON.stringify(['output', name]), () => {
      const { query } = place;
      // Which side of a set operation a row is of depends on the rows of both.
      if (query.kind === 'set') return this.scansBehind(place);
      const item = query.items.find((each) => each.name === name);
      const scans = item === undefined ? new Set<number>() : this.scansOf(item.value, { query, around: place.around });
      // A constant depends on the rows that have it.
      return scans.size === 0 ? this.scansBehind(place) : scans;
    });
  }

  /** The scans whose rows an expression of a SELECT depends on; a count depends on all rows that it counts. */
  scansOf(expression: Expression, place: Placed<Select>): ReadonlySet<number> {
    const named = namedIn(place);
    const found = columnsIn(expression).flatMap((part) => {
      const leaf = leafOf(place.query, part.relation);
      if (leaf === null) return [];
      if (leaf.kind === 'scan') return [leaf.scan];
      const inner = queryOf(leaf, named);
      return inner === null ? [] : [...this.#scansOfOutput(inner, part.name)];
    });
    if (![...within(expression)].some(countsRows)) return new Set(found);
    const all = visibleLeavesOf(place.query.from).flatMap((leaf) => [...this.scansOfLeaf(leaf, named)]);
    return new Set([...found, ...all]);
  }

  /** What is determined in the rows of a SELECT's FROM and WHERE by what is given. */
  determine(place: Placed<Select>, { columns = [], leaves = [] }: Given): Determined {
    const question = JSON.stringify(['determine', columns.map(keyOf), leaves]);
    return this.#once(place.query, question, () => this.#determine(place, columns, leaves));
  }

  #determine(
    place: Placed<Select>,
    givenColumns: readonly ExpressionOf<'column'>[],
    givenLeaves: readonly string[],
  ): Determined {
    const { from, where } = place.query;
    const named = namedIn(place);
    const visible = visibleLeavesOf(from);
    const columns = new Set(['', ...givenColumns.map(keyOf)]);
    const leaves = new Set<string>();
    const addLeaf = (leaf: Leaf): void => {
      leaves.add(leaf.alias);
      for (const { name } of leaf.columns) columns.add(columnKey(leaf.alias, name));
    };
    for (const leaf of visible) if (givenLeaves.includes(leaf.alias)) addLeaf(leaf);
    const views = new Set([...givenLeaves, ...givenColumns.map((part) => part.relation)]);
    const links = [...linksIn(from, views), ...linksOf(termsOf(where))];
    const missing = missingIn(from, views);
    for (let size = -1; size < columns.size + leaves.size;) {
      size = columns.size + leaves.size;
      for (const { from: source, to, guards } of links) {
        if (columns.has(source) && guards.every((guard) => columns.has(guard))) columns.add(to);
      }
      for (const leaf of visible.filter(({ alias }) => !leaves.has(alias))) {
        const bound = new Set(
          leaf.columns.map(({ name }) => name).filter((name) => columns.has(columnKey(leaf.alias, name))),
        );
        // Whether a relation has a row is known if one of its columns is.
        if (bound.size === 0 && missing.has(leaf.alias)) continue;
        const inner = queryOf(leaf, named);
        const isRow = leaf.kind === 'scan' ? this.#keys.isKey(leaf.table, bound) : this.#isRow(inner, bound);
        if (isRow) addLeaf(leaf);
        else if (inner !== null) {
          for (const name of this.#outputsFrom(inner, bound)) columns.add(columnKey(leaf.alias, name));
        }
      }
    }
    return { columns, leaves };
  }

  /** Whether an expression has at most one value, given what is determined. */
  isDetermined(expression: Expression, { columns }: Determined): boolean {
    return isOfRow(expression) && columnsIn(expression).every((part) => columns.has(keyOf(part)));
  }

  #inside(place: Placed<Select>, bound: ReadonlySet<string>): Determined {
    const values = place.query.items.filter(({ name }) => bound.has(name)).map(({ value }) => value);
    return this.determine(place, { columns: values.filter(isBare) });
  }

  /** Whether a query has at most one row with given values, other than null, of the outputs `bound`. */
  #isRow(place: Placed | null, bound: ReadonlySet<string>): boolean {
    if (place === null) return false;
    const { query, around } = place;
    return this.#once(query, JSON.stringify(['row', ...[...bound].sort()]), () => {
      const rows = constantRowsOf(query);
      if (rows !== null) {
        return areDistinct(
          rows,
          outputsOf(query).flatMap(({ name }, index) => (bound.has(name) ? [index] : [])),
        );
      }
      if (query.kind === 'set') return !query.all && outputsOf(query).every(({ name }) => bound.has(name));
      const inside = this.#inside({ query, around }, bound);
      const boundTexts = new Set(
        query.items.filter(({ name }) => bound.has(name)).map(({ value }) => canonicalText(value)),
      );
      const isKnown = (value: Expression): boolean =>
        boundTexts.has(canonicalText(value)) || this.isDetermined(value, inside);
      if (isAggregated(query)) return query.groups.every(isKnown);
      if (query.distinct && query.items.every(({ value }) => isKnown(value))) return true;
      const first = termsOf(query.qualify).flatMap((term) => firstOfPartition(term));
      const numbered = query.items.flatMap(({ name, value }) => (isRowNumber(value) && bound.has(name) ? [value] : []));
      if (!query.distinct && [...first, ...numbered].some((part) => part.partition.every(isKnown))) return true;
      return visibleLeavesOf(query.from).every(({ alias }) => inside.leaves.has(alias));
    });
  }

  /** The outputs of a query that have at most one value for given values of the outputs `bound`. */
  #outputsFrom({ query, around }: Placed, bound: ReadonlySet<string>): readonly string[] {
    if (query.kind === 'set' || bound.size === 0) return [];
    return this.#once(query, JSON.stringify(['from', ...[...bound].sort()]), () => {
      const inside = this.#inside({ query, around }, bound);
      return query.items.filter(({ value }) => this.isDetermined(value, inside)).map(({ name }) => name);
    });
  }

  /** Whether each row of a scan has a part in at most one row of a query. */
  isOnce(place: Placed, scan: number): boolean {
    const { query, around } = place;
    if (query.kind === 'set') return false;
    return this.#once(query, JSON.stringify(['once', scan]), () => {
      const determined = this.fromRowOf({ query, around }, scan);
      if (determined === null) return false;
      if (isAggregated(query)) return query.groups.every((group) => this.isDetermined(group, determined));
      if (query.distinct && query.items.every(({ value }) => this.isDetermined(value, determined))) return true;
      return visibleLeavesOf(query.from).every(({ alias }) => determined.leaves.has(alias));
    });
  }

  /** What a row of a scan determines in the FROM of a SELECT; `null` if the row itself is there more than once. */
  fromRowOf(place: Placed<Select>, scan: number): Determined | null {
    const named = namedIn(place);
    const holders = visibleLeavesOf(place.query.from).filter((leaf) => this.scansOfLeaf(leaf, named).has(scan));
    const [leaf, other] = holders;
    if (leaf === undefined || other !== undefined) return null;
    const inner = queryOf(leaf, named);
    if (inner !== null && !this.isOnce(inner, scan)) return null;
    return this.determine(place, { leaves: [leaf.alias] });
  }
}

/** The numbering of which a term keeps one row in each partition, as `row_number() OVER (…) = 1` does. */
function firstOfPartition(term: Expression): readonly ExpressionOf<'window'>[] {
  if (term.kind !== 'comparison' || term.operator !== '=') return [];
  const [number, other] = isRowNumber(term.left) ? [term.left, term.right] : [term.right, term.left];
  return isRowNumber(number) && isConstant(other) ? [number] : [];
}
