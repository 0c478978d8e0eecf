import { detach, limitedCommand, type LockedQuery } from '../../engine/index.ts';
import { type ChildProcess, spawn } from 'node:child_process';
import { parse } from 'node:path';
import type { Batch, ColumnType } from '../../columns/index.ts';
import type { EngineLimits, EngineReply, EngineRequest, FailureKind, SnapshotFile } from './engine-messages.ts';

/** Memory that a process may use in addition to the engine's, in MiB. This limit also covers long texts, which the engine's does not. */
const PROCESS_MIB = 1024;

/** The time limit for opening snapshots. It is generous, for busy machines, and does not count towards a query's time. */
const OPEN_TIMEOUT_MS = 30_000;

/** A query that was not completed. */
export class EngineFailure extends Error {
  readonly kind: FailureKind;

  constructor(kind: FailureKind) {
    super(`the engine process: ${kind}`);
    this.kind = kind;
  }
}

/** All rows of a query. */
export interface EngineResult {
  readonly types: readonly ColumnType[];
  readonly batches: readonly Batch[];
  readonly rows: number;
  /** Whether there were more rows than requested. */
  readonly isCut: boolean;
}

/**
 * An operating-system process that runs a single query. It has no environment and no standard streams and cannot write files. It
 * is started before it is needed and killed when its query is over, whatever the outcome.
 */
export class EngineProcess {
  readonly #child: ChildProcess;
  readonly #limits: EngineLimits;
  readonly #exited: Promise<void>;
  readonly #replies: EngineReply[] = [];
  #failure: FailureKind | null = null;
  #wake: (() => void) | null = null;

  constructor(limits: EngineLimits) {
    const [command, ...parameters] = limitedCommand(
      new URL('./engine-main.js', import.meta.url),
      limits.memoryMiB + PROCESS_MIB,
    );
    this.#limits = limits;
    this.#child = spawn(command, parameters, {
      cwd: parse(process.execPath).root,
      env: {},
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      serialization: 'advanced',
    });
    this.#child.on('message', (reply: EngineReply) => {
      this.#replies.push(reply);
      this.#wake?.();
    });
    this.#exited = new Promise((resolve) => {
      const end = (): void => {
        this.#fail('CRASH');
        resolve();
      };
      // Also if the process could not be started, or a message did not reach it.
      this.#child.once('error', end);
      this.#child.once('exit', end);
    });
    // An idle engine process does not keep this process alive.
    this.#child.unref();
    this.#child.channel?.unref();
  }

  /** Whether it can still take a query. */
  get isAlive(): boolean {
    return this.#failure === null;
  }

  /** Process id, for monitoring. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /**
   * Opens the snapshots. They stay readable even if their files are removed afterwards.
   *
   * @throws {EngineFailure} if they cannot be opened, or the process has ended.
   */
  async open(snapshots: readonly SnapshotFile[]): Promise<void> {
    await this.#limited(OPEN_TIMEOUT_MS, undefined, async () => {
      await this.#send({ kind: 'open', snapshots, limits: this.#limits });
      await this.#next();
    });
  }

  /**
   * Runs a query; call it once, after {@link EngineProcess.open}. The process is killed at the time limit or when the signal fires.
   *
   * @throws {EngineFailure} if the query was not completed.
   */
  async run(job: LockedQuery, signal?: AbortSignal): Promise<EngineResult> {
    return this.#limited(this.#limits.timeoutMs, signal, async () => {
      await this.#send({ kind: 'run', job });
      let types: readonly ColumnType[] = [];
      const batches: Batch[] = [];
      for (;;) {
        const reply = await this.#next();
        if (reply.kind === 'columns') types = reply.types;
        if (reply.kind === 'batch') batches.push(detach(reply.batch));
        if (reply.kind !== 'done') continue;
        const rows = batches.reduce((total, batch) => total + batch.rows, 0);
        return { types, batches, rows, isCut: reply.isCut };
      }
    });
  }

  /** Kills the process, whatever it is doing, and waits until it has ended. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    this.#child.ref();
    await this.#exited;
  }

  async #limited<T>(timeoutMs: number, signal: AbortSignal | undefined, action: () => Promise<T>): Promise<T> {
    const stop = (kind: FailureKind): void => {
      this.#fail(kind);
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

  #fail(kind: FailureKind): void {
    this.#failure ??= kind;
    this.#wake?.();
  }

  /** Waits for the next message. A message that arrived before a failure is ignored. */
  async #next(): Promise<EngineReply> {
    while (this.#failure === null) {
      const reply = this.#replies.shift();
      if (reply?.kind === 'failed') this.#fail(reply.failure);
      else if (reply !== undefined) return reply;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    throw new EngineFailure(this.#failure);
  }

  #send(request: EngineRequest): Promise<void> {
    return new Promise((resolve) => {
      // If a message does not arrive, the end of the process says so.
      this.#child.send(request, () => {
        resolve();
      });
    });
  }
}
