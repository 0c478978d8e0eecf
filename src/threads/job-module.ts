import { SealroomError } from '../errors.ts';

/** The export `startWork` of a job module: creates the object that runs the jobs of one thread. */
export type StartWork<Setup, Job, Result> = (setup: Setup) => ThreadWork<Job, Result>;

/** Runs the jobs of one thread, one after another. */
export interface ThreadWork<Job, Result> {
  /** Runs one job, and owns its buffers. The buffers of `transfer` leave this thread with the result. */
  run(job: Job): { readonly result: Result; readonly transfer: readonly ArrayBuffer[] };
  /** Wipes its keys. Not called in a thread that had to be terminated while it worked. */
  close(): void;
}

/**
 * Imports a job module and calls its `startWork`. A SealroomError of `startWork` is thrown by the first job, so that it is
 * reported alike with and without worker threads.
 *
 * @param module URL of the job module
 */
export async function startJobModule<Job, Result>(module: string, setup: unknown): Promise<ThreadWork<Job, Result>> {
  const { startWork } = (await import(module)) as { readonly startWork: StartWork<unknown, Job, Result> };
  try {
    return startWork(setup);
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
