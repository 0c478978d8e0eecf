import { type ChildProcess, spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { parse } from 'node:path';
import { limitedCommand } from './limited-command.ts';

/** Why a process did not complete what it was asked, without the engine's own message. */
export type FailureKind = 'ENGINE' | 'MEMORY' | 'RESULT_SIZE' | 'TIMEOUT' | 'CRASH' | 'ABORTED';

/** What a process did not complete. */
export class ProcessFailure extends Error {
  readonly kind: FailureKind;

  constructor(kind: FailureKind) {
    super(`the process: ${kind}`);
    this.kind = kind;
  }
}

/** The descriptor of a process's stream for bytes. */
export const DATA_FD = 4;

/** One thread for all that Node does aside: it runs the engine's calls, and each thread that ever did keeps memory of the engine. */
const ENVIRONMENT = { UV_THREADPOOL_SIZE: '1' };

/**
 * An operating-system process that works for this one and can be killed at any time. It has none of this one's environment, no standard streams,
 * and cannot write files.
 */
export class LimitedProcess<Request extends object, Reply> {
  readonly #child: ChildProcess;
  /** What the process writes to its {@link DATA_FD}, if that was to be a pipe. */
  readonly data: Socket | null;
  readonly #exited: Promise<void>;
  readonly #replies: Reply[] = [];
  #failure: FailureKind | null = null;
  #wake: (() => void) | null = null;

  /**
   * @param script the built script that it runs
   * @param memoryMiB data that the system lets it have, in MiB
   * @param data its {@link DATA_FD}, for bytes that are too many for a message: the end of a connection, which is closed here, or a pipe
   */
  constructor(script: URL, memoryMiB: number, data?: Socket | 'pipe') {
    const [command, ...parameters] = limitedCommand(script, memoryMiB);
    this.#child = spawn(command, parameters, {
      cwd: parse(process.execPath).root,
      env: ENVIRONMENT,
      stdio: ['ignore', 'ignore', 'ignore', 'ipc', ...(data === undefined ? [] : [data])],
      serialization: 'advanced',
    });
    if (data instanceof Socket) data.destroy();
    const pipe = this.#child.stdio[DATA_FD];
    this.data = pipe instanceof Socket ? pipe : null;
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
    try {
      return await this.held(action);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    }
  }

  /** Does something with the process, which until then keeps this one alive. */
  async held<T>(action: () => Promise<T>): Promise<T> {
    this.#child.channel?.ref();
    try {
      return await action();
    } finally {
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

/** A process that can be left to whoever needs the next one. */
interface Leavable {
  /** Whether it lives and does nothing. */
  readonly isIdle: boolean;
  readonly kill: () => Promise<void>;
}

/** How long a process that nobody uses is kept, in ms. */
const SPARE_MS = 5000;

/** Keeps one process that nobody uses for a while, because starting one takes longer than most of what it does. */
export class Spare<Process extends Leavable> {
  #kept: Process | null = null;
  #timer: NodeJS.Timeout | undefined;

  constructor() {
    // It would end by itself, but the system counts its time as this process's only if its end is waited for.
    process.once('beforeExit', () => {
      this.take()
        ?.kill()
        .catch(() => undefined);
    });
  }

  /** The process that is kept; `null` if there is none. */
  take(): Process | null {
    const kept = this.#kept;
    this.#kept = null;
    clearTimeout(this.#timer);
    return kept?.isIdle === true ? kept : null;
  }

  /** Keeps a process, or kills it if it is at work or another one is kept. */
  async leave(process: Process): Promise<void> {
    if (!process.isIdle || this.#kept?.isIdle === true) {
      await process.kill();
      return;
    }
    clearTimeout(this.#timer);
    this.#kept = process;
    this.#timer = setTimeout(() => {
      if (this.#kept === process) this.#kept = null;
      process.kill().catch(() => undefined);
    }, SPARE_MS).unref();
  }
}
