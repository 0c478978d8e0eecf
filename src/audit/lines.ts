import type { FileHandle } from 'node:fs/promises';
import { MAX_RECORD_BYTES } from './audit-record.ts';

const CHUNK_BYTES = 256 * 1024;
const LINE_BREAK = 0x0a;

/** One line of a file. */
export interface Line {
  /** Its bytes without the line break. A line that is too long for a record is cut to just over the maximum length. */
  readonly bytes: Uint8Array;
  /** Position in the file after the line and its line break. */
  readonly end: number;
  /** Whether it has a line break; only the last line can lack one. */
  readonly isComplete: boolean;
}

/**
 * The lines of a file from one position to another, using memory for one line.
 *
 * @param stop where to stop, even in the middle of a line, or the end of the file if that comes first
 */
export async function* readLines(file: FileHandle, start: number, stop = Infinity): AsyncGenerator<Line> {
  // Not a Buffer, because slices of a Buffer are not copies.
  const chunk = new Uint8Array(CHUNK_BYTES);
  let position = start;
  let parts: Uint8Array[] = [];
  let kept = 0;
  let length = 0;
  const keep = (bytes: Uint8Array): void => {
    const part = bytes.slice(0, Math.max(MAX_RECORD_BYTES + 1 - kept, 0));
    parts.push(part);
    kept += part.length;
    length += bytes.length;
  };
  const take = (): Uint8Array => {
    const bytes = new Uint8Array(Buffer.concat(parts));
    parts = [];
    kept = 0;
    length = 0;
    return bytes;
  };
  for (;;) {
    const { bytesRead } = await file.read(chunk, 0, Math.min(CHUNK_BYTES, stop - position), position);
    if (bytesRead === 0) break;
    let from = 0;
    for (;;) {
      const to = chunk.subarray(0, bytesRead).indexOf(LINE_BREAK, from);
      if (to < 0) break;
      keep(chunk.subarray(from, to));
      from = to + 1;
      yield { bytes: take(), end: position + from, isComplete: true };
    }
    keep(chunk.subarray(from, bytesRead));
    position += bytesRead;
  }
  if (length > 0) yield { bytes: take(), end: position, isComplete: false };
}
