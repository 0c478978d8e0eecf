import type { JoinOperator, ManifestTable } from '../../collab/index.ts';
import type { Expression, ExpressionOf, Relation, Select } from '../ast/nodes.ts';
import { columnsIn, isCross, joinsIn, leavesOf, selectsIn, termsOf } from '../ast/walk.ts';
import { type RuleContext, type Scan, tableColumn } from './rule-context.ts';

type Join = Extract<Relation, { readonly kind: 'join' }>;

/** What a table's rule says about joins. */
export interface JoinRule {
  readonly joinColumns: readonly string[];
  readonly allowedJoinOperators: readonly JoinOperator[];
  readonly joinRequired: boolean;
}

/** The join rule of a table with an aggregation or list rule; `null` for other tables. */
function joinRuleOf({ rule }: ManifestTable): JoinRule | null {
  if (rule === null || rule.kind === 'custom') return null;
  return { ...rule, joinRequired: rule.kind === 'list' || rule.joinRequired };
}

/** The way out where a query asks for the rows that are not in an overlap. */
export const OUTSIDE_HELP =
  'These rules are about the rows that are in both tables. Ask for those with `column IN (SELECT …)`; for the others a custom rule is needed.';

/** Whether two columns belong to different sides of a join. */
export function areAcross(join: Join, left: ExpressionOf<'column'>, right: ExpressionOf<'column'>): boolean {
  const lefts = new Set(leavesOf(join.left).map((leaf) => leaf.alias));
  const rights = new Set(leavesOf(join.right).map((leaf) => leaf.alias));
  const isStraight = lefts.has(left.relation) && rights.has(right.relation);
  return isStraight || (rights.has(left.relation) && lefts.has(right.relation));
}

function checkJoinColumn(part: ExpressionOf<'column'>, check: RuleContext): void {
  const source = tableColumn(part, check);
  if (source === null) return;
  const { table, name } = source;
  const rule = joinRuleOf(table);
  if (rule === null || rule.joinColumns.includes(name)) return;
  check.found.add('JOIN_COLUMN', part.span, `\`${name}\` is not a join column of \`${table.name}\``, {
    help: `Its join columns are ${rule.joinColumns.map((column) => `\`${column}\``).join(', ')}.`,
    rule: { table: table.name, key: 'joinColumns' },
  });
}

/** Checks a condition: equalities between join columns, combined with AND, or with OR if every table of the join allows it. */
function checkCondition(condition: Expression, join: Join, check: RuleContext): void {
  const { found } = check;
  //= rules R-20
  if (condition.kind === 'logic') {
    if (condition.operator === 'OR') {
      for (const { table } of leavesOf(join).filter((leaf): leaf is Scan => leaf.kind === 'scan')) {
        const rule = joinRuleOf(table);
        if (rule === null || rule.allowedJoinOperators.includes('OR')) continue;
        const reference = { table: table.name, key: 'allowedJoinOperators' };
        found.add('JOIN_OPERATOR', condition.span, `\`${table.name}\` does not allow OR in joins`, { rule: reference });
      }
    }
    for (const term of condition.terms) checkCondition(term, join, check);
    return;
  }
  for (const part of columnsIn(condition)) checkJoinColumn(part, check);
  const isEquality = condition.kind === 'comparison' && condition.operator === '=';
  if (!isEquality || condition.left.kind !== 'column' || condition.right.kind !== 'column') {
    if (condition.kind === 'invalid') return;
    if (isEquality && [condition.left, condition.right].some((side) => side.kind === 'invalid')) return;
    found.add('JOIN_CONDITION', condition.span, 'the condition is not an equality of two columns');
    return;
  }
  if (areAcross(join, condition.left, condition.right)) return;
  found.add('JOIN_CONDITION', condition.span, 'both columns of the equality are on the same side of the join');
}

/** Whether a term is an equality of join columns of the two sides. */
function isJoinEquality(term: Expression, join: Join, check: RuleContext): boolean {
  if (term.kind !== 'comparison' || term.operator !== '=') return false;
  const { left, right } = term;
  if (left.kind !== 'column' || right.kind !== 'column' || !areAcross(join, left, right)) return false;
  return [left, right].every((part) => {
    const source = tableColumn(part, check);
    const rule = source === null ? null : joinRuleOf(source.table);
    return source !== null && (rule === null || rule.joinColumns.includes(source.name));
  });
}

/** Checks the condition of a table that only filters: besides equalities of join columns it may have what WHERE may have. */
function checkFilterCondition(join: Join, check: RuleContext, checkTerm: (term: Expression) => void): void {
  const terms = termsOf(join.on);
  const isJoined = terms.some((term) => isJoinEquality(term, join, check));
  for (const term of terms) {
    if (isJoined && !isJoinEquality(term, join, check)) checkTerm(term);
    else checkCondition(term, join, check);
  }
}

/**
 * Checks the joins of a SELECT under an aggregation or list rule.
 *
 * @param checkTerm checks a condition on rows, as WHERE has it
 */
export function checkJoins(select: Select, check: RuleContext, checkTerm: (term: Expression) => void): void {
  for (const join of joinsIn(select.from)) {
    if (join.type === 'SEMI') checkFilterCondition(join, check, checkTerm);
    else {
      if (isCross(join)) {
        check.found.add('JOIN_TYPE', join.span, 'the tables are joined without a condition');
        continue;
      }
      if (join.form !== undefined) {
        check.found.add('JOIN_TYPE', join.span, 'the join has no ON and no USING', {
          help: 'Write the condition of the join with ON or USING.',
        });
      }
      //= rules R-20, R-64
      const help = join.type === 'ANTI' ? OUTSIDE_HELP : undefined;
      if (join.type !== 'INNER')
        check.found.add('JOIN_TYPE', join.span, `${join.type} JOIN returns rows outside the overlap`, { help });
      checkCondition(join.on, join, check);
    }
  }
}

/** Checks that no table is there twice, and that each is joined with a table of the querying member if its rule says so. */
export function checkJoinedTables(select: Select, check: RuleContext): void {
  const { found, member, tables } = check;
  const scans = selectsIn(select)
    .flatMap(({ from }) => leavesOf(from))
    .filter((leaf): leaf is Scan => leaf.kind === 'scan');
  const seen = new Set<string>();
  for (const { table, span } of scans) {
    //= rules R-21
    if (seen.has(table.name)) found.add('SELF_JOIN', span, `\`${table.name}\` is in FROM more than once`);
    seen.add(table.name);
    const rule = joinRuleOf(table);
    //= rules R-22
    if (rule?.joinRequired !== true) continue;
    const isAlone = table.rule?.kind === 'list' && tables.length < 2;
    if (!isAlone && tables.some((other) => other.owner === member)) continue;
    found.add('JOIN_REQUIRED', span, `\`${table.name}\` must be joined with a table of \`${member}\``, {
      rule: { table: table.name, key: 'joinRequired' },
    });
  }
}
