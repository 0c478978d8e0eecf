import { join } from 'node:path';
import type { AttemptTrace } from '../../audit/index.ts';
import { SealroomError } from '../../errors/index.ts';
import { removeFile } from '../../files/index.ts';
import type { QueryRunner } from '../../room/index.ts';
import { type Ask, type Job, jobBody } from '../../wire/index.ts';
import { FairQueue } from './fair-queue.ts';
import { endHead, type JobHead, type LoadHead, type QueryHead, runningJob } from './job-file.ts';
import type { JobEntry, JobStore } from './job-store.ts';
import { destroyLoaded, failedLoad, givenUp, type LoadJobParts, runLoadJob } from './load-job.ts';
import type { PackageKeeper } from './package-keeper.ts';
import {
  cancelledJob,
  describeJobFailure,
  failedJob,
  type EndedJob,
  NotPacked,
  type QueryJobParts,
  runQueryJob,
  settleQueryJob,
} from './query-job.ts';
import type { RoomResults } from './result-store.ts';

/** How many jobs may wait. */
export interface QueueLimits {
  /** Jobs of one member that wait. */
  readonly queuePerMember: number;
  /** Jobs of all members that wait. */
  readonly queueTotal: number;
}

/** What jobs are run with. */
export interface JobRunsParts extends LoadJobParts {
  readonly store: JobStore;
  readonly results: RoomResults;
  readonly keeper: PackageKeeper;
  readonly runner: QueryRunner;
  /** Queries that run at the same time; loads take turns, since each changes the room. */
  readonly processes: number;
  readonly limits: QueueLimits;
  /** Is told how each job ended, and why it failed; and of one that still runs, why it cannot be ended yet. */
  readonly report: (job: Job, cause: unknown) => void;
}

/** What the log has of some attempts. */
type Traces = ReadonlyMap<string, AttemptTrace>;

/** The reason for which a load is stopped that goes on when the room is opened again. */
const DRAINING = new Error('the room stops');

