import { columnOf } from '../ast/build.ts';
import type { ExpressionOf, Leaf, Relation, RelationColumn, Select } from '../ast/nodes.ts';
import { isSameIfEqual } from '../ast/value-type.ts';
import { joinsIn, leavesOf, selectsIn, termsOf, visibleLeavesOf } from '../ast/walk.ts';
import { onlyExcludingScans } from './excluded.ts';
import { type Union, unionsIn } from './unions.ts';

/** A scan of a table, and a column of the FROM above it that has the values of one of the table's columns. */
export interface PersonColumn {
  readonly scan: number;
  /** `null` if there is no such column. */
  readonly column: ExpressionOf<'column'> | null;
}

/** A column at one level of a query. */
interface Slot {
  readonly level: number;
  readonly alias: string;
  readonly column: RelationColumn;
}

/** Columns that have the same values in every row of an answer, because equalities say so. */
class EqualColumns {
  readonly #slots = new Map<string, Slot>();
  readonly #parents = new Map<string, string>();
  #levels = 0;

  constructor(select: Select) {
    this.#addSelect(select);
  }

  #find(key: string): string {
    let root = key;
    for (let next = this.#parents.get(root); next !== undefined; next = this.#parents.get(root)) root = next;
    return root;
  }

  #unite(a: string, b: string): void {
    const [first, second] = [this.#find(a), this.#find(b)];
    if (first !== second) this.#parents.set(first, second);
  }

