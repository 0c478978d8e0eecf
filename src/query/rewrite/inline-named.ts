import type { Expression, Leaf, NamedQuery, Query, Relation, RelationColumn, Select } from '../ast/nodes.ts';
import { outputsOf } from '../ast/outputs.ts';
import { leavesOf, mapChildren } from '../ast/walk.ts';
import { NodeCounter, TooManyNodes } from '../resolve/context.ts';
import { foldName } from '../resolve/strict-node.ts';

/** How many WITH queries may be read inside one another: a chain of them becomes as many levels of sub-queries. */
const MAX_LEVELS = 40;

/** A WITH query, and what can be read inside it. */
interface Readable {
  readonly query: Query;
  readonly around: Around;
  isRead: boolean;
}

/** What a query can refer to: WITH queries by folded name, relations by alias, and how many WITH queries it is inside of. */
interface Around {
  readonly named: ReadonlyMap<string, Readable>;
  readonly leaves: ReadonlyMap<string, ReadonlyMap<string, RelationColumn>>;
  readonly level: number;
}

/** Copies a query, with a copy of its WITH query at each place that reads one, and with scan numbers of its own for each copy. */
class Inliner {
  readonly #nodes = new NodeCounter();
  #scans = 0;

  query(query: Query, { named, leaves, level }: Around): Query {
    const readable = new Map(named);
    const own = query.named.map((each) => {
      const entry: Readable = { query: each.query, around: { named: new Map(readable), leaves, level }, isRead: false };
      readable.set(foldName(each.name), entry);
      return { name: each.name, entry };
    });
    const around = { named: readable, leaves, level };
    const copy = query.kind === 'set' ? this.#set(query, around) : this.#select(query, around);
    // What nobody reads stays, so that its tables do. The last ones come first, because they read those before them.
    const unread = own.reduceRight<readonly NamedQuery[]>((kept, { name, entry }) => {
      return entry.isRead ? kept : [{ name, query: this.query(entry.query, entry.around) }, ...kept];
    }, []);
    return { ...copy, named: unread };
  }

  #set(query: Extract<Query, { readonly kind: 'set' }>, around: Around): Query {
    return { ...query, left: this.query(query.left, around), right: this.query(query.right, around) };
  }

  #select(select: Select, outside: Around): Select {
    const from = select.from === null ? null : this.#relation(select.from, outside);
    const own = leavesOf(from).map(
      ({ alias, columns }) => [alias, new Map(columns.map((column) => [column.name, column]))] as const,
    );
    const around = { ...outside, leaves: new Map([...outside.leaves, ...own]) };
    const change = (value: Expression): Expression => this.#expression(value, around);
    const orNull = (value: Expression | null): Expression | null => (value === null ? null : change(value));
    const shown = ({
      items,
      groups,
      having,
      qualify,
    }: Select): Pick<Select, 'items' | 'groups' | 'having' | 'qualify'> => ({
      items: items.map(({ name, value }) => ({ name, value: change(value) })),
      groups: groups.map(change),
      having: orNull(having),
      qualify: orNull(qualify),
    });
    const rows = { from: from === null ? null : this.#conditions(from, around), where: orNull(select.where) };
    const { totals } = select;
    // Totals are of the same rows.
    const others = totals === undefined ? {} : { totals: totals.map((each) => ({ ...each, ...rows, ...shown(each) })) };
    return { ...select, ...rows, ...shown(select), ...others };
  }

  #relation(relation: Relation, around: Around): Relation {
    if (relation.kind !== 'join') return this.#leaf(relation, around);
    return { ...relation, left: this.#relation(relation.left, around), right: this.#relation(relation.right, around) };
  }

  #leaf(leaf: Leaf, around: Around): Leaf {
    this.#nodes.add(1 + leaf.columns.length);
    switch (leaf.kind) {
      case 'scan': {
        this.#scans += 1;
        const scan = this.#scans;
        const columns = leaf.columns.map((column) =>
          column.origin === null ? column : { ...column, origin: { ...column.origin, scan } },
        );
        return { ...leaf, scan, columns };
      }
      case 'derived': {
        const query = this.query(leaf.query, around);
        return { ...leaf, query, columns: outputsOf(query) };
      }
      case 'named': {
        const readable = around.named.get(foldName(leaf.name));
        if (readable === undefined) throw new TypeError(`the WITH query ${leaf.name} is not visible where it is read`);
        readable.isRead = true;
        const level = around.level + 1;
        if (level > MAX_LEVELS) throw new TooManyNodes();
        const query = this.query(readable.query, { ...readable.around, level });
        return { kind: 'derived', query, alias: leaf.alias, columns: outputsOf(query), span: leaf.span };
      }
    }
  }

  /** The conditions of joins, in which the columns of all relations of the FROM are known by now. */
  #conditions(relation: Relation, around: Around): Relation {
    if (relation.kind !== 'join') return relation;
    const [left, right] = [this.#conditions(relation.left, around), this.#conditions(relation.right, around)];
    return { ...relation, left, right, on: this.#expression(relation.on, around) };
  }

  #expression(value: Expression, around: Around): Expression {
    this.#nodes.add(1);
    if (value.kind === 'column') {
      const column = around.leaves.get(value.relation)?.get(value.name);
      return column === undefined ? value : { ...value, column };
    }
    const copy = mapChildren(value, (child) => this.#expression(child, around));
    if (copy.kind !== 'scalarQuery' && copy.kind !== 'inQuery') return copy;
    return { ...copy, query: this.query(copy.query, around) };
  }
}

/**
 * The same query with a sub-query of its own wherever a WITH query is read, so that each reading has its own scans, whose persons are
 * counted apart. A WITH query that is not read stays.
 *
 * @throws {TooManyNodes} if the query then has more nodes, or more levels, than one may have: each reading counts
 */
export function inlineNamed(query: Query): Query {
  //= rules R-3
  return new Inliner().query(query, { named: new Map(), leaves: new Map(), level: 0 });
}
