import type { CustomRule, OutputConstraint } from '../../collab/index.ts';
import type { Expression, ExpressionOf, Query, Relation, Select } from '../ast/nodes.ts';
import { childrenOf, isExtreme, leavesOf } from '../ast/walk.ts';

/** Where a value stands. */
interface Site {
  readonly from: Relation | null;
  /** Whether it is of the last SELECT. What others count, sum or number is of the rows of one person, and no column. */
  readonly isLast: boolean;
}

function highest(found: readonly (number | null)[]): number | null {
  const known = found.filter((each) => each !== null);
  return known.length === 0 ? null : Math.max(...known);
}

/** Finds the highest minimum of the columns that values are made of, through sub-queries. */
class MinimumFinder {
  readonly #table: string;
  readonly #rule: CustomRule;
  /** The minimum where no column has its own. */
  readonly #usual: number;
  readonly #outputs = new Map<Query, Map<number, number | null>>();

  constructor(table: string, rule: CustomRule, usual: number) {
    this.#table = table;
    this.#rule = rule;
    this.#usual = usual;
  }

  /** `null` for constants, and for counts of the last SELECT. */
  of(value: Expression, site: Site): number | null {
    const inner = (): number | null => highest(childrenOf(value).map((child) => this.of(child, site)));
    switch (value.kind) {
      case 'literal':
      case 'parameter':
        return null;
      case 'column':
        return this.#ofColumn(value, site);
      case 'aggregate':
        if (site.isLast) return value.function === 'count' ? null : inner();
        return isExtreme(value) ? inner() : highest([this.#usual, inner()]);
      case 'window':
        return site.isLast ? inner() : highest([this.#usual, inner()]);
      case 'scalarQuery':
      case 'inQuery':
        return highest([this.#usual, inner(), this.#ofOutput(value.query, 0)]);
      case 'call':
      case 'saltedHash':
      case 'grouping':
      case 'engineCall':
      case 'arithmetic':
      case 'comparison':
      case 'between':
      case 'logic':
      case 'not':
      case 'isNull':
      case 'in':
      case 'like':
      case 'case':
      case 'cast':
      case 'invalid':
        return inner();
    }
  }

  #ofColumn({ relation, name, column }: ExpressionOf<'column'>, { from }: Site): number {
    const leaf = leavesOf(from).find(({ alias }) => alias === relation);
    if (leaf?.kind === 'derived') {
      const index = leaf.columns.findIndex((each) => each.name === name);
      return this.#ofOutput(leaf.query, index) ?? this.#usual;
    }
    if (leaf?.kind !== 'scan' || leaf.table.name !== this.#table) return this.#usual;
    const own = this.#rule.outputColumnThresholds.find(({ columnName }) => columnName === column.origin?.column);
    return own?.minimum ?? this.#usual;
  }

  /** Each output is looked at once, because many others can be made of it. */
  #ofOutput(query: Query, index: number): number | null {
    const known = this.#outputs.get(query) ?? new Map<number, number | null>();
    this.#outputs.set(query, known);
    const found = known.get(index);
    if (found !== undefined) return found;
    const minimum = this.#readOutput(query, index);
    known.set(index, minimum);
    return minimum;
  }

  #readOutput(query: Query, index: number): number | null {
    if (query.kind === 'set') return highest([query.left, query.right].map((side) => this.#ofOutput(side, index)));
    const item = query.items[index];
    return item === undefined ? this.#usual : this.of(item.value, { from: query.from, isLast: false });
  }
}

/** What the rows of a SELECT show, are grouped by, and are chosen by. */
function valuesOf({ items, groups, having, qualify }: Select): readonly Expression[] {
  const conditions = [having, qualify].filter((condition) => condition !== null);
  return [...items.map(({ value }) => value), ...groups, ...conditions];
}

/**
 * The minimum that a constraint means for a query: the highest of the columns that its rows show, group by and are chosen by in
 * HAVING and QUALIFY, of which some have one of their own. Counts show no column, but a number of one person is nobody's column, and has
 * the minimum of the table. 0: the rows are exempt.
 */
export function minimumFor(
  query: Query,
  table: string,
  rule: CustomRule,
  { minimum: usual }: OutputConstraint,
): number {
  if (rule.outputColumnThresholds.length === 0 || query.kind === 'set') return usual;
  const finder = new MinimumFinder(table, rule, usual);
  //= rules R-54
  return highest(valuesOf(query).map((value) => finder.of(value, { from: query.from, isLast: true }))) ?? usual;
}
