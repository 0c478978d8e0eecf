import { isUtf8 } from 'node:buffer';

/** Bytes that are not UTF-8. */
export interface Utf8Fault {
  /** Number of line breaks before them in the bytes that were checked. */
  readonly linesBefore: number;
  /** The line that has them, as far as it is known. */
  readonly line: Uint8Array;
}

/** Checks that a stream of bytes is UTF-8, chunk by chunk; characters may span chunks. */
export class Utf8Check {
  #tail: Uint8Array = new Uint8Array(0);

  /**
   * Checks the next bytes. Returns `null` if they are well-formed, otherwise what is not.
   *
   * @param lineBreak the byte that ends a line
   */
  push(chunk: Uint8Array, lineBreak: number): Utf8Fault | null {
    let text = chunk;
    if (this.#tail.length > 0) {
      text = new Uint8Array(this.#tail.length + chunk.length);
      text.set(this.#tail);
      text.set(chunk, this.#tail.length);
    }
    const complete = text.subarray(0, completeLength(text));
    this.#tail = text.slice(complete.length);
    return isUtf8(complete) ? null : findFault(complete, lineBreak);
  }

  /** Ends the stream. Returns like `push`, for a character that is still incomplete. */
  end(): Utf8Fault | null {
    return this.#tail.length === 0 ? null : { linesBefore: 0, line: this.#tail };
  }
}

/** How many bytes of `text` can be checked: all but an incomplete character at its end. */
function completeLength(text: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, text.length); back++) {
    const byte = text[text.length - back] ?? 0;
    if (byte < 0x80) return text.length;
    if (byte >= 0xc0) return charLength(byte) > back ? text.length - back : text.length;
  }
  return text.length;
}

function charLength(lead: number): number {
  if (lead >= 0xf0) return 4;
  return lead >= 0xe0 ? 3 : 2;
}

function findFault(text: Uint8Array, lineBreak: number): Utf8Fault {
  let linesBefore = 0;
  let start = 0;
  for (;;) {
    const end = text.indexOf(lineBreak, start);
    const line = text.subarray(start, end === -1 ? text.length : end);
    if (end === -1 || !isUtf8(line)) return { linesBefore, line: line.slice() };
    linesBefore++;
    start = end + 1;
  }
}
