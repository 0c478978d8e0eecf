import type { Manifest } from './manifest.ts';
import type { AggregationRule } from './rules/aggregation.ts';
import { type OutputConstraint, type Rounding, roundsCounts } from './rules/constraint.ts';
import type { CustomRule } from './rules/custom.ts';
import type { ListRule } from './rules/list.ts';
import type { AnalysisRule, ManifestTable } from './table.ts';

/** One thing that a manifest allows: in which part of it, and what, in words that complete "allows …". */
export interface Grant {
  /** `the collaboration`, `member brand`, `table impressions`. */
  readonly subject: string;
  readonly text: string;
}

/** A number by which a manifest limits what it allows. */
export interface Limit {
  readonly subject: string;
  /** What is limited, in words that come before the number. */
  readonly text: string;
  readonly value: number;
  /** Whether a larger number allows more. */
  readonly moreIsLooser: boolean;
}

/** What a rule allows, in words, and its limits; without the subject, which is the table. */
interface RuleWords {
  readonly grants: readonly string[];
  readonly limits: readonly Omit<Limit, 'subject'>[];
}

const NOTHING: RuleWords = { grants: [], limits: [] };

function limitsOf(constraints: readonly OutputConstraint[], round: Rounding | null): RuleWords['limits'] {
  const smallest = constraints.map(({ columnName, minimum }) => {
    return {
      text: `minimum number of different values of \`${columnName}\` in a row of output`,
      value: minimum,
      moreIsLooser: false,
    };
  });
  const counts = { text: 'step that counts are rounded to', value: round?.counts ?? 1, moreIsLooser: false };
  const sums = { text: 'step that sums and averages are rounded to', value: round?.sums ?? 0, moreIsLooser: false };
  return [...smallest, ...(counts.value > 1 ? [counts] : []), ...(sums.value > 0 ? [sums] : [])];
}

function joinsOf({ joinColumns, allowedJoinOperators }: AggregationRule | ListRule): readonly string[] {
  const columns = joinColumns.map((name) => `joins on \`${name}\``);
  return allowedJoinOperators.includes('OR') ? [...columns, 'OR between the equalities of a join'] : columns;
}

const SUMMARY = 'a row that sums up the rows that were held back';

function wordsOfAggregation(rule: AggregationRule): RuleWords {
  const aggregates = rule.aggregateColumns.flatMap((entry) =>
    entry.columnNames.map((name) => `${entry.function} of \`${name}\``),
  );
  return {
    grants: [
      ...aggregates,
      ...joinsOf(rule),
      ...rule.dimensionColumns.map((name) => `showing, grouping by and filtering by \`${name}\``),
      ...rule.scalarFunctions.map((name) => `the function ${name}`),
      ...(rule.joinRequired ? [] : ['queries that join no table of the querying member']),
      ...(rule.foreignMeasures === 'allow' && !roundsCounts(rule.round)
        ? ["sums and averages of other members' columns in the same query"]
        : []),
      ...(rule.suppression === 'summary' ? [SUMMARY] : []),
    ],
    limits: limitsOf(rule.outputConstraints, rule.round),
  };
}

function wordsOfList(rule: ListRule): RuleWords {
  const columns = rule.listColumns.map((name) => `showing and filtering by \`${name}\`, row by row of the overlap`);
  return { grants: [...joinsOf(rule), ...columns], limits: [] };
}

/** The columns that a query may compare, and with what. */
function comparisonsOf(rule: CustomRule, { columns }: ManifestTable): readonly string[] {
  const { literalColumns, columnColumns } = rule.comparisonControls;
  const identity = rule.outputConstraints.map(({ columnName }) => columnName);
  return columns.flatMap(({ name, protection }) => {
    const isLiteral = protection === 'cleartext' && !identity.includes(name);
    const withLiterals = isLiteral && (literalColumns?.includes(name) ?? true);
    const withColumns = protection !== 'sealed' && (columnColumns?.includes(name) ?? true);
    return [
      ...(withLiterals ? [`comparing \`${name}\` with constants`] : []),
      ...(withColumns ? [`comparing \`${name}\` with other columns, and grouping by it`] : []),
    ];
  });
}

/** The minimum of each column that can be shown, where the owner can set one of its own. */
function ownMinimumsOf(rule: CustomRule, { columns }: ManifestTable): RuleWords['limits'] {
  const [constraint] = rule.outputConstraints;
  if (constraint === undefined || rule.constraintKey === 'x-outputConstraints') return [];
  const { columnName, minimum } = constraint;
  const shown = columns.filter(
    ({ name, protection }) => protection === 'cleartext' && !rule.disallowedOutputColumns.includes(name),
  );
  return shown.map(({ name }) => {
    const own = rule.outputColumnThresholds.find((each) => each.columnName === name);
    const text = `minimum number of different values of \`${columnName}\` in a row of output that shows \`${name}\``;
    return { text, value: own?.minimum ?? minimum, moreIsLooser: false };
  });
}