  #addSelect(select: Select): number {
    const level = this.#levels;
    this.#levels += 1;
    const keyOf = ({ relation, name }: ExpressionOf<'column'>): string => JSON.stringify([level, relation, name]);
    for (const leaf of leavesOf(select.from)) {
      for (const column of leaf.columns) {
        const slot = { level, alias: leaf.alias, column };
        this.#slots.set(JSON.stringify([level, leaf.alias, column.name]), slot);
      }
      this.#addInner(leaf, level);
    }
    const always = joinsIn(select.from).filter(({ type }) => type === 'INNER' || type === 'SEMI');
    for (const term of [...always.flatMap(({ on }) => termsOf(on)), ...termsOf(select.where)]) {
      if (term.kind !== 'comparison' || term.operator !== '=') continue;
      if (!isSameIfEqual(term.left.type, term.right.type)) continue;
      if (term.left.kind === 'column' && term.right.kind === 'column') this.#unite(keyOf(term.left), keyOf(term.right));
    }
    return level;
  }

  #addInner(leaf: Leaf, level: number): void {
    if (leaf.kind !== 'derived' || leaf.query.kind !== 'select') return;
    const inner = this.#addSelect(leaf.query);
    for (const { name, value } of leaf.query.items) {
      if (value.kind !== 'column') continue;
      this.#unite(JSON.stringify([level, leaf.alias, name]), JSON.stringify([inner, value.relation, value.name]));
    }
  }

  /** A text that two columns of the outermost level share if they are always equal. */
  classOf({ relation, name }: ExpressionOf<'column'>): string {
    return this.#find(JSON.stringify([0, relation, name]));
  }

  /** Whether a column of the outermost level always equals some column of a table. */
  isOf(part: ExpressionOf<'column'>, table: string): boolean {
    const own = this.classOf(part);
    return [...this.#slots].some(([key, slot]) => slot.column.origin?.table === table && this.#find(key) === own);
  }

  /** The scans of a table of which a column always equals a column of the outermost level. */
  scansEqual(part: ExpressionOf<'column'>, table: string, name: string): readonly number[] {
    const own = this.classOf(part);
    return [...this.#slots].flatMap(
      ([
        key,
        {
          column: { origin },
        },
      ]) => {
        const isWanted = origin?.table === table && origin.column === name;
        return isWanted && this.#find(key) === own ? [origin.scan] : [];
      },
    );
  }

  /** A column of the outermost level, of one of these relations, that equals a column of a scan; `null` if there is none. */
  findOutside(scan: number, name: string, aliases: ReadonlySet<string>): ExpressionOf<'column'> | null {
    const isWanted = ({ column: { origin } }: Slot): boolean => origin?.scan === scan && origin.column === name;
    const classes = new Set([...this.#slots].filter(([, slot]) => isWanted(slot)).map(([key]) => this.#find(key)));
    const outside = [...this.#slots].filter(([, { level, alias }]) => level === 0 && aliases.has(alias));
    const [, found] =
      outside.find(([, slot]) => isWanted(slot)) ?? outside.find(([key]) => classes.has(this.#find(key))) ?? [];
    return found === undefined ? null : columnOf(found.alias, found.column);
  }
}

/** SELECTs never change, and the same one is asked about for every table and relation. */
const KNOWN = new WeakMap<Select, EqualColumns>();

function equalColumnsOf(select: Select): EqualColumns {
  const known = KNOWN.get(select) ?? new EqualColumns(select);
  KNOWN.set(select, known);
  return known;
}

function aliasesOf(from: Relation | null): ReadonlySet<string> {
  return new Set(visibleLeavesOf(from).map(({ alias }) => alias));
}

/**
 * The outputs of a union that have, in each of its parts, the values of a column of a table, by the scans that these come from. Persons of
 * the table are then all that is in such an output, so that nobody else is counted as one of them.
 */
function personsInUnion(
  { leaf, branches }: Union,
  table: string,
  name: string,
  excluding: ReadonlySet<number>,
): ReadonlyMap<number, ExpressionOf<'column'>> {
  const found = new Map<number, ExpressionOf<'column'>>();
  for (const [index, column] of leaf.columns.entries()) {
    const scans = branches.map((branch) => {
      const value = branch.items[index]?.value;
      const equal = value?.kind === 'column' ? equalColumnsOf(branch).scansEqual(value, table, name) : [];
      return equal.filter((scan) => !excluding.has(scan));
    });
    if (scans.some(({ length }) => length === 0)) continue;
    for (const scan of scans.flat()) if (!found.has(scan)) found.set(scan, columnOf(leaf.alias, column));
  }
  return found;
}

/**
 * For every scan of a table below a SELECT, a column of its FROM that has the values of a column of the table, so that the people
 * behind each of its groups can be counted: the column itself, or, for a table that only filters, one that is equal to it. Of a union, it
 * is an output that has the values of the column in all parts. A scan that only excludes rows has nobody behind them, and is left out.
 *
 * @param aliases the relations to look for it in; default: all whose columns can be used
 */
export function personColumns(
  select: Select,
  table: string,
  name: string,
  aliases: ReadonlySet<string> = aliasesOf(select.from),
): readonly PersonColumn[] {
  const excluding = onlyExcludingScans(select);
  const scans = selectsIn(select)
    .flatMap(({ from }) => leavesOf(from))
    .flatMap((leaf) => (leaf.kind === 'scan' && leaf.table.name === table ? [leaf.scan] : []))
    .filter((scan) => !excluding.has(scan));
  const equal = equalColumnsOf(select);
  const unions = unionsIn(select.from).filter(({ leaf }) => aliases.has(leaf.alias));
  //= rules R-65
  const combined = new Map(unions.flatMap((union) => [...personsInUnion(union, table, name, excluding)]));
  return [...new Set(scans)].map((scan) => ({
    scan,
    column: equal.findOutside(scan, name, aliases) ?? combined.get(scan) ?? null,
  }));
}

/** Whether a column of a SELECT's FROM is a column of a table, or equals one in every row. */
export function equalsColumnOf(select: Select, part: ExpressionOf<'column'>, table: string): boolean {
  return equalColumnsOf(select).isOf(part, table);
}

/** Whether two columns of a SELECT's FROM have the same value in every row. */
export function areEqual(select: Select, a: ExpressionOf<'column'>, b: ExpressionOf<'column'>): boolean {
  const equal = equalColumnsOf(select);
  return equal.classOf(a) === equal.classOf(b);
}
