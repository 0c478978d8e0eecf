import { quoteForMessage } from '../../errors/index.ts';
import { type Cursor, readUnique } from '../cursor.ts';
import type { RuleColumns } from './columns.ts';

/** AWS Clean Rooms' `comparisonControls`: which columns a query may compare; `null` where the owner does not limit it. */
export interface ComparisonControls {
  /** Columns that may be compared with a constant. */
  readonly literalColumns: readonly string[] | null;
  /** Columns that may be compared with a column, in joins, filters, groups and windows. */
  readonly columnColumns: readonly string[] | null;
}

const KEYS = ['allowedLiteralComparisonColumns', 'allowedColumnComparisonColumns'];

/** Reads `comparisonControls`. No identity column can be listed for comparisons with constants. */
export function readComparisonControls(
  given: Cursor,
  columns: RuleColumns,
  identityColumns: readonly string[],
): ComparisonControls {
  const cursor = given.withoutNulls(KEYS);
  if (!cursor.isGiven || !cursor.object(KEYS)) {
    return Object.freeze({ literalColumns: null, columnColumns: null });
  }
  const [literal, column] = [cursor.at('allowedLiteralComparisonColumns'), cursor.at('allowedColumnComparisonColumns')];
  const readLiteral = (item: Cursor): string | null => {
    const name = columns.read(item, 'literal');
    if (name === null || !identityColumns.includes(name)) return name;
    return item.refuse(`${quoteForMessage(name)} identifies persons and is never compared with constants`);
  };
  return Object.freeze({
    literalColumns: literal.isGiven ? readUnique(literal, readLiteral) : null,
    columnColumns: column.isGiven ? readUnique(column, (item) => columns.read(item, 'join')) : null,
  });
}
