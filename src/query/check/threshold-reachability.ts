import { excludingScans, onlyExcludingScans } from '../analysis/excluded.ts';
import { personColumns } from '../analysis/person-columns.ts';
import type { CustomRule, ManifestTable } from '../../collab/index.ts';
import { isSameColumn, unionsIn } from '../analysis/unions.ts';
import { canonicalText } from '../ast/equal.ts';
import type { Expression, ExpressionOf, Query, Select } from '../ast/nodes.ts';
import { childrenOf, isAggregated, leavesOf, selectsIn, shownIn, within } from '../ast/walk.ts';
import type { Span } from '../findings/finding.ts';
import { minimumFor } from './own-minimum.ts';
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

/** Whether the answer goes to nobody but the owner of a table, so that its thresholds protect persons from nobody else. */
export function isForOwner({ owner }: ManifestTable, { member, receivers }: RuleContext): boolean {
  return owner === member && receivers.every((receiver) => receiver === owner);
}

/** The way out of a count of some rows of a group. */
const PART_HELP =
  'Group by the condition, as in GROUP BY CASE WHEN … THEN … END, or ask twice: with the condition in WHERE, and without it.';

/** The way out of an aggregate that shows a value of one person. */
const AGGREGATE_HELP = 'Use COUNT, SUM or AVG, or MIN or MAX of a column.';

/** The ways out of an answer over a UNION. */
const UNION_COUNT_HELP = 'Use COUNT(DISTINCT …) of the column that identifies persons.';
const UNION_COLUMN_HELP =
  'Show a column that each part takes unchanged from the same table, or submit the parts as separate queries.';

const SUMS: ReadonlySet<string> = new Set(['count', 'sum', 'avg']);
const SPREADS: ReadonlySet<string> = new Set(['stddev_samp', 'stddev_pop', 'var_samp', 'var_pop']);
/** As many persons as an average and a spread together do not give away. */
const MIN_SPREAD_PERSONS = 3;

/** Why a spread could tell a value of one person, or an exact count; `null` if it does not. */
function refuseSpread(query: Select, { distinct }: ExpressionOf<'aggregate'>, check: RuleContext): string | null {
  const rounding = check.tables.find(({ rule }) => rule !== null && rule.kind !== 'list' && rule.round !== null);
  if (rounding !== undefined) return `a spread counts exactly, and \`${rounding.name}\` rounds`;
  if (distinct) return 'a spread of different values can be solved for them';
  for (const { name, rule } of check.tables) {
    if (rule?.kind !== 'custom') continue;
    const minimums = rule.outputConstraints.map((each) => minimumFor(query, name, rule, each));
    if (minimums.some((minimum) => minimum < MIN_SPREAD_PERSONS)) {
      return `an average and a spread tell both values of two persons, and \`${name}\` asks for fewer than three`;
    }
  }
  return null;
}

/** Why an aggregate of the last SELECT could tell a value of one person; `null` if it does not. */
function refuseAggregate(query: Select, part: ExpressionOf<'aggregate'>, check: RuleContext): string | null {
  if (SUMS.has(part.function)) return null;
  if (SPREADS.has(part.function)) return refuseSpread(query, part, check);
  //= rules R-66
  if (part.function !== 'min' && part.function !== 'max') return 'this aggregate can return the value of one person';
  return part.argument?.kind === 'column' ? null : `\`${part.function}\` takes a column here`;
}

function isSame(a: Expression, b: Expression): boolean {
  return canonicalText(a) === canonicalText(b);
}

/** The columns that the persons of constrained tables come out of unions by. */
function personsOfUnions(query: Select, { tables }: RuleContext): readonly Expression[] {
  const aliases = new Set(unionsIn(query.from).map(({ leaf }) => leaf.alias));
  return tables.flatMap(({ name, rule }) => {
    const constraints = rule?.kind === 'custom' ? rule.outputConstraints : [];
    return constraints.flatMap(({ columnName }) =>
      personColumns(query, name, columnName, aliases).flatMap(({ column }) => column ?? []),
    );
  });
}

/** The columns of an expression outside of its aggregates. */
function groupedIn(value: Expression): readonly ExpressionOf<'column'>[] {
  if (value.kind === 'aggregate') return [];
  return value.kind === 'column' ? [value] : childrenOf(value).flatMap(groupedIn);
}

/**
 * Reports what a row of the answer shows of a union besides the number of its persons: a part could add persons without the value that is
 * shown.
 */
function checkUnions(query: Select, table: ManifestTable, check: RuleContext): void {
  const unions = unionsIn(query.from).filter(
    ({ leaf }) => leaf.kind === 'derived' && scansOf(leaf.query, table).length > 0,
  );
  if (unions.length === 0) return;
  //= rules R-65
  const persons = personsOfUnions(query, check);
  for (const part of shownIn(query).flatMap((value) => [...within(value)])) {
    if (part.kind !== 'aggregate') continue;
    const { argument } = part;
    const isPersons = part.function === 'count' && part.distinct && argument !== null;
    if (isPersons && persons.some((person) => isSame(person, argument))) continue;
    report(part.span, table, 'over a UNION only persons can be counted', check, UNION_COUNT_HELP);
  }
  for (const part of [...shownIn(query), ...query.groups].flatMap(groupedIn)) {
    const union = unions.find(({ leaf }) => leaf.alias === part.relation);
    const index = union?.leaf.columns.findIndex(({ name }) => name === part.name) ?? -1;
    if (union === undefined || isSameColumn(union, index)) continue;
    report(
      part.span,
      table,
      `\`${part.name}\` is not the same column of a table in all parts of the UNION`,
      check,
      UNION_COLUMN_HELP,
    );
  }
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
  for (const part of shownIn(query).flatMap((value) => [...within(value)])) {
    if (part.kind !== 'aggregate') continue;
    const refusal = refuseAggregate(query, part, check);
    if (refusal !== null) report(part.span, table, refusal, check, AGGREGATE_HELP);
    //= rules R-63
    if (part.filter !== null) report(part.span, table, 'a FILTER looks at only part of the group', check, PART_HELP);
  }
  if (isForOwner(table, check)) return;
  checkUnions(query, table, check);
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
