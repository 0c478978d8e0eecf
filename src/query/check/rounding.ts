import { type ManifestTable, roundsCounts } from '../../collab/index.ts';
import { equalsColumnOf } from '../analysis/person-columns.ts';
import type { Expression, Leaf, Query, Select } from '../ast/nodes.ts';
import { findScale } from '../ast/scale.ts';
import { columnsIn, expressionsOf, leavesOf, selectsIn, visibleLeavesOf, within } from '../ast/walk.ts';
import type { Span } from '../findings/finding.ts';
import type { Lineages } from './lineage.ts';
import type { RuleContext } from './rule-context.ts';

/** The tables of other members than the one that asks, of which counts are rounded. */
function roundingTables({ tables, member }: RuleContext): readonly ManifestTable[] {
  return tables.filter(({ owner, rule }) => {
    return owner !== member && rule !== null && rule.kind !== 'list' && roundsCounts(rule.round);
  });
}

/**
 * Reports a sum or an average of a column over a table of another owner that rounds counts: with chosen values it is an exact count.
 * The values in a table of the member that asks are no secret to it, so its own rounding is not in the way.
 */
export function checkMeasure(owner: string, column: string, span: Span, check: RuleContext): void {
  //= rules R-53
  for (const table of roundingTables(check)) {
    if (table.owner === owner) continue;
    const message = `\`${table.name}\` rounds counts, and a sum of other members' columns, such as \`${column}\`, could count exactly`;
    check.found.add('FOREIGN_MEASURE', span, message, { rule: { table: table.name, key: 'x-round' } });
  }
}

function reads(query: Query, { owner }: ManifestTable): boolean {
  return selectsIn(query).some(({ from }) =>
    leavesOf(from).some((leaf) => leaf.kind === 'scan' && leaf.table.owner === owner),
  );
}

/** Finds numbers of sub-queries that count rows of other members than a table's owner, and values of theirs. */
class OthersFinder {
  readonly #table: ManifestTable;
  /** Each output is looked at once, because many others can be made of it. */
  readonly #known = new Map<Query, Map<string, boolean>>();

  constructor(table: ManifestTable) {
    this.#table = table;
  }

  isOfOthers(value: Expression, select: Select, isDistinct: boolean): boolean {
    const parts = [...within(value)];
    const counts = parts.filter((part) => part.kind === 'aggregate' && part.function === 'count');
    const distinct =
      counts.length === 0 ? isDistinct : counts.every((part) => part.kind === 'aggregate' && part.distinct);
    const leaves = visibleLeavesOf(select.from);
    const columns = columnsIn(value);
    // Rows of the owner are counted once, whatever they are joined with.
    if (columns.length === 0) return !leaves.some((leaf) => this.#isOwn(leaf));
    if (leaves.length > 1 && parts.some((part) => part.kind === 'window')) return true;
    return columns.some((part) => {
      if (distinct && equalsColumnOf(select, part, this.#table.name)) return false;
      const leaf = leaves.find(({ alias }) => alias === part.relation);
      if (leaf?.kind !== 'derived') return leaf === undefined || !this.#isOwn(leaf);
      const index = leaf.columns.findIndex(({ name }) => name === part.name);
      return this.#isOutputOfOthers(leaf.query, index, distinct);
    });
  }

  #isOwn(leaf: Leaf): boolean {
    if (leaf.kind === 'scan') return leaf.table.owner === this.#table.owner;
    return leaf.kind === 'derived' && reads(leaf.query, this.#table);
  }

  #isOutputOfOthers(query: Query, index: number, isDistinct: boolean): boolean {
    const answers = this.#known.get(query) ?? new Map<string, boolean>();
    this.#known.set(query, answers);
    const question = JSON.stringify([index, isDistinct]);
    const answer = answers.get(question) ?? this.#readOutput(query, index, isDistinct);
    answers.set(question, answer);
    return answer;
  }

  #readOutput(query: Query, index: number, isDistinct: boolean): boolean {
    if (query.kind === 'set') {
      return [query.left, query.right].some((side) => this.#isOutputOfOthers(side, index, isDistinct));
    }
    const item = query.items[index];
    return item === undefined || this.isOfOthers(item.value, query, isDistinct);
  }
}

/**
 * Reports a number of rows or values of other members over a table that rounds counts: who repeats its rows a thousand times makes each
 * person count so often, and what is left after rounding is exact.
 */
export function checkCount(argument: Expression, isDistinct: boolean, select: Select, check: RuleContext): void {
  //= rules R-53
  for (const table of roundingTables(check)) {
    if (!new OthersFinder(table).isOfOthers(argument, select, isDistinct)) continue;
    const message = `\`${table.name}\` rounds counts, and a number of other members' rows or values could count exactly`;
    check.found.add('FOREIGN_MEASURE', argument.span, message, {
      help: `Count rows, columns of \`${table.owner}\`, or COUNT(DISTINCT …) of a column that a join makes equal to one of them.`,
      rule: { table: table.name, key: 'x-round' },
    });
  }
}

/** Checks what is summed under custom rules that round counts: an owner's column, or a count, which the rewrite rounds. */
export function checkSummands(select: Select, lineages: Lineages, check: RuleContext): void {
  const [table] = roundingTables(check);
  if (table === undefined) return;
  for (const part of expressionsOf(select).flatMap((expression) => [...within(expression)])) {
    if (part.kind !== 'aggregate' || part.argument === null) continue;
    const { argument, span, distinct } = part;
    const isCount = part.function === 'count';
    if (isCount || lineages.of(argument).hasCount) checkCount(argument, isCount && distinct, select, check);
    if (isCount || argument.kind === 'invalid' || findScale(argument) !== null) continue;
    const { sources, hasConstant, isBare } = lineages.of(argument);
    if (argument.kind !== 'column' || hasConstant || !isBare) {
      check.found.add('AGG_ARG', argument.span, 'where counts are rounded, a computed value could count exactly', {
        help: 'Aggregate a column; to count, write COUNT or a SUM of constants.',
        rule: { table: table.name, key: 'x-round' },
      });
    }
    for (const source of sources) {
      const owner = check.manifest.tables.find(({ name }) => name === source.table)?.owner;
      if (owner !== undefined) checkMeasure(owner, source.column, span, check);
    }
  }
}
