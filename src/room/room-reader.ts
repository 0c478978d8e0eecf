import { join } from 'node:path';
import { SealroomError } from '../errors/index.ts';
import { stampFile, stampFiles } from '../files/index.ts';
import { ROOM_FILES, withRoomLock } from './room-files.ts';
import { missingSnapshot, openRoom, type Room, type Snapshot, verifySnapshot } from './room.ts';

/** The files that a room is read from. */
const SOURCES = [ROOM_FILES.state, ROOM_FILES.manifest] as const;

/** What was read of files, as long as they have one stamp. */
class Kept<T> {
  #last: { readonly stamp: string; readonly value: Promise<T> } | null = null;

  /**
   * What was read of the files with this stamp, or is being read. A failure is not kept.
   *
   * @param stamp taken before `read` is called, so that what is changed while it reads has it read again
   */
  async get(stamp: string, read: () => Promise<T>): Promise<T> {
    if (this.#last?.stamp === stamp) return this.#last.value;
    const current = { stamp, value: read() };
    this.#last = current;
    try {
      return await current.value;
    } catch (error) {
      if (this.#last === current) this.#last = null;
      throw error;
    }
  }
}

/**
 * Reads a room again only when its state or its manifest has changed, and a snapshot again only when its file has; who asks meanwhile
 * waits for the same read. Whether a file has changed is told by its stamp, with the limits that `stampFile` names.
 */
export class RoomReader {
  /** Absolute path of the room. */
  readonly directory: string;
  readonly #room = new Kept<Room>();
  /** The snapshots whose hashes were verified, by path. */
  readonly #verified = new Map<string, Kept<void>>();

  /** @param directory absolute path of the room */
  constructor(directory: string) {
    this.directory = directory;
  }

  /**
   * The room as it is now. As long as it has not changed, this is the same object.
   *
   * @throws {SealroomError} the codes of `openRoom`; IO_LOCKED if another process holds the room's lock for half a minute.
   */
  async open(): Promise<Room> {
    const stamp = this.#stamp();
    return stamp === null ? this.#read() : this.#room.get(stamp, () => this.#read());
  }

  /**
   * Verifies a snapshot, if that has not been done since its file last changed.
   *
   * @throws {SealroomError} the codes of `verifySnapshot`; ROOM_SNAPSHOT if the file is missing.
   */
  async verify(snapshot: Snapshot): Promise<void> {
    const { path } = snapshot;
    const stamp = stampOf(path);
    const kept = this.#verified.get(path) ?? new Kept<void>();
    this.#verified.set(path, kept);
    await kept.get(stamp, () => verifySnapshot(snapshot));
  }

  async #read(): Promise<Room> {
    const room = await this.#openSettled();
    const paths = new Set(room.tables.map(({ snapshot }) => snapshot?.path));
    for (const path of this.#verified.keys()) if (!paths.has(path)) this.#verified.delete(path);
    return room;
  }

  /**
   * Reads the room. One whose state does not fit its manifest may be about to get another version of it: who writes that has the lock
   * until both files are written, and so does who looks again.
   */
  async #openSettled(): Promise<Room> {
    try {
      return await openRoom(this.directory);
    } catch (error) {
      if (!(error instanceof SealroomError) || error.code !== 'ROOM_STATE') throw error;
      return withRoomLock(this.directory, () => openRoom(this.directory));
    }
  }

  /** The stamps of the room's files; `null` if one is missing, and then reading the room says so. */
  #stamp(): string | null {
    return stampFiles(SOURCES.map((name) => join(this.directory, name)));
  }
}

function stampOf(path: string): string {
  try {
    return stampFile(path);
  } catch (error) {
    throw missingSnapshot(path, error);
  }
}
