import { SealroomError } from './sealroom-error.ts';

const MAX_LISTED_PROBLEMS = 20;

function describeProblem({ message, where: { line, character } }: SealroomError): string {
  if (line === undefined || character === undefined) return `  ${message}`;
  return `  ${String(line)}:${String(character)}: ${message}`;
}

/** One error for several: code, message and place of the first; the others are listed in its hint, all are its cause. */
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

/** Every problem behind an error of this folder, in the order found: the error itself, or those that were joined in it. */
export function listProblems(error: SealroomError): readonly SealroomError[] {
  if (!(error.cause instanceof AggregateError)) return [error];
  return error.cause.errors.filter((problem) => problem instanceof SealroomError);
}

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
