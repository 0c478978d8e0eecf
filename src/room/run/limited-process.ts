import { type ChildProcess, spawn } from 'node:child_process';
import { parse } from 'node:path';
import { limitedCommand } from '../../engine/index.ts';
import type { FailureKind } from './engine-messages.ts';

/** What a process did not complete. */
export class ProcessFailure extends Error {
  readonly kind: FailureKind;

  constructor(kind: FailureKind) {
    super(`the process: ${kind}`);
    this.kind = kind;
  }
}

/** What a process runs, and the memory that the system lets it have, in MiB. */
export interface ProcessOptions {
  readonly main: 'check-main' | 'engine-main';
  readonly memoryMiB: number;
}

/**
 * An operating-system process that works for this one and can be killed at any time. It has no environment and no standard streams
 * and cannot write files.
 */
export class LimitedProcess<Request extends object, Reply> {
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  readonly #replies: Reply[] = [];
  #failure: FailureKind | null = null;
  #wake: (() => void) | null = null;

  constructor({ main, memoryMiB }: ProcessOptions) {
    const [command, ...parameters] = limitedCommand(new URL(`./${main}.js`, import.meta.url), memoryMiB);
    this.#child = spawn(command, parameters, {
      cwd: parse(process.execPath).root,
      env: {},
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      serialization: 'advanced',
    });
    this.#child.on('message', (reply: Reply) => {
      this.#replies.push(reply);
      this.#wake?.();
    });
    this.#exited = new Promise((resolve) => {
      const end = (): void => {
        this.fail('CRASH');
        resolve();
      };
      // Also if the process could not be started, or a message did not reach it.
      this.#child.once('error', end);
      this.#child.once('exit', end);
    });
    // An idle process does not keep this one alive.
    this.#child.unref();
    this.#child.channel?.unref();
  }

  /** Whether it can still be asked. */
  get isAlive(): boolean {
    return this.#failure === null;
  }

  /** Process id, for monitoring. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /**
   * Does something with the process, which is killed at the time limit or when the signal fires.
   *
   * @throws {ProcessFailure} from {@link LimitedProcess.next} if it was killed.
   */
  async limited<T>(timeoutMs: number, signal: AbortSignal | undefined, action: () => Promise<T>): Promise<T> {
    const stop = (kind: FailureKind): void => {
      this.fail(kind);
      this.#child.kill('SIGKILL');
    };
    const abort = (): void => {
      stop('ABORTED');
    };
    const timer = setTimeout(() => {
      stop('TIMEOUT');
    }, timeoutMs);
    signal?.addEventListener('abort', abort);
    if (signal?.aborted === true) abort();
    this.#child.channel?.ref();
    try {
      return await action();
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      this.#child.channel?.unref();
    }
  }

  /** Sends a request. If it does not arrive, the end of the process says so. */
  send(request: Request): Promise<void> {
    return new Promise((resolve) => {
      this.#child.send(request, () => {
        resolve();
      });
    });
  }

  /**
   * Waits for the next reply. One that arrived before a failure is ignored.
   *
   * @throws {ProcessFailure} if the process has ended or failed.
   */
  async next(): Promise<Reply> {
    while (this.#failure === null) {
      const reply = this.#replies.shift();
      if (reply !== undefined) return reply;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    throw new ProcessFailure(this.#failure);
  }

  /** From now on nothing is expected of the process. The first reason counts. */
  fail(kind: FailureKind): void {
    this.#failure ??= kind;
    this.#wake?.();
  }

  /** Kills the process, whatever it is doing, and waits until it has ended. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    this.#child.ref();
    await this.#exited;
  }
}
