import { lstat, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SealroomError, systemReason } from '../../errors/index.ts';
import { writeFailure, writePrivateFile } from '../../files/index.ts';
import type { Ask, Job } from '../../wire/index.ts';
import { type JobFile, type JobHead, parseJobFile, printJobFile } from './job-file.ts';

/** A job that a room knows. */
export class JobEntry {
  head: JobHead;
  /** The question of a query that has not ended. */
  ask: Ask | null;
  /** How it ended, until that is on the disk. */
  end: Job | null;
  isRunning = false;
  /** Ends it while it runs. */
  readonly abort = new AbortController();
  /** Resolves once the file of the job has what is in memory. */
  saved: Promise<void> = Promise.resolve();

  constructor({ head, ask, end }: JobFile) {
    this.head = head;
    this.ask = ask;
    this.end = end;
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

/**
 * Makes a directory of a room, unless it is there. As in the rest of a room, there are no links in it.
 *
 * @throws {SealroomError} ROOM_STATE if there is a link in it or in its place; IO_WRITE.
 */
export async function makeRoomDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw writeFailure(error, path);
  });
  const entries = await readdir(path, { withFileTypes: true });
  if ((await lstat(path)).isDirectory() && !entries.some((entry) => entry.isSymbolicLink())) return;
  throw new SealroomError('ROOM_STATE', 'a room must not contain links', {
    where: { file: path },
    hint: 'find out who put it there, and put the file or directory itself in its place',
  });
}

const ENDING = '.json';

/** How many files are read at the same time. */
const READ_AT_ONCE = 64;

/** The jobs of a room: a file for each, of which the parts that are short are in memory. */
export class JobStore {
  readonly #directory: string;
  readonly #entries = new Map<string, JobEntry>();
  /** By key of the request and idempotency key. */
  readonly #byKey = new Map<string, JobEntry>();
  /** Calls that wait for the next state of a job, by its id. */
  readonly #waiting = new Map<string, Set<() => void>>();

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /**
   * Reads all jobs in a directory, which is made if it is not there.
   *
   * @throws {SealroomError} ROOM_STATE if a file is not that of a job; IO_READ, IO_WRITE.
   */
  static async open(directory: string): Promise<JobStore> {
    await makeRoomDirectory(directory);
    const store = new JobStore(directory);
    const names = await readdir(directory);
    // What was being written when the room was killed does not count.
    const unfinished = names.filter((name) => !name.endsWith(ENDING));
    for (const name of unfinished) await rm(join(directory, name), { recursive: true, force: true });
    const paths = names.filter((name) => name.endsWith(ENDING)).map((name) => join(directory, name));
    const files: JobFile[] = [];
    for (let first = 0; first < paths.length; first += READ_AT_ONCE) {
      files.push(...(await Promise.all(paths.slice(first, first + READ_AT_ONCE).map(readJob))));
    }
    files.sort(({ head: a }, { head: b }) => compareTexts(`${a.created} ${a.id}`, `${b.created} ${b.id}`));
    // What is long of jobs that have ended stays in their files.
    for (const file of files) store.add(new JobEntry({ ...file, end: null }));
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
   * Writes the file of a job, flushed; what is long and will not change is then left to the file.
   *
   * @throws {SealroomError} IO_WRITE
   */
  save(entry: JobEntry): Promise<void> {
    const saved = entry.saved
      .catch(() => undefined)
      .then(async () => {
        const { head, ask } = entry;
        const end = entry.end ?? (head.ended === null ? null : (await this.#read(head.id)).end);
        await writePrivateFile(this.#pathOf(head.id), printJobFile({ head, ask, end }), { replaces: true });
        entry.end = null;
      });
    entry.saved = saved;
    // Whoever saves is told, and others wait for it.
    saved.catch(() => undefined);
    return saved;
  }

  /**
   * How a job ended, which has ended.
   *
   * @throws {SealroomError} IO_READ, ROOM_STATE if its file is not there or not as it was written.
   */
  async readEnd(entry: JobEntry): Promise<Job> {
    const end = entry.end ?? (await this.#read(entry.id)).end;
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

  #read(id: string): Promise<JobFile> {
    return readJob(this.#pathOf(id));
  }

  #pathOf(id: string): string {
    return join(this.#directory, `${id}${ENDING}`);
  }
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

function notAJob(file: string): SealroomError {
  return new SealroomError('ROOM_STATE', 'the file of a job is not as it was written', {
    where: { file },
    hint: 'restore it, or remove it: its idempotency key and its result are then no longer known',
  });
}
