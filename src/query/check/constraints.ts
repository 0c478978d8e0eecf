import type { CustomRule, ManifestTable } from '../../collab/index.ts';
import { personColumns } from '../analysis/person-columns.ts';
import type { Expression, Query, Relation, Select } from '../ast/nodes.ts';
import { isSameIfEqual } from '../ast/value-type.ts';
import { expressionsOf, joinsIn, leavesOf, queriesIn, selectsIn, within } from '../ast/walk.ts';
import { areAcross } from './joins.ts';
import { isConstrained, type Lineages } from './lineage.ts';
import { checkSummands } from './rounding.ts';
import type { RuleContext } from './rule-context.ts';

/** A table with a custom rule that wants a number of persons behind each row. */
interface Constrained {
  readonly table: ManifestTable;
  readonly rule: CustomRule;
}

/** The tables of a query that want a number of persons behind each row. */
function constrainedTables({ tables }: RuleContext): readonly Constrained[] {
  return tables.flatMap((table) => {
    return table.rule?.kind === 'custom' && isConstrained(table) ? [{ table, rule: table.rule }] : [];
  });
}

function keyOf(relation: string, name: string): string {
  return JSON.stringify([relation, name]);
}

/** What holds in the rows of a join because of its equalities: the first value determines the second, or leaves it null. */
function determinations(join: Extract<Relation, { readonly kind: 'join' }>): readonly (readonly [string, string])[] {
  const { on, type } = join;
  if (type === 'FULL' || type === 'ANTI') return [];
  const lefts = new Set(leavesOf(join.left).map((leaf) => leaf.alias));
  const terms = on.kind === 'logic' && on.operator === 'AND' ? on.terms : [on];
  return terms.flatMap((term): readonly (readonly [string, string])[] => {
    if (term.kind !== 'comparison' || term.operator !== '=') return [];
    if (term.left.kind !== 'column' || term.right.kind !== 'column') return [];
    if (!areAcross(join, term.left, term.right) || !isSameIfEqual(term.left.type, term.right.type)) return [];
    const [left, right] = lefts.has(term.left.relation) ? [term.left, term.right] : [term.right, term.left];
    const [a, b] = [keyOf(left.relation, left.name), keyOf(right.relation, right.name)];
    return [...(type === 'RIGHT' ? [] : [[a, b] as const]), ...(type === 'LEFT' ? [] : [[b, a] as const])];
  });
}

/** The columns that have one value, or null, in all rows of a partition. */
function fixedBy(partition: readonly Expression[], from: Relation | null): ReadonlySet<string> {
  const columns = partition.filter((part) => part.kind === 'column');
  const fixed = new Set(columns.map(({ relation, name }) => keyOf(relation, name)));
  const pairs = joinsIn(from).flatMap(determinations);
  // A set grows while it is walked: what was added is walked too.
  for (const key of fixed) for (const [one, other] of pairs) if (one === key) fixed.add(other);
  return fixed;
}

/** A column of a constraint, in one scan of its table, and the columns of a FROM that hold its values. */
interface Person {
  readonly table: ManifestTable;
  readonly rule: CustomRule;
  readonly columnName: string;
  readonly keys: readonly string[];
}

function personsOf(select: Select, constrained: readonly Constrained[], lineages: Lineages): readonly Person[] {
  const columns = leavesOf(select.from).flatMap((leaf) =>
    leaf.columns.map(({ name, origin }) => ({ key: keyOf(leaf.alias, name), origin })),
  );
  const scans = lineages.scansOf(select);
  return constrained.flatMap(({ table, rule }) => {
    const own = scans.filter((scan) => scan.table.name === table.name);
    if (own.length === 0) return [];
    return rule.outputConstraints.flatMap(({ columnName }) => {
      // Of a table that only filters further inside, what comes out is a column that equals its own.
      const equal = new Map(personColumns(select, table.name, columnName).map(({ scan, column }) => [scan, column]));
      return own.map(({ scan }) => {
        const same = columns.filter(({ origin }) => origin?.scan === scan && origin.column === columnName);
        const other = equal.get(scan) ?? null;
        const keys = [...same.map(({ key }) => key), ...(other === null ? [] : [keyOf(other.relation, other.name)])];
        return { table, rule, columnName, keys };
      });
    });
  });
}

