import { randomUUID } from 'node:crypto';
import { type Manifest, requireLoadable } from '../../collab/index.ts';
import { SealroomError } from '../../errors/index.ts';
import { fileExists, freeBytesAt, PartialFile } from '../../files/index.ts';
import type { RoomReader } from '../../room/index.ts';
import type { Job, Upload, UploadRequest } from '../../wire/index.ts';
import { requireOwnTable } from '../ask.ts';
import type { RequestSender } from '../caller.ts';
import { JOB_LIMITS, type Jobs } from '../jobs/jobs.ts';
import { notFound } from '../problems.ts';
import { type SentPart, PartReceiver } from './part-receiver.ts';
import { UploadFolder, type UploadState } from './upload-state.ts';

/** What members may send. */
export interface UploadLimits {
  /** Of a whole file. */
  readonly uploadBytes: number;
  readonly partBytes: number;
  /** Uploads of a member that have not ended. */
  readonly perMember: number;
  /** How long an upload waits for its next part. */
  readonly idleMs: number;
  /** How long an upload may take. */
  readonly lifeMs: number;
}

/** The limits of a room. */
const UPLOAD_LIMITS: UploadLimits = {
  uploadBytes: 64 * 2 ** 30,
  partBytes: 64 << 20,
  perMember: 2,
  idleMs: 24 * 3_600_000,
  lifeMs: 7 * 24 * 3_600_000,
};

/** What {@link Uploads} are opened with. */
export interface UploadsOptions {
  readonly reader: RoomReader;
  readonly now: () => Date;
  /** What became of the job with an id. */
  readonly stateOfJob: Jobs['stateOf'];
  readonly limits?: Partial<UploadLimits> | undefined;
  /** Called with the bytes of each part that arrived. */
  readonly onPart?: ((bytes: number) => void) | undefined;
}

/** Has a file loaded that has arrived, which it removes then. A job that is known is not made again. */
export type SubmitLoad = Jobs['submitLoad'];

/** An upload, and what of it is in memory. */
interface Entry {
  state: UploadState;
  readonly receiver: PartReceiver;
  /** What whoever completes it is told. */
  job: Promise<Job> | null;
}

/** How often uploads are looked for that nobody goes on with. */
const SWEEP_MS = 600_000;

/** Free bytes of the disk, besides those that queries and the log need, for each byte of an upload: the file, and three times the snapshot that is made of it. */
const DISK_FACTOR = 4;

/**
 * Files on their way into a room, in signed parts of which each counts once it is on the disk. They outlive the process.
 *
 * All methods throw {SealroomError} SERVER_NOT_FOUND for a table or an upload that is not the caller's, as if it were not there;
 * RULE_ROLE if the caller may not load tables; IO_* for the disk.
 */
export class Uploads implements Disposable {
  readonly #reader: RoomReader;
  readonly #now: () => Date;
  readonly #onPart: (bytes: number) => void;
  readonly #limits: UploadLimits;
  readonly #folder: UploadFolder;
  readonly #entries = new Map<string, Entry>();
  readonly #timer: NodeJS.Timeout;

  private constructor({ reader, now, limits, onPart }: UploadsOptions, folder: UploadFolder) {
    this.#reader = reader;
    this.#now = now;
    this.#onPart = onPart ?? (() => undefined);
    this.#limits = { ...UPLOAD_LIMITS, ...limits };
    this.#folder = folder;
    this.#timer = setInterval(() => void this.#sweep().catch(() => undefined), SWEEP_MS).unref();
  }

  /**
   * Opens the uploads of a room, with those that were begun before. The caller has the room for itself.
   *
   * @throws {SealroomError} ROOM_STATE, IO_*.
   */
  static async open(options: UploadsOptions): Promise<Uploads> {
    const folder = await UploadFolder.open(options.reader.directory);
    const uploads = new Uploads(options, folder);
    for (const state of await folder.list()) await uploads.#takeUp(state, options.stateOfJob);
    await uploads.#sweep();
    return uploads;
  }

  /** Most bytes of a part and of a file. */
  get limits(): Pick<UploadLimits, 'partBytes' | 'uploadBytes'> {
    const { partBytes, uploadBytes } = this.#limits;
    return { partBytes, uploadBytes };
  }

