/** A crew of worker threads that runs the jobs of a table and returns their results in order. It knows nothing about the jobs. */
export { createCrew } from './crew.ts';
export type { Crew, SentJob } from './crew.ts';
export type { StartWork } from './job-module.ts';
export { threadsFor } from './thread-count.ts';
