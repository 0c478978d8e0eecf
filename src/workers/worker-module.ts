import { SealroomError } from '../errors/index.ts';

/** What a job module exports under the name `createWorker`: makes the thing that does the jobs of one thread. */
export type CreateWorker<Setup, Job, Result> = (setup: Setup) => JobWorker<Job, Result>;

/** What does the jobs of one thread, one after the other. */
export interface JobWorker<Job, Result> {
  /** Does one job, whose buffers are its own. The buffers of `transfer` leave this thread with the result. */
  run(job: Job): { readonly result: Result; readonly transfer: readonly ArrayBuffer[] };
  /** Wipes what it has of keys. Not called in a thread that had to be ended while it worked. */
  close(): void;
}

/**
 * Imports a job module and starts its work. A SealroomError of `createWorker` is kept for the first job, so that it takes the
 * same way in each kind of pool.
 *
 * @param module URL of the job module
 */
export async function startWorkerModule<Job, Result>(module: string, setup: unknown): Promise<JobWorker<Job, Result>> {
  const { createWorker } = (await import(module)) as { readonly createWorker: CreateWorker<unknown, Job, Result> };
  try {
    return createWorker(setup);
  } catch (error) {
    if (!(error instanceof SealroomError)) throw error;
    return {
      run() {
        throw error;
      },
      close: () => undefined,
    };
  }
}
