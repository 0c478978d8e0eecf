import { quoteForMessage } from '../../errors/index.ts';
import { type Cursor, present } from '../cursor.ts';
import type { RuleColumns } from './columns.ts';
import { MAX_MINIMUM, MIN_MINIMUM, type OutputConstraint } from './constraint.ts';

/** What the argument of an aggregate or a window function may be: a bare column or a constant, or any expression. */
export const AGGREGATE_EXPRESSION_TYPES = ['COLUMNS_ONLY', 'ANY_EXPRESSION'] as const;

/** One of {@link AGGREGATE_EXPRESSION_TYPES}. */
export type AggregateExpressionType = (typeof AGGREGATE_EXPRESSION_TYPES)[number];

/** A column whose rows of output have a minimum of their own. */
export interface OutputColumnThreshold {
  readonly columnName: string;
  /** 0, which exempts the column, or 2 to 100,000. */
  readonly minimum: number;
}

/** AWS Clean Rooms' `aggregationThresholds`: one minimum of persons, and what comes with it. */
export interface AggregationThreshold {
  readonly constraint: OutputConstraint;
  readonly expressionType: AggregateExpressionType;
  readonly outputColumns: readonly OutputColumnThreshold[];
}

const KEYS = [
  'identityColumns',
  'minimumIdentityCount',
  'type',
  'allowedAggregateExpressionType',
  'outputColumnThresholds',
];

/** Reads what arguments of aggregates may be; default: `COLUMNS_ONLY`. */
export function readAggregateExpressionType(cursor: Cursor): AggregateExpressionType {
  return cursor.isGiven ? (cursor.oneOf(AGGREGATE_EXPRESSION_TYPES) ?? 'COLUMNS_ONLY') : 'COLUMNS_ONLY';
}

function readOutputColumn(cursor: Cursor, columns: RuleColumns): OutputColumnThreshold | null {
  if (!cursor.object(['outputColumnName', 'minimumIdentityCount'])) return null;
  const columnName = columns.read(cursor.at('outputColumnName'), 'disallowed');
  const count = cursor.at('minimumIdentityCount');
  const minimum = count.whole(0, MAX_MINIMUM);
  if (minimum === 1) return count.refuse('expected 0 or a whole number from 2 to 100,000, got `1`');
  return columnName === null || minimum === null ? null : Object.freeze({ columnName, minimum });
}

function readOutputColumns(cursor: Cursor, columns: RuleColumns): readonly OutputColumnThreshold[] {
  if (!cursor.isGiven) return Object.freeze([]);
  const seen = new Set<string>();
  const thresholds = cursor.items().map((item) => {
    const threshold = readOutputColumn(item, columns);
    if (threshold === null) return null;
    const { columnName } = threshold;
    if (seen.has(columnName)) {
      return item.at('outputColumnName').refuse(`there is already a threshold for ${quoteForMessage(columnName)}`);
    }
    seen.add(columnName);
    return threshold;
  });
  return Object.freeze(present(thresholds));
}

function readThreshold(given: Cursor, columns: RuleColumns): AggregationThreshold | null {
  const cursor = given.withoutNulls(KEYS);
  if (!cursor.object(KEYS)) return null;
  cursor.at('type').oneOf(['COUNT_DISTINCT']);
  const identity = cursor.at('identityColumns');
  const names = identity.items(1);
  if (names.length > 1) identity.refuse(`expected one identity column, got ${String(names.length)}`);
  const [columnName = null] = names.map((item) => columns.readIdentity(item));
  const minimum = cursor.at('minimumIdentityCount').whole(MIN_MINIMUM, MAX_MINIMUM);
  const expressionType = readAggregateExpressionType(cursor.at('allowedAggregateExpressionType'));
  const outputColumns = readOutputColumns(cursor.at('outputColumnThresholds'), columns);
  if (columnName === null || minimum === null) return null;
  return Object.freeze({ constraint: Object.freeze({ columnName, minimum }), expressionType, outputColumns });
}

/** Reads `aggregationThresholds`, which has one entry; `null` if it is not given or broken. */
export function readAggregationThresholds(cursor: Cursor, columns: RuleColumns): AggregationThreshold | null {
  if (!cursor.isGiven) return null;
  const items = cursor.items(1);
  if (items.length > 1) cursor.refuse(`expected one threshold, got ${String(items.length)}`);
  const [threshold = null] = items.map((item) => readThreshold(item, columns));
  return threshold;
}
