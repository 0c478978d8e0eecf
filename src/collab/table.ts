import canonicalize from 'canonicalize';
import { quoteForMessage } from '../errors/index.ts';
import { sha256Hex } from '../platform/index.ts';
import { type Cursor, present, readUnique } from './cursor.ts';
import { type ManifestColumn, readManifestColumn } from './manifest-column.ts';
import type { Member } from './member.ts';
import { type AggregationRule, readAggregationRule } from './rules/aggregation.ts';
import { RuleColumns } from './rules/columns.ts';
import { columnsOfRule } from './rules/columns-of-rule.ts';
import { type CustomRule, readCustomRule } from './rules/custom.ts';
import { type ListRule, readListRule } from './rules/list.ts';
import { AWS_KEYS, EXTENSIONS, refuseOtherExtensions, type RulePlace } from './rules/rule-place.ts';
import { HASH_TEXT } from './hash-text.ts';

/** The file that a table comes from. */
export interface ManifestSource {
  readonly kind: 'csv' | 'parquet' | 'arrow';
  /** SHA-256 of the file, 64 hexadecimal digits in lower case. */
  readonly sha256: string;
  readonly rows: number;
}

/** The periods that an access budget can be for. */
export const BUDGET_TYPES = ['CALENDAR_DAY', 'CALENDAR_WEEK', 'CALENDAR_MONTH', 'LIFETIME'] as const;

/** What an access budget can count: queries that read the table, or rows of results that are released. */
export const BUDGET_UNITS = ['QUERIES', 'ROWS'] as const;

/** How many queries may read a table in a period, or how many rows of their results may be released. */
export interface AccessBudget {
  readonly type: (typeof BUDGET_TYPES)[number];
  readonly unit: (typeof BUDGET_UNITS)[number];
  /** Queries or rows, at least 1. */
  readonly budget: number;
  /** Whether each period has the full budget again; never for `LIFETIME`. */
  readonly autoRefresh: boolean;
}

/** What the owner of a table allows. */
export type AnalysisRule = AggregationRule | ListRule | CustomRule;

/** A table that a member brings. */
export interface ManifestTable {
  /**
   * Unique in the collaboration, also if case is ignored: up to 127 letters of A to Z in either case, digits and `_`, with single
   * blanks and hyphens between them. So it never leads out of a folder, but SQL needs quotes around it: `"Ads-2025"`.
   */
  readonly name: string;
  /** Id of a member. */
  readonly owner: string;
  readonly source: ManifestSource | null;
  readonly columns: readonly ManifestColumn[];
  /** `null`: the table cannot be queried. */
  readonly rule: AnalysisRule | null;
  /** Ids of the members that may receive results of queries over this table; all of them have the ability to. */
  readonly receivers: readonly string[];
  /** At most one per period and unit; none means no limit. */
  readonly accessBudgets: readonly AccessBudget[];
  /** Extension `x-unique`: sets of columns of which no two rows have the same values, other than null. A load makes sure of it. */
  readonly unique: readonly (readonly string[])[];
  /**
   * Hash of the table's entry as it was written, in canonical form and without its source: columns, rule, receivers, budgets
   * and keys. 64 hexadecimal digits.
   */
  readonly sha256: string;
}

/** What is needed to read the entry of a table. */
export interface TableContext {
  readonly members: readonly Member[];
  readonly allowCleartext: boolean;
  /** See {@link RulePlace}. */
  readonly readMember: RulePlace['readMember'];
  readonly readTemplate: RulePlace['readTemplate'];
}

/** The form of a table's name: AWS Clean Rooms' own, without blanks at its end and without several in a row, which nobody sees. */
const TABLE_NAME = {
  pattern: /^(?=.{1,127}$)[A-Za-z0-9_]+(?:(?: |-| - )[A-Za-z0-9_]+)*$/,
  words: '1 to 127 letters of A to Z, digits and `_`, with single blanks and hyphens between them',
};

const KEYS = [
  'name',
  'owner',
  'source',
  'columns',
  'analysisRule',
  'associationRule',
  'accessBudgets',
  'privacyBudget',
  'x-guard',
  'x-unique',
  ...EXTENSIONS,
];

const MAX_BUDGETS = { QUERIES: 1_000_000, ROWS: 1_000_000_000 } as const;

