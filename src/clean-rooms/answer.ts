import { isList, isRecord, quoteForMessage, SealroomError } from '../errors/index.ts';

/** An object in an answer of AWS Clean Rooms, as it was sent. */
export type AnswerObject = Readonly<Record<string, unknown>>;

/** The error for an answer that is not what the API promises. */
export function unexpectedAnswer(operation: string, what: string): SealroomError {
  return new SealroomError('IO_CLEAN_ROOMS', `AWS Clean Rooms: the answer to \`${operation}\` ${what}`, {
    hint: 'if it happens again, report it with the version of sealroom',
  });
}

/** Reads the values of an answer; each that is missing or of another kind is an error that names it. */
export class Answer {
  readonly #operation: string;
  readonly #object: AnswerObject;

  constructor(operation: string, value: unknown) {
    if (!isRecord(value)) throw unexpectedAnswer(operation, 'is not a JSON object');
    this.#operation = operation;
    this.#object = value;
  }

  /** The object itself. */
  get raw(): AnswerObject {
    return this.#object;
  }

  text(key: string): string {
    const value = this.#object[key];
    if (typeof value === 'string' && value !== '') return value;
    throw unexpectedAnswer(this.#operation, `has no text ${quoteForMessage(key)}`);
  }

  optionalText(key: string): string | null {
    const value = this.#object[key] ?? null;
    if (value === null || typeof value === 'string') return value;
    throw unexpectedAnswer(this.#operation, `has something else than a text in ${quoteForMessage(key)}`);
  }

  object(key: string): Answer {
    const value = this.#object[key];
    if (!isRecord(value)) throw unexpectedAnswer(this.#operation, `has no object ${quoteForMessage(key)}`);
    return new Answer(this.#operation, value);
  }

  optionalObject(key: string): Answer | null {
    return (this.#object[key] ?? null) === null ? null : this.object(key);
  }

  objects(key: string): readonly Answer[] {
    const value = this.#object[key];
    if (!isList(value)) throw unexpectedAnswer(this.#operation, `has no list ${quoteForMessage(key)}`);
    return value.map((item) => new Answer(this.#operation, item));
  }

  optionalObjects(key: string): readonly Answer[] {
    return (this.#object[key] ?? null) === null ? [] : this.objects(key);
  }

  texts(key: string): readonly string[] {
    const value = this.#object[key] ?? [];
    if (isList(value) && value.every((item) => typeof item === 'string')) return value;
    throw unexpectedAnswer(this.#operation, `has something else than texts in ${quoteForMessage(key)}`);
  }
}
