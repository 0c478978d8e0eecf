import type { Cursor } from './cursor.ts';

/** The SQL that members write: that of Spark as AWS Clean Rooms documents it, or that of the engine. */
export type Dialect = 'spark' | 'duckdb';

/** Reads the SQL of a manifest; Spark's if it does not say. */
export function readDialect(cursor: Cursor): Dialect {
  return (cursor.isGiven ? cursor.oneOf(['spark', 'duckdb']) : null) ?? 'spark';
}
