import { SealroomError } from './sealroom-error.ts';

const MAX_LISTED_PROBLEMS = 20;

function describeProblem({ message, where: { line, character } }: SealroomError): string {
  if (line === undefined || character === undefined) return `  ${message}`;
  return `  ${String(line)}:${String(character)}: ${message}`;
}

/** Joins several errors into one: code, message and place of the first, the others in its hint, and all of them as its cause. */
export function joinProblems(first: SealroomError, rest: readonly SealroomError[]): SealroomError {
  if (rest.length === 0) return first;
  const lines = rest.slice(0, MAX_LISTED_PROBLEMS).map(describeProblem);
  const unlisted = rest.length - lines.length;
  if (unlisted > 0) lines.push(`  and ${String(unlisted)} more`);
  const heading = rest.length === 1 ? 'one more problem:' : `${String(rest.length)} more problems:`;
  const hint = [...(first.hint === undefined ? [] : [first.hint]), heading, ...lines].join('\n');
  const cause = new AggregateError([first, ...rest]);
  return new SealroomError(first.code, first.message, { hint, where: first.where, cause });
}

/** The problems behind an error of this folder, in the order found: those that were joined in it, or the error itself. */
export function listProblems(error: SealroomError): readonly SealroomError[] {
  if (!(error.cause instanceof AggregateError)) return [error];
  return error.cause.errors.filter((problem) => problem instanceof SealroomError);
}

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
