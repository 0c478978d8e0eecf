import { SealroomError } from '../errors/index.ts';

/** The export `createWorker` of a job module: creates the object that runs the jobs of one thread. */
export type CreateWorker<Setup, Job, Result> = (setup: Setup) => JobWorker<Job, Result>;

/** Runs the jobs of one thread, one after another. */
export interface JobWorker<Job, Result> {
  /** Runs one job, and owns its buffers. The buffers of `transfer` leave this thread with the result. */
  run(job: Job): { readonly result: Result; readonly transfer: readonly ArrayBuffer[] };
  /** Wipes its keys. Not called in a thread that had to be terminated while it worked. */
  close(): void;
}

/**
 * Imports a job module and calls its `createWorker`. A SealroomError of `createWorker` is thrown by the first job, so that it is
 * reported alike with and without worker threads.
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
