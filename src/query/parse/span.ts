import type { Span } from '../findings/finding.ts';

const TOKEN =
  /(?:"(?:[^"]|"")*"|[\p{L}_][\p{L}\p{N}_$]*)(?:\s*\.\s*(?:"(?:[^"]|"")*"|[\p{L}_][\p{L}\p{N}_$]*|\*))*|\d[\w.]*|'(?:[^']|'')*'|\$\w+|[<>=!|]+|\S/uy;

/** Finds the tokens of a text by the byte offsets that the parser reports. */
export class TextIndex {
  readonly text: string;
  /** UTF-16 index by byte offset; `null` if the two are the same. */
  readonly #indexes: Uint32Array | null;

  constructor(text: string) {
    this.text = text;
    const bytes = new TextEncoder().encode(text).length;
    if (bytes === text.length) {
      this.#indexes = null;
      return;
    }
    this.#indexes = new Uint32Array(bytes + 1).fill(text.length);
    let byte = 0;
    let index = 0;
    for (const character of text) {
      const width = new TextEncoder().encode(character).length;
      this.#indexes.fill(index, byte, byte + width);
      byte += width;
      index += character.length;
    }
  }

  get whole(): Span {
    return { start: 0, end: this.text.length };
  }

  /** The token that starts at a byte offset: a name with its dots, a number, a text or an operator. */
  tokenAt(byteOffset: number): Span {
    const index = this.#indexes === null ? byteOffset : (this.#indexes[byteOffset] ?? this.text.length);
    const start = Math.min(index, this.text.length);
    TOKEN.lastIndex = start;
    const token = TOKEN.exec(this.text)?.[0] ?? '';
    return { start, end: start + token.length };
  }
}
