/** A pool of worker threads that does the tasks of a table in order. Knows nothing of what the tasks are. */
export { threadsFor } from './thread-count.ts';
export type { StartWork } from './worker-module.ts';
export { createCrew, type Crew, type SentJob } from './worker-pool.ts';
