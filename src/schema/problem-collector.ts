import { joinProblems, SealroomError } from '../errors/index.ts';

/** Collects what is wrong with a schema, so that a reader can go on and report all of it. */
export class ProblemCollector {
  readonly #problems: SealroomError[] = [];

  get count(): number {
    return this.#problems.length;
  }

  add(message: string, hint?: string): void {
    this.#problems.push(new SealroomError('SCHEMA_INVALID', message, { hint }));
  }

  /** What `read` returns, or `null` after noting its `SealroomError` under `label`, with `hint` unless it has its own. */
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

  /** @throws {SealroomError} the problems joined into one, placed in `file`, if there are any. */
  throwIfAny(file: string | undefined): void {
    const [first, ...rest] = this.#problems;
    if (first !== undefined) throw joinProblems(first, rest).at({ file });
  }
}
