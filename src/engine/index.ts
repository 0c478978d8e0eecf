/** The one place that opens DuckDB: tasks in a worker of their own, and its vectors as columns. */
export { EngineTask } from './engine-task.ts';
export { engineTypeOf, opaqueType } from './engine-types.ts';
export { Engine, engineFailure, OUT_OF_MEMORY, quoteIdentifier, quotePath, quoteText, READING } from './engine.ts';
export { readSmallResult } from './small-result.ts';
export { readVector } from './vectors.ts';