/** Runs jobs, each in its turn, and ends them. */
export class JobRuns {
  readonly #parts: JobRunsParts;
  readonly #queues: Readonly<Record<Job['kind'], FairQueue<JobEntry>>> = {
    query: new FairQueue(),
    load: new FairQueue(),
  };
  readonly #running = new Map<JobEntry, Promise<void>>();
  /** Jobs whose end is not known here yet, such as for want of space for a package. */
  readonly #unsettled = new Set<JobEntry>();
  /** Ends that could not be written. */
  readonly #unwritten = new Map<JobEntry, EndedJob>();
  readonly #disposals = new WeakMap<JobEntry, () => Promise<void>>();
  #isDraining = false;

  constructor(parts: JobRunsParts) {
    this.#parts = parts;
  }

  /** How many jobs wait. */
  get waiting(): number {
    return this.#queues.query.size + this.#queues.load.size;
  }

  /** How many jobs run. */
  get running(): number {
    return this.#running.size;
  }

  /**
   * Requires that another job of a member may wait.
   *
   * @throws {SealroomError} SERVER_DRAINING, SERVER_QUEUE_FULL
   */
  requireSpace(member: string): void {
    if (this.#isDraining) throw new SealroomError('SERVER_DRAINING', 'the room is about to stop');
    const { queuePerMember, queueTotal } = this.#parts.limits;
    const own = this.#queues.query.sizeOf(member) + this.#queues.load.sizeOf(member);
    if (own >= queuePerMember) throw queueFull(`${String(queuePerMember)} jobs of a member`);
    if (this.waiting >= queueTotal) throw queueFull(`${String(queueTotal)} jobs`);
  }

  /** Has a job run in its turn, once its file is written. */
  enqueue(entry: JobEntry, dispose?: () => Promise<void>): void {
    if (dispose !== undefined) this.#disposals.set(entry, dispose);
    this.#queues[entry.head.kind].add(entry.head.caller.member, entry);
    this.#startNext();
  }

  /** Takes a job out of its queue; returns whether it was still waiting. */
  withdraw(entry: JobEntry): boolean {
    return this.#queues[entry.head.kind].remove(entry);
  }

  /** The place of a job in its queue, from 1; 0 if it does not wait. */
  positionOf(entry: JobEntry): number {
    return this.#queues[entry.head.kind].positionOf(entry);
  }

  /**
   * Cancels a job that waits; returns whether it did wait.
   *
   * @throws {SealroomError} IO_WRITE, and then it waits again.
   */
  async cancelWaiting(entry: JobEntry): Promise<boolean> {
    if (!this.withdraw(entry)) return false;
    try {
      await this.#write(entry, cancelledJob(entry.head));
    } catch (error) {
      this.enqueue(entry);
      throw error;
    }
    return true;
  }

  /** Ends a job; until its end is on the disk, it runs for whoever asks. What cannot be written is written later. */
  async #end(entry: JobEntry, given: EndedJob): Promise<void> {
    const end = readableEnd(entry.head, given);
    try {
      await this.#write(entry, end);
    } catch (error) {
      entry.isRunning = true;
      this.#unwritten.set(entry, end);
      this.#reportUnsettled(entry, error);
    }
  }

  /** Writes how a job ended, clears away what it needed, and tells it. */
  async #write(entry: JobEntry, { job, result, cause }: EndedJob): Promise<void> {
    const { directory, store, results, now, report } = this.#parts;
    const { head } = entry;
    const orReport = (error: unknown): void => report(job, error);
    // What may be in a file that was not loaded is gone before anything else.
    if (head.kind === 'load' && job.state !== 'done') await destroyLoaded(directory, head).catch(orReport);
    await store.end(entry, endHead(head, job, result, now().toISOString()), job);
    const cleared = head.kind === 'query' ? results.dropKept(head.attempt) : this.#removeLoaded(entry, head);
    await cleared.catch(orReport);
    entry.isRunning = false;
    store.notify(entry);
    report(job, cause);
  }

  /**
   * Ends the jobs that were running when the room was last stopped, by what the log says of them, and has the others wait again.
   *
   * @throws {SealroomError} IO_*, ROOM_*, AUDIT_* for the room and its log.
   */
  async recover(): Promise<void> {
    const { store, runner, results } = this.#parts;
    const open = store.entries.filter(({ head }) => head.ended === null);
    const attempts = open.flatMap(({ head }) => (head.kind === 'query' ? [head.attempt] : []));
    const traces: Traces = attempts.length === 0 ? new Map() : await runner.findAttempts(attempts);
    const waiting: JobEntry[] = [];
    for (const entry of open) {
      const { head } = entry;
      const cause = head.kind === 'load' ? givenUp(head) : null;
      const end =
        head.kind === 'load'
          ? cause && failedLoad(head, cause)
          : traces.has(head.attempt)
            ? await this.#settle(entry, head, traces)
            : null;
      if (end !== null) await this.#end(entry, end);
      else if (!this.#unsettled.has(entry)) waiting.push(entry);
    }
    const kept = store.entries.flatMap(({ head }) =>
      head.kind === 'query' && (head.ended === null || head.result !== null) ? [head.attempt] : [],
    );
    if (!store.hasUnreadable) await results.sweep(new Set(kept));
    // Nothing starts before all that is left over is cleared away.
    for (const entry of waiting) this.enqueue(entry);
  }

  /**
   * Ends jobs that could not be ended before.
   *
   * @throws {SealroomError} IO_*, AUDIT_* for the log, and then they are tried again.
   */
  async retry(): Promise<void> {
    for (const [entry, end] of [...this.#unwritten]) {
      this.#unwritten.delete(entry);
      await this.#end(entry, end);
    }
    const unsettled = [...this.#unsettled].flatMap((entry) => {
      const { head } = entry;
      return head.kind === 'query' ? [{ entry, head }] : [];
    });
    if (unsettled.length === 0) return;
    // The log is read once for all of them.
    const traces = await this.#parts.runner.findAttempts(unsettled.map(({ head }) => head.attempt));
    for (const { entry, head } of unsettled) {
      this.#unsettled.delete(entry);
      const end = await this.#settle(entry, head, traces);
      if (end !== null) await this.#end(entry, end);
    }
  }

  /**
   * Lets no job start any more. Those that run get some time, and are then stopped.
   *
   * @param ms how much time
   */
  async drain(ms: number): Promise<void> {
    this.#isDraining = true;
    let timer: NodeJS.Timeout | undefined;
    const timeIsOver = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
    await Promise.race([this.#untilIdle(), timeIsOver]);
    clearTimeout(timer);
    for (const { abort } of this.#running.keys()) abort.abort(DRAINING);
    await this.#untilIdle();
  }

  /** Removes the file of a load, and tells who brought it. */
  async #removeLoaded(entry: JobEntry, head: LoadHead): Promise<void> {
    await removeFile(join(this.#parts.directory, head.path));
    await this.#disposals.get(entry)?.();
  }

  async #untilIdle(): Promise<void> {
    await Promise.all(this.#running.values());
  }

  #startNext(): void {
    const { processes } = this.#parts;
    for (const [kind, most] of [
      ['query', processes],
      ['load', 1],
    ] as const) {
      const queue = this.#queues[kind];
      const isFree = (): boolean =>
        !this.#isDraining && [...this.#running.keys()].filter(({ head }) => head.kind === kind).length < most;
      for (let entry = isFree() ? queue.take() : undefined; entry !== undefined;) {
        this.#start(entry);
        entry = isFree() ? queue.take() : undefined;
      }
    }
  }

  #start(entry: JobEntry): void {
    entry.isRunning = true;
    this.#parts.store.notify(entry);
    const run = this.#run(entry)
      .catch((error: unknown) => {
        // Nothing of a job is lost by this: it is settled when the room is opened again.
        this.#unsettled.add(entry);
        this.#reportUnsettled(entry, error);
      })
      .finally(() => {
        this.#running.delete(entry);
        this.#startNext();
      });
    this.#running.set(entry, run);
  }

  async #run(entry: JobEntry): Promise<void> {
    const isSaved = await entry.saved.then(
      () => true,
      () => false,
    );
    // Whoever submitted it has the error.
    if (!isSaved) return;
    const { head } = entry;
    const end = head.kind === 'query' ? await this.#runQuery(entry, head) : await this.#runLoad(entry);
    if (end !== null) await this.#end(entry, end);
  }

  async #runQuery(entry: JobEntry, head: QueryHead): Promise<EndedJob | null> {
    try {
      return await runQueryJob(this.#queryParts(), head, askOf(entry), entry.abort.signal);
    } catch (error) {
      // Of failures that members are told, the runner has recorded what there is to record.
      if (isTold(error)) return failedJob(head, error);
      if (error instanceof NotPacked) return this.#leave(entry, error);
      const end = await this.#settle(entry, head);
      if (end !== null) return { ...end, cause: error };
      return this.#unsettled.has(entry) ? null : failedJob(head, error);
    }
  }

  /** How a query ended by what the log says; `null` if it says nothing, or if the job cannot be ended yet. */
  async #settle(entry: JobEntry, head: QueryHead, known?: Traces): Promise<EndedJob | null> {
    const { runner } = this.#parts;
    try {
      const traces = known ?? (await runner.findAttempts([head.attempt]));
      return await settleQueryJob(this.#queryParts(), head, askOf(entry), traces.get(head.attempt));
    } catch (error) {
      return this.#leave(entry, error);
    }
  }

  /** Leaves a job as one that runs, until it can be ended. */
  #leave(entry: JobEntry, error: unknown): null {
    entry.isRunning = true;
    this.#unsettled.add(entry);
    this.#reportUnsettled(entry, error);
    return null;
  }

  async #runLoad(entry: JobEntry): Promise<EndedJob | null> {
    const { store, requireLock } = this.#parts;
    const { head, abort } = entry;
    if (head.kind !== 'load') throw new TypeError('not a load');
    try {
      await requireLock?.();
      // Before anything is read of the file: what is in it may kill this process.
      entry.head = { ...head, begun: head.begun + 1 };
      await store.save(entry);
      return await runLoadJob(this.#parts, head, abort.signal);
    } catch (error) {
      const isBusy = error instanceof SealroomError && error.code === 'IO_LOCKED';
      if (!abort.signal.aborted && !isBusy) return failedLoad(head, error);
      if (abort.signal.aborted && abort.signal.reason !== DRAINING) return cancelledJob(head);
      // Nothing is wrong with the file: it is loaded in another turn, or when the room is opened again.
      entry.head = head;
      await store.save(entry).catch((failure: unknown) => this.#reportUnsettled(entry, failure));
      entry.isRunning = false;
      if (isBusy) this.#queues.load.add(head.caller.member, entry);
      store.notify(entry);
      return null;
    }
  }

  #queryParts(): QueryJobParts {
    const { reader, runner, results, keeper, requireLock } = this.#parts;
    return { reader, runner, results, requireLock, expiry: () => keeper.expiry() };
  }

  #reportUnsettled({ head }: JobEntry, error: unknown): void {
    this.#parts.report(runningJob(head), error);
  }
}

/** The same end, if it can be read again from the file of the job; one that cannot is a failure of the room. */
function readableEnd(head: JobHead, end: EndedJob): EndedJob {
  const { success, error } = jobBody.safeParse(end.job);
  if (success) return end;
  const cause = new TypeError('a job ended in a way that could not be read again', { cause: error });
  return head.kind === 'query' ? failedJob(head, cause) : failedLoad(head, cause);
}

function askOf({ ask, id }: JobEntry): Ask {
  if (ask === null) throw new TypeError(`job ${id} has no question`);
  return ask;
}

function isTold(error: unknown): boolean {
  return error instanceof SealroomError && describeJobFailure(error, '').code !== 'SERVER_INTERNAL';
}

function queueFull(most: string): SealroomError {
  return new SealroomError('SERVER_QUEUE_FULL', `at most ${most} can wait at a time`, {
    hint: 'wait until one has ended',
  });
}
