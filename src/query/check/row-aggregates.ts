import type { ManifestTable } from '../../collab/index.ts';
import { isRowAggregate } from '../ast/functions.ts';
import type { Query } from '../ast/nodes.ts';
import { expressionsOf, selectsIn, within } from '../ast/walk.ts';
import type { Lineages } from './lineage.ts';
import type { RuleContext } from './rule-context.ts';

function rounds({ rule }: ManifestTable): boolean {
  return rule?.kind === 'custom' && rule.round !== null;
}

/** Checks aggregates whose value is that of single rows, or of all of them: percentiles, MAX_BY and MIN_BY, and texts of many rows. */
export function checkRowAggregates(query: Query, lineages: Lineages, check: RuleContext): void {
  const { found, tables } = check;
  const rounding = tables.find(rounds);
  for (const select of selectsIn(query)) {
    // What the last SELECT cannot use over a table with constraints, R-33 reports.
    const scan = select === query ? undefined : lineages.scansOf(select)[0];
    for (const part of expressionsOf(select).flatMap((expression) => [...within(expression)])) {
      if (part.kind !== 'aggregate' || !isRowAggregate(part.function)) continue;
      //= rules R-62
      if (scan?.table.rule?.kind === 'custom') {
        const message = `\`${scan.table.name}\` wants a number of persons behind each row, and this aggregate gives values of single rows`;
        const rule = { table: scan.table.name, key: scan.table.rule.constraintKey };
        found.add('AGG_FUNCTION', part.span, message, { help: 'Use COUNT, SUM, AVG, MIN or MAX of one person.', rule });
      }
      if (part.function !== 'string_agg' || rounding === undefined) continue;
      const message = `\`${rounding.name}\` rounds numbers, and a number in a text would not be rounded`;
      found.add('AGG_FUNCTION', part.span, message, { rule: { table: rounding.name, key: 'x-round' } });
    }
  }
}
