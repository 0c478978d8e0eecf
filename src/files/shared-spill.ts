import { randomBytes } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { SealroomError } from '../errors/index.ts';
import { readAt, writePiecesAt } from './positioned.ts';
import { CIPHER_BLOCK_BYTES, failAtTemporary, openUnnamedFile, spillCipher } from './spill-file.ts';

/** Bytes that are written to the file at once, roughly. */
const WRITTEN_BYTES = 1 << 20;
/** Bytes of an AES-256 key. */
const KEY_BYTES = 32;

/** What a thread needs to use a spill file of the process; it can be sent to any of them. */
export interface SharedSpill {
  readonly directory: string;
  readonly descriptor: number;
  readonly key: SharedArrayBuffer;
  /** The end of the file in bytes, of 64 bits. */
  readonly end: SharedArrayBuffer;
}

/** A spill file that all threads of the process write to and read from; otherwise as `SpillFile`. */
export class SharedSpillFile {
  readonly #file: FileHandle;
  readonly shared: SharedSpill;

  private constructor(directory: string, file: FileHandle) {
    this.#file = file;
    const key = new SharedArrayBuffer(KEY_BYTES);
    const fresh = randomBytes(KEY_BYTES);
    new Uint8Array(key).set(fresh);
    fresh.fill(0);
    this.shared = { directory, descriptor: file.fd, key, end: new SharedArrayBuffer(8) };
  }

  /** @throws {SealroomError} IO_WRITE if the directory cannot be written. */
  static async open(directory: string): Promise<SharedSpillFile> {
    return new SharedSpillFile(directory, await openUnnamedFile(directory));
  }

  /** Drops the file and wipes its key. No thread may use it any more. */
  async close(): Promise<void> {
    new Uint8Array(this.shared.key).fill(0);
    await this.#file.close();
  }
}

/**
 * Appends pieces to a spill file, one after another, and returns the place of the first.
 *
 * @throws {SealroomError} IO_WRITE if there is no room for them.
 */
export function appendToSpill(spill: SharedSpill, pieces: readonly Uint8Array[]): number {
  const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const room = Math.ceil(bytes / CIPHER_BLOCK_BYTES) * CIPHER_BLOCK_BYTES;
  // INVARIANT: no two calls get the same place, so no two bytes share key stream.
  const place = Number(Atomics.add(new BigInt64Array(spill.end), 0, BigInt(room)));
  const cipher = cipherAt(spill.key, place);
  let at = place;
  for (const some of groupPieces(pieces)) {
    const hidden = some.map((piece) => cipher.update(piece));
    try {
      writePiecesAt(spill.descriptor, hidden, at);
    } catch (error) {
      return failAtTemporary(spill.directory)(error);
    }
    for (const piece of hidden) {
      at += piece.length;
      release(piece);
    }
  }
  return place;
}

/** Consecutive pieces that are encrypted before they are written: of about {@link WRITTEN_BYTES} together. */
function* groupPieces(pieces: readonly Uint8Array[]): Generator<readonly Uint8Array[]> {
  let group: Uint8Array[] = [];
  let bytes = 0;
  for (const piece of pieces) {
    group.push(piece);
    bytes += piece.length;
    if (bytes < WRITTEN_BYTES) continue;
    yield group;
    group = [];
    bytes = 0;
  }
  yield group;
}

/**
 * Reads bytes of a spill file from any place on into `target`.
 *
 * @throws {SealroomError} IO_READ if the file was cut short.
 */
export function readFromSpill(spill: SharedSpill, place: number, target: Uint8Array): void {
  const skipped = place % CIPHER_BLOCK_BYTES;
  if (readAt(spill.descriptor, target, place) < target.length) {
    throw new SealroomError('IO_READ', 'a temporary file was cut short');
  }
  const cipher = cipherAt(spill.key, place - skipped);
  // Key stream alone, which would open what is there.
  cipher.update(new Uint8Array(skipped)).fill(0);
  const clear = cipher.update(target);
  target.set(clear);
  clear.fill(0);
  release(clear);
}

/** A port without another end, which drops what is sent to it; opened when it is first used. */
let nowhere: MessagePort | null = null;

/**
 * Gives the memory of a cipher's output back at once. The garbage collector would keep tens of megabytes of it in each thread. Its bytes
 * can no longer be read.
 */
function release({ buffer, byteLength }: Buffer): void {
  if (nowhere === null) {
    nowhere = new MessageChannel().port1;
    nowhere.close();
  }
  // Unless it is part of a larger buffer.
  if (buffer.byteLength === byteLength) nowhere.postMessage(null, [buffer as ArrayBuffer]);
}

/** {@link spillCipher} with a key in shared memory. */
function cipherAt(shared: SharedArrayBuffer, place: number): ReturnType<typeof spillCipher> {
  const key = new Uint8Array(shared).slice();
  try {
    return spillCipher(key, place);
  } finally {
    key.fill(0);
  }
}
