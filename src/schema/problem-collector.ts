import { joinProblems, SealroomError } from '../errors/index.ts';

/** Collects the problems of a schema, so that a reader can report all of them at once. */
export class ProblemCollector {
  readonly #problems: SealroomError[] = [];

  get count(): number {
    return this.#problems.length;
  }

  add(message: string, hint?: string): void {
    this.#problems.push(new SealroomError('SCHEMA_INVALID', message, { hint }));
  }

  /** What `read` returns, or `null` after recording its SealroomError under `label`, with `hint` if the error has none. */
  attempt<T>(label: string, read: () => T, hint?: string): T | null {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof SealroomError)) throw error;
      const message = `${label}: ${error.message}`;
      this.#problems.push(new SealroomError(error.code, message, { hint: error.hint ?? hint, cause: error.cause }));
      return null;
    }
  }

  /** @throws {SealroomError} all problems joined into one and placed in `file`, if there are any. */
  throwIfAny(file: string | undefined): void {
    const [first, ...rest] = this.#problems;
    if (first !== undefined) throw joinProblems(first, rest).at({ file });
  }
}
