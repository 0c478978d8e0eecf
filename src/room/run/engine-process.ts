import { detach, LimitedProcess, type LockedQuery, ProcessFailure } from '../../engine/index.ts';
import type { Batch, ColumnType } from '../../columns/index.ts';
import type { EngineLimits, EngineReply, EngineRequest, SnapshotFile } from './engine-messages.ts';

/** Memory that a process may use in addition to the engine's, in MiB. This limit also covers long texts, which the engine's does not. */
const PROCESS_MIB = 1024;

/** The time limit for opening snapshots. It is generous, for busy machines, and does not count towards a query's time. */
const OPEN_TIMEOUT_MS = 30_000;

/** All rows of a query. */
export interface EngineResult {
  readonly types: readonly ColumnType[];
  readonly batches: readonly Batch[];
  readonly rows: number;
  /** Whether there were more rows than requested. */
  readonly isCut: boolean;
}

/**
 * A process that runs a single query. It is started before it is needed and killed when its query is over, whatever the outcome.
 */
export class EngineProcess {
  readonly #limits: EngineLimits;
  readonly #process: LimitedProcess<EngineRequest, EngineReply>;

  constructor(limits: EngineLimits) {
    this.#limits = limits;
    this.#process = new LimitedProcess(new URL('./engine-main.js', import.meta.url), limits.memoryMiB + PROCESS_MIB);
  }

  /** Whether it can still take a query. */
  get isAlive(): boolean {
    return this.#process.isAlive;
  }

  /** Process id, for monitoring. */
  get pid(): number | undefined {
    return this.#process.pid;
  }

  /**
   * Opens the snapshots. They stay readable even if their files are removed afterwards.
   *
   * @throws {ProcessFailure} if they cannot be opened, or the process has ended.
   */
  async open(snapshots: readonly SnapshotFile[]): Promise<void> {
    await this.#process.limited(OPEN_TIMEOUT_MS, undefined, async () => {
      await this.#process.send({ kind: 'open', snapshots, limits: this.#limits });
      await this.#next();
    });
  }

  /**
   * Runs a query; call it once, after {@link EngineProcess.open}. The process is killed at the time limit or when the signal fires.
   *
   * @throws {ProcessFailure} if the query was not completed.
   */
  async run(job: LockedQuery, signal?: AbortSignal): Promise<EngineResult> {
    return this.#process.limited(this.#limits.timeoutMs, signal, async () => {
      await this.#process.send({ kind: 'run', job });
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
  kill(): Promise<void> {
    return this.#process.kill();
  }

  async #next(): Promise<EngineReply> {
    const reply = await this.#process.next();
    if (reply.kind !== 'failed') return reply;
    this.#process.fail(reply.failure);
    throw new ProcessFailure(reply.failure);
  }
}
