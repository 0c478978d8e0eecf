import { readdir, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { SealroomError, systemReason } from '../../errors/index.ts';
import { placeFile, writeFailure, writePrivateFile } from '../../files/index.ts';
import { makeRoomDirectory } from '../../room/index.ts';
import type { Ask, Job } from '../../wire/index.ts';
import { type JobFile, type JobHead, parseJobFile, printJobFile } from './job-file.ts';

/** A job that a room knows. */
export class JobEntry {
  head: JobHead;
  /** The question of a query that has not ended. */
  ask: Ask | null;
  isRunning = false;
  /** Ends it while it runs. */
  readonly abort = new AbortController();
  /** Resolves once the file of the job has what is in memory. */
  saved: Promise<void> = Promise.resolve();

  constructor({ head, ask }: Pick<JobFile, 'head' | 'ask'>) {
    this.head = head;
    this.ask = ask;
  }

  get id(): string {
    return this.head.id;
  }

  get state(): Job['state'] {
    return this.isRunning ? 'running' : this.head.state;
  }

  /** Whether a member may know of the job: it asked, or receives the result. */
  isVisibleTo(member: string): boolean {
    return this.head.caller.member === member || this.isFor(member);
  }

  /** Whether the result is for a member. */
  isFor(member: string): boolean {
    return this.head.kind === 'query' && this.head.receivers.includes(member);
  }
}

/** How the names of jobs end, and of those that could not be read. */
const [ENDING, UNREADABLE] = ['.json', '.unreadable'];

/** How many files are read at the same time. */
const READ_AT_ONCE = 64;

/** The jobs of a room: a file for each, of which the parts that are short are in memory. */
export class JobStore {
  /** Whether there are files that could not be read: what else is kept may be of their jobs. */
  readonly hasUnreadable: boolean;
  readonly #directory: string;
  readonly #entries = new Map<string, JobEntry>();
  /** By key of the request and idempotency key. */
  readonly #byKey = new Map<string, JobEntry>();
  /** Calls that wait for the next state of a job, by its id. */
  readonly #waiting = new Map<string, Set<() => void>>();

  private constructor(directory: string, hasUnreadable: boolean) {
    this.#directory = directory;
    this.hasUnreadable = hasUnreadable;
  }

  /**
   * Reads all jobs in a directory, which is made if it is not there. A file that is not that of a job is moved aside: one job does not
   * keep a room from all others.
   *
   * @param onUnreadable is told the name of each such file, without its ending, and what is wrong
   * @throws {SealroomError} ROOM_STATE if there is a link; IO_READ, IO_WRITE.
   */
  static async open(directory: string, onUnreadable: (id: string, cause: unknown) => void): Promise<JobStore> {
    await makeRoomDirectory(directory);
    const names = await readdir(directory);
    // What was being written when the room was killed does not count.
    const unfinished = names.filter((name) => !name.endsWith(ENDING) && !name.endsWith(UNREADABLE));
    for (const name of unfinished) await rm(join(directory, name), { recursive: true, force: true });
    const paths = names.filter((name) => name.endsWith(ENDING)).map((name) => join(directory, name));
    let hasUnreadable = names.some((name) => name.endsWith(UNREADABLE));
    const readOrMove = async (path: string): Promise<readonly JobFile[]> => {
      try {
        return [await readJob(path)];
      } catch (error) {
        if (!(error instanceof SealroomError) || error.code !== 'ROOM_STATE') throw error;
        hasUnreadable = true;
        await moveAside(path);
        onUnreadable(basename(path, ENDING), error);
        return [];
      }
    };
    const files: JobFile[] = [];
    for (let first = 0; first < paths.length; first += READ_AT_ONCE) {
      files.push(...(await Promise.all(paths.slice(first, first + READ_AT_ONCE).map(readOrMove))).flat());
    }
    const store = new JobStore(directory, hasUnreadable);
    files.sort(({ head: a }, { head: b }) => compareTexts(`${a.created} ${a.id}`, `${b.created} ${b.id}`));
    // What is long of jobs that have ended stays in their files.
    for (const file of files) store.add(new JobEntry(file));
    return store;
  }

  /** All jobs, oldest first. */
  get entries(): readonly JobEntry[] {
    return [...this.#entries.values()];
  }

  find(id: string): JobEntry | undefined {
    return this.#entries.get(id);
  }

  /** The job that was made for an idempotency key. */
  findByKey(keyId: string, idempotencyKey: string): JobEntry | undefined {
    return this.#byKey.get(`${keyId} ${idempotencyKey}`);
  }

  /** Adds a job, whose file is not written yet. */
  add(entry: JobEntry): void {
    const { head } = entry;
    this.#entries.set(head.id, entry);
    if (head.kind === 'query') this.#byKey.set(keyOf(head), entry);
  }

  /** Forgets a job, and removes its file. */
  async remove(entry: JobEntry): Promise<void> {
    const { head } = entry;
    this.#entries.delete(head.id);
    if (head.kind === 'query') this.#byKey.delete(keyOf(head));
    await rm(this.#pathOf(head.id), { force: true });
  }

  /**
   * Writes the file of a job, flushed.
   *
   * @throws {SealroomError} IO_WRITE
   */
  save(entry: JobEntry): Promise<void> {
    const saved = afterwards(entry.saved, async () => {
      const { head, ask } = entry;
      const end = head.ended === null ? null : (await this.#read(head.id)).end;
      await this.#write({ head, ask, end });
    });
    entry.saved = saved;
    // Whoever saves is told, and others wait for it.
    saved.catch(() => undefined);
    return saved;
  }

  /**
   * Writes how a job ended, flushed; only then has it ended in memory as well. What is long is left to the file.
   *
   * @param head of the job that has ended
   * @throws {SealroomError} IO_WRITE, and then the job is as it was.
   */
  end(entry: JobEntry, head: JobHead, end: Job): Promise<void> {
    const written = afterwards(entry.saved, async () => {
      await this.#write({ head, ask: null, end });
      entry.head = head;
      entry.ask = null;
    });
    // The file has what is in memory, whether this could be written or not.
    entry.saved = written.catch(() => undefined);
    return written;
  }

  /**
   * How a job ended, which has ended.
   *
   * @throws {SealroomError} IO_READ, ROOM_STATE if its file is not there or not as it was written.
   */
  async readEnd(entry: JobEntry): Promise<Job> {
    const { end } = await this.#read(entry.id);
    if (end !== null) return end;
    throw notAJob(this.#pathOf(entry.id));
  }

  /** Says that a job has another state. */
  notify({ id }: JobEntry): void {
    for (const resume of this.#waiting.get(id) ?? []) resume();
  }

  /**
   * Waits until a job has another state than the given one.
   *
   * @param ms how long to wait at most
   * @param signal ends the wait
   */
  async waitForChange(entry: JobEntry, state: Job['state'], ms: number, signal: AbortSignal): Promise<void> {
    if (entry.state !== state || signal.aborted) return;
    const waiting = this.#waiting.get(entry.id) ?? new Set();
    this.#waiting.set(entry.id, waiting);
    await new Promise<void>((resolve) => {
      const resume = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', resume);
        waiting.delete(resume);
        if (waiting.size === 0) this.#waiting.delete(entry.id);
        resolve();
      };
      const timer = setTimeout(resume, ms);
      signal.addEventListener('abort', resume);
      waiting.add(resume);
    });
  }

  #write(file: JobFile): Promise<void> {
    return writePrivateFile(this.#pathOf(file.head.id), printJobFile(file), { replaces: true });
  }

  #read(id: string): Promise<JobFile> {
    return readJob(this.#pathOf(id));
  }

  #pathOf(id: string): string {
    return join(this.#directory, `${id}${ENDING}`);
  }
}

/** Does something once something else is over, however it went. */
async function afterwards(before: Promise<void>, action: () => Promise<void>): Promise<void> {
  await before.catch(() => undefined);
  await action();
}

function keyOf({ caller, idempotency }: Extract<JobHead, { kind: 'query' }>): string {
  return `${caller.keyId} ${idempotency.key}`;
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

async function readJob(path: string): Promise<JobFile> {
  let content: string;
  try {
    content = await readFile(path, 'utf8');
  } catch (error) {
    throw new SealroomError('IO_READ', `cannot read a job of the room: ${systemReason(error)}`, {
      where: { file: path },
      cause: error,
    });
  }
  const job = parseJobFile(content);
  if (job === null || !path.endsWith(`${job.head.id}${ENDING}`)) throw notAJob(path);
  return job;
}

async function moveAside(path: string): Promise<void> {
  const aside = `${path.slice(0, -ENDING.length)}${UNREADABLE}`;
  await placeFile(path, aside, { replaces: true }).catch((error: unknown) => {
    throw writeFailure(error, path);
  });
}

function notAJob(file: string): SealroomError {
  return new SealroomError('ROOM_STATE', 'the file of a job is not as it was written', {
    where: { file },
    hint: 'restore it from a backup: without it, its idempotency key and its result are not known',
  });
}
