import { readSync, writeSync, writevSync } from 'node:fs';

/** The most pieces that every system takes at once (`IOV_MAX` of Linux and macOS). */
const PIECES_AT_ONCE = 1024;

/**
 * Writes bytes to a place of an open file, all of them, without a change of the file's own position: any thread of the process may do so.
 *
 * @throws the error of the system, which the caller has the words for.
 */
export function writeAt(descriptor: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length;) {
    done += writeSync(descriptor, bytes, done, bytes.length - done, position + done);
  }
}

/**
 * Writes pieces to a place of an open file, one after another, with as few calls of the system as it takes.
 *
 * @throws the error of the system, which the caller has the words for.
 */
export function writePiecesAt(descriptor: number, pieces: readonly Uint8Array[], position: number): void {
  for (let first = 0, at = position; first < pieces.length; first += PIECES_AT_ONCE) {
    const some = pieces.slice(first, first + PIECES_AT_ONCE);
    const written = at + writevSync(descriptor, some, at);
    for (const piece of some) {
      // What the system did not take.
      const done = Math.min(Math.max(written - at, 0), piece.length);
      writeAt(descriptor, piece.subarray(done), at + done);
      at += piece.length;
    }
  }
}

/**
 * Reads bytes from a place of an open file until `target` is full or the file ends, and returns how many; otherwise as {@link writeAt}.
 *
 * @throws the error of the system, which the caller has the words for.
 */
export function readAt(descriptor: number, target: Uint8Array, position: number): number {
  let done = 0;
  while (done < target.length) {
    const count = readSync(descriptor, target, done, target.length - done, position + done);
    if (count === 0) break;
    done += count;
  }
  return done;
}
