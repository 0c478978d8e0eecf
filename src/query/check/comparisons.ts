import type { CustomRule, ManifestTable } from '../../collab/index.ts';
import type { Comparison, Expression, ExpressionOf, Query, Select, TableColumn } from '../ast/nodes.ts';
import { TRUE } from '../ast/build.ts';
import { expressionsOf, isExtreme, joinsIn, queriesIn, shownIn, within } from '../ast/walk.ts';
import type { Span } from '../findings/finding.ts';
import { isConstrained, isTextCondition, type Lineage, type Lineages } from './lineage.ts';
import type { RuleContext } from './rule-context.ts';

/** A place where values are compared: with each other, or, if rows are brought together by them, with those of other rows. */
interface Site {
  readonly span: Span;
  readonly operands: readonly Expression[];
  readonly isGrouping: boolean;
  /** Whether values are only compared where a threshold asks how many persons share one. */
  readonly isShared?: boolean;
  /** Whether a value is told apart from NULL. What makes NULL of some values then draws a line between them, as a constant does. */
  readonly isNullTest: boolean;
  /** Whether nothing is compared but with NULL, as a count does. */
  readonly isCount?: boolean;
  /** Outputs of queries that are compared too. */
  readonly outputs: readonly Lineage[];
}

function siteOf(span: Span, operands: readonly Expression[]): Site {
  return { span, operands, isGrouping: false, isNullTest: false, outputs: [] };
}

/** MIN and MAX of the last SELECT, which are shown if enough persons have the value, as a group is. */
function extremesOf(select: Select): readonly Site[] {
  const parts = shownIn(select).flatMap((value) => [...within(value)].filter(isExtreme));
  return parts.flatMap(({ argument }) => (argument === null ? [] : [{ ...groupingOf(argument), isShared: true }]));
}

function groupingOf(value: Expression): Site {
  return { span: value.span, operands: [value], isGrouping: true, isNullTest: false, outputs: [] };
}

const NULL_TESTS: ReadonlySet<string> = new Set<Comparison>(['IS DISTINCT FROM', 'IS NOT DISTINCT FROM']);
/** Calls whose value tells whether their arguments are the same, or whether one is in the other. */
const COMPARING_CALLS: ReadonlySet<string> = new Set([
  ...['nullif', 'greatest', 'least', 'instr', 'replace', 'split_part', 'translate', 'regexp_replace', 'regexp_extract'],
]);

/** A value that is a condition as it stands is compared with TRUE. */
function truthOf(value: Expression): readonly Site[] {
  switch (value.kind) {
    case 'column':
    case 'literal':
    case 'parameter':
    case 'aggregate':
    case 'window':
    case 'arithmetic':
    case 'case':
    case 'cast':
    case 'scalarQuery':
    case 'saltedHash':
    case 'grouping':
    case 'engineCall':
      return [siteOf(value.span, [value, TRUE])];
    case 'call':
      return isTextCondition(value) ? [] : [siteOf(value.span, [value, TRUE])];
    case 'comparison':
    case 'between':
    case 'logic':
    case 'not':
    case 'isNull':
    case 'in':
    case 'inQuery':
    case 'like':
    case 'invalid':
      return [];
  }
}

/** A count tells which values are not NULL: `count(1 / (a - 5))` compares with 5. */
function countOf(
  { function: name, span }: ExpressionOf<'aggregate' | 'window'>,
  argument: Expression | null,
): readonly Site[] {
  return name === 'count' && argument !== null
    ? [{ ...siteOf(span, [argument]), isNullTest: true, isCount: true }]
    : [];
}

/** The places in a part of an expression, without those in its children. */
function sitesAt(part: Expression, lineages: Lineages): readonly Site[] {
  const { span } = part;
  switch (part.kind) {
    case 'comparison':
      return [{ ...siteOf(span, [part.left, part.right]), isNullTest: NULL_TESTS.has(part.operator) }];
    case 'between':
      return [siteOf(span, [part.value, part.low, part.high])];
    case 'in':
      return [siteOf(span, [part.value, ...part.options])];
    case 'like':
      return [siteOf(span, [part.value, part.pattern])];
    case 'inQuery':
      return [{ ...siteOf(span, [part.value]), outputs: lineages.outputsOf(part.query).slice(0, 1) }];
    // NULL may be compared with everything, but `1 / (a - 5) IS NULL` compares with 5.
    case 'isNull':
      return [{ ...siteOf(span, [part.value]), isNullTest: true }];
    case 'call':
      return isTextCondition(part) || COMPARING_CALLS.has(part.function) ? [siteOf(span, part.arguments)] : [];
    case 'window':
      return [
        ...countOf(part, part.arguments[0] ?? null),
        ...[...part.partition, ...part.order.map((order) => order.value)].map(groupingOf),
      ];
    case 'logic':
      return part.terms.flatMap(truthOf);
    case 'not':
      return truthOf(part.value);
    case 'case':
      return part.branches.flatMap((branch) => truthOf(branch.when));
    case 'aggregate':
      return [
        ...countOf(part, part.argument),
        ...(part.filter === null ? [] : truthOf(part.filter)),
        ...(part.order ?? []).map((order) => groupingOf(order.value)),
      ];
    case 'column':
    case 'literal':
    case 'parameter':
    case 'arithmetic':
    case 'cast':
    case 'scalarQuery':
    case 'saltedHash':
    case 'grouping':
    case 'engineCall':
    case 'invalid':
      return [];
  }
}

