/** The one place that opens DuckDB. This door loads none of it: a task runs in a thread, which does. `native.ts` is the other. */
export { EngineTask } from './engine-task.ts';
export type { LockedQuery } from './locked-database.ts';
export { quoteIdentifier, quotePath, quoteText } from './sql.ts';