const BRANCHES = { AGGREGATION: 'aggregation', LIST: 'list', CUSTOM: 'custom' } as const;

/** All that AWS's `v1` can have. */
const BRANCH_KEYS = [...Object.values(BRANCHES), 'idMappingTable'];

type Branch = (typeof BRANCHES)[keyof typeof BRANCHES];

const READERS: Readonly<Record<Branch, (place: RulePlace) => AnalysisRule | null>> = {
  aggregation: readAggregationRule,
  list: readListRule,
  custom: readCustomRule,
};

function readSource(cursor: Cursor): ManifestSource | null {
  if (!cursor.isGiven || !cursor.object(['kind', 'sha256', 'rows'])) return null;
  const kind = cursor.at('kind').oneOf(['csv', 'parquet', 'arrow']);
  const sha256 = cursor.at('sha256').text(HASH_TEXT);
  const rows = cursor.at('rows').whole(0, Number.MAX_SAFE_INTEGER);
  return kind === null || sha256 === null || rows === null ? null : Object.freeze({ kind, sha256, rows });
}

interface Columns {
  readonly columns: readonly ManifestColumn[];
  readonly ruleColumns: RuleColumns;
}

function readColumns(cursor: Cursor, allowCleartext: boolean): Columns {
  const byName = new Map<string, ManifestColumn | null>();
  let isComplete = true;
  for (const item of cursor.items(1)) {
    const column = readManifestColumn(item);
    // A column with another mistake is still known to the rule that names it; the mistake has been noted.
    const name = column?.name ?? item.at('name').peekText();
    if (name === null) isComplete = false;
    else if (byName.has(name)) item.at('name').refuse(`the column ${quoteForMessage(name)} is listed twice`);
    else byName.set(name, column);
    if (column?.protection === 'cleartext' && !allowCleartext) {
      item.at('protection').refuse('the column must be protected, because `settings.allowCleartext` is false');
    }
  }
  return { columns: Object.freeze(present([...byName.values()])), ruleColumns: new RuleColumns(byName, isComplete) };
}

/** The branch of the policy that the rule's type names, and its name. */
function findBranch(rule: Cursor): { readonly name: Branch; readonly cursor: Cursor } | null {
  if (!rule.object(['type', 'policy'])) return null;
  const type = rule.at('type');
  if (type.is('ID_MAPPING_TABLE')) {
    type.refuseUnsupported('id mapping tables');
    return null;
  }
  const kind = type.oneOf(['AGGREGATION', 'LIST', 'CUSTOM']);
  const version = readPolicy(rule.at('policy'));
  if (kind === null || version === null) return null;
  const name = BRANCHES[kind];
  if (!version.object([name])) return null;
  return { name, cursor: version.at(name).withoutNulls(AWS_KEYS) };
}

function readPolicy(policy: Cursor): Cursor | null {
  return policy.object(['v1']) ? policy.at('v1').withoutNulls(BRANCH_KEYS) : null;
}

function readReceivers(cursor: Cursor, branch: Branch | null, context: TableContext): readonly string[] {
  const able = context.members.filter(({ abilities }) => abilities.includes('CAN_RECEIVE_RESULTS')).map(({ id }) => id);
  if (!cursor.isGiven) return Object.freeze(able);
  if (branch === null) {
    cursor.refuse('this needs a valid `analysisRule`');
    return able;
  }
  if (!cursor.object(['type', 'policy'])) return able;
  if (cursor.at('type').isGiven) cursor.at('type').oneOf([branch.toUpperCase()]);
  const version = readPolicy(cursor.at('policy'));
  if (version?.object([branch]) !== true) return able;
  const rule = version.at(branch).withoutNulls(AWS_KEYS);
  if (!rule.object(['allowedResultReceivers', 'allowedAdditionalAnalyses'])) return able;
  const analyses = rule.at('allowedAdditionalAnalyses');
  // There are none here, so whatever is allowed changes nothing.
  if (analyses.isGiven) analyses.items();
  const receivers = rule.at('allowedResultReceivers');
  if (!receivers.isGiven) return Object.freeze(able);
  return readUnique(receivers, (item) => {
    const member = context.readMember(item);
    if (member === null || able.includes(member)) return member;
    return item.refuse(
      `${member} cannot receive results`,
      'give the member the ability CAN_RECEIVE_RESULTS, or leave it out',
    );
  });
}