function sitesOf(query: Query, isLast: boolean, lineages: Lineages): readonly Site[] {
  const outputs = lineages.outputsOf(query);
  const grouped = (lineage: Lineage): Site => ({
    span: query.span,
    operands: [],
    isGrouping: true,
    isNullTest: false,
    outputs: [lineage],
  });
  // The order of an answer follows from what it shows; that of a sub-query decides which rows its LIMIT keeps.
  const isPicked = !isLast && (query.limit !== null || query.offset !== null);
  const ordered = isPicked ? query.order.flatMap(({ item }) => outputs[item] ?? []).map(grouped) : [];
  if (query.kind === 'set') {
    return query.operator === 'UNION' && query.all ? ordered : [...ordered, ...outputs.map(grouped)];
  }
  const { items, from, where, groups, having, qualify, distinct } = query;
  const conditions = [where, having, qualify, ...joinsIn(from).map((join) => join.on)];
  const inside = expressionsOf(query).flatMap((expression) =>
    [...within(expression)].flatMap((part) => sitesAt(part, lineages)),
  );
  return [
    ...ordered,
    ...inside,
    ...(isLast ? extremesOf(query) : []),
    ...conditions.flatMap((condition) => (condition === null ? [] : truthOf(condition))),
    ...groups.map(groupingOf),
    ...(distinct ? items.map(({ value }) => groupingOf(value)) : []),
  ];
}

/** The columns that a place compares with constants, and those that it compares with columns. */
function comparedAt(
  { operands, outputs, isGrouping, isNullTest, isCount = false }: Site,
  lineages: Lineages,
  isReleased: boolean,
): { readonly literal: readonly TableColumn[]; readonly column: readonly TableColumn[] } {
  const parts = [...operands.map((operand) => lineages.of(operand, isReleased)), ...outputs];
  const sources = parts.flatMap((part) => part.sources);
  const isLine = parts.some((part) => isNullTest && part.canVanish);
  if (isCount) return { literal: isLine ? sources : [], column: [] };
  const isLiteral = isLine || parts.some((part) => part.hasConstant || part.hasCount);
  return { literal: isLiteral ? sources : [], column: isGrouping || sources.length > 1 ? sources : [] };
}

/** A table whose custom rule limits comparisons. */
interface Limited {
  readonly table: ManifestTable;
  readonly rule: CustomRule;
}

/** Why a rule does not allow a column to be compared with constants; `null` if it does. */
function refuseLiteral(column: string, { rule }: Limited): { readonly message: string; readonly key: string } | null {
  if (rule.outputConstraints.some(({ columnName }) => columnName === column)) {
    const message = `\`${column}\` identifies persons and is never compared with constants`;
    return { message, key: rule.constraintKey };
  }
  if (rule.comparisonControls.literalColumns?.includes(column) ?? true) return null;
  const message = `\`${column}\` may not be compared with constants`;
  return { message, key: 'allowedLiteralComparisonColumns' };
}

function checkSite(site: Site, limited: Limited, lineages: Lineages, isLast: boolean, check: RuleContext): void {
  const { table, rule } = limited;
  if (site.isShared === true && !isConstrained(table)) return;
  // An aggregate of the last SELECT is not a person's value where a threshold stands before it.
  const { literal, column } = comparedAt(site, lineages, isLast && isConstrained(table));
  for (const source of literal.filter((each) => each.table === table.name)) {
    const refusal = refuseLiteral(source.column, limited);
    if (refusal === null) continue;
    check.found.add('COMPARISON_NOT_ALLOWED', site.span, refusal.message, {
      rule: { table: table.name, key: refusal.key },
    });
  }
  for (const source of column.filter((each) => each.table === table.name)) {
    if (rule.comparisonControls.columnColumns?.includes(source.column) ?? true) continue;
    const message = `\`${source.column}\` may not be compared with columns`;
    check.found.add('COMPARISON_NOT_ALLOWED', site.span, message, {
      help: 'Join, filter, group and partition by columns that the rule lists in `allowedColumnComparisonColumns`.',
      rule: { table: table.name, key: 'allowedColumnComparisonColumns' },
    });
  }
}

/** Checks that only columns are compared that the custom rules let be compared, wherever in the query and through sub-queries. */
export function checkComparisons(query: Query, lineages: Lineages, check: RuleContext): void {
  //= rules R-52
  const limited = check.tables.flatMap((table) => {
    if (table.rule?.kind !== 'custom') return [];
    const { literalColumns, columnColumns } = table.rule.comparisonControls;
    const isLimited = isConstrained(table) || literalColumns !== null || columnColumns !== null;
    return isLimited ? [{ table, rule: table.rule }] : [];
  });
  if (limited.length === 0) return;
  for (const inner of queriesIn(query)) {
    for (const site of sitesOf(inner, inner === query, lineages)) {
      for (const each of limited) checkSite(site, each, lineages, inner === query, check);
    }
  }
}
