/** The door to DuckDB in this thread: for tables, for the parser, and locked for queries; and its vectors as columns. */
export { engineTypeOf, opaqueType } from './engine-types.ts';
export { Engine, engineFailure, OUT_OF_MEMORY, READING } from './engine.ts';
export { LockedDatabase, ResultTooLarge } from './locked-database.ts';
export { SqlParser } from './sql-parser.ts';
