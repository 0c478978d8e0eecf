import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { type ErrorCode, SealroomError } from '../errors.ts';
import { type Batch, buffersOf, type Field } from './batch.ts';
import type { EngineLimits } from './engine.ts';

/** The statement of an engine task: `sql` reads the pushed batches as the table `$input` with the columns `fields`. */
export interface EngineTaskOptions {
  readonly sql: string;
  readonly fields: readonly Field[];
  readonly limits: EngineLimits;
}

/** Messages to the worker thread. */
export type EngineRequest =
  { readonly kind: 'batch'; readonly batch: Batch } | { readonly kind: 'end' } | { readonly kind: 'abort' };

/** Messages from the worker thread. */
export type EngineReply =
  | { readonly kind: 'taken'; readonly buffers: readonly ArrayBuffer[] }
  | { readonly kind: 'done'; readonly rows: Record<string, unknown>[] }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly failure: string };

/** Most batches in the worker's queue; beyond that, `push` waits. */
const QUEUED_BATCHES = 8;

/**
 * One SQL statement that runs in a worker thread over batches pushed from this one: writing a file, or grouping values.
 */
export class EngineTask {
  readonly #worker: Worker;
  /** Carries requests. A separate port, since not every runtime lets a worker wait on its parent's port (Deno does not). */
  readonly #requests: MessagePort;
  readonly #signal = new Int32Array(new SharedArrayBuffer(4));
  readonly #outcome: Promise<Record<string, unknown>[]>;
  /** Some of the buffers of batches that were read, for reuse. */
  readonly spare: ArrayBuffer[] = [];
  #queued = 0;
  #wake: (() => void) | null = null;
  #ended = false;

  constructor(options: EngineTaskOptions) {
    const { port1, port2 } = new MessageChannel();
    this.#requests = port1;
    this.#worker = new Worker(new URL('./engine-worker.js', import.meta.url), {
      workerData: { ...options, signal: this.#signal, requests: port2 },
      transferList: [port2],
      // The secret may be in the environment; the engine's thread has no use for it.
      env: {},
      execArgv: [],
    });
    this.#outcome = new Promise((resolve, reject) => {
      const fail = (code: ErrorCode, failure: string, cause?: unknown): void => {
        this.#ended = true;
        this.#wake?.();
        reject(new SealroomError(code, failure, { cause }));
      };
      this.#worker.on('message', (reply: EngineReply) => {
        switch (reply.kind) {
          case 'taken':
            this.#queued--;
            if (this.spare.length < QUEUED_BATCHES) this.spare.push(...reply.buffers);
            this.#wake?.();
            return;
          case 'done':
            this.#ended = true;
            resolve(reply.rows);
            return;
          case 'failed':
            fail(reply.code, reply.failure);
            return;
        }
      });
      this.#worker.on('error', (error) => {
        fail('IO_ENGINE', 'the thread of the table engine died', error);
      });
      this.#worker.on('exit', () => {
        fail('IO_ENGINE', 'the thread of the table engine ended early');
      });
    });
    this.#outcome.catch(() => undefined);
  }

  /**
   * Adds a batch and takes ownership of its buffers. Resolves when there is room for the next one.
   *
   * @throws {SealroomError} IO_ENGINE if the statement failed, IO_WRITE if it could not write; DATA_ENCODING, DATA_VALUE for
   *   values that the engine does not accept.
   */
  async push(batch: Batch): Promise<void> {
    if (!this.#ended) {
      this.#queued++;
      this.#send({ kind: 'batch', batch }, buffersOf([batch]));
    }
    while (this.#queued >= QUEUED_BATCHES && !this.#ended) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    if (this.#ended) await this.#outcome;
  }

  /**
   * Ends the input and returns the statement's rows.
   *
   * @throws {SealroomError} IO_ENGINE, IO_WRITE, DATA_ENCODING, DATA_VALUE as {@link EngineTask.push}.
   */
  async finish(): Promise<Record<string, unknown>[]> {
    this.#send({ kind: 'end' });
    return this.#outcome;
  }

  /** Ends the statement and discards what it did so far; safe to call at any time. */
  async abort(): Promise<void> {
    const exited = new Promise((resolve) => this.#worker.once('exit', resolve));
    if (this.#ended && this.#worker.threadId === -1) return;
    this.#send({ kind: 'abort' });
    await exited;
  }

  #send(request: EngineRequest, transfer: ArrayBuffer[] = []): void {
    this.#requests.postMessage(request, transfer);
    Atomics.add(this.#signal, 0, 1);
    Atomics.notify(this.#signal, 0);
  }
}