function readBudget(cursor: Cursor): AccessBudget | null {
  if (!cursor.object(['type', 'x-unit', 'budget', 'autoRefresh'])) return null;
  const type = cursor.at('type').oneOf(BUDGET_TYPES);
  const givenUnit = cursor.at('x-unit');
  const unit = givenUnit.isGiven ? givenUnit.oneOf(BUDGET_UNITS) : 'QUERIES';
  const budget = cursor.at('budget').whole(1, MAX_BUDGETS[unit ?? 'QUERIES']);
  const refresh = cursor.at('autoRefresh');
  const autoRefresh = refresh.isGiven && refresh.oneOf(['ENABLED', 'DISABLED']) === 'ENABLED';
  if (autoRefresh && type === 'LIFETIME') refresh.refuse('must be DISABLED for LIFETIME, which never ends');
  return type === null || unit === null || budget === null ? null : Object.freeze({ type, unit, budget, autoRefresh });
}

function readBudgets(cursor: Cursor): readonly AccessBudget[] {
  if (!cursor.isGiven) return Object.freeze([]);
  const seen = new Set<string>();
  const budgets = cursor.items().map((item) => {
    const budget = readBudget(item);
    if (budget === null) return null;
    const kind = budget.unit === 'ROWS' ? `rows in ${budget.type}` : budget.type;
    if (seen.has(kind)) return item.at('type').refuse(`there is already a budget for ${kind}`);
    seen.add(kind);
    return budget;
  });
  return Object.freeze(present(budgets));
}

/** Reads `x-unique`: sets of columns, each of which a rule lets into the room. */
function readKeys(cursor: Cursor, columns: RuleColumns, rule: AnalysisRule | null): ManifestTable['unique'] {
  if (!cursor.isGiven) return Object.freeze([]);
  if (rule === null) {
    cursor.refuse('this needs a valid `analysisRule`');
    return Object.freeze([]);
  }
  const used = columnsOfRule(rule);
  const readColumn = (item: Cursor): string | null => {
    const name = columns.read(item, 'constraint');
    if (name === null || (used?.includes(name) ?? true)) return name;
    return item.refuse(
      `the analysis rule does not name ${quoteForMessage(name)}`,
      'only columns that it names are loaded',
    );
  };
  return Object.freeze(cursor.items(1).map((key) => Object.freeze(readUnique(key, readColumn, 1))));
}

function readRule(cursor: Cursor, columns: RuleColumns, context: TableContext): [AnalysisRule | null, Branch | null] {
  const analysisRule = cursor.at('analysisRule');
  if (!analysisRule.isGiven) {
    refuseOtherExtensions(cursor, 'no analysis rule', []);
    return [null, null];
  }
  const branch = findBranch(analysisRule);
  if (branch === null) return [null, null];
  const { readMember, readTemplate } = context;
  const place = { table: cursor, branch: branch.cursor, columns, readMember, readTemplate };
  return [READERS[branch.name](place), branch.name];
}

/** Reads a table; `null` if it has no name or no owner. Other mistakes are noted, and the broken parts left out. */
export function readTable(cursor: Cursor, context: TableContext): ManifestTable | null {
  if (!cursor.object(KEYS)) return null;
  cursor.at('privacyBudget').refuseUnsupported('differential privacy');
  cursor.at('x-guard').refuseUnsupported('a difference guard');
  const name = cursor.at('name').text(TABLE_NAME);
  const owner = cursor.at('owner').oneOf(context.members.map(({ id }) => id));
  const { columns, ruleColumns } = readColumns(cursor.at('columns'), context.allowCleartext);
  const [rule, branch] = readRule(cursor, ruleColumns, context);
  const parts = {
    source: readSource(cursor.at('source')),
    columns,
    rule,
    receivers: readReceivers(cursor.at('associationRule'), branch, context),
    accessBudgets: readBudgets(cursor.at('accessBudgets')),
    unique: readKeys(cursor.at('x-unique'), ruleColumns, rule),
    sha256: sha256Hex(canonicalize(cursor.without('source')) ?? ''),
  };
  return name === null || owner === null ? null : Object.freeze({ name, owner, ...parts });
}
