import { logic, NOWHERE } from '../ast/build.ts';
import type { Expression, Leaf, Relation, Select } from '../ast/nodes.ts';
import {
  aliasesIn,
  isFilterJoin,
  isMultiplied,
  shownIn,
  termsOf,
  usedAliases,
  visibleLeavesOf,
  within,
} from '../ast/walk.ts';
import { BOOLEAN } from '../ast/value-type.ts';

/** A FROM of inner joins, taken apart. */
interface Flat {
  readonly leaves: readonly Leaf[];
  readonly terms: readonly Expression[];
  /** SEMI and ANTI joins that the text has: their right sides and conditions. */
  readonly filters: readonly Extract<Relation, { readonly kind: 'join' }>[];
}

/** `null` if there is an outer join. */
function flatten(relation: Relation): Flat | null {
  if (relation.kind !== 'join') return { leaves: [relation], terms: [], filters: [] };
  const left = flatten(relation.left);
  if (left === null) return null;
  if (isFilterJoin(relation)) return { ...left, filters: [...left.filters, relation] };
  const right = relation.type === 'INNER' ? flatten(relation.right) : null;
  if (right === null) return null;
  return {
    leaves: [...left.leaves, ...right.leaves],
    terms: [...left.terms, ...right.terms, ...termsOf(relation.on)],
    filters: [...left.filters, ...right.filters],
  };
}

/** A term with the relations that it mentions. */
interface Term {
  readonly value: Expression;
  readonly aliases: ReadonlySet<string>;
}

function isWithin(aliases: ReadonlySet<string>, set: ReadonlySet<string>): boolean {
  return [...aliases].every((alias) => set.has(alias));
}

function meets(aliases: ReadonlySet<string>, set: ReadonlySet<string>): boolean {
  return [...aliases].some((alias) => set.has(alias));
}

/** The parts of a set of relations that no term connects with each other. */
function componentsOf(aliases: ReadonlySet<string>, terms: readonly Term[]): readonly ReadonlySet<string>[] {
  const left = new Set(aliases);
  const components: ReadonlySet<string>[] = [];
  for (const start of aliases) {
    if (!left.has(start)) continue;
    const component = new Set([start]);
    for (let size = 0; size < component.size;) {
      size = component.size;
      for (const term of terms) {
        if (!meets(term.aliases, component)) continue;
        for (const alias of term.aliases) if (aliases.has(alias)) component.add(alias);
      }
    }
    for (const alias of component) left.delete(alias);
    components.push(component);
  }
  return components;
}

function isConnected(aliases: ReadonlySet<string>, terms: readonly Term[]): boolean {
  const inside = terms.filter((term) => isWithin(term.aliases, aliases));
  return componentsOf(aliases, inside).length === 1;
}

/** Builds a FROM out of relations and terms, with SEMI joins for the relations that only filter. */
class FromBuilder {
  readonly #leaves: ReadonlyMap<string, Leaf>;
  readonly #terms: readonly Term[];

  constructor(leaves: readonly Leaf[], terms: readonly Term[]) {
    this.#leaves = new Map(leaves.map((leaf) => [leaf.alias, leaf]));
    this.#terms = terms;
  }

