import type { AggregationRule, ManifestTable, ScalarFunction } from '../../collab/index.ts';
import { equalsColumnOf } from '../analysis/person-columns.ts';
import type { Expression, ExpressionOf, Query, Select } from '../ast/nodes.ts';
import { listedAggregate, shapeOf } from '../ast/functions.ts';
import { childrenOf, columnsIn, hasAggregate, within } from '../ast/walk.ts';
import { type RuleContext, reportProtected, tableColumn } from './rule-context.ts';
import { checkCount, checkMeasure } from './rounding.ts';
import { checkSingleSelect, withFilters } from './single-select.ts';
import { checkJoinedTables, checkJoins } from './joins.ts';

/** What a rule lists, as a help: `Its dimension columns are …`. */
function helpOnList(what: string, names: readonly string[]): string {
  const listed = names.map((name) => `\`${name}\``).join(', ');
  return listed === '' ? `It has no ${what}.` : `Its ${what} are ${listed}.`;
}

function aggregationRule({ rule }: ManifestTable): AggregationRule | null {
  return rule?.kind === 'aggregation' ? rule : null;
}

/** A column outside of aggregates and joins must be a dimension column. */
function checkDimension(part: ExpressionOf<'column'>, check: RuleContext): void {
  if (part.column.protection.kind !== 'cleartext') {
    reportProtected(part, check.found);
    return;
  }
  const source = tableColumn(part, check);
  if (source === null) return;
  const { table, name } = source;
  const rule = aggregationRule(table);
  //= rules R-23
  if (rule === null || rule.dimensionColumns.includes(name)) return;
  check.found.add('COLUMN_NOT_ALLOWED', part.span, `\`${name}\` is not a dimension column of \`${table.name}\``, {
    help: helpOnList('dimension columns', rule.dimensionColumns),
    rule: { table: table.name, key: 'dimensionColumns' },
  });
}

/**
 * A measure of a column that another owner chose the values of: a sum, an average, or a count of a column that may be null,
 * which is a sum of ones and zeros. A plain count is one too: it counts the rows that the other side of a join has.
 */
function checkForeignMeasure(
  part: ExpressionOf<'aggregate'>,
  argument: ExpressionOf<'column'>,
  select: Select,
  check: RuleContext,
): void {
  const source = tableColumn(argument, check);
  if (source === null) return;
  if (part.function === 'count') checkCount(argument, part.distinct, select, check);
  else checkMeasure(source.table.owner, source.name, part.span, check);
  for (const table of check.tables) {
    if (aggregationRule(table)?.foreignMeasures !== 'deny') continue;
    //= rules R-26
    const isPlainCount = part.function === 'count' && !part.distinct && table.owner !== check.member;
    const isOwn = table.owner === source.table.owner;
    const isJoined = part.function === 'count' && equalsColumnOf(select, argument, table.name);
    if ((isOwn || isJoined) && !isPlainCount) continue;
    const message = isPlainCount
      ? `\`${table.name}\` only allows COUNT(DISTINCT column), because a plain count weighs rows`
      : `\`${table.name}\` does not allow measures of other members' tables, such as \`${source.name}\``;
    const rule = { table: table.name, key: 'x-foreignMeasures' };
    check.found.add('FOREIGN_MEASURE', part.span, message, { rule });
  }
}

