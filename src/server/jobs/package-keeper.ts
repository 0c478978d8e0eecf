import type { FileHandle } from 'node:fs/promises';
import { SealroomError } from '../../errors/index.ts';
import type { JobHead, KeptPackage, QueryHead } from './job-file.ts';
import type { JobEntry, JobStore } from './job-store.ts';
import type { RoomResults } from './result-store.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/** How long and how much is kept. */
export interface KeepLimits {
  /** Bytes of all packages of the room. */
  readonly resultBytes: number;
  /** Bytes of the disk that stay free when a query is taken: its result is on the disk twice for a moment, and its records have to fit. */
  readonly freeBytes: number;
  /** Days that a package is kept. */
  readonly resultDays: number;
  /** Days that a job is known after its end; one whose package is kept is known for as long. */
  readonly jobDays: number;
  /** Jobs of one member that are known. */
  readonly jobsPerMember: number;
}

/** A package that is open for reading. The caller closes the file. */
export interface OpenPackage {
  readonly file: FileHandle;
  readonly bytes: number;
  /** SHA-256 in hexadecimal. */
  readonly sha256: string;
}

/** A job with a package. */
interface Holder {
  readonly entry: JobEntry;
  readonly head: QueryHead;
  readonly result: KeptPackage;
}

/** Keeps packages until their receivers have them or their time is over, and jobs for some time after that. */
export class PackageKeeper {
  readonly #store: JobStore;
  readonly #results: RoomResults;
  readonly #limits: KeepLimits;
  readonly #now: () => Date;

  constructor(store: JobStore, results: RoomResults, limits: KeepLimits, now: () => Date) {
    this.#store = store;
    this.#results = results;
    this.#limits = limits;
    this.#now = now;
  }

  /** When a package that is made now is removed; ISO 8601, UTC. */
  expiry(): string {
    return new Date(this.#now().getTime() + this.#limits.resultDays * DAY_MS).toISOString();
  }

  /** Removes packages and jobs whose time is over. */
  async expire(): Promise<void> {
    for (const holder of this.#holders()) if (this.#isOver(holder.result)) await this.#drop(holder);
    for (const entry of this.#store.entries) {
      const { head } = entry;
      if (head.ended === null || hasPackage(head)) continue;
      if (this.#isOlder(head.ended, this.#limits.jobDays)) await this.#store.remove(entry);
    }
  }

  /**
   * Whether there is space for another package. If there is not, the oldest ones are removed, but none that nobody has fetched within a
   * day.
   */
  async makeSpace(): Promise<boolean> {
    const { resultBytes, freeBytes } = this.#limits;
    const holders = this.#holders();
    let total = holders.reduce((sum, { result }) => sum + result.bytes, 0);
    for (const holder of holders) {
      if (total < resultBytes) break;
      const { head, result } = holder;
      if (!result.isFetched && !this.#isOlder(head.ended ?? head.created, 1)) continue;
      await this.#drop(holder);
      total -= result.bytes;
    }
    return total < resultBytes && (await this.#results.freeBytes()) >= freeBytes;
  }

  /**
   * Whether a member may have another job. If it has too many, the oldest ones are forgotten, but none that ended within a day, nor one
   * whose package is kept.
   */
  async makePlace(member: string): Promise<boolean> {
    const { jobsPerMember } = this.#limits;
    const own = this.#store.entries.filter(({ head }) => head.caller.member === member);
    let count = own.length;
    for (const entry of own) {
      if (count < jobsPerMember) break;
      const { head } = entry;
      if (head.ended === null || hasPackage(head) || !this.#isOlder(head.ended, 1)) continue;
      await this.#store.remove(entry);
      count -= 1;
    }
    return count < jobsPerMember;
  }

  /**
   * Opens the package of a job.
   *
   * @throws {SealroomError} JOB_NOT_RELEASED if the job has none, or not yet; RESULT_EXPIRED if it is not kept any more.
   */
  async open(entry: JobEntry): Promise<OpenPackage> {
    const { head, result } = this.#require(entry);
    const file = await this.#results.open(head.attempt);
    if (file === null) throw expired();
    return { file, bytes: result.bytes, sha256: result.sha256 };
  }

  /** Remembers that somebody has fetched the package of a job. */
  async markFetched(entry: JobEntry): Promise<void> {
    const { head } = entry;
    if (head.kind !== 'query' || head.result === null || head.result.isFetched) return;
    entry.head = { ...head, result: { ...head.result, isFetched: true } };
    await this.#store.save(entry);
  }

  /**
   * Remembers that a receiver has the package of a job, and removes it if all have.
   *
   * @throws {SealroomError} as {@link PackageKeeper.open}.
   */
  async take(entry: JobEntry, member: string): Promise<void> {
    const { head, result } = this.#require(entry);
    const takenBy = [...new Set([...result.takenBy, member])];
    if (head.receivers.every((receiver) => takenBy.includes(receiver))) {
      await this.#drop({ entry, head, result });
      return;
    }
    entry.head = { ...head, result: { ...result, takenBy } };
    await this.#store.save(entry);
  }

  /** The jobs with packages, oldest first. */
  #holders(): readonly Holder[] {
    return this.#store.entries.flatMap((entry) => {
      const { head } = entry;
      return head.kind === 'query' && head.result !== null ? [{ entry, head, result: head.result }] : [];
    });
  }

  #require(entry: JobEntry): Holder {
    const { head } = entry;
    if (head.kind !== 'query' || entry.state !== 'released') {
      throw new SealroomError('JOB_NOT_RELEASED', `the job has no result: it is ${entry.state}`);
    }
    const { result } = head;
    if (result === null || this.#isOver(result)) throw expired();
    return { entry, head, result };
  }

  async #drop({ entry, head }: Holder): Promise<void> {
    // The job first: a file that no job names is removed when the room is opened.
    entry.head = { ...head, result: null };
    await this.#store.save(entry);
    await this.#results.remove(head.attempt);
  }

  #isOver({ expires }: KeptPackage): boolean {
    return this.#now().toISOString() >= expires;
  }

  #isOlder(time: string, days: number): boolean {
    return this.#now().getTime() - Date.parse(time) >= days * DAY_MS;
  }
}

function hasPackage(head: JobHead): boolean {
  return head.kind === 'query' && head.result !== null;
}

function expired(): SealroomError {
  return new SealroomError(
    'RESULT_EXPIRED',
    'the result is no longer kept: its time is over, or all receivers have it',
    {
      hint: 'ask the query again',
    },
  );
}
