import { randomUUID } from 'node:crypto';
import { join, relative, sep } from 'node:path';
import canonicalize from 'canonicalize';
import * as z from 'zod';
import type { ClockJumps } from '../../audit/index.ts';
import { SealroomError } from '../../errors/index.ts';
import { createSalt, sha256Hex } from '../../platform/index.ts';
import { type QueryRunner, receiversOf, type RoomReader } from '../../room/index.ts';
import type { Ask, Job, JobPage } from '../../wire/index.ts';
import { requireKeyRole } from '../ask.ts';
import type { RequestSender } from '../caller.ts';
import { openForMembers } from '../gate.ts';
import { describeHead, type LoadHead, type QueryHead, runningJob } from './job-file.ts';
import { JobRuns, type QueueLimits } from './job-runs.ts';
import { JobEntry, JobStore } from './job-store.ts';
import { type KeepLimits, type OpenPackage, PackageKeeper } from './package-keeper.ts';
import { admitQuery } from './query-job.ts';
import { RoomResults } from './result-store.ts';
import { notFound } from '../problems.ts';

/** How many jobs may wait, and what is kept how long. */
export interface JobLimits extends QueueLimits, KeepLimits {}

/** The limits of a room. */
export const JOB_LIMITS: JobLimits = {
  queuePerMember: 20,
  queueTotal: 100,
  resultBytes: 10 * 2 ** 30,
  freeBytes: 2 ** 30,
  resultDays: 7,
  jobDays: 30,
  jobsPerMember: 20_000,
};

/** What the jobs of a room are opened with. */
export interface JobsOptions {
  /** Reads the room whose jobs these are. */
  readonly reader: RoomReader;
  /** Runs the queries. Whoever opened it closes it, after the jobs. */
  readonly runner: QueryRunner;
  /** Queries that run at the same time: as many as the runner has processes. */
  readonly processes: number;
  readonly now: () => Date;
  /** Whether a record may come more than a day after the one before it; see `AuditLogOptions`. */
  readonly allowClockJump?: ClockJumps | undefined;
  readonly limits?: Partial<JobLimits> | undefined;
  /** Is awaited before anything is run or released, and does not return if another process may have the room by now. */
  readonly requireLock?: (() => Promise<void>) | undefined;
  /**
   * Is told how each job ended, and why it failed; and of one that still runs, why it cannot be ended yet. The reasons are for the operator
   * alone.
   */
  readonly report?: ((job: Job, cause: unknown) => void) | undefined;
  /** Is told the id of each job whose file cannot be read; a file that is not that of a job is moved aside when the room is opened. */
  readonly onUnreadable?: ((id: string, cause: unknown) => void) | undefined;
}

/** A file to load into a table. */
export interface LoadOrder {
  /** The id that its job gets: a UUID. */
  readonly job: string;
  /** Name of a table of the caller. */
  readonly table: string;
  /** Absolute path of a file within the directory of the room. It is removed when the job ends; overwritten before, if it cannot be loaded. */
  readonly path: string;
  readonly format: LoadHead['format'];
  /** CSV texts that mean null; without any, blanks do. */
  readonly csvInputNull?: readonly string[] | undefined;
  /** Of the whole file, in hexadecimal. */
  readonly sha256: string;
  /** Is called when the job has ended and the file is gone, unless the room was killed meanwhile. */
  readonly dispose?: (() => Promise<void>) | undefined;
}

/** Which jobs to list. */
export interface JobListOptions {
  readonly state?: string | undefined;
  /** The id of the last job of the page before. */
  readonly after?: string | undefined;
}

const PAGE = 100;

/** How often is looked after what is kept, in ms. */
const TENDING_MS = 60_000;

const idempotencyKeyText = z.uuid();

/**
 * The jobs of a room: queries, and loads of tables. A job is on the disk before it is known, waits in a queue that is fair among members,
 * and ends once, whatever happens to this process; what it has spent is in the audit log. There must be one of these for each room.
 */