function wordsOfCustom(rule: CustomRule, table: ManifestTable): RuleWords {
  const isConstrained = rule.outputConstraints.length > 0;
  const shown = table.columns.filter(({ name }) => !rule.disallowedOutputColumns.includes(name));
  return {
    grants: [
      ...rule.allowedTemplates.map((id) => `the template ${id}`),
      ...rule.anyQueryProviders.map((member) => `any query of ${member}`),
      ...shown.map(({ name }) => `output derived from \`${name}\``),
      ...comparisonsOf(rule, table),
      ...(isConstrained ? [] : ['output of individual rows']),
      ...(isConstrained && rule.expressionType === 'ANY_EXPRESSION' ? ['expressions as arguments of aggregates'] : []),
      ...(rule.suppression === 'summary' ? [SUMMARY] : []),
    ],
    limits: [...limitsOf(rule.outputConstraints, rule.round), ...ownMinimumsOf(rule, table)],
  };
}

function wordsOf(rule: AnalysisRule | null, table: ManifestTable): RuleWords {
  if (rule === null) return NOTHING;
  switch (rule.kind) {
    case 'aggregation':
      return wordsOfAggregation(rule);
    case 'list':
      return wordsOfList(rule);
    case 'custom':
      return wordsOfCustom(rule, table);
  }
}

/** The subject of what a table allows. */
export function tableSubject({ name }: { readonly name: string }): string {
  return `table ${name}`;
}

function grantsOfTable(table: ManifestTable): readonly Grant[] {
  const { rule, receivers, accessBudgets } = table;
  const results = rule === null ? [] : receivers.map((member) => `results to ${member}`);
  const refills = accessBudgets
    .filter(({ autoRefresh }) => autoRefresh)
    .map(({ type, unit }) => `a new budget${unit === 'ROWS' ? ' of rows' : ''} each ${type}`);
  const keys = table.unique.map(
    (key) => `queries that rely on each ${key.map((name) => `\`${name}\``).join(', ')} being there once`,
  );
  const texts = [...wordsOf(rule, table).grants, ...keys, ...results, ...refills];
  return texts.map((text) => ({ subject: tableSubject(table), text }));
}

/** In how many groups a person may be, where there are persons to protect. */
function groupLimitOf({ rule }: ManifestTable): RuleWords['limits'] {
  if (rule === null || rule.kind === 'list' || rule.outputConstraints.length === 0) return [];
  const text = "groups by other members' columns that one person may be in";
  return [{ text, value: rule.maxGroups ?? 1, moreIsLooser: true }];
}

function limitsOfTable(table: ManifestTable): readonly Limit[] {
  const budgets = table.accessBudgets.map(({ type, unit, budget }) => {
    return { text: `${unit === 'ROWS' ? 'released rows' : 'queries'} in a ${type}`, value: budget, moreIsLooser: true };
  });
  return [...wordsOf(table.rule, table).limits, ...groupLimitOf(table), ...budgets].map((limit) => ({
    ...limit,
    subject: tableSubject(table),
  }));
}

/** Everything that a manifest allows, as separate items, in the manifest's order. */
export function listGrants({ settings, members, tables }: Manifest): readonly Grant[] {
  const all = [
    [settings.allowCleartext, 'cleartext columns in encrypted tables'],
    [settings.allowDuplicates, 'repeated values in fingerprint columns'],
    [settings.allowJoinsOnColumnsWithDifferentNames, 'joins of fingerprint columns with different names'],
    [settings.preserveNulls, 'nulls that stay visible in protected columns'],
  ] as const;
  const ofSettings = all.filter(([isOn]) => isOn).map(([, text]) => ({ subject: 'the collaboration', text }));
  const ofMembers = members.flatMap(({ id, abilities }) => {
    const queries = abilities.includes('CAN_QUERY') ? ['asking queries'] : [];
    const results = abilities.includes('CAN_RECEIVE_RESULTS') ? ['receiving results'] : [];
    return [...queries, ...results].map((text) => ({ subject: `member ${id}`, text }));
  });
  return [...ofSettings, ...ofMembers, ...tables.flatMap(grantsOfTable)];
}

/** Every limit that a manifest sets, in the manifest's order. */
export function listLimits({ tables }: Manifest): readonly Limit[] {
  return tables.flatMap(limitsOfTable);
}
