/** Worker threads that do the jobs of a table: as a pool, or beside the thread that started them. They do not know what the jobs are. */
export { threadsFor } from './thread-count.ts';
export { type HelperThreads, startHelpers, whenAllEnded } from './helper-threads.ts';
export { SharedTurns } from './shared-turns.ts';
export type { CreateWorker } from './worker-module.ts';
export { createWorkerPool, type WorkerPool, type SentJob } from './worker-pool.ts';
