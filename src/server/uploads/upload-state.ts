import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { parseJson } from '../../errors/index.ts';
import { readTextFile, removeFile, signaturePath, writePrivateFile } from '../../files/index.ts';
import { makeRoomDirectory } from '../../room/index.ts';
import { uploadRequestBody } from '../../wire/index.ts';

/** What is kept of an upload beside its file. */
const uploadState = uploadRequestBody
  .unwrap()
  .extend({
    version: z.literal(1),
    id: z.uuid(),
    /** Who sends it. */
    member: z.string(),
    table: z.string(),
    /** Bytes that have arrived and are on the disk. */
    offset: z.int().min(0),
    /** When it was announced. */
    started: z.iso.datetime({ precision: 3 }),
    /** When the last part arrived. */
    touched: z.iso.datetime({ precision: 3 }),
    /** The job that loads it, once it was handed over; `null` while it is open. */
    job: z.uuid().nullable(),
  })
  .readonly();

/** What is kept of an upload beside its file. */
export type UploadState = z.infer<typeof uploadState>;

/** The uploads in the directory of a room: for each a file, and a description that is replaced with each part. */
export class UploadFolder {
  readonly #directory: string;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /**
   * Opens the folder, which is made if it is missing.
   *
   * @param room absolute path of the room
   * @throws {SealroomError} ROOM_STATE if there is a link in it or in its place; IO_WRITE.
   */
  static async open(room: string): Promise<UploadFolder> {
    const directory = join(room, 'uploads');
    await makeRoomDirectory(directory);
    return new UploadFolder(directory);
  }

  /** The path of the bytes of an upload. */
  pathOf(id: string): string {
    return join(this.#directory, `${id}.part`);
  }

  /** Keeps what is known of an upload, so that either this or what was kept before is there whole. */
  async save(state: UploadState): Promise<void> {
    await writePrivateFile(this.#stateOf(state.id), JSON.stringify(state), { replaces: true });
  }

  /** Puts the signature that came with a file beside it, where whoever loads the file looks for it. */
  async placeSignature({ id, signature }: UploadState): Promise<void> {
    if (signature === undefined) return;
    await writePrivateFile(signaturePath(this.pathOf(id)), signature, { replaces: true });
  }

  /** Removes an upload. */
  async remove(id: string): Promise<void> {
    await removeFile(this.pathOf(id));
    await removeFile(signaturePath(this.pathOf(id)));
    await removeFile(this.#stateOf(id));
  }

  /** All uploads. What was left by a process that ended while it made or removed one is removed. */
  async list(): Promise<readonly UploadState[]> {
    const states: UploadState[] = [];
    for (const name of await readdir(this.#directory)) {
      const id = /^(.*)\.json$/.exec(name)?.[1];
      const state = id === undefined ? null : await this.#read(id);
      if (state !== null) states.push(state);
    }
    const names = new Set(states.flatMap(({ id }) => [`${id}.json`, `${id}.part`, signaturePath(`${id}.part`)]));
    for (const name of await readdir(this.#directory)) {
      if (!names.has(name)) await removeFile(join(this.#directory, name));
    }
    return states;
  }

  /** `null` if it is not what was written here. */
  async #read(id: string): Promise<UploadState | null> {
    const parsed = uploadState.safeParse(parseJson(await readTextFile(this.#stateOf(id))));
    return parsed.success && parsed.data.id === id ? parsed.data : null;
  }

  #stateOf(id: string): string {
    return join(this.#directory, `${id}.json`);
  }
}
