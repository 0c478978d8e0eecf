/** A crew of worker threads that does the jobs of a table in order. Knows nothing of what the jobs are. */
export { createCrew } from './crew.ts';
export type { Crew, SentJob } from './crew.ts';
export type { StartWork } from './job-module.ts';
export { threadsFor } from './thread-count.ts';
