import type { Dialect } from '../../collab/index.ts';
import type { Span } from '../findings/finding.ts';
import { readTokens } from '../parse/reading.ts';

/** A token of SQL, without white space and comments. */
export interface SqlToken extends Span {
  readonly text: string;
  /** In upper case, for keywords; empty for texts and quoted names. */
  readonly word: string;
  /** How many parentheses it is in; a parenthesis itself is outside. */
  readonly depth: number;
}

/** The tokens of a text as its dialect writes them; it need not be valid SQL. */
export function tokensOf(text: string, dialect: Dialect): readonly SqlToken[] {
  let depth = 0;
  return readTokens(text, dialect).tokens.map(({ kind, start, end }) => {
    const token = text.slice(start, end);
    if (token === ')') depth -= 1;
    const read = { text: token, word: kind === 'word' ? token.toUpperCase() : '', depth, start, end };
    if (token === '(') depth += 1;
    return read;
  });
}

/** The clauses after FROM, in the order of SQL. */
const CLAUSES = ['WHERE', 'GROUP', 'HAVING', 'QUALIFY', 'WINDOW', 'ORDER', 'LIMIT', 'OFFSET', 'FETCH'] as const;

type Clause = (typeof CLAUSES)[number];

const SET_OPERATORS = ['UNION', 'INTERSECT', 'EXCEPT', 'MINUS'];

/** A SELECT within the tokens of a text: indexes of tokens. */
export class SelectText {
  readonly tokens: readonly SqlToken[];
  /** The index of SELECT. */
  readonly first: number;
  /** The index after its last token. */
  readonly end: number;
  readonly depth: number;

  constructor(tokens: readonly SqlToken[], first: number) {
    this.tokens = tokens;
    this.first = first;
    this.depth = tokens[first]?.depth ?? 0;
    const end = tokens.findIndex(
      ({ depth, word, text }, index) =>
        index > first &&
        (depth < this.depth || (depth === this.depth && (SET_OPERATORS.includes(word) || text === ';'))),
    );
    this.end = end < 0 ? tokens.length : end;
  }

  /** The innermost SELECT around a place, or `null`. */
  static around(tokens: readonly SqlToken[], offset: number): SelectText | null {
    let index = tokens.findLastIndex(({ start }) => start <= offset);
    let depth = tokens[index]?.depth ?? 0;
    for (; index >= 0; index -= 1) {
      const token = tokens[index];
      if (token === undefined) return null;
      if (token.depth < depth) depth = token.depth;
      if (token.word === 'SELECT' && token.depth <= depth) return new SelectText(tokens, index);
    }
    return null;
  }

  /** The index of a word of this SELECT itself, from an index on; `null` if it has none. */
  find(words: readonly string[], from = this.first): number | null {
    for (let index = from; index < this.end; index += 1) {
      const token = this.tokens[index];
      if (token?.depth === this.depth && words.includes(token.word)) return index;
    }
    return null;
  }

  /** The index of FROM; `null` without one. */
  get from(): number | null {
    return this.find(['FROM']);
  }

  /** The index after the last token before the first of some clauses, or of the SELECT. */
  endBefore(clauses: readonly Clause[]): number {
    return this.find(clauses, this.from ?? this.first) ?? this.end;
  }

  /** Where a text can be put behind the token before an index. */
  behind(index: number): number {
    return this.tokens[index - 1]?.end ?? 0;
  }

  /** The edit that adds terms to GROUP BY, which is written if there is none. */
  groupBy(terms: readonly string[]): { readonly span: Span; readonly text: string } {
    const later = CLAUSES.slice(CLAUSES.indexOf('HAVING'));
    const at = this.behind(this.endBefore(later));
    const hasGroups = this.find(['GROUP'], this.from ?? this.first) !== null;
    const lead = hasGroups ? ', ' : ' GROUP BY ';
    return { span: { start: at, end: at }, text: `${lead}${terms.join(', ')}` };
  }

  /** The index of the parenthesis that closes the one at an index; `null` if there is none. */
  closing(open: number): number | null {
    const depth = this.tokens[open]?.depth;
    const index = this.tokens.findIndex((token, at) => at > open && token.depth === depth && token.text === ')');
    return index < 0 ? null : index;
  }
}
