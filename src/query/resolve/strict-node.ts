import type { Span } from '../findings/finding.ts';
import type { Findings } from '../findings/finding.ts';
import type { Json } from '../parse/json.ts';
import type { TextIndex } from '../parse/span.ts';
import { isList, isRecord, quoteForMessage } from '../../errors/index.ts';

/** The location that the parser gives to a node that has none. */
const NO_PLACE = '18446744073709551615';

/** The maximum depth of nested nodes, far below what recursion and the engine can take. */
const MAX_DEPTH = 120;

/** The maximum number of values in a list, and of outputs in a SELECT, where a star counts as the columns that it selects. */
export const MAX_LIST = 1000;

/** The state of one walk: the text, and the findings so far. */
export interface Walk {
  readonly index: TextIndex;
  readonly found: Findings;
}

/**
 * Reads a node of the parser's tree field by field. Every field must be read: {@link close} reports those that were not, so
 * that an unknown field is never ignored.
 */
export class StrictNode {
  readonly walk: Walk;
  /** Where the node is in the text; if the parser does not say, where the node around it is. */
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
      walk.found.add('TOO_LARGE', around, `the query is nested more than ${String(MAX_DEPTH)} levels deep`);
    } else if (!hasFields) this.#refuse('this part of the query is not supported');
  }

  /** Whether the node is nested so deeply that it is refused unread. */
  get isTooDeep(): boolean {
    return this.#depth > MAX_DEPTH;
  }

  #refuse(message: string): void {
    if (this.isTooDeep) return;
    this.walk.found.add('UNSUPPORTED_NODE', this.span, message);
  }

  #refuseField(name: string): void {
    this.#refuse(`this form of \`${name}\` is not supported`);
  }

  #take(name: string): Json | undefined {
    this.#read.add(name);
    return this.#record[name];
  }

  /** Whether the node has a field. */
  has(name: string): boolean {
    return this.#record[name] !== undefined;
  }

  text(name: string): string {
    const value = this.#take(name);
    if (typeof value === 'string') return value;
    this.#refuseField(name);
    return '';
  }

  flag(name: string): boolean {
    const value = this.#take(name);
    if (typeof value === 'boolean') return value;
    this.#refuseField(name);
    // The value that is refused wherever a flag matters.
    return true;
  }

  list(name: string): readonly Json[] {
    const value = this.#take(name);
    if (isList(value)) return value;
    this.#refuseField(name);
    return [];
  }

  texts(name: string): readonly string[] {
    const values = this.list(name);
    const texts = values.filter((value) => typeof value === 'string');
    if (texts.length < values.length) this.#refuseField(name);
    return texts;
  }

  /** A value, or `null` if it is missing. */
  optional(name: string): Json | null {
    return this.#take(name) ?? null;
  }

  /** A node, or `null` if it is missing. */
  optionalNode(name: string): StrictNode | null {
    return this.isGiven(name) ? this.node(name) : null;
  }

  node(name: string): StrictNode {
    return new StrictNode(this.walk, this.#take(name), this.span, this.#depth + 1);
  }

  nodes(name: string): readonly StrictNode[] {
    return this.list(name).map((value) => new StrictNode(this.walk, value, this.span, this.#depth + 1));
  }

  /** The nodes of a field that is a list of lists. */
  nodeLists(name: string): readonly (readonly StrictNode[])[] {
    return this.list(name).map((values) => {
      if (!isList(values)) this.#refuseField(name);
      const nodes = isList(values) ? values : [];
      return nodes.map((value) => new StrictNode(this.walk, value, this.span, this.#depth + 1));
    });
  }

  /** A field that must be one of a few words; anything else is reported and gives `null`. */
  word<Word extends string>(name: string, words: readonly Word[]): Word | null {
    const value = this.text(name);
    const word = words.find((known) => known === value);
    if (word !== undefined) return word;
    this.#refuse(`${quoteForMessage(value)} is not supported as \`${name}\``);
    return null;
  }

  /** Reports each of these fields that is not empty: null, false, an empty text or an empty list. */
  empty(...names: readonly string[]): void {
    for (const name of names) {
      if (!isEmpty(this.#take(name))) this.#refuse(`\`${name}\` is not supported here`);
    }
  }

  /** Whether a field is present and not empty; for fields with a specific finding. */
  isGiven(name: string): boolean {
    return !isEmpty(this.#take(name));
  }

  /** Marks all fields as read, because the node is refused anyway. */
  skipAll(): void {
    for (const name of Object.keys(this.#record)) this.#read.add(name);
  }

  close(): void {
    //= rules R-2
    for (const name of Object.keys(this.#record)) {
      if (!this.#read.has(name)) this.#refuse(`${quoteForMessage(name)} is not supported`);
    }
  }
}

function isEmpty(value: Json | undefined): boolean {
  if (value === undefined || value === null || value === false || value === '') return true;
  return isList(value) && value.length === 0;
}

/** A name in the form in which DuckDB compares names: ASCII letters in lower case. */
export function foldName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