  #condition(isOn: (term: Term) => boolean): Expression {
    const terms = this.#terms.filter(isOn).map(({ value }) => value);
    return logic('AND', terms, NOWHERE) ?? { kind: 'literal', text: 'true', span: NOWHERE, type: BOOLEAN };
  }

  /** Inner joins of relations, each with the terms that it completes. */
  #inner(aliases: ReadonlySet<string>): Relation {
    const rest = [...this.#leaves.values()].filter(({ alias }) => aliases.has(alias));
    const done = new Set<string>();
    let tree: Relation | null = null;
    while (rest.length > 0) {
      const isNext = ({ alias }: Leaf): boolean =>
        this.#terms.some(
          (term) =>
            term.aliases.has(alias) && meets(term.aliases, done) && isWithin(term.aliases, new Set([...done, alias])),
        );
      const [leaf] = rest.splice(Math.max(0, rest.findIndex(isNext)), 1);
      if (leaf === undefined) break;
      const now = new Set([...done, leaf.alias]);
      const on = this.#condition(
        (term) => term.aliases.size > 1 && isWithin(term.aliases, now) && !isWithin(term.aliases, done),
      );
      tree = tree === null ? leaf : { kind: 'join', type: 'INNER', left: tree, right: leaf, on, span: leaf.span };
      done.add(leaf.alias);
    }
    if (tree === null) throw new TypeError('a FROM without relations');
    return tree;
  }

  /** The relations of `shown`, joined, and filtered by those of `hidden`. */
  build(shown: ReadonlySet<string>, hidden: ReadonlySet<string>): Relation {
    const among = this.#terms.filter((term) => meets(term.aliases, hidden));
    let tree = this.#inner(shown);
    for (const component of componentsOf(hidden, among)) {
      const near = new Set(
        [...component].filter((alias) => among.some((term) => term.aliases.has(alias) && meets(term.aliases, shown))),
      );
      // What is joined directly must not become a product because the relation that connects it is further away.
      const direct = near.size > 0 && isConnected(near, among) ? near : component;
      const right = this.build(direct, new Set([...component].filter((alias) => !direct.has(alias))));
      const both = new Set([...shown, ...direct]);
      const on = this.#condition(
        ({ aliases }) =>
          isWithin(aliases, both) && meets(aliases, direct) && (meets(aliases, shown) || aliases.size === 1),
      );
      tree = { kind: 'join', type: 'SEMI', left: tree, right, on, span: right.span };
    }
    return tree;
  }
}

function isSubQuery({ kind }: Expression): boolean {
  return kind === 'scalarQuery' || kind === 'inQuery';
}

/**
 * The same SELECT, with SEMI joins for relations that only filter: no output, group or aggregate uses them. So no product of rows is
 * computed that no answer needs. Nothing changes where repeated rows change the answer, or where there is an outer join.
 *
 * @param canHide whether thresholds can still be counted if only the columns of some relations can be used
 */
export function joinFilters(select: Select, canHide: (shown: ReadonlySet<string>) => boolean): Select {
  const { from, where } = select;
  const flat = from === null ? null : flatten(from);
  if (flat === null || flat.leaves.length < 2) return select;
  if (shownIn(select).some((value) => [...within(value)].some(isMultiplied))) return select;
  const all = [...flat.terms, ...termsOf(where)].map((value) => ({ value, aliases: aliasesIn(value) }));
  // A condition of a SEMI join cannot have a sub-query in it.
  const asked = all.filter(({ value }) => [...within(value)].some(isSubQuery)).flatMap(({ aliases }) => [...aliases]);
  const used = new Set([...usedAliases(select), ...flat.filters.flatMap(({ on }) => [...aliasesIn(on)]), ...asked]);
  let shown: ReadonlySet<string> = new Set(visibleLeavesOf(from).map(({ alias }) => alias));
  for (let size = -1; size !== shown.size;) {
    size = shown.size;
    for (const alias of [...shown].reverse().filter((each) => !used.has(each))) {
      const fewer = new Set([...shown].filter((each) => each !== alias));
      if (fewer.size > 0 && isConnected(fewer, all) && canHide(fewer)) shown = fewer;
    }
  }
  const hidden = new Set(flat.leaves.map(({ alias }) => alias).filter((alias) => !shown.has(alias)));
  if (hidden.size === 0) return select;
  const kept = all.filter((term) => isWithin(term.aliases, shown) && term.aliases.size < 2);
  let tree = new FromBuilder(flat.leaves, all).build(shown, hidden);
  for (const filter of flat.filters) tree = { ...filter, left: tree };
  return {
    ...select,
    from: tree,
    where: logic(
      'AND',
      kept.map(({ value }) => value),
      where?.span ?? NOWHERE,
    ),
  };
}