function checkAggregate(part: ExpressionOf<'aggregate'>, select: Select, check: RuleContext): void {
  const { found } = check;
  const { argument, filter, span, distinct } = part;
  //= rules R-63
  if (filter !== null) {
    found.add('FILTER_CLAUSE', span, 'the aggregate takes only some rows of its group, by a FILTER or a CASE', {
      help: 'Put the condition in WHERE, and ask for the whole in a query of its own.',
    });
  }
  //= rules R-24
  const listed = listedAggregate(part.function, distinct);
  const word = `${part.function.toUpperCase()}${distinct ? ' DISTINCT' : ''}`;
  if (listed === null)
    found.add('AGG_FUNCTION', span, `\`${word}\` is not an aggregate that an aggregation rule can list`);
  if (argument?.kind === 'invalid' && argument.isColumn) return;
  if (argument?.kind !== 'column') {
    found.add('AGG_ARG', argument?.span ?? span, 'the argument of the aggregate is not a bare column');
    return;
  }
  const protection = argument.column.protection.kind;
  const isCount = part.function === 'count';
  if ((protection === 'sealed' && (!isCount || distinct)) || (protection === 'fingerprint' && !isCount)) {
    reportProtected(argument, found);
    return;
  }
  checkForeignMeasure(part, argument, select, check);
  const source = tableColumn(argument, check);
  const rule = source === null ? null : aggregationRule(source.table);
  if (source === null || rule === null || listed === null) return;
  const { table, name } = source;
  if (rule.aggregateColumns.some((each) => each.function === listed && each.columnNames.includes(name))) return;
  const allowed = rule.aggregateColumns.filter((each) => each.columnNames.includes(name)).map((each) => each.function);
  found.add('AGG_NOT_ALLOWED', span, `\`${table.name}\` does not allow \`${listed}\` of \`${name}\``, {
    help:
      allowed.length === 0 ? undefined : `It allows ${allowed.map((name) => `\`${name}\``).join(', ')} of this column.`,
    rule: { table: table.name, key: 'aggregateColumns' },
  });
}

/** The function that a rule must list for an expression without its parts; `null` if none, `undefined` if no rule can list it. */
function neededFunction(part: Expression): ScalarFunction | null | undefined {
  if (part.kind === 'call') return shapeOf(part.function).listedAs ?? undefined;
  return part.kind === 'cast' && columnsIn(part).length > 0 ? 'CAST' : null;
}

function checkFunction(part: Expression, check: RuleContext): void {
  const { found, tables } = check;
  if (part.kind === 'case') found.add('CASE_NOT_ALLOWED', part.span, 'the query uses CASE');
  const needed = neededFunction(part);
  if (needed === null) return;
  if (needed === undefined) {
    found.add('FUNCTION_NOT_ALLOWED', part.span, 'an aggregation rule cannot list this function');
    return;
  }
  //= rules R-25
  const owners = columnsIn(part).flatMap((column) => tableColumn(column, check)?.table ?? []);
  for (const table of new Set(owners.length > 0 ? owners : tables)) {
    const rule = aggregationRule(table);
    if (rule === null || rule.scalarFunctions.includes(needed)) continue;
    if (needed === 'CAST' && rule.scalarFunctions.includes('CONVERT')) continue;
    found.add('FUNCTION_NOT_ALLOWED', part.span, `\`${table.name}\` does not list the function \`${needed}\``, {
      help: helpOnList('scalar functions', rule.scalarFunctions),
      rule: { table: table.name, key: 'scalarFunctions' },
    });
  }
}

/** Checks an expression of SELECT, WHERE, GROUP BY or HAVING. */
function checkExpression(expression: Expression, select: Select, check: RuleContext): void {
  if (expression.kind === 'column') checkDimension(expression, check);
  if (expression.kind === 'aggregate') {
    checkAggregate(expression, select, check);
    return;
  }
  checkFunction(expression, check);
  for (const child of childrenOf(expression)) checkExpression(child, select, check);
}

/** Checks a query over tables that all have an aggregation rule. */
export function checkAggregation(query: Query, check: RuleContext): void {
  const { found } = check;
  //= rules R-19
  const select = checkSingleSelect(query, found);
  if (select === null) return;
  const { items, where, groups, having, qualify, distinct, span } = select;
  for (const each of withFilters(select)) {
    checkJoins(each, check, (term) => checkExpression(term, each, check));
    if (each !== select && each.where !== null) checkExpression(each.where, each, check);
  }
  checkJoinedTables(select, check);
  if (distinct) found.add('DISTINCT', span, 'the query uses SELECT DISTINCT');
  const values = items.map((item) => item.value);
  if (!values.some(hasAggregate) && !values.some((value) => value.kind === 'invalid')) {
    found.add('AGG_REQUIRED', values[0]?.span ?? span, 'the output has no aggregate');
  }
  for (const value of values) {
    if (value.kind === 'literal') found.add('LITERAL_OUTPUT', value.span, 'the output is a constant');
  }
  const clauses = [where, having, qualify].filter((clause) => clause !== null);
  for (const expression of [...values, ...groups, ...clauses]) checkExpression(expression, select, check);
  for (const group of groups) {
    if (
      group.kind !== 'literal' &&
      columnsIn(group).length === 0 &&
      ![...within(group)].some((part) => part.kind === 'invalid')
    ) {
      found.add('GROUP_BY_LITERAL', group.span, 'the query groups by an expression without a column');
    }
  }
}