  /**
   * Announces a file.
   *
   * @throws {SealroomError} RULE_SOURCE if the manifest names another file; USAGE_OPTION if the table has no rule; SERVER_TOO_LARGE if
   *   the file is too large, or the disk too full; SERVER_QUEUE_FULL if the member has too many uploads.
   */
  async start(caller: RequestSender, table: string, request: UploadRequest): Promise<Upload> {
    const { manifest } = await this.#reader.open();
    requireOwnTable(manifest, caller, table);
    requireSource(manifest, table, request.sha256);
    const { uploadBytes, perMember } = this.#limits;
    if (request.bytes > uploadBytes) {
      throw tooLarge(`a file has at most ${uploadBytes.toLocaleString('en')} bytes`);
    }
    await this.#sweep();
    const free = await freeBytesAt(this.#reader.directory);
    const open = [...this.#entries.values()].filter(({ state }) => state.job === null).map(({ state }) => state);
    if (open.filter(({ member }) => member === caller.member).length >= perMember) {
      throw new SealroomError('SERVER_QUEUE_FULL', `a member has at most ${perMember} uploads at a time`, {
        hint: 'finish one, or cancel it',
      });
    }
    const announced = open.reduce((sum, { bytes, offset }) => sum + bytes - offset, request.bytes);
    if (free - JOB_LIMITS.freeBytes < DISK_FACTOR * announced)
      throw tooLarge('the disk of the room is too full for this file');
    const touched = this.#now().toISOString();
    const id = randomUUID();
    const entry = this.#add({
      version: 1,
      id,
      member: caller.member,
      table,
      ...request,
      offset: 0,
      started: touched,
      touched,
      job: null,
    });
    try {
      await PartialFile.create(this.#folder.pathOf(id));
      await this.#folder.save(entry.state);
    } catch (error) {
      this.#entries.delete(id);
      throw error;
    }
    return this.#describe(entry.state);
  }

  /** How much of a file has arrived. */
  async find(caller: RequestSender, id: string): Promise<Upload> {
    return this.#describe((await this.#entryOf(caller, id)).state);
  }

  /**
   * Takes the next part of a file. If it does not arrive whole, or is not the one that was signed, nothing has changed.
   *
   * @returns where the part after it begins
   * @throws {SealroomError} UPLOAD_OFFSET if it is not the next one; AUTH_DIGEST if it is not the one that was signed, or did not arrive
   *   whole; SERVER_BUSY while another one is arriving; SERVER_TOO_LARGE if it is too large, or the disk is full.
   */
  async addPart(caller: RequestSender, id: string, part: SentPart): Promise<number> {
    const entry = await this.#entryOf(caller, id);
    if (part.bytes > this.#limits.partBytes) {
      throw tooLarge(`a part has at most ${this.#limits.partBytes.toLocaleString('en')} bytes`);
    }
    await entry.receiver.takeTurn(async (receive) => {
      const { offset, bytes, job } = entry.state;
      if (job !== null || part.offset !== offset) {
        throw new SealroomError('UPLOAD_OFFSET', `the next part begins at byte ${offset}`);
      }
      if (offset + part.bytes > bytes)
        throw tooLarge(`the file was announced with ${bytes.toLocaleString('en')} bytes`);
      await receive(part);
      const touched = this.#now().toISOString();
      const state = { ...entry.state, offset: offset + part.bytes, touched };
      await this.#folder.save(state);
      entry.state = state;
    });
    this.#onPart(part.bytes);
    return entry.state.offset;
  }

  /**
   * Ends an upload, and has the file loaded. Whoever asks again gets the same job, as it was then.
   *
   * @param sha256 of the whole file
   * @throws {SealroomError} UPLOAD_INCOMPLETE if the file that arrived is another, or not all of it; RULE_SOURCE if the manifest names
   *   another; SERVER_BUSY while a part is arriving; what `submit` throws, and then the upload is still open.
   */
  async complete(caller: RequestSender, id: string, sha256: string, submit: SubmitLoad): Promise<Job> {
    const entry = await this.#entryOf(caller, id);
    entry.job ??= this.#handOver(entry, caller, sha256, submit).catch((error: unknown) => {
      entry.job = null;
      throw error;
    });
    return entry.job;
  }

  /** Gives up an upload. */
  async cancel(caller: RequestSender, id: string): Promise<void> {
    const entry = await this.#entryOf(caller, id);
    if (entry.job !== null || entry.state.job !== null) throw notFound();
    await this.#remove(entry);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  async #handOver(entry: Entry, caller: RequestSender, sha256: string, submit: SubmitLoad): Promise<Job> {
    const { receiver, state } = entry;
    const { id, table, format, csvInputNull } = state;
    const file = {
      table,
      path: this.#folder.pathOf(id),
      format,
      csvInputNull,
      sha256,
      dispose: () => this.#remove(entry),
    };
    // It was handed over before a restart.
    if (state.job !== null) return submit(caller, { ...file, job: state.job });
    const arrived = await receiver.takeTurn(async (_, hash) => {
      if (entry.state.offset !== entry.state.bytes) throw incomplete('the file has not arrived whole');
      return hash();
    });
    if (arrived !== sha256 || (state.sha256 !== undefined && state.sha256 !== sha256)) {
      throw incomplete('the file that arrived is not the one with this SHA-256');
    }
    requireSource((await this.#reader.open()).manifest, table, sha256);
    const job = randomUUID();
    const complete = { ...entry.state, job };
    await this.#folder.placeSignature(complete);
    await this.#folder.save(complete);
    entry.state = complete;
    try {
      return await submit(caller, { ...file, job });
    } catch (error) {
      // On the disk it may name a job that was not made: such an upload is open again after a start.
      entry.state = { ...complete, job: null };
      throw error;
    }
  }

  /** Takes up an upload that was begun before a start. */
  async #takeUp(state: UploadState, stateOfJob: UploadsOptions['stateOfJob']): Promise<void> {
    if (state.job === null) {
      this.#add(state);
      return;
    }
    const became = stateOfJob(state.job);
    const isGone = !(await fileExists(this.#folder.pathOf(state.id)));
    if (became === 'ended' || isGone) await this.#folder.remove(state.id);
    else this.#add(became === 'unknown' ? { ...state, job: null } : state);
  }

  #add(state: UploadState): Entry {
    const { id } = state;
    const current = (): number => entry.state.offset;
    const entry: Entry = { state, receiver: new PartReceiver(this.#folder.pathOf(id), current), job: null };
    this.#entries.set(id, entry);
    return entry;
  }

  async #entryOf(caller: RequestSender, id: string): Promise<Entry> {
    const entry = this.#entries.get(id);
    if (entry?.state.member !== caller.member || this.#isExpired(entry)) throw notFound();
    requireOwnTable((await this.#reader.open()).manifest, caller, entry.state.table);
    return entry;
  }

  #isExpired({ state }: Entry): boolean {
    return state.job === null && this.#expiryOf(state) <= this.#now().getTime();
  }

  /** When an upload is removed that has not ended, in ms since 1970. */
  #expiryOf({ started, touched }: UploadState): number {
    const { idleMs, lifeMs } = this.#limits;
    return Math.min(Date.parse(touched) + idleMs, Date.parse(started) + lifeMs);
  }

  /** Removes uploads that nobody goes on with, and those whose file was loaded by a process that was killed then. */
  async #sweep(): Promise<void> {
    for (const entry of [...this.#entries.values()]) {
      const { id, job } = entry.state;
      const isLoaded = job !== null && !(await fileExists(this.#folder.pathOf(id)));
      if (isLoaded || this.#isExpired(entry)) await this.#remove(entry);
    }
  }

  async #remove(entry: Entry): Promise<void> {
    this.#entries.delete(entry.state.id);
    await entry.receiver.stop();
    await this.#folder.remove(entry.state.id);
  }

  #describe(state: UploadState): Upload {
    const { id, table, bytes, offset, format } = state;
    const { partBytes } = this.#limits;
    const expires = new Date(this.#expiryOf(state)).toISOString();
    return { id, table, bytes, offset, format, expires, maxPartBytes: partBytes };
  }
}

/** Requires that a table can be loaded, and from a file with this hash if it is known. */
function requireSource(manifest: Manifest, table: string, sha256: string | undefined): void {
  const { source } = requireLoadable(manifest, table);
  if (source === null || sha256 === undefined || source.sha256 === sha256) return;
  throw new SealroomError('RULE_SOURCE', 'the file does not have the hash that is in the manifest', {
    hint: 'send the file that the manifest names, or change `source` there, which all members then sign',
  });
}

function tooLarge(message: string): SealroomError {
  return new SealroomError('SERVER_TOO_LARGE', message);
}

function incomplete(message: string): SealroomError {
  return new SealroomError('UPLOAD_INCOMPLETE', message, { hint: 'send the file anew' });
}
