import { describeValue, isList, isRecord, quoteForMessage } from '../errors/index.ts';
import type { DocumentValue } from './document.ts';
import type { DocumentPath, ManifestProblems } from './problems.ts';

/** What text must look like; `words` follow "expected". */
export interface TextForm {
  readonly pattern: RegExp;
  readonly words: string;
  /** Whether a message leaves out what was found, which may be a secret that was put there by mistake. */
  readonly hidden?: boolean;
}

/**
 * A value of a manifest on the way in: where it stands and what it should be. Every reader returns `null` after noting
 * what is wrong, so that reading goes on and all mistakes are found.
 */
export class Cursor {
  readonly path: DocumentPath;
  readonly problems: ManifestProblems;
  readonly #value: DocumentValue | undefined;

  constructor(value: DocumentValue | undefined, path: DocumentPath, problems: ManifestProblems) {
    this.#value = value;
    this.path = path;
    this.problems = problems;
  }

  /** Whether there is a value at all. */
  get isGiven(): boolean {
    return this.#value !== undefined;
  }

  /** The keys of an object; none for anything else. */
  get keys(): readonly string[] {
    return isRecord(this.#value) ? Object.keys(this.#value) : [];
  }

  /** Whether this is just the text. */
  is(text: string): boolean {
    return this.#value === text;
  }

  /** The text, or `null` if it is something else; notes nothing. */
  peekText(): string | null {
    return typeof this.#value === 'string' ? this.#value : null;
  }

  /** The object with all its keys but one; an empty one for anything else. */
  without(key: string): Readonly<Record<string, DocumentValue>> {
    const entries = isRecord(this.#value) ? Object.entries(this.#value) : [];
    return Object.fromEntries(entries.filter(([name]) => name !== key));
  }

  /** The value of a key. */
  at(key: string): Cursor {
    const value = this.#value;
    const inner = isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined;
    return new Cursor(inner, [...this.path, key], this.problems);
  }

  /** Notes a problem with this value. */
  refuse(message: string, hint?: string): null {
    this.problems.add(this.path, message, hint);
    return null;
  }

  /** Notes that this value asks for something that does not exist here, if it is given. */
  refuseUnsupported(what: string): void {
    if (this.isGiven) this.problems.addUnsupported(this.path, what);
  }

  #refuseKind(expected: string): null {
    return this.refuse(`expected ${expected}, got ${describeValue(this.#value)}`);
  }

  /** What is there instead of an object or an array; text is not repeated, because it may be a whole file of another kind. */
  #describeOther(): string {
    return typeof this.#value === 'string' ? 'text' : describeValue(this.#value);
  }

  /** Whether this is an object; keys of it that are not among `known` are noted. */
  object(known: readonly string[]): boolean {
    if (!isRecord(this.#value)) {
      this.refuse(`expected an object, got ${this.#describeOther()}`);
      return false;
    }
    for (const key of this.keys.filter((name) => !known.includes(name))) {
      this.at(key).refuse(`is unknown here: expected one of ${known.join(', ')}`, hintAtKey(key, known));
    }
    return true;
  }

  /** The items of an array, none if it is something else or has fewer than `minimum`. */
  items(minimum = 0): readonly Cursor[] {
    const value = this.#value;
    if (!isList(value)) {
      this.refuse(`expected an array, got ${this.#describeOther()}`);
      return [];
    }
    if (value.length < minimum) this.refuse(`expected at least ${minimum} item, got none`);
    return value.map((item, index) => new Cursor(item, [...this.path, index], this.problems));
  }

  text(form: TextForm): string | null {
    const value = this.#value;
    if (typeof value === 'string' && form.pattern.test(value)) return value;
    const got = typeof value === 'string' && form.hidden === true ? 'other text' : describeValue(value);
    return this.refuse(`expected ${form.words}, got ${got}`);
  }

  oneOf<const T extends string>(values: readonly T[]): T | null {
    const found = values.find((value) => value === this.#value);
    return found ?? this.#refuseKind(values.length > 1 ? `one of ${values.join(', ')}` : `\`${values.join('')}\``);
  }

  flag(): boolean | null {
    return typeof this.#value === 'boolean' ? this.#value : this.#refuseKind('true or false');
  }

  /** A whole number from `minimum` to `maximum`. */
  whole(minimum: number, maximum: number): number | null {
    const value = this.#value;
    if (typeof value === 'number' && Number.isInteger(value) && value >= minimum && value <= maximum) return value;
    return this.#refuseKind(`a whole number from ${minimum.toLocaleString('en')} to ${maximum.toLocaleString('en')}`);
  }

  /** A number over 0. */
  positive(): number | null {
    const value = this.#value;
    return typeof value === 'number' && value > 0 ? value : this.#refuseKind('a number over 0');
  }
}

const SECRET_WORDS = /secret|private|password|token/i;

function hintAtKey(key: string, known: readonly string[]): string | undefined {
  if (SECRET_WORDS.test(key)) return 'a manifest goes to every member and holds no secret: remove it';
  const plain = (name: string): string => name.replace(/^x-|[^a-z]/gi, '').toLowerCase();
  const similar = known.find((name) => plain(name) === plain(key) || plain(name) === `${plain(key)}s`);
  return similar === undefined ? undefined : `did you mean ${quoteForMessage(similar)}?`;
}

/** The items that are not `null`; for lists whose broken items have been noted. */
export function present<T>(items: readonly (T | null)[]): readonly T[] {
  return items.filter((item) => item !== null);
}

/**
 * The texts of an array, read by `read`; notes those that come twice.
 */
export function readUnique<T extends string>(
  cursor: Cursor,
  read: (item: Cursor) => T | null,
  minimum = 0,
): readonly T[] {
  const found: T[] = [];
  for (const item of cursor.items(minimum)) {
    const value = read(item);
    if (value === null) continue;
    if (found.includes(value)) item.refuse(`expected each item once, got ${quoteForMessage(value)} again`);
    else found.push(value);
  }
  return Object.freeze(found);
}
