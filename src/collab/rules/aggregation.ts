import type { OutputConstraint, Rounding, Suppression } from './constraint.ts';

/** The aggregates that an aggregation rule can allow, in AWS Clean Rooms' names. */
export const AGGREGATE_FUNCTIONS = ['SUM', 'SUM_DISTINCT', 'COUNT', 'COUNT_DISTINCT', 'AVG'] as const;

/** One of {@link AGGREGATE_FUNCTIONS}. */
export type AggregateFunction = (typeof AGGREGATE_FUNCTIONS)[number];

/** The scalar functions that an aggregation rule can allow, in AWS Clean Rooms' names. */
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

/** What may stand between the equalities of a join. */
export const JOIN_OPERATORS = ['AND', 'OR'] as const;

/** One of {@link JOIN_OPERATORS}. */
export type JoinOperator = (typeof JOIN_OPERATORS)[number];

/** Columns and an aggregate that may be taken of each of them. */
export interface AggregateColumns {
  readonly columnNames: readonly string[];
  readonly function: AggregateFunction;
}

/**
 * What the owner of a table allows when only statistics may leave the room. The names of AWS Clean Rooms' aggregation rule
 * are kept; what it leaves to defaults is filled in, and the last three are extensions (`x-foreignMeasures`, …).
 */
export interface AggregationRule {
  readonly kind: 'aggregation';
  readonly aggregateColumns: readonly AggregateColumns[];
  readonly joinColumns: readonly string[];
  /** Whether the table must be joined, directly or through others, with one of the querying member. */
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
}
