/** A pool of worker threads that does the jobs of a table in order. It does not know what the jobs are. */
export { threadsFor } from './thread-count.ts';
export { type HelperThreads, startHelpers, whenAllEnded } from './helper-threads.ts';
export type { CreateWorker } from './worker-module.ts';
export { createWorkerPool, type WorkerPool, type SentJob, startThreads } from './worker-pool.ts';
