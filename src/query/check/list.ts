import type { Expression, ExpressionOf, Query } from '../ast/nodes.ts';
import { childrenOf, within } from '../ast/walk.ts';
import { type RuleContext, reportProtected, tableColumn } from './rule-context.ts';
import { checkSingleSelect, withFilters } from './single-select.ts';
import { checkJoinedTables, checkJoins } from './joins.ts';

function checkListed(part: ExpressionOf<'column'>, check: RuleContext): void {
  const source = tableColumn(part, check);
  if (source === null) return;
  const { table, name } = source;
  const { rule } = table;
  if (rule?.kind !== 'list' || rule.listColumns.includes(name)) return;
  check.found.add('COLUMN_NOT_ALLOWED', part.span, `\`${name}\` is not a list column of \`${table.name}\``, {
    help: `Its list columns are ${rule.listColumns.map((column) => `\`${column}\``).join(', ')}.`,
    rule: { table: table.name, key: 'listColumns' },
  });
}

/** Reports functions, aggregates and conversions. Conditions may use `||` and arithmetic. */
function checkPlain(expression: Expression, check: RuleContext): void {
  const { found } = check;
  for (const part of within(expression)) {
    const isFunction = part.kind === 'call' && part.function !== '||';
    if (part.kind === 'aggregate') found.add('AGG_FUNCTION', part.span, 'a list rule returns rows, not aggregates');
    else if (isFunction || part.kind === 'case' || part.kind === 'cast') {
      found.add('LIST_EXPRESSION', part.span, 'a list rule does not allow functions');
    }
  }
}

function checkFilter(expression: Expression, check: RuleContext): void {
  if (expression.kind === 'column') {
    reportProtected(expression, check.found);
    if (expression.column.protection.kind === 'cleartext') checkListed(expression, check);
  }
  for (const child of childrenOf(expression)) checkFilter(child, check);
}

function checkCondition(condition: Expression, check: RuleContext): void {
  checkPlain(condition, check);
  checkFilter(condition, check);
}

function checkOutput(value: Expression, check: RuleContext): void {
  const { found } = check;
  checkPlain(value, check);
  if (value.kind === 'column') {
    if (value.column.protection.kind === 'fingerprint') reportProtected(value, found);
    else checkListed(value, check);
    return;
  }
  if (value.kind === 'literal') found.add('LITERAL_OUTPUT', value.span, 'the output is a constant');
  else if (value.kind !== 'invalid') found.add('LIST_EXPRESSION', value.span, 'expected a column, got an expression');
  for (const child of childrenOf(value)) checkFilter(child, check);
}

/** Checks a query over tables that all have a list rule. */
export function checkList(query: Query, check: RuleContext): void {
  const { found } = check;
  const select = checkSingleSelect(query, found);
  if (select === null) return;
  //= rules R-27
  const { items, groups, having, distinct, offset, span } = select;
  for (const each of withFilters(select)) {
    checkJoins(each, check, (term) => checkCondition(term, check));
    if (each.where !== null) checkCondition(each.where, check);
  }
  checkJoinedTables(select, check);
  if (!distinct) found.add('DISTINCT_REQUIRED', items[0]?.value.span ?? span, 'SELECT is not DISTINCT');
  if (groups.length > 0 || having !== null) {
    found.add('GROUP_BY', groups[0]?.span ?? having?.span ?? span, 'a list rule does not allow GROUP BY or HAVING');
  }
  if (offset !== null) found.add('LIMIT_EXPR', span, 'a list rule does not allow OFFSET');
  for (const { value } of items) checkOutput(value, check);
}
