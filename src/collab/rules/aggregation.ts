import { type Cursor, present, readUnique } from '../cursor.ts';
import { AGGREGATE_FUNCTIONS, type AggregateFunction, type RuleColumns } from './columns.ts';
import {
  type OutputConstraint,
  readOutputConstraints,
  readMaxGroups,
  readRounding,
  readSuppression,
} from './constraint.ts';
import type { Rounding, Suppression } from './constraint.ts';
import { checkAdditionalAnalyses, type Extension, findExtension, refuseOtherExtensions } from './rule-place.ts';
import type { RulePlace } from './rule-place.ts';

/** The scalar functions that an aggregation rule can allow, by AWS Clean Rooms' names. */
export const SCALAR_FUNCTIONS = [
  'ABS',
  'CAST',
  'CEILING',
  'COALESCE',
  'CONVERT',
  'CURRENT_DATE',
  'DATEADD',
  'EXTRACT',
  'FLOOR',
  'GETDATE',
  'LN',
  'LOG',
  'LOWER',
  'ROUND',
  'RTRIM',
  'SQRT',
  'SUBSTRING',
  'TO_CHAR',
  'TO_DATE',
  'TO_NUMBER',
  'TO_TIMESTAMP',
  'TRIM',
  'TRUNC',
  'UPPER',
] as const;

/** One of {@link SCALAR_FUNCTIONS}. */
export type ScalarFunction = (typeof SCALAR_FUNCTIONS)[number];

/** The operators that can combine the equalities of a join. */
export const JOIN_OPERATORS = ['AND', 'OR'] as const;

/** One of {@link JOIN_OPERATORS}. */
export type JoinOperator = (typeof JOIN_OPERATORS)[number];

/** Columns, and an aggregate that may be taken of each of them. */
export interface AggregateColumns {
  readonly columnNames: readonly string[];
  readonly function: AggregateFunction;
}

/**
 * What the owner of a table allows if only statistics may leave the room. The names are those of AWS Clean Rooms' aggregation rule,
 * with its defaults filled in; the last three are extensions (`x-foreignMeasures`, …).
 */
export interface AggregationRule {
  readonly kind: 'aggregation';
  readonly aggregateColumns: readonly AggregateColumns[];
  readonly joinColumns: readonly string[];
  /** Whether the table must be joined, directly or through other tables, with a table of the querying member. */
  readonly joinRequired: boolean;
  /** At least `AND`. */
  readonly allowedJoinOperators: readonly JoinOperator[];
  readonly dimensionColumns: readonly string[];
  readonly scalarFunctions: readonly ScalarFunction[];
  /** At least one. */
  readonly outputConstraints: readonly OutputConstraint[];
  /** Whether a query over this table may also sum or average columns of other members' tables. */
  readonly foreignMeasures: 'allow' | 'deny';
  readonly round: Rounding | null;
  readonly suppression: Suppression;
  /**
   * Extension `x-maxGroups`: how many groups of an answer one person may be in where the groups depend on other members' columns;
   * `null` refuses queries that put one person into more than one.
   */
  readonly maxGroups: number | null;
}

const EXTENSIONS: readonly Extension[] = ['x-foreignMeasures', 'x-round', 'x-suppression', 'x-maxGroups'];

const KEYS = [
  'aggregateColumns',
  'joinColumns',
  'joinRequired',
  'allowedJoinOperators',
  'dimensionColumns',
  'scalarFunctions',
  'outputConstraints',
  'additionalAnalyses',
  ...EXTENSIONS,
];

/** Reads `allowedJoinOperators`; default: `AND`, as in AWS Clean Rooms. */
export function readJoinOperators(cursor: Cursor): readonly JoinOperator[] {
  const given = cursor.isGiven ? readUnique(cursor, (item) => item.oneOf(JOIN_OPERATORS)) : [];
  return Object.freeze(given.includes('OR') ? (['AND', 'OR'] as const) : (['AND'] as const));
}

