import { Worker } from 'node:worker_threads';
import { SealroomError } from '../errors/index.ts';
import { errorOf, type Reply, type Request, type WorkerSetup } from './messages.ts';

/** How long a worker may take to finish its jobs and wipe its keys before it is terminated, in ms. */
const GRACE_MS = 500;

interface Waiting<Result> {
  readonly resolve: (result: Result) => void;
  readonly reject: (error: SealroomError) => void;
}

/** A worker of a pool, as seen from the thread that sends the jobs. */
export class WorkerThread<Job, Result> {
  readonly #worker: Worker;
  /** One entry per unanswered job, in the order of the answers. */
  #waiting: Waiting<Result>[] = [];
  /** The reason why no more jobs are accepted. */
  #ended: SealroomError | null = null;
  #closing: Promise<void> | null = null;
  #onClosed: (() => void) | null = null;

  /** Starts the worker without waiting for it; `workerData` is cloned before this returns. */
  constructor(workerData: WorkerSetup) {
    this.#worker = new Worker(new URL('./worker.js', import.meta.url), {
      workerData,
      // The secret may be in the environment; the worker gets its keys from the setup.
      env: {},
      execArgv: [],
      stdout: true,
      stderr: true,
    });
    this.#worker.stdout.resume();
    this.#worker.stderr.resume();
    this.#worker.on('message', (reply: Reply<Result>) => {
      this.#take(reply);
    });
    this.#worker.on('messageerror', (error) => {
      this.#die(error);
    });
    let cause: unknown;
    this.#worker.on('error', (error) => (cause = error));
    // All answers have arrived by now, which is not yet the case at the worker's `error` event.
    this.#worker.on('exit', () => {
      this.#die(cause);
    });
  }

  /** Number of unanswered jobs. */
  get load(): number {
    return this.#waiting.length;
  }

  /**
   * Sends a job, with the buffers of `transfer`; resolves to its result.
   *
   * @throws {SealroomError} the error of the job; IO_ENGINE if the worker ended, IO_ABORTED if it was closed.
   */
  run(job: Job, transfer: readonly ArrayBuffer[]): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== null) throw this.#ended;
      this.#send({ kind: 'job', job }, transfer);
      this.#waiting.push({ resolve, reject });
    });
  }

  /**
   * Ends the worker: at once if it is idle, otherwise when its jobs are done, and after {@link GRACE_MS} in any case.
   * Unanswered jobs fail with IO_ABORTED now.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (this.#ended === null) {
      this.#end(new SealroomError('IO_ABORTED', 'the worker threads were stopped'));
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, GRACE_MS);
        this.#onClosed = () => {
          clearTimeout(timer);
          resolve();
        };
        this.#send({ kind: 'close' });
      });
    }
    await this.#worker.terminate();
  }

  #take(reply: Reply<Result>): void {
    switch (reply.kind) {
      case 'done':
        this.#waiting.shift()?.resolve(reply.result);
        return;
      case 'failed':
        this.#waiting.shift()?.reject(errorOf(reply.failure));
        return;
      case 'closed':
        this.#onClosed?.();
        return;
    }
  }

  #die(cause: unknown): void {
    const hint = 'run it again, with `--threads 1` if necessary';
    this.#end(new SealroomError('IO_ENGINE', 'a worker thread ended before its work was done', { hint, cause }));
    this.#onClosed?.();
  }

  #end(error: SealroomError): void {
    this.#ended ??= error;
    for (const { reject } of this.#waiting) reject(error);
    this.#waiting = [];
  }

  #send(request: Request<Job>, transfer: readonly ArrayBuffer[] = []): void {
    this.#worker.postMessage(request, transfer);
  }
}
