import { describeValue, didYouMean, isList, isRecord, quoteForMessage } from '../errors/index.ts';
import type { DocumentValue } from './document.ts';
import type { DocumentPath, ManifestProblems } from './problems.ts';

/** The form that text must have; `words` describe it after "expected". */
export interface TextForm {
  readonly pattern: RegExp;
  readonly words: string;
  /** Whether messages leave out the text, which may be a secret that was put there by mistake. */
  readonly hidden?: boolean;
}

/**
 * A value of a manifest that is being read, with its path. Every reader notes what is wrong and returns `null`, so that reading goes
 * on and all mistakes are found.
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

  /** Whether the value is present. */
  get isGiven(): boolean {
    return this.#value !== undefined;
  }

  /** The keys of an object; empty for anything else. */
  get keys(): readonly string[] {
    return isRecord(this.#value) ? Object.keys(this.#value) : [];
  }

  /** Whether the value equals a text, or `null`. */
  is(text: string | null): boolean {
    return this.#value === text;
  }

  /** The text, or `null` for anything else, without noting a problem. */
  peekText(): string | null {
    return typeof this.#value === 'string' ? this.#value : null;
  }

  /** The number, or `null` for anything else, without noting a problem. */
  peekNumber(): number | null {
    return typeof this.#value === 'number' ? this.#value : null;
  }

  /** The object without one of its keys; an empty object for anything else. */
  without(key: string): Readonly<Record<string, DocumentValue>> {
    const entries = isRecord(this.#value) ? Object.entries(this.#value) : [];
    return Object.fromEntries(entries.filter(([name]) => name !== key));
  }

  /** The object with those of its keys left out that are `null`, which tools write for what is absent; any other value as it is. */
  withoutNulls(keys: readonly string[]): Cursor {
    if (!isRecord(this.#value)) return this;
    const entries = Object.entries(this.#value).filter(([name, value]) => value !== null || !keys.includes(name));
    return new Cursor(Object.fromEntries(entries), this.path, this.problems);
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

  /** Notes, if the value is given, that this release does not support it. */
  refuseUnsupported(what: string): void {
    if (this.isGiven) this.problems.addUnsupported(this.path, what);
  }

  #refuseKind(expected: string, hint?: string): null {
    return this.refuse(`expected ${expected}, got ${describeValue(this.#value)}`, hint);
  }

  /** Describes what was found instead of an object or an array. Text is not quoted, because it may be a whole file of another kind. */
  #describeOther(): string {
    return typeof this.#value === 'string' ? 'text' : describeValue(this.#value);
  }

  /** Whether the value is an object; also notes its keys that are not in `known`. */
  object(known: readonly string[]): boolean {
    if (!isRecord(this.#value)) {
      this.refuse(`expected an object, got ${this.#describeOther()}`);
      return false;
    }
    for (const key of this.keys.filter((name) => !known.includes(name))) {
      this.at(key).refuse(`unknown key, expected one of ${known.join(', ')}`, hintAtKey(key, known));
    }
    return true;
  }

  /** The items of an array; notes a problem if it is something else or has fewer items than `minimum`. */
  items(minimum = 0): readonly Cursor[] {
    const value = this.#value;
    if (!isList(value)) {
      this.refuse(`expected an array, got ${this.#describeOther()}`);
      return [];
    }
    if (value.length < minimum) this.refuse(`expected at least ${minimum} item, got 0`);
    return value.map((item, index) => new Cursor(item, [...this.path, index], this.problems));
  }

  text(form: TextForm): string | null {
    const value = this.#value;
    if (typeof value === 'string' && form.pattern.test(value)) return value;
    const isHidden = typeof value === 'string' && form.hidden === true;
    return this.refuse(`expected ${form.words}${isHidden ? '' : `, got ${describeValue(value)}`}`);
  }

  oneOf<const T extends string>(values: readonly T[]): T | null {
    const value = this.#value;
    const found = values.find((known) => known === value);
    if (found !== undefined) return found;
    const words = values.length > 1 ? `one of ${values.join(', ')}` : `\`${values.join('')}\``;
    return this.#refuseKind(words, typeof value === 'string' ? didYouMean(value, values) : undefined);
  }

  flag(): boolean | null {
    return typeof this.#value === 'boolean' ? this.#value : this.#refuseKind('true or false');
  }

  /** A whole number from `minimum` to `maximum`. */
  whole(minimum: number, maximum: number): number | null {
    const value = this.#value;
    if (typeof value === 'number' && Number.isInteger(value) && value >= minimum && value <= maximum) return value;
    const range = `a whole number from ${minimum.toLocaleString('en')} to ${maximum.toLocaleString('en')}`;
    return this.#refuseKind(minimum === maximum ? `\`${minimum}\`` : range);
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
  return didYouMean(key, known);
}

/** The items that are not `null`, for lists whose broken items have been noted. */
export function present<T>(items: readonly (T | null)[]): readonly T[] {
  return items.filter((item) => item !== null);
}

/** The texts of an array, read with `read`; notes those that are listed twice. */
export function readUnique<T extends string>(
  cursor: Cursor,
  read: (item: Cursor) => T | null,
  minimum = 0,
): readonly T[] {
  const found: T[] = [];
  for (const item of cursor.items(minimum)) {
    const value = read(item);
    if (value === null) continue;
    if (found.includes(value)) item.refuse(`${quoteForMessage(value)} is listed twice`);
    else found.push(value);
  }
  return Object.freeze(found);
}
