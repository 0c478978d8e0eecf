import type { AnalysisTemplate, CustomRule, ManifestTable } from '../../collab/index.ts';
import { hasOneRow } from '../analysis/one-row.ts';
import { namedIn, type Placed, placed, queryOf, selectPlaces } from '../analysis/places.ts';
import type { Expression, Query, Relation, Select } from '../ast/nodes.ts';
import { outputsOf } from '../ast/outputs.ts';
import { firstSelect, isCross, joinsIn, selectsIn, within } from '../ast/walk.ts';
import type { Span } from '../findings/finding.ts';
import { type RuleContext } from './rule-context.ts';
import { checkComparisons } from './comparisons.ts';
import { checkConstraints } from './constraints.ts';
import { areAcross } from './joins.ts';
import { Lineages } from './lineage.ts';
import { checkRowAggregates } from './row-aggregates.ts';
import { checkThresholdReachability } from './threshold-reachability.ts';
import { checkTotals } from './totals.ts';

type Join = Extract<Relation, { readonly kind: 'join' }>;

function isEqualityAcross(term: Expression, join: Join): boolean {
  if (term.kind !== 'comparison' || term.operator !== '=') return false;
  return term.left.kind === 'column' && term.right.kind === 'column' && areAcross(join, term.left, term.right);
}

/** Checks a join without a condition: it repeats no row if one of its sides is a single row. */
function checkCross(join: Join, place: Placed<Select>, { found }: RuleContext): void {
  const named = namedIn(place);
  const isOne = (side: Relation): boolean =>
    side.kind === 'join' ? isCross(side) && isOne(side.left) && isOne(side.right) : hasOneRow(queryOf(side, named));
  //= rules R-60
  if (isOne(join.left) || isOne(join.right)) return;
  found.add('JOIN_TYPE', join.span, 'the tables are joined without a condition', {
    help: 'Join on an equality of columns, in ON or in WHERE. Without one, only a relation of a single row can be joined, such as an aggregate without GROUP BY.',
  });
}

/** Requires at least one equality, and allows protected columns only in equalities that are combined with AND. */
function checkJoin(join: Join, { found }: RuleContext): void {
  //= rules R-31
  const terms = join.on.kind === 'logic' && join.on.operator === 'AND' ? join.on.terms : [join.on];
  const isRefused = terms.some((term) => [...within(term)].some((part) => part.kind === 'invalid'));
  if (!isRefused && !terms.some((term) => isEqualityAcross(term, join))) {
    found.add(
      'JOIN_CONDITION',
      join.on.span,
      'the condition needs at least one equality between the two sides, combined with AND',
    );
  }
  for (const term of terms.filter((each) => !isEqualityAcross(each, join))) {
    for (const part of within(term)) {
      if (part.kind !== 'column' || part.column.protection.kind === 'cleartext') continue;
      const message = `\`${part.name}\` is protected and can only be joined by an equality that always holds`;
      found.add(part.column.protection.kind === 'sealed' ? 'SEALED_USE' : 'FINGERPRINT_USE', part.span, message);
    }
  }
}

/** Checks whether the rule lets this query run at all. */
function checkPermission(
  table: ManifestTable,
  rule: CustomRule,
  span: Span,
  template: AnalysisTemplate | null,
  check: RuleContext,
): void {
  const { found, member } = check;
  //= rules R-28
  const anyone = rule.anyQueryProviders;
  const isListed = template !== null && rule.allowedTemplates.includes(template.id);
  if (isListed) {
    if (template.approvedBy.includes(table.owner)) return;
    const message = `\`${table.owner}\` has not approved the template \`${template.id}\``;
    found.add('TEMPLATE_NOT_APPROVED', span, message, { rule: { table: table.name, key: 'allowedAnalyses' } });
    return;
  }
  if (anyone.includes(member)) return;
  if (anyone.length > 0) {
    const message = `\`${table.name}\` does not answer queries from \`${member}\``;
    found.add('PROVIDER_NOT_ALLOWED', span, message, { rule: { table: table.name, key: 'allowedAnalysisProviders' } });
    return;
  }
  const what = template === null ? 'ad-hoc queries' : `the template \`${template.id}\``;
  const message = `\`${table.name}\` does not allow ${what}`;
  found.add('TEMPLATE_NOT_APPROVED', span, message, { rule: { table: table.name, key: 'allowedAnalyses' } });
}

/** Checks that columns which may be used but not shown do not reach the output. */
function checkOutputs(query: Query, check: RuleContext): void {
  //= rules R-30
  const spans = firstSelect(query).items.map((item) => item.value.span);
  for (const [index, column] of outputsOf(query).entries()) {
    for (const source of column.sources) {
      const table = check.tables.find((each) => each.name === source.table);
      if (table?.rule?.kind !== 'custom' || !table.rule.disallowedOutputColumns.includes(source.column)) continue;
      const message = `\`${column.name}\` is derived from \`${source.table}.${source.column}\`, which may not be shown`;
      check.found.add('OUTPUT_DISALLOWED', spans[index] ?? query.span, message, {
        rule: { table: table.name, key: 'disallowedOutputColumns' },
      });
    }
  }
}

/** Checks a query over tables that all have a custom rule. `spans` says where the query names each table. */
export function checkCustom(
  query: Query,
  template: AnalysisTemplate | null,
  spans: ReadonlyMap<string, Span>,
  check: RuleContext,
): void {
  for (const table of check.tables) {
    if (table.rule?.kind !== 'custom') continue;
    checkPermission(table, table.rule, spans.get(table.name) ?? query.span, template, check);
  }
  const places = new Map(selectPlaces(placed(query)).map((place) => [place.query, place]));
  for (const select of selectsIn(query)) {
    // Of a query in an expression, the WITH queries around it are not known here, and none of them is taken for a single row.
    for (const join of joinsIn(select.from)) {
      if (isCross(join)) checkCross(join, places.get(select) ?? placed(select), check);
      else checkJoin(join, check);
    }
  }
  checkOutputs(query, check);
  checkTotals(query, check);
  checkThresholdReachability(query, spans, check);
  const lineages = new Lineages(query);
  checkConstraints(query, lineages, check);
  checkRowAggregates(query, lineages, check);
  checkComparisons(query, lineages, check);
}
