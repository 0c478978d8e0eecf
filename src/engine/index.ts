/** The one place that opens DuckDB: for tables, for the parser, and locked for queries; and its vectors as columns. */
export { EngineTask } from './engine-task.ts';
export { engineTypeOf, opaqueType } from './engine-types.ts';
export { Engine, engineFailure, OUT_OF_MEMORY, READING } from './engine.ts';
export { LockedDatabase, type LockedQuery, ResultTooLarge } from './locked-database.ts';
export { SqlParser } from './sql-parser.ts';
export { quoteIdentifier, quotePath, quoteText } from './sql.ts';
export { readVector } from './vectors.ts';