/** Requires that a window in a sub-query sees the rows of one person only. */
function checkWindows(
  select: Select,
  constrained: readonly Constrained[],
  lineages: Lineages,
  check: RuleContext,
): void {
  const windows = expressionsOf(select)
    .flatMap((expression) => [...within(expression)])
    .filter((part) => part.kind === 'window');
  if (windows.length === 0) return;
  const persons = personsOf(select, constrained, lineages);
  for (const window of windows) {
    const fixed = fixedBy(window.partition, select.from);
    for (const { table, rule, columnName, keys } of persons) {
      if (keys.some((key) => fixed.has(key))) continue;
      const message = `the window sees rows of several persons of \`${table.name}\``;
      check.found.add('PERSONS_MIXED', window.span, message, {
        help: `Add \`PARTITION BY ${columnName}\`, of \`${table.name}\`, to the window.`,
        rule: { table: table.name, key: rule.constraintKey },
      });
    }
  }
}

/** Requires that the rows which a sub-query keeps do not depend on how persons compare with each other. */
function checkLimit(query: Query, lineages: Lineages, check: RuleContext): void {
  if (query.limit === null && query.offset === null) return;
  for (const { table } of lineages.scansOf(query)) {
    if (table.rule?.kind !== 'custom') continue;
    const message = `a LIMIT in a sub-query picks among the persons of \`${table.name}\``;
    check.found.add('PERSONS_MIXED', query.span, message, {
      help: 'Leave out LIMIT and OFFSET in sub-queries, or filter by a value.',
      rule: { table: table.name, key: table.rule.constraintKey },
    });
  }
}

/** The arguments of the aggregates and windows of a SELECT whose values matter; windows of the last SELECT see released rows. */
function argumentsOf(select: Select, isLast: boolean): readonly Expression[] {
  return expressionsOf(select)
    .flatMap((expression) => [...within(expression)])
    .flatMap((part) => {
      if (part.kind === 'aggregate') return part.argument === null ? [] : [part.argument];
      return part.kind === 'window' && !isLast ? part.arguments : [];
    });
}

function isBareArgument(argument: Expression, lineages: Lineages): boolean {
  if (argument.kind === 'invalid' || argument.kind === 'literal' || argument.kind === 'parameter') return true;
  // A window over groups: what it takes of the rows is the aggregate's argument, which is looked at itself.
  if (argument.kind === 'aggregate') return true;
  return argument.kind === 'column' && lineages.of(argument).isBare;
}

/** Requires bare columns as arguments, as far back as the table, where an owner does not allow expressions. */
function checkArguments(
  select: Select,
  isLast: boolean,
  constrained: readonly Constrained[],
  lineages: Lineages,
  check: RuleContext,
): void {
  //= rules R-51
  const strict = constrained.find(({ rule }) => rule.expressionType === 'COLUMNS_ONLY');
  if (strict === undefined || (!isLast && lineages.scansOf(select).length === 0)) return;
  const { table, rule } = strict;
  const isAws = rule.constraintKey === 'aggregationThresholds';
  for (const argument of argumentsOf(select, isLast)) {
    if (isBareArgument(argument, lineages)) continue;
    const isColumn = argument.kind === 'column';
    const message = isColumn
      ? `\`${argument.name}\` is computed from columns by an expression, and then aggregated`
      : 'the argument is neither a bare column nor a constant';
    check.found.add('AGG_ARG', argument.span, message, {
      rule: { table: table.name, key: isAws ? 'allowedAggregateExpressionType' : 'x-allowedAggregateExpressionType' },
    });
  }
}

/**
 * Checks what custom rules with constraints ask of a query besides the thresholds themselves: that what is computed before the
 * last SELECT is computed of one person at a time, and that the last aggregates take columns.
 */
export function checkConstraints(query: Query, lineages: Lineages, check: RuleContext): void {
  const constrained = constrainedTables(check);
  if (constrained.length === 0) return;
  for (const inner of queriesIn(query)) if (inner !== query) checkLimit(inner, lineages, check);
  for (const select of selectsIn(query)) {
    const isLast = select === query;
    //= rules R-50
    if (!isLast) checkWindows(select, constrained, lineages, check);
    checkArguments(select, isLast, constrained, lineages, check);
    if (isLast) checkSummands(select, lineages, check);
  }
}
