import type { Dialect } from '../../collab/index.ts';
import { type Token, type TokenKind, tokenize } from './tokens.ts';

/** The tokens of a text that mean something, without spaces and comments. */
export interface Reading {
  readonly text: string;
  readonly tokens: readonly Token[];
  /** All tokens. */
  readonly all: readonly Token[];
  /** The kind of a token; `null` outside of the text. */
  kind(index: number): TokenKind | null;
  /** The text of a token; empty outside of the text. */
  written(index: number): string;
  /** A token in capital letters if it is a word, otherwise an empty text. */
  word(index: number): string;
}

/** Splits a text into the tokens that mean something. */
export function readTokens(text: string, dialect: Dialect): Reading {
  const all = tokenize(text, dialect);
  const tokens = all.filter(({ kind }) => kind !== 'space' && kind !== 'comment');
  const kind = (index: number): TokenKind | null => tokens[index]?.kind ?? null;
  const written = (index: number): string => {
    const token = tokens[index];
    return token === undefined ? '' : text.slice(token.start, token.end);
  };
  const word = (index: number): string => (kind(index) === 'word' ? written(index).toUpperCase() : '');
  return { text, tokens, all, kind, written, word };
}
