import type { Dialect } from '../../collab/index.ts';
import { type Token, type TokenKind, tokenize } from './tokens.ts';

/** The tokens of a text that mean something, without spaces and comments. */
export interface TokenReading {
  readonly text: string;
  readonly tokens: readonly Token[];
  /** All tokens. */
  readonly all: readonly Token[];
  /** The kind of a token; `null` outside of the text. */
  kind(index: number): TokenKind | null;
  /** The text of a token; empty outside of the text. */
  written(index: number): string;
  /** A token in capital letters if it is a word that can be a word of the language; otherwise an empty text. */
  word(index: number): string;
}

/** Splits a text into the tokens that mean something. */
export function readTokens(text: string, dialect: Dialect): TokenReading {
  const all = tokenize(text, dialect);
  const tokens = all.filter(({ kind }) => kind !== 'space' && kind !== 'comment');
  const texts = tokens.map(({ start, end }) => text.slice(start, end));
  // After a dot every word is a name.
  const words = texts.map((written, index) =>
    tokens[index]?.kind === 'word' && texts[index - 1] !== '.' ? written.toUpperCase() : '',
  );
  return {
    text,
    tokens,
    all,
    kind: (index) => tokens[index]?.kind ?? null,
    written: (index) => texts[index] ?? '',
    word: (index) => words[index] ?? '',
  };
}
