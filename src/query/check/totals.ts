import type { CustomRule, ManifestTable } from '../../collab/index.ts';
import type { Query } from '../ast/nodes.ts';
import { isConstrained } from './lineage.ts';
import type { RuleContext } from './rule-context.ts';

/** The query with GROUPING SETS as the SELECT of all its groups, whose thresholds come first, if it has such a set. */
export function withTotals(query: Query): Query {
  return query.kind === 'set' ? (query.grouping ?? query) : query;
}

/** Why a rule does not go together with totals, and the key that says so; `null` if it does. */
function refuse(rule: CustomRule, isConstrained: boolean): readonly [words: string, key: string] | null {
  if (rule.round !== null) return ['rounds numbers, and totals next to their parts would tell more digits', 'x-round'];
  if (!isConstrained) return null;
  if (rule.suppression === 'summary') return ['has a row for the groups that are left out', 'x-suppression'];
  if (rule.maxGroups !== null) return ['keeps some groups of each person', 'x-maxGroups'];
  if (rule.outputColumnThresholds.length === 0) return null;
  return ['has minimums of single columns', 'outputColumnThresholds'];
}

/** Checks GROUPING SETS of the last SELECT: under thresholds, totals are of the groups that are shown, so all of these must be a set. */
export function checkTotals(query: Query, { found, tables }: RuleContext): void {
  const grouping = query.kind === 'set' ? query.grouping : query.totals;
  if (grouping === undefined) return;
  //= rules R-61
  const report = (table: ManifestTable, key: string, words: string, help?: string): void => {
    found.add('GROUPING_SETS', query.span, `\`${table.name}\` ${words}`, { help, rule: { table: table.name, key } });
  };
  for (const table of tables) {
    const { rule } = table;
    if (rule?.kind !== 'custom') continue;
    const refusal = refuse(rule, isConstrained(table));
    if (refusal !== null) report(table, refusal[1], refusal[0]);
    if (query.kind !== 'set' || !isConstrained(table)) continue;
    const help = 'Add a grouping set with all columns, as ROLLUP and CUBE have one.';
    report(table, rule.constraintKey, 'has thresholds, and no set groups by all columns', help);
  }
}
