import type { LockedQuery } from '../../engine/index.ts';
import { type ChildProcess, spawn } from 'node:child_process';
import { parse } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Batch, ColumnData, ColumnType } from '../../columns/index.ts';
import type { EngineLimits, EngineReply, EngineRequest, FailureKind, SnapshotFile } from './engine-messages.ts';

/** What a process needs besides the engine's memory. It binds what the engine's own limit does not: single long texts. */
const PROCESS_MIB = 1024;

/** What opening snapshots may take; longer on a machine with much else to do, and no part of a query's time. */
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
  /** Whether there were more rows than were asked for. */
  readonly isCut: boolean;
}

/**
 * The command that starts an engine. A shell sets what the system allows the process, and becomes it: data memory, no core
 * dump, and no file that it could write to.
 */
function commandOf({ memoryMiB }: EngineLimits): readonly [string, ...string[]] {
  const node = [process.execPath, fileURLToPath(new URL('./engine-main.js', import.meta.url))] as const;
  if (process.platform === 'win32') return node;
  const limits = `ulimit -d ${String((memoryMiB + PROCESS_MIB) * 1024)}; ulimit -c 0; ulimit -f 0`;
  return ['/bin/sh', '-c', `${limits}; exec "$0" "$@"`, ...node];
}

/** A batch in memory of its own: what arrives shares that of the message, at places that arrays of numbers cannot begin at. */
function detach({ rows, columns }: Batch): Batch {
  const own = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes);
  const detached = columns.map((column): ColumnData => {
    const validity = column.validity === null ? null : own(column.validity);
    return column.layout === 'bytes'
      ? { ...column, validity, bytes: own(column.bytes), offsets: new Int32Array(column.offsets) }
      : { ...column, validity, values: own(column.values) };
  });
  return { rows, columns: detached };
}

/**
 * An operating-system process that runs one query. It has no environment, no standard streams and no right to write files;
 * it is started before it is needed, and killed when its query is over, however that ends.
 */
export class EngineProcess {
  readonly #child: ChildProcess;
  readonly #limits: EngineLimits;
  readonly #exited: Promise<void>;
  readonly #replies: EngineReply[] = [];
  #failure: FailureKind | null = null;
  #wake: (() => void) | null = null;

  constructor(limits: EngineLimits) {
    const [command, ...parameters] = commandOf(limits);
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
      // Also when it could not be started, or a message did not reach it.
      this.#child.once('error', end);
      this.#child.once('exit', end);
    });
    // An idle process does not keep this one alive.
    this.#child.unref();
    this.#child.channel?.unref();
  }

  /** Whether it can still be given a query. */
  get isAlive(): boolean {
    return this.#failure === null;
  }

  /** Id of the process; for whoever watches it. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /**
   * Opens the snapshots. Files that are removed from then on stay readable.
   *
   * @throws {EngineFailure} if they cannot be opened, or the process is gone.
   */
  async open(snapshots: readonly SnapshotFile[]): Promise<void> {
    await this.#limited(OPEN_TIMEOUT_MS, undefined, async () => {
      await this.#send({ kind: 'open', snapshots, limits: this.#limits });
      await this.#next();
    });
  }

  /**
   * Runs a query; once, after {@link EngineProcess.open}. The process is killed when the time is over or the signal fires.
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

  /** Ends the process, whatever it does, and waits until it is gone. */
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

  /** The next message. What came before a failure does not count. */
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
      // A message that does not arrive is told by the end of the process.
      this.#child.send(request, () => {
        resolve();
      });
    });
  }
}
