import { readSync, writeSync } from 'node:fs';

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