function readAggregateColumns(cursor: Cursor, columns: RuleColumns): AggregateColumns | null {
  if (!cursor.object(['columnNames', 'function'])) return null;
  const aggregate = cursor.at('function').oneOf(AGGREGATE_FUNCTIONS);
  const columnNames = readUnique(cursor.at('columnNames'), (item) => columns.readAggregated(item, aggregate), 1);
  return aggregate === null ? null : Object.freeze({ columnNames, function: aggregate });
}

/** What a rule lists for a function that has another name in AWS Clean Rooms' list. */
const LISTED_AS: Readonly<Record<string, ScalarFunction>> = {
  ...Object.fromEntries(
    [
      ...['YEAR', 'QUARTER', 'MONTH', 'WEEK', 'WEEKOFYEAR', 'DAY', 'DAYOFMONTH', 'DAYOFWEEK', 'DAYOFYEAR'],
      ...['HOUR', 'MINUTE', 'SECOND', 'DATE_PART', 'DATEPART'],
    ].map((name) => [name, 'EXTRACT'] as const),
  ),
  CEIL: 'CEILING',
  NVL: 'COALESCE',
  IFNULL: 'COALESCE',
  SUBSTR: 'SUBSTRING',
  LCASE: 'LOWER',
  UCASE: 'UPPER',
  LTRIM: 'TRIM',
  BTRIM: 'TRIM',
  LOG10: 'LOG',
  DATE_ADD: 'DATEADD',
  ADD_MONTHS: 'DATEADD',
  NOW: 'GETDATE',
  CURRENT_TIMESTAMP: 'GETDATE',
  TRY_CAST: 'CAST',
};

function readScalarFunction(item: Cursor): ScalarFunction | null {
  const text = item.peekText()?.toUpperCase() ?? '';
  const listed = Object.hasOwn(LISTED_AS, text) ? LISTED_AS[text] : undefined;
  if (listed === undefined) return item.oneOf(SCALAR_FUNCTIONS);
  return item.refuse(`AWS Clean Rooms has no ${text} in this list`, `list ${listed}, which allows it`);
}

/** Reads an aggregation rule; `null` if it is not an object. Other mistakes are noted, and the broken parts left out. */
export function readAggregationRule(place: RulePlace): AggregationRule | null {
  const { branch, columns, table } = place;
  refuseOtherExtensions(table, 'an aggregation rule', EXTENSIONS);
  if (!branch.object(KEYS)) return null;
  checkAdditionalAnalyses(branch);
  const aggregateColumns = present(
    branch
      .at('aggregateColumns')
      .items(1)
      .map((item) => readAggregateColumns(item, columns)),
  );
  const joinColumns = readUnique(branch.at('joinColumns'), (item) => columns.read(item, 'join'));
  const counted = new Set([...joinColumns, ...aggregateColumns.flatMap(({ columnNames }) => columnNames)]);
  const foreignMeasures = findExtension(place, 'x-foreignMeasures');
  const joinRequired = branch.at('joinRequired');
  return Object.freeze({
    kind: 'aggregation',
    aggregateColumns: Object.freeze(aggregateColumns),
    joinColumns,
    joinRequired: joinRequired.isGiven && joinRequired.oneOf(['QUERY_RUNNER']) !== null,
    allowedJoinOperators: readJoinOperators(branch.at('allowedJoinOperators')),
    dimensionColumns: readUnique(branch.at('dimensionColumns'), (item) => columns.read(item, 'dimension')),
    scalarFunctions: readUnique(branch.at('scalarFunctions'), readScalarFunction),
    outputConstraints: readOutputConstraints(branch.at('outputConstraints'), columns, {
      isAllowed: (column) => counted.has(column),
      words: 'a join column or an aggregate column',
    }),
    foreignMeasures: foreignMeasures.isGiven ? (foreignMeasures.oneOf(['allow', 'deny']) ?? 'deny') : 'allow',
    round: readRounding(findExtension(place, 'x-round')),
    suppression: readSuppression(findExtension(place, 'x-suppression')),
    maxGroups: readMaxGroups(findExtension(place, 'x-maxGroups')),
  });
}
