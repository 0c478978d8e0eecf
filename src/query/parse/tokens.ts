import type { Dialect } from '../../collab/index.ts';

/** What a token is. `unknown`: a character, or a word that begins with a digit, that the dialect does not have. */
export type TokenKind =
  'space' | 'comment' | 'word' | 'name' | 'text' | 'number' | 'parameter' | 'operator' | 'sign' | 'unknown';

/** A part of a text; tokens follow each other without gaps. Places are in UTF-16 units. */
export interface Token {
  readonly kind: TokenKind;
  readonly start: number;
  readonly end: number;
  /** Whether a text, a name or a comment has its end. */
  readonly isClosed: boolean;
  /** How many comments the innermost one of a comment is in, itself included; 0 for other tokens. */
  readonly depth: number;
}

/** How a dialect writes its tokens. Each expression is sticky and takes a time that grows with what it matches. */
interface Lexis {
  readonly space: RegExp;
  readonly line: RegExp;
  readonly number: RegExp;
  readonly word: RegExp;
  readonly parameter: RegExp;
  readonly operator: RegExp;
  /** What a name can begin with; the same sign ends it, and stands for itself if it is doubled. */
  readonly quotes: string;
  /** What a text constant begins with, if a backslash takes away the meaning of what follows. */
  readonly escaped: RegExp | null;
  /** What a text constant begins with, if nothing has a meaning in it but its quotation mark. */
  readonly plain: RegExp;
  /** Whether two quotation marks in a plain constant stand for one. */
  readonly doubles: boolean;
}

