import { join } from 'node:path';
import { stampFile } from '../files/index.ts';
import { ROOM_FILES } from './room-files.ts';
import { missingSnapshot, openRoom, type Room, type Snapshot, verifySnapshot } from './room.ts';

/** The files that a room is read from. */
const SOURCES = [ROOM_FILES.state, ROOM_FILES.manifest] as const;

/**
 * Reads a room again only when its state or its manifest has changed, and a snapshot again only when its file has. Whether a file has
 * changed is told by its stamp, with the limits that `stampFile` names.
 */
export class RoomReader {
  /** Absolute path of the room. */
  readonly directory: string;
  #last: { readonly stamp: string; readonly room: Room } | null = null;
  /** The stamps of snapshots whose hashes were verified, by path. */
  #verified: ReadonlyMap<string, string> = new Map();

  /** @param directory absolute path of the room */
  constructor(directory: string) {
    this.directory = directory;
  }

  /**
   * The room as it is now. As long as it has not changed, this is the same object.
   *
   * @throws {SealroomError} the codes of `openRoom`.
   */
  async open(): Promise<Room> {
    // Taken first: what is changed while the room is read has it read again.
    const stamp = await this.#stamp();
    if (stamp !== null && this.#last?.stamp === stamp) return this.#last.room;
    this.#last = null;
    const room = await openRoom(this.directory);
    const paths = room.tables.map(({ snapshot }) => snapshot?.path);
    this.#verified = new Map([...this.#verified].filter(([path]) => paths.includes(path)));
    if (stamp !== null) this.#last = { stamp, room };
    return room;
  }

  /**
   * Verifies a snapshot, if that has not been done since its file last changed.
   *
   * @throws {SealroomError} the codes of `verifySnapshot`; ROOM_SNAPSHOT if the file is missing.
   */
  async verify(snapshot: Snapshot): Promise<void> {
    const { path } = snapshot;
    const stamp = await stampFile(path).catch((error: unknown) => {
      throw missingSnapshot(path, error);
    });
    if (this.#verified.get(path) === stamp) return;
    await verifySnapshot(snapshot);
    this.#verified = new Map([...this.#verified, [path, stamp]]);
  }

  /** The stamps of the room's files; `null` if one is missing, and then reading the room says so. */
  async #stamp(): Promise<string | null> {
    return Promise.all(SOURCES.map((name) => stampFile(join(this.directory, name)))).then(
      (stamps) => stamps.join('; '),
      () => null,
    );
  }
}
