/** The one place that opens DuckDB. This door loads none of it: a task runs in a thread and a reading in a process, which do. `native.ts` is the other. */
export { EngineTask } from './engine-task.ts';
export { type FailureKind, LimitedProcess, ProcessFailure, Spare } from './limited-process.ts';
export type { LockedQuery } from './locked-database.ts';
export { detach, openReading, type Reading, ReadingFailure } from './reading-process.ts';
export { quoteIdentifier, quotePath, quoteText } from './sql.ts';
