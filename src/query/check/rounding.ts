import { type ManifestTable, roundsCounts } from '../../collab/index.ts';
import type { Select } from '../ast/nodes.ts';
import { findScale } from '../ast/scale.ts';
import { expressionsOf, within } from '../ast/walk.ts';
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

/** Checks what is summed under custom rules that round counts: an owner's column, or a count, which the rewrite rounds. */
export function checkSummands(select: Select, lineages: Lineages, check: RuleContext): void {
  const [table] = roundingTables(check);
  if (table === undefined) return;
  for (const part of expressionsOf(select).flatMap((expression) => [...within(expression)])) {
    if (part.kind !== 'aggregate' || part.argument === null || part.function === 'count') continue;
    const { argument, span } = part;
    if (argument.kind === 'invalid' || findScale(argument) !== null) continue;
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