export class Jobs implements AsyncDisposable {
  readonly #options: JobsOptions;
  readonly #store: JobStore;
  readonly #keeper: PackageKeeper;
  readonly #runs: JobRuns;
  readonly #closing = new AbortController();
  #timer: NodeJS.Timeout | null = null;

  private constructor(options: JobsOptions, store: JobStore, results: RoomResults) {
    const { reader, now, report = () => undefined } = options;
    const { directory } = reader;
    const limits = { ...JOB_LIMITS, ...options.limits };
    this.#options = options;
    this.#store = store;
    this.#keeper = new PackageKeeper(store, results, limits, now);
    this.#runs = new JobRuns({ ...options, directory, store, results, keeper: this.#keeper, limits, report });
  }

  /**
   * Reads the jobs of a room, ends those that were running when it was last stopped, and goes on with those that were waiting.
   *
   * @throws {SealroomError} ROOM_STATE if there is a link; SECRET_INVALID if the key for results cannot be read; IO_*,
   *   AUDIT_* for the room and its log.
   */
  static async open(options: JobsOptions): Promise<Jobs> {
    const { reader, now } = options;
    const { directory } = reader;
    const store = await JobStore.open(join(directory, 'jobs'), options.onUnreadable ?? (() => undefined));
    const results = await RoomResults.open(join(directory, 'results'), join(directory, 'results.key'), now());
    const jobs = new Jobs(options, store, results);
    await jobs.#keeper.expire();
    await jobs.#runs.recover();
    jobs.#timer = setInterval(() => void jobs.tend().catch(() => undefined), TENDING_MS).unref();
    return jobs;
  }

