import type { Dialect } from '../../collab/index.ts';
import type { Span } from '../findings/finding.ts';
import { Rewriting } from './rewriting.ts';
import { type Token, tokenize } from './tokens.ts';

/** UTF-16 index by byte offset; `null` if the two are the same. */
function indexesOf(text: string): Uint32Array | null {
  const bytes = new TextEncoder().encode(text).length;
  if (bytes === text.length) return null;
  const indexes = new Uint32Array(bytes + 1).fill(text.length);
  let byte = 0;
  let index = 0;
  for (const character of text) {
    const width = new TextEncoder().encode(character).length;
    indexes.fill(index, byte, byte + width);
    byte += width;
    index += character.length;
  }
  return indexes;
}

/** Finds the tokens of a text by the byte offsets that the parser reports, which are those of the text that it reads instead. */
export class TextIndex {
  readonly text: string;
  readonly #tokens: readonly Token[];
  readonly #read: Rewriting;
  readonly #indexes: Uint32Array | null;

  /** @param read what the parser reads; the text itself if it is left out */
  constructor(text: string, dialect: Dialect, read: Rewriting = new Rewriting(text, [])) {
    this.text = text;
    this.#tokens = tokenize(text, dialect);
    this.#read = read;
    this.#indexes = indexesOf(read.text);
  }

  get whole(): Span {
    return { start: 0, end: this.text.length };
  }

  /** The token that starts at a byte offset of what the parser reads: a name with its dots, a number, a text or an operator. */
  tokenAt(byteOffset: number): Span {
    const index = this.#indexes === null ? byteOffset : (this.#indexes[byteOffset] ?? this.#read.text.length);
    const start = Math.min(this.#read.originOf(index), this.text.length);
    const at = this.#indexOf(start);
    const token = this.#tokens[at];
    if (token === undefined || token.kind === 'space') return { start, end: start };
    return { start, end: isName(token) ? this.#endOfName(at) : token.end };
  }

  /** The index of the token that a place is in. */
  #indexOf(place: number): number {
    let [low, high] = [0, this.#tokens.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#tokens[middle]?.end ?? 0) <= place) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The end of a name with what follows after dots. */
  #endOfName(first: number): number {
    const solid = (from: number): number => (this.#tokens[from]?.kind === 'space' ? from + 1 : from);
    let last = first;
    for (;;) {
      const dot = solid(last + 1);
      const next = solid(dot + 1);
      const token = this.#tokens[next];
      if (!this.#is(dot, '.') || token === undefined) break;
      if (!isName(token) && !this.#is(next, '*')) break;
      last = next;
    }
    return this.#tokens[last]?.end ?? this.text.length;
  }

  #is(index: number, sign: string): boolean {
    const token = this.#tokens[index];
    return token !== undefined && this.text.slice(token.start, token.end) === sign;
  }
}

function isName({ kind }: Token): boolean {
  return kind === 'word' || kind === 'name';
}
