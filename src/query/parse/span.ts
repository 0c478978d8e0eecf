import type { Dialect } from '../../collab/index.ts';
import type { Span } from '../findings/finding.ts';
import { Rewriting } from './rewriting.ts';
import { type Token, tokenize } from './tokens.ts';

/** UTF-16 index by byte offset; `null` if the two are the same. */
function indexesOf(text: string): Uint32Array | null {
  const encoder = new TextEncoder();
  const bytes = encoder.encode(text).length;
  if (bytes === text.length) return null;
  const indexes = new Uint32Array(bytes + 1).fill(text.length);
  let byte = 0;
  let index = 0;
  for (const character of text) {
    const width = encoder.encode(character).length;
    indexes.fill(index, byte, byte + width);
    byte += width;
    index += character.length;
  }
  return indexes;
}

/** Finds the tokens of a text by the byte offsets that the parser reports, which are those of the text that it reads instead. */
export class TextIndex {
  readonly text: string;
  readonly #dialect: Dialect;
  readonly #read: Rewriting;
  #lookup: { readonly tokens: readonly Token[]; readonly indexes: Uint32Array | null } | null = null;

  /** @param read what the parser reads; the text itself if it is left out */
  constructor(text: string, dialect: Dialect, read: Rewriting = new Rewriting(text, [])) {
    this.text = text;
    this.#dialect = dialect;
    this.#read = read;
  }

  get whole(): Span {
    return { start: 0, end: this.text.length };
  }

  /** The token that starts at a byte offset of what the parser reads: a name with its dots, a number, a text or an operator. */
  tokenAt(byteOffset: number): Span {
    // A text that is too long is never looked into.
    this.#lookup ??= { tokens: tokenize(this.text, this.#dialect), indexes: indexesOf(this.#read.text) };
    const { tokens, indexes } = this.#lookup;
    const index = indexes === null ? byteOffset : (indexes[byteOffset] ?? this.#read.text.length);
    const start = Math.min(this.#read.originOf(index), this.text.length);
    const at = indexOf(tokens, start);
    const token = tokens[at];
    if (token === undefined || token.kind === 'space') return { start, end: start };
    return { start, end: isName(token) ? this.#endOfName(tokens, at) : token.end };
  }

  /** The end of a name with what follows after dots. */
  #endOfName(tokens: readonly Token[], first: number): number {
    const solid = (from: number): number => (tokens[from]?.kind === 'space' ? from + 1 : from);
    let last = first;
    for (;;) {
      const dot = solid(last + 1);
      const next = solid(dot + 1);
      const token = tokens[next];
      if (!this.#is(tokens[dot], '.') || token === undefined) break;
      if (!isName(token) && !this.#is(token, '*')) break;
      last = next;
    }
    return tokens[last]?.end ?? this.text.length;
  }

  #is(token: Token | undefined, sign: string): boolean {
    return token !== undefined && this.text.slice(token.start, token.end) === sign;
  }
}

function isName({ kind }: Token): boolean {
  return kind === 'word' || kind === 'name';
}

/** The index of the token that a place is in. */
function indexOf(tokens: readonly Token[], place: number): number {
  let [low, high] = [0, tokens.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((tokens[middle]?.end ?? 0) <= place) low = middle + 1;
    else high = middle;
  }
  return low;
}
