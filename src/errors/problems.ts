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
