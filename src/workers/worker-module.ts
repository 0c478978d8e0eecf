import { SealroomError } from '../errors/index.ts';

/** What a job module exports under the name `startWork`: makes the thing that does the jobs of one thread. */
export type StartWork<Setup, Job, Result> = (setup: Setup) => ThreadWork<Job, Result>;

/** What does the jobs of one thread, one after the other. */
export interface ThreadWork<Job, Result> {
  /** Does one job, whose buffers are its own. The buffers of `transfer` leave this thread with the result. */
  run(job: Job): { readonly result: Result; readonly transfer: readonly ArrayBuffer[] };
  /** Wipes what it has of keys. Not called in a thread that had to be ended while it worked. */
  close(): void;
}

/**
 * Imports a job module and starts its work. A SealroomError of `startWork` is kept for the first job, so that it takes the
 * same way in each kind of crew.
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
