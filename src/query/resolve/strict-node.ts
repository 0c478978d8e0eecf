import type { Span } from '../findings/finding.ts';
import type { Findings } from '../findings/finding.ts';
import type { Json } from '../parse/json.ts';
import type { TextIndex } from '../parse/span.ts';
import { isList, isRecord, quoteForMessage } from '../../errors/index.ts';

/** What the parser writes where a node has no place of its own. */
const NO_PLACE = '18446744073709551615';

/** The most levels of nodes: far below what recursion and the engine can take. */
const MAX_DEPTH = 120;

/** The most values of a list, and the most outputs of a SELECT, stars counted as what they stand for. */
export const MAX_LIST = 1000;

/** The state of one walk: the text, and what was found so far. */
export interface Walk {
  readonly index: TextIndex;
  readonly found: Findings;
}

/**
 * Reads a node of the parser's tree field by field. Every field must be asked for: {@link close} makes a finding of what was
 * not, so that a field nobody thought of is never ignored.
 */
export class StrictNode {
  readonly walk: Walk;
  /** Where the node is in the text; that of the node around it if it has no place of its own. */
  readonly span: Span;
  readonly #record: Readonly<Record<string, Json>>;
  readonly #read = new Set<string>();
  readonly #depth: number;

  constructor(walk: Walk, value: Json | undefined, around: Span, depth = 0) {
    this.walk = walk;
    this.#depth = depth;
    const hasFields = isRecord(value);
    this.#record = hasFields && depth <= MAX_DEPTH ? value : {};
    const place = this.#record['query_location'];
    this.#read.add('query_location');
    this.span = typeof place === 'string' && place !== NO_PLACE ? walk.index.tokenAt(Number(place)) : around;
    if (depth > MAX_DEPTH) {
      walk.found.add('TOO_LARGE', around, `expected at most ${String(MAX_DEPTH)} levels, got more`);
    } else if (!hasFields) this.#refuse('a node', 'something else');
  }

  /** Whether the node lies so deep that it is refused unread. */
  get isTooDeep(): boolean {
    return this.#depth > MAX_DEPTH;
  }

  #refuse(expected: string, got: string): void {
    if (this.isTooDeep) return;
    this.walk.found.add('UNSUPPORTED_NODE', this.span, `expected ${expected}, got ${got}`);
  }

  #take(name: string): Json | undefined {
    this.#read.add(name);
    return this.#record[name];
  }

  /** Whether a field is there at all. */
  has(name: string): boolean {
    return this.#record[name] !== undefined;
  }

  text(name: string): string {
    const value = this.#take(name);
    if (typeof value === 'string') return value;
    this.#refuse(`a text in \`${name}\``, 'something else');
    return '';
  }

  flag(name: string): boolean {
    const value = this.#take(name);
    if (typeof value === 'boolean') return value;
    this.#refuse(`true or false in \`${name}\``, 'something else');
    // The value that is refused wherever flags matter.
    return true;
  }

  list(name: string): readonly Json[] {
    const value = this.#take(name);
    if (isList(value)) return value;
    this.#refuse(`a list in \`${name}\``, 'something else');
    return [];
  }

  texts(name: string): readonly string[] {
    const values = this.list(name);
    const texts = values.filter((value) => typeof value === 'string');
    if (texts.length < values.length) this.#refuse(`texts in \`${name}\``, 'something else');
    return texts;
  }

  /** A value that may be left out: `null` then. */
  optional(name: string): Json | null {
    return this.#take(name) ?? null;
  }

  /** A node that may be left out: `null` then. */
  optionalNode(name: string): StrictNode | null {
    return this.isGiven(name) ? this.node(name) : null;
  }

  node(name: string): StrictNode {
    return new StrictNode(this.walk, this.#take(name), this.span, this.#depth + 1);
  }

  nodes(name: string): readonly StrictNode[] {
    return this.list(name).map((value) => new StrictNode(this.walk, value, this.span, this.#depth + 1));
  }

  /** A field that must be one of a few words; `null`, with a finding, if it is another one. */
  word<Word extends string>(name: string, words: readonly Word[]): Word | null {
    const value = this.text(name);
    const word = words.find((known) => known === value);
    if (word !== undefined) return word;
    this.#refuse(`something known in \`${name}\``, quoteForMessage(value));
    return null;
  }

  /** Fields that must be empty: null, false, an empty text, list or object of one. A finding for each that is not. */
  empty(...names: readonly string[]): void {
    for (const name of names) {
      if (!isEmpty(this.#take(name))) this.#refuse(`nothing in \`${name}\``, 'something');
    }
  }

  /** Whether a field is there and not empty; for fields that have a finding of their own. */
  isGiven(name: string): boolean {
    return !isEmpty(this.#take(name));
  }

  /** Fields whose content is of no matter, because the node is refused anyhow. */
  skipAll(): void {
    for (const name of Object.keys(this.#record)) this.#read.add(name);
  }

  close(): void {
    //= rules R-2
    for (const name of Object.keys(this.#record)) {
      if (!this.#read.has(name)) this.#refuse('no such field', quoteForMessage(name));
    }
  }
}

function isEmpty(value: Json | undefined): boolean {
  if (value === undefined || value === null || value === false || value === '') return true;
  return isList(value) && value.length === 0;
}

/** A name as DuckDB compares it: ASCII capitals do not count. */
export function foldName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