  /** How many jobs wait and run. */
  get counts(): { readonly waiting: number; readonly running: number } {
    return { waiting: this.#runs.waiting, running: this.#runs.running };
  }

  /** Fires when the room stops, once no job runs any more. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /**
   * Makes a job for a question. Under one idempotency key of a key, one question is asked once.
   *
   * @throws {SealroomError} IDEMPOTENCY_KEY if it is missing or not a UUID; IDEMPOTENCY_MISMATCH if something else was asked under it;
   *   RULE_ROLE; USAGE_OPTION if a member is unknown or a receiver has no key; SERVER_QUEUE_FULL, SERVER_DRAINING; SERVER_TOO_LARGE if
   *   there is no space for results; IO_WRITE.
   */
  async submitQuery(caller: RequestSender, ask: Ask, idempotencyKey: string | undefined): Promise<Job> {
    if (idempotencyKey === undefined || !idempotencyKeyText.safeParse(idempotencyKey).success) {
      throw new SealroomError('IDEMPOTENCY_KEY', 'a query needs `Idempotency-Key`, a UUID', {
        hint: 'draw one for each question, and repeat it with the question',
      });
    }
    const { keyId, member, person } = caller;
    const idempotency = { key: idempotencyKey, requestSha256: sha256Hex(canonicalize(ask) ?? '') };
    const known = this.#findRepeated(keyId, idempotency);
    if (known !== null) return this.#readSaved(known);
    const { request } = admitQuery(await openForMembers(this.#options.reader), caller, ask);
    const hasSpace = await this.#keeper.makeSpace();
    const hasPlace = await this.#keeper.makePlace(member);
    // From here to the queue nothing else runs: of two equal requests at once, one makes the job.
    const repeated = this.#findRepeated(keyId, idempotency);
    if (repeated !== null) return this.#readSaved(repeated);
    if (!hasSpace) {
      throw new SealroomError('SERVER_TOO_LARGE', 'the room has no space for another result', {
        hint: 'receivers make space when they fetch theirs; if there is still none, the disk of the room is full',
      });
    }
    if (!hasPlace) {
      throw new SealroomError('SERVER_QUEUE_FULL', 'the room knows too many jobs of this member from the last day');
    }
    const head: QueryHead = {
      kind: 'query',
      state: 'queued',
      ...this.#newHead({ keyId, member, person }),
      receivers: [...new Set(receiversOf(request))],
      attempt: randomUUID(),
      salt: createSalt(),
      idempotency,
      result: null,
    };
    return this.#submit(new JobEntry({ head, ask }));
  }

  /**
   * Makes a job that loads a file, unless it is there. The caller of this has checked that the table is the member's, and the role.
   *
   * @throws {SealroomError} SERVER_QUEUE_FULL, SERVER_DRAINING; IO_WRITE. The file is then left alone.
   */
  async submitLoad(caller: RequestSender, order: LoadOrder): Promise<Job> {
    const { keyId, member, person } = caller;
    const { job, table, format, csvInputNull = null, sha256, dispose } = order;
    const known = this.#store.find(job);
    if (known !== undefined) return this.#readSaved(known);
    const path = relative(this.#options.reader.directory, order.path);
    if (path.split(sep)[0] === '..') throw new TypeError('a file that is not in the room');
    const head: LoadHead = {
      kind: 'load',
      state: 'queued',
      ...this.#newHead({ keyId, member, person }),
      id: job,
      table,
      path,
      format,
      csvInputNull,
      sha256,
      begun: 0,
    };
    return this.#submit(new JobEntry({ head, ask: null }), dispose);
  }

  /**
   * A job that a member asked for, or receives the result of.
   *
   * @throws {SealroomError} SERVER_NOT_FOUND
   */
  find({ member }: RequestSender, id: string): JobEntry {
    const entry = this.#store.find(id);
    if (entry?.isVisibleTo(member) === true) return entry;
    throw notFound();
  }

  /** What members are told of a job. */
  async read(entry: JobEntry): Promise<Job> {
    const { head, isRunning } = entry;
    if (!isRunning && head.ended !== null) {
      const end = await this.#store.readEnd(entry);
      const isGone = head.kind === 'query' && head.result === null;
      return end.state === 'released' && isGone ? { ...end, resultBytes: null } : end;
    }
    if (isRunning) return runningJob(head);
    const waits = { state: 'queued', queuePosition: Math.max(this.#runs.positionOf(entry), 1) } as const;
    return head.kind === 'query' ? { ...describeHead(head), ...waits } : { ...describeHead(head), ...waits };
  }

  /**
   * A page of the jobs that a member asked for or receives results of, newest first, without those whose files cannot be read.
   *
   * @throws {SealroomError} USAGE_OPTION if `after` is not the id of such a job.
   */
  async list({ member }: RequestSender, { state, after }: JobListOptions = {}): Promise<JobPage> {
    const visible = this.#store.entries.filter((entry) => entry.isVisibleTo(member)).reverse();
    const last = visible.findIndex(({ id }) => id === after);
    if (after !== undefined && last < 0) throw new SealroomError('USAGE_OPTION', '`after` is not the id of a job');
    const rest = visible.slice(last + 1).filter((entry) => state === undefined || entry.state === state);
    const page = rest.slice(0, PAGE);
    const jobs = await Promise.all(page.map((entry) => this.#readIfReadable(entry)));
    return { jobs: jobs.filter((job) => job !== null), next: rest.length > PAGE ? (page.at(-1)?.id ?? null) : null };
  }

  /**
   * Cancels a job of the caller's member: one that waits has cost nothing, what one that runs has spent remains spent. A job that has ended
   * stays as it is.
   *
   * @throws {SealroomError} SERVER_NOT_FOUND if it is another's; RULE_ROLE; IO_WRITE, and then a job that waits is not cancelled.
   */
  async cancel(caller: RequestSender, id: string): Promise<Job> {
    const entry = this.find(caller, id);
    const { head } = entry;
    if (head.caller.member !== caller.member) throw notFound();
    const { manifest } = await openForMembers(this.#options.reader);
    requireKeyRole(manifest, caller, head.kind === 'query' ? 'query' : 'encrypt');
    if (!(await this.#runs.cancelWaiting(entry))) entry.abort.abort();
    return this.#readSaved(entry);
  }

  /** Whether a job is still to be done, has ended, or is not known. */
  stateOf(id: string): 'open' | 'ended' | 'unknown' {
    const entry = this.#store.find(id);
    if (entry === undefined) return 'unknown';
    return entry.head.ended === null ? 'open' : 'ended';
  }

  /** Waits until a job has another state than the given one, for at most so many milliseconds. */
  waitForChange(entry: JobEntry, state: Job['state'], ms: number, signal: AbortSignal): Promise<void> {
    return this.#store.waitForChange(entry, state, ms, AbortSignal.any([signal, this.#closing.signal]));
  }

  /**
   * Opens the package of a job for a receiver.
   *
   * @throws {SealroomError} SERVER_NOT_FOUND if it is not for the caller's member; RULE_ROLE if the caller may not open results;
   *   JOB_NOT_RELEASED, RESULT_EXPIRED.
   */
  async openResult(
    caller: RequestSender,
    id: string,
  ): Promise<OpenPackage & { readonly markFetched: () => Promise<void> }> {
    const entry = await this.#findReceived(caller, id);
    return { ...(await this.#keeper.open(entry)), markFetched: () => this.#keeper.markFetched(entry) };
  }

  /**
   * Remembers that a receiver has the package of a job. When all have, it is removed.
   *
   * @throws {SealroomError} as {@link Jobs.openResult}.
   */
  async takeResult(caller: RequestSender, id: string): Promise<void> {
    await this.#keeper.take(await this.#findReceived(caller, id), caller.member);
  }

  /** Removes what is kept no longer, and ends jobs that could not be ended before. */
  async tend(): Promise<void> {
    await this.#runs.retry();
    await this.#keeper.expire();
  }

  /**
   * Lets no job start any more. Those that run get some time, and are then stopped; those that wait go on when the room is opened again.
   *
   * @param ms how much time
   */
  async drain(ms: number): Promise<void> {
    await this.#runs.drain(ms);
    this.#closing.abort();
  }

  /** Stops the jobs that run. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.drain(0);
  }

  #newHead(caller: QueryHead['caller']): Pick<QueryHead, 'id' | 'created' | 'caller' | 'ended'> {
    return { id: randomUUID(), created: this.#options.now().toISOString(), caller, ended: null };
  }

  /** The job that was made for the same request before; `null` if there is none. */
  #findRepeated(keyId: string, { key, requestSha256 }: QueryHead['idempotency']): JobEntry | null {
    const entry = this.#store.findByKey(keyId, key);
    if (entry === undefined) return null;
    if (entry.head.kind === 'query' && entry.head.idempotency.requestSha256 === requestSha256) return entry;
    throw new SealroomError('IDEMPOTENCY_MISMATCH', 'something else was asked under this `Idempotency-Key`', {
      hint: 'draw a new one for each question',
    });
  }

  /** Has a new job wait for its turn, and says what it is once it is on the disk. */
  async #submit(entry: JobEntry, dispose?: () => Promise<void>): Promise<Job> {
    this.#runs.requireSpace(entry.head.caller.member);
    this.#store.add(entry);
    const saved = this.#store.save(entry);
    this.#runs.enqueue(entry, dispose);
    try {
      await saved;
    } catch (error) {
      this.#runs.withdraw(entry);
      await this.#store.remove(entry);
      throw error;
    }
    return this.read(entry);
  }

  async #readIfReadable(entry: JobEntry): Promise<Job | null> {
    try {
      return await this.read(entry);
    } catch (error) {
      this.#options.onUnreadable?.(entry.id, error);
      return null;
    }
  }

  async #readSaved(entry: JobEntry): Promise<Job> {
    await entry.saved;
    return this.read(entry);
  }

  /** A job whose result is for the caller, who may open it. */
  async #findReceived(caller: RequestSender, id: string): Promise<JobEntry> {
    const entry = this.find(caller, id);
    if (!entry.isFor(caller.member)) throw notFound();
    const { manifest } = await openForMembers(this.#options.reader);
    requireKeyRole(manifest, caller, 'decrypt');
    return entry;
  }
}
