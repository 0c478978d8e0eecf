import { type FileHandle, open, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  generateIdentity,
  openAge,
  parseIdentities,
  printIdentityFile,
  recipientOf,
  sealAge,
} from '../../age/index.ts';
import { concatBytes, decodeUtf8, encodeUtf8 } from '../../bytes/index.ts';
import { parseJson, SealroomError } from '../../errors/index.ts';
import { fileExists, freeBytesAt, readPrivateFile, removeFile, writePrivateFile } from '../../files/index.ts';
import type { Recipients } from '../../package/index.ts';
import { sha256Hex } from '../../platform/index.ts';
import { makeRoomDirectory, type UnreleasedResult } from '../../room/index.ts';

const LINE_BREAK = 0x0a;

/** How the names of packages end, and of what is kept until a package is made. */
const [PACKAGE, KEPT] = ['.age', '.kept'];

/** A result that is kept before its release, and for whom it is. */
export interface KeptResult extends UnreleasedResult {
  readonly recipients: Recipients;
}

/**
 * The results of a room on the disk: packages for their receivers, and before there is a package, what it is made of. The latter is an
 * age file for a key of the room's own, which nobody else has: `JSON of statement and recipients ‖ 0A ‖ table`.
 */
export class RoomResults {
  readonly #directory: string;
  readonly #identity: string;
  readonly #recipient: string;

  private constructor(directory: string, identity: string, recipient: string) {
    this.#directory = directory;
    this.#identity = identity;
    this.#recipient = recipient;
  }

  /**
   * Opens the results in a directory, and the key of the room for them; both are made if they are not there.
   *
   * @param keyFile an age identity file, which only its owner may read
   * @throws {SealroomError} SECRET_INVALID if the key cannot be read; ROOM_STATE if there is a link; IO_WRITE.
   */
  static async open(directory: string, keyFile: string, now: Date): Promise<RoomResults> {
    await makeRoomDirectory(directory);
    if (!(await fileExists(keyFile))) {
      const made = await generateIdentity('mlkem768x25519');
      const content = printIdentityFile(made, await recipientOf(made), now.toISOString());
      await writePrivateFile(keyFile, content, { replaces: false });
    }
    const hint = 'restore it; if it is lost, remove it and the files `results/*.kept`, whose results are then lost';
    const bytes = await readPrivateFile(keyFile, { what: 'key of the room for results', hint });
    const [identity] = await parseIdentities(decodeUtf8(bytes), { file: keyFile });
    return new RoomResults(directory, identity, await recipientOf(identity));
  }

  /**
   * Keeps a result before its release, flushed.
   *
   * @throws {SealroomError} IO_WRITE
   */
  async keep(attempt: string, { statement, table, recipients }: KeptResult): Promise<void> {
    const head = encodeUtf8(JSON.stringify({ statement, recipients }));
    const content = concatBytes([head, Uint8Array.of(LINE_BREAK), table]);
    const sealed = await sealAge(content, { recipients: [this.#recipient] });
    await writePrivateFile(this.#pathOf(attempt, KEPT), sealed, { replaces: true });
  }

  /**
   * What was kept of a result before its release; `null` if nothing was, or not all of it.
   *
   * @throws {SealroomError} SECRET_INVALID if it was kept for another key than the room has.
   */
  async readKept(attempt: string): Promise<KeptResult | null> {
    const path = this.#pathOf(attempt, KEPT);
    if (!(await fileExists(path))) return null;
    const opened = await openAge(new Uint8Array(await readFile(path)), { identities: [this.#identity] });
    if (opened.kind === 'damaged') return null;
    if (opened.kind === 'notForUs') {
      throw new SealroomError('SECRET_INVALID', 'a result was kept for another key than the room has', {
        where: { file: path },
        hint: 'restore `results.key`, or remove this file: the result is then lost',
      });
    }
    const end = opened.bytes.indexOf(LINE_BREAK);
    // Only this class makes such files, and age says that none of it was changed.
    const head = parseJson(decodeUtf8(opened.bytes.subarray(0, end))) as Omit<KeptResult, 'table'>;
    const table = opened.bytes.slice(end + 1);
    return sha256Hex(table) === head.statement.result.sha256 ? { ...head, table } : null;
  }

  /** Removes what was kept of a result before its release. */
  dropKept(attempt: string): Promise<void> {
    return removeFile(this.#pathOf(attempt, KEPT));
  }

  /**
   * Writes a package, whole or not at all.
   *
   * @throws {SealroomError} IO_WRITE
   */
  async place(attempt: string, bytes: Uint8Array): Promise<{ readonly bytes: number; readonly sha256: string }> {
    await writePrivateFile(this.#pathOf(attempt, PACKAGE), bytes, { replaces: true });
    return { bytes: bytes.length, sha256: sha256Hex(bytes) };
  }

  /** Opens a package for reading; `null` if it is not there. The caller closes it. */
  async open(attempt: string): Promise<FileHandle | null> {
    const path = this.#pathOf(attempt, PACKAGE);
    if (!(await fileExists(path))) return null;
    return open(path, 'r');
  }

  /** Bytes of the disk that are free. */
  freeBytes(): Promise<number> {
    return freeBytesAt(this.#directory);
  }

  /** Removes a package. */
  remove(attempt: string): Promise<void> {
    return removeFile(this.#pathOf(attempt, PACKAGE));
  }

  /** Removes all files but those of some attempts. */
  async sweep(attempts: ReadonlySet<string>): Promise<void> {
    for (const name of await readdir(this.#directory)) {
      const [attempt = '', ending] = name.split('.');
      if (attempts.has(attempt) && [PACKAGE, KEPT].includes(`.${String(ending)}`)) continue;
      await rm(join(this.#directory, name), { recursive: true, force: true });
    }
  }

  #pathOf(attempt: string, ending: string): string {
    return join(this.#directory, `${attempt}${ending}`);
  }
}
