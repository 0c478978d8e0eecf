import { SealroomError } from '../errors/index.ts';
import { startWorkerModule, type JobWorker } from './worker-module.ts';
import { OrderedResults } from './ordered-results.ts';
import { WorkerThread } from './worker-thread.ts';

/** Jobs in flight per thread: one is running, and the next one is ready when it is done. */
const JOBS_PER_THREAD = 2;

/** A job, and those of its buffers that move to the thread that runs it; they belong to the pool from then on. */
export interface SentJob<Job> {
  readonly job: Job;
  readonly transfer: readonly ArrayBuffer[];
}

/** Threads that run jobs. Whoever creates a pool closes it. */
export interface WorkerPool<Job, Result> {
  /**
   * The results, in the order of the jobs.
   *
   * At most two jobs per thread are in flight: the next one is not pulled from `jobs` before a result is taken. An error of a
   * job or of `jobs` is thrown in its turn, after the results of the jobs before it. If the consumer stops early, `jobs` is
   * closed as well.
   *
   * @throws {SealroomError} the error of a job, without its cause; IO_ENGINE if a worker ended before its work was done,
   *   IO_ABORTED if the pool was closed.
   */
  runInOrder(jobs: AsyncIterable<SentJob<Job>>): AsyncGenerator<Result>;
  /** How many threads were given a job so far; at least 1. */
  readonly busyThreads: number;
  /**
   * Lets the threads wipe their keys and ends them: idle ones at once; busy ones after half a second at most, then without
   * wiping. Can be called at any time, and repeatedly.
   */
  close(): Promise<void>;
}

/**
 * Creates a pool without waiting for its threads to start; jobs can be sent at once.
 *
 * @param module URL of the job module, whose `createWorker` gets a structured clone of `setup`, made before this returns;
 *   shared memory in it is not cloned, and must stay valid until the pool is closed
 * @param threads 1 or more; with 1, the jobs run in this thread, and no worker is started
 * @throws {SealroomError} IO_ENGINE if the system gives no more threads; errors of the module itself if it runs in this
 *   thread
 */
export async function createWorkerPool<Job, Result>(
  module: URL,
  setup: unknown,
  threads: number,
): Promise<WorkerPool<Job, Result>> {
  if (threads === 1) {
    const work = await startWorkerModule<Job, Result>(module.href, structuredClone(setup));
    return new PoolOfThisThread(work);
  }
  return new PoolOfWorkers(await startThreads<Job, Result>(module, setup, threads));
}

/**
 * Starts threads without waiting for them; jobs can be sent at once. Whoever starts them closes them.
 *
 * @param module URL of the job module, as for {@link createWorkerPool}
 * @throws {SealroomError} IO_ENGINE if the system gives no more threads.
 */
export async function startThreads<Job, Result>(
  module: URL,
  setup: unknown,
  threads: number,
): Promise<readonly WorkerThread<Job, Result>[]> {
  const workerSetup = { module: module.href, setup };
  const workers: WorkerThread<Job, Result>[] = [];
  try {
    while (workers.length < threads) workers.push(new WorkerThread<Job, Result>(workerSetup));
  } catch (error) {
    await Promise.all(workers.map((worker) => worker.close()));
    throw new SealroomError('IO_ENGINE', `cannot start ${String(threads)} threads`, {
      hint: 'use fewer with `--threads`',
      cause: error,
    });
  }
  return workers;
}

class PoolOfThisThread<Job, Result> implements WorkerPool<Job, Result> {
  readonly busyThreads = 1;
  readonly #work: JobWorker<Job, Result>;
  #isClosed = false;

  constructor(work: JobWorker<Job, Result>) {
    this.#work = work;
  }

  async *runInOrder(jobs: AsyncIterable<SentJob<Job>>): AsyncGenerator<Result> {
    for await (const { job } of jobs) {
      // Its keys have been wiped by now.
      if (this.#isClosed) throw new SealroomError('IO_ABORTED', 'the worker threads were stopped');
      yield this.#work.run(job).result;
    }
  }

  close(): Promise<void> {
    if (!this.#isClosed) this.#work.close();
    this.#isClosed = true;
    return Promise.resolve();
  }
}

class PoolOfWorkers<Job, Result> implements WorkerPool<Job, Result> {
  readonly #threads: readonly WorkerThread<Job, Result>[];
  readonly #busy = new Set<WorkerThread<Job, Result>>();

  constructor(threads: readonly WorkerThread<Job, Result>[]) {
    this.#threads = threads;
  }

  async *runInOrder(jobs: AsyncIterable<SentJob<Job>>): AsyncGenerator<Result> {
    const ordered = new OrderedResults<Result>(JOBS_PER_THREAD * this.#threads.length);
    const dealing = this.#dispatch(jobs, ordered);
    // An error of `jobs` is thrown when the results before it are taken.
    dealing.catch(() => undefined);
    try {
      yield* ordered.results();
      await dealing;
    } finally {
      ordered.leave();
      await Promise.allSettled([dealing]);
    }
  }

  get busyThreads(): number {
    return Math.max(1, this.#busy.size);
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }

  async #dispatch(jobs: AsyncIterable<SentJob<Job>>, ordered: OrderedResults<Result>): Promise<void> {
    try {
      for await (const { job: job, transfer } of jobs) {
        const thread = this.#leastBusy();
        this.#busy.add(thread);
        ordered.add(thread.run(job, transfer));
        if (!(await ordered.hasRoom())) return;
      }
    } finally {
      ordered.complete();
    }
  }

  #leastBusy(): WorkerThread<Job, Result> {
    return this.#threads.reduce((best, thread) => (thread.load < best.load ? thread : best));
  }
}
