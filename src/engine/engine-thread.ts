import { Worker } from 'node:worker_threads';
import type { TaskOrder, TaskReply, TaskRest } from './engine-messages.ts';

/** The callbacks of a task. */
export interface EngineListener {
  readonly reply: (reply: TaskReply) => void;
  /** Called last, when the task is over and its database closed. `error` is the reason if the thread died. */
  readonly ended: (error: unknown) => void;
}

/** How long a thread without a task is kept. */
const IDLE_MS = 5000;

/** The thread that waits for a task; there is no need for more than one. */
let idle: EngineThread | null = null;

/**
 * A thread that runs engine tasks, one after the other, each on its own database. Starting a thread costs several times as
 * much as a small task, so the last one is kept for a while. It does not keep the process alive, and it ends if its task failed
 * or was aborted.
 */
export class EngineThread {
  readonly #worker: Worker;
  #listener: EngineListener | null = null;
  #error: unknown = null;
  #timer: NodeJS.Timeout | undefined;

  private constructor() {
    this.#worker = new Worker(new URL('./engine-worker.js', import.meta.url), {
      // The secret may be in the environment; the engine's thread has no use for it.
      env: {},
      execArgv: [],
    });
    this.#worker.on('message', (reply: TaskReply | TaskRest) => {
      if (reply.kind === 'rest') this.#rest();
      else this.#listener?.reply(reply);
    });
    this.#worker.on('error', (error) => {
      this.#error = error;
      this.#leave();
    });
    this.#worker.on('exit', () => {
      this.#leave();
      clearTimeout(this.#timer);
      this.#end();
    });
  }

  /** Runs a task in the idle thread, or in a new one. */
  static start(order: TaskOrder, listener: EngineListener): void {
    const thread = idle ?? new EngineThread();
    idle = null;
    clearTimeout(thread.#timer);
    thread.#listener = listener;
    thread.#worker.ref();
    thread.#worker.postMessage(order, [order.requests]);
  }

  static #keep(thread: EngineThread): void {
    idle = thread;
  }

  /** Takes no more tasks: before its end begins, and not only when it is over. */
  #leave(): void {
    if (idle === this) idle = null;
  }

  #end(): void {
    const listener = this.#listener;
    this.#listener = null;
    listener?.ended(this.#error);
  }

  #rest(): void {
    this.#worker.unref();
    const end = (): void => {
      this.#leave();
      this.#worker.terminate().catch(() => undefined);
    };
    if (idle === null) {
      EngineThread.#keep(this);
      this.#timer = setTimeout(end, IDLE_MS).unref();
    } else {
      end();
    }
    this.#end();
  }
}