const LEXES: Readonly<Record<Dialect, Lexis>> = {
  /** As Spark's lexer reads. Names can have letters of all scripts, as since Spark 4. */
  spark: {
    space: /\s+/uy,
    line: /--(?:\\\n|[^\n\r])*/uy,
    number:
      /(?:\d+\.\d*|\.\d+)(?:E[+-]?\d+)?(?:BD|[FD])?(?![\p{L}\p{N}_])|\d+(?:E[+-]?\d+(?:BD|[FD])?|BD|[LSYFD])?(?![\p{L}\p{N}_])/iuy,
    word: /[\p{L}\p{N}\p{M}_]+/uy,
    parameter: /[$:][\p{L}_][\p{L}\p{N}_]*|\$\d+/uy,
    operator: /<=>|>>>|[<>=!]=|<>|![<>]|\|[|>]|[-=]>|::|:=|<<|>>|[-+*/%<>=~&|^!?]/uy,
    quotes: '"`',
    escaped: /'/uy,
    plain: /r'/iuy,
    doubles: false,
  },
  /** As DuckDB's lexer reads: every character beyond ASCII is a letter, except some spaces. */
  duckdb: {
    space: /[\s\u200b-\u200d\u2060\ufeff]+/uy,
    line: /--[^\n\r]*/uy,
    number: /\d[\w.]*|\.\d\w*/uy,
    word: /(?!\s)[\p{L}_\u{80}-\u{10ffff}](?:(?!\s)[\w$\u{80}-\u{10ffff}])*/uy,
    parameter: /\$\w+/uy,
    operator: /::|:=|[<>=!|]+|[-~@#^&`?+*/%]/uy,
    quotes: '"',
    escaped: /e'/iuy,
    plain: /(?:[bxn]|u&)?'/iuy,
    doubles: true,
  },
};

const [SPACE, DASH, LAST_ASCII] = [0x20, 0x2d, 0x7f];
const SIGNS = '()[]{},;.:';
const COMMENT_MARK = /\/\*|\*\//gu;
const DOLLARS = /\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$/uy;

function lengthOf(pattern: RegExp | null, text: string, place: number): number {
  if (pattern === null) return 0;
  pattern.lastIndex = place;
  return pattern.exec(text)?.[0].length ?? 0;
}

interface End {
  readonly end: number;
  readonly isClosed: boolean;
  readonly depth?: number;
}

/** The end of what a sign closes, in which doubled signs and signs after a backslash may not end it. */
function endOfQuoted(text: string, place: number, quote: string, doubles: boolean, escapes: boolean): End {
  for (let index = place; index < text.length; index += 1) {
    const character = text[index];
    if (escapes && character === '\\') index += 1;
    else if (character !== quote) continue;
    else if (doubles && text[index + 1] === quote) index += 1;
    else return { end: index + 1, isClosed: true };
  }
  return { end: text.length, isClosed: false };
}

/** The end of a comment, which can contain others. */
function endOfComment(text: string, place: number): End {
  let [level, depth] = [0, 0];
  COMMENT_MARK.lastIndex = place;
  for (let mark = COMMENT_MARK.exec(text); mark !== null; mark = COMMENT_MARK.exec(text)) {
    level += mark[0] === '/*' ? 1 : -1;
    depth = Math.max(depth, level);
    if (level === 0) return { end: COMMENT_MARK.lastIndex, isClosed: true, depth };
  }
  return { end: text.length, isClosed: false, depth };
}

/** The end of a constant between two dollar signs, as only DuckDB has it; `null` if there is none. */
function endOfDollars(text: string, place: number): End | null {
  const length = lengthOf(DOLLARS, text, place);
  if (length === 0) return null;
  const end = text.indexOf(text.slice(place, place + length), place + length);
  return end === -1 ? { end: text.length, isClosed: false } : { end: end + length, isClosed: true };
}

/** A constant or a quoted name at a place. */
function quotedAt(text: string, place: number, lexis: Lexis): readonly [TokenKind, End] | null {
  const quote = text[place] ?? '';
  if (lexis.quotes.includes(quote)) return ['name', endOfQuoted(text, place + 1, quote, true, false)];
  const plain = lengthOf(lexis.plain, text, place);
  if (plain > 0) return ['text', endOfQuoted(text, place + plain, "'", lexis.doubles, false)];
  const escaped = lengthOf(lexis.escaped, text, place);
  if (escaped > 0) return ['text', endOfQuoted(text, place + escaped, "'", true, true)];
  const dollars = lexis === LEXES.duckdb && quote === '$' ? endOfDollars(text, place) : null;
  return dollars === null ? null : ['text', dollars];
}

/** What is tried where there is neither a space, a comment, a text nor a quoted name. */
const KINDS = ['number', 'word', 'parameter', 'operator'] as const;

function tokenAt(text: string, place: number, lexis: Lexis): readonly [TokenKind, End] {
  const closed = (length: number): End => ({ end: place + length, isClosed: true });
  const code = text.charCodeAt(place);
  const space = code <= SPACE || code > LAST_ASCII ? lengthOf(lexis.space, text, place) : 0;
  if (space > 0) return ['space', closed(space)];
  const line = code === DASH ? lengthOf(lexis.line, text, place) : 0;
  if (line > 0) return ['comment', closed(line)];
  if (text.startsWith('/*', place)) return ['comment', endOfComment(text, place)];
  const quoted = quotedAt(text, place, lexis);
  if (quoted !== null) return quoted;
  for (const kind of KINDS) {
    const length = lengthOf(lexis[kind], text, place);
    if (length > 0) return [kind === 'word' && /\p{N}/u.test(text[place] ?? '') ? 'unknown' : kind, closed(length)];
  }
  const character = String.fromCodePoint(text.codePointAt(place) ?? 0);
  return [SIGNS.includes(character) ? 'sign' : 'unknown', closed(character.length)];
}

/** Splits a text into tokens. Any text has them, and the time that it takes grows with the length of the text and no faster. */
export function tokenize(text: string, dialect: Dialect): readonly Token[] {
  const tokens: Token[] = [];
  const lexis = LEXES[dialect];
  for (let place = 0; place < text.length;) {
    const [kind, { end, isClosed, depth = 0 }] = tokenAt(text, place, lexis);
    tokens.push({ kind, start: place, end, isClosed, depth });
    place = end;
  }
  return tokens;
}
