import { startThreads } from './worker-pool.ts';
import type { WorkerThread } from './worker-thread.ts';

/** Threads that work beside this one, which gives each what is next. Whoever starts them closes them. */
export interface HelperThreads<Job, Result> {
  /**
   * Lets each thread run a job.
   *
   * @throws {SealroomError} as `run`.
   */
  runOnce(job: Job): Promise<void>;
  /**
   * Lets the threads run jobs as long as there are any. Two jobs of a thread are under way at a time, so that it need not wait.
   *
   * @param next gives the next job, or `null` if there is none any more
   * @param take gets the results, in no order
   * @throws {SealroomError} once no thread runs a job any more: the first error of a job, without its cause; IO_ENGINE if a thread ended
   *   before its work was done, IO_ABORTED if it was closed.
   */
  run(next: () => Job | null, take: (result: Result) => void | Promise<void>): Promise<void>;
  /** As for a pool. */
  close(): Promise<void>;
}

/**
 * Starts threads without waiting for them.
 *
 * @param module URL of the job module, as for a pool
 * @param threads 0 or more
 * @throws {SealroomError} IO_ENGINE if the system gives no more threads.
 */
export async function startHelpers<Job, Result>(
  module: URL,
  setup: unknown,
  threads: number,
): Promise<HelperThreads<Job, Result>> {
  const workers = await startThreads<Job, Result>(module, setup, threads);
  return {
    async runOnce(job) {
      await Promise.all(workers.map((worker) => worker.run(job, [])));
    },
    async run(next, take) {
      await whenAllEnded(workers.flatMap((worker) => [feed(worker, next, take), feed(worker, next, take)]));
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.close()));
    },
  };
}

/** Gives a thread one job after another. */
async function feed<Job, Result>(
  worker: WorkerThread<Job, Result>,
  next: () => Job | null,
  take: (result: Result) => void | Promise<void>,
): Promise<void> {
  for (let job = next(); job !== null; job = next()) await take(await worker.run(job, []));
}

/** Waits for all of them, also if one fails, and throws the first error. */
export async function whenAllEnded(tasks: readonly Promise<void>[]): Promise<void> {
  const errors: unknown[] = [];
  await Promise.all(tasks.map((task) => task.catch((error: unknown) => errors.push(error))));
  if (errors.length > 0) throw errors[0];
}
