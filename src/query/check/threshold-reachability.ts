import { excludingScans, onlyExcludingScans } from '../analysis/excluded.ts';
import { personColumns } from '../analysis/person-columns.ts';
import type { CustomRule, ManifestTable } from '../../collab/index.ts';
import type { Leaf, Query, Select } from '../ast/nodes.ts';
import { isAggregated, leavesOf, selectsIn, within } from '../ast/walk.ts';
import type { Span } from '../findings/finding.ts';
import type { RuleContext, Scan } from './rule-context.ts';

function scansOf(query: Query, table: ManifestTable): readonly Scan[] {
  const scans = selectsIn(query)
    .flatMap((select) => leavesOf(select.from))
    .filter((leaf): leaf is Scan => leaf.kind === 'scan' && leaf.table.name === table.name);
  return [...new Map(scans.map((scan) => [scan.scan, scan])).values()];
}

function report(span: Span, table: ManifestTable, message: string, { found }: RuleContext, help?: string): void {
  const key = table.rule?.kind === 'custom' ? table.rule.constraintKey : 'x-outputConstraints';
  found.add('THRESHOLD_UNREACHABLE', span, message, { help, rule: { table: table.name, key } });
}

/** The way out of a count of some rows of a group. */
const PART_HELP =
  'Group by the condition, as in GROUP BY CASE WHEN … THEN … END, or ask twice: with the condition in WHERE, and without it.';

/** Reports aggregates, in conditions and outputs, that return individual values or look at only part of a group. */
function checkAggregates({ items, having, qualify }: Select, table: ManifestTable, check: RuleContext): void {
  const values = [...items.map((item) => item.value), having, qualify].filter((value) => value !== null);
  for (const value of values) {
    for (const part of within(value)) {
      if (part.kind !== 'aggregate') continue;
      const isSafe = part.function === 'count' || part.function === 'sum' || part.function === 'avg';
      if (!isSafe) report(part.span, table, `\`${part.function}\` can return the value of one person`, check);
      //= rules R-63
      if (part.filter !== null) report(part.span, table, 'a FILTER looks at only part of the group', check, PART_HELP);
    }
  }
}

/** The second reading of a WITH query, if there is one. Two WITH queries with the same name count as one. */
function findRepeated(query: Query): Extract<Leaf, { readonly kind: 'named' }> | null {
  const seen = new Set<string>();
  for (const leaf of selectsIn(query).flatMap((select) => leavesOf(select.from))) {
    if (leaf.kind !== 'named') continue;
    if (seen.has(leaf.name)) return leaf;
    seen.add(leaf.name);
  }
  return null;
}

function checkTable(query: Query, table: ManifestTable, rule: CustomRule, span: Span, check: RuleContext): void {
  const excluding = excludingScans(query);
  const scans = scansOf(query, table);
  const unused = onlyExcludingScans(query);
  const used = scans.filter((scan) => !unused.has(scan.scan));
  //= rules R-64
  if (table.owner !== check.member) {
    for (const scan of scans.filter((each) => excluding.has(each.scan))) {
      const message = `\`${table.name}\` only excludes rows here, and nobody in it can be counted in what remains`;
      report(
        scan.span,
        table,
        message,
        check,
        'Exclude rows by a table of your own, or by one without such a minimum.',
      );
    }
  }
  if (used.length === 0) return;
  //= rules R-33
  if (query.kind === 'set' || !isAggregated(query)) {
    report(
      span,
      table,
      `\`${table.name}\` may only be shown in aggregates, and the last SELECT is not an aggregate`,
      check,
    );
    return;
  }
  checkAggregates(query, table, check);
  // Each reading is a separate scan, and only the columns of one of them would be counted.
  const repeated = findRepeated(query);
  if (repeated !== null) report(repeated.span, table, `\`${repeated.name}\` is read more than once`, check);
  for (const { columnName } of rule.outputConstraints) {
    const persons = personColumns(query, table.name, columnName);
    for (const scan of used) {
      if (persons.some((person) => person.scan === scan.scan && person.column !== null)) continue;
      report(scan.span, table, `the last aggregate cannot count \`${columnName}\` of \`${table.name}\``, check);
    }
  }
}

/**
 * Checks that the last aggregate of a query sees the columns of every output constraint of a custom rule, so that the people
 * behind each row of the answer can be counted.
 */
export function checkThresholdReachability(query: Query, spans: ReadonlyMap<string, Span>, check: RuleContext): void {
  for (const table of check.tables) {
    const { rule } = table;
    if (rule?.kind !== 'custom' || rule.outputConstraints.length === 0) continue;
    checkTable(query, table, rule, spans.get(table.name) ?? query.span, check);
  }
}
