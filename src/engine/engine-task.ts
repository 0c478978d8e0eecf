import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { type ErrorCode, SealroomError } from '../errors/index.ts';
import { type Batch, buffersOf } from '../columns/index.ts';
import { EngineThread } from './engine-thread.ts';
import type { TaskReply, TaskRequest, EngineTaskOptions } from './engine-messages.ts';
import type { SmallRow } from './small-result.ts';

/** Most batches in the worker's queue; beyond that, `push` waits. */
const QUEUED_BATCHES = 4;

/**
 * One SQL statement that runs in a worker thread over batches pushed from this one: writing a file, or grouping values.
 */
export class EngineTask {
  /** Carries requests. A separate port, since not every runtime lets a worker wait on its parent's port (Deno does not). */
  readonly #requests: MessagePort;
  readonly #signal = new Int32Array(new SharedArrayBuffer(4));
  readonly #outcome: Promise<readonly SmallRow[]>;
  readonly #closed: Promise<void>;
  /** Some of the buffers of batches that were read, for reuse. */
  readonly spare: ArrayBuffer[] = [];
  #queued = 0;
  #wake: (() => void) | null = null;
  #ended = false;

  constructor(options: EngineTaskOptions) {
    const { port1, port2 } = new MessageChannel();
    this.#requests = port1;
    let close = (): void => undefined;
    this.#closed = new Promise((resolve) => (close = resolve));
    this.#outcome = new Promise((resolve, reject) => {
      const fail = (code: ErrorCode, failure: string, cause?: unknown): void => {
        this.#ended = true;
        this.#wake?.();
        reject(new SealroomError(code, failure, { cause }));
      };
      const reply = (message: TaskReply): void => {
        switch (message.kind) {
          case 'taken':
            this.#queued--;
            if (this.spare.length < QUEUED_BATCHES) this.spare.push(...message.buffers);
            this.#wake?.();
            return;
          case 'done':
            this.#ended = true;
            resolve(message.rows);
            return;
          case 'failed':
            fail(message.code, message.failure);
            return;
        }
      };
      const ended = (error: unknown): void => {
        // Changes nothing if the outcome is known.
        fail(
          'IO_ENGINE',
          `the thread of the table engine ${error === null ? 'ended early' : 'died'}`,
          error ?? undefined,
        );
        close();
      };
      EngineThread.start({ ...options, signal: this.#signal, requests: port2 }, { reply, ended });
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
  async finish(): Promise<readonly SmallRow[]> {
    this.#send({ kind: 'end' });
    return this.#outcome;
  }

  /** Ends the statement and discards what it did so far; safe to call at any time. */
  async abort(): Promise<void> {
    this.#send({ kind: 'abort' });
    await this.#closed;
  }

  #send(request: TaskRequest, transfer: ArrayBuffer[] = []): void {
    this.#requests.postMessage(request, transfer);
    Atomics.add(this.#signal, 0, 1);
    Atomics.notify(this.#signal, 0);
  }
}
