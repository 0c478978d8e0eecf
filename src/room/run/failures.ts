import type { BudgetChange } from '../../audit/index.ts';
import { type FailureKind, ProcessFailure } from '../../engine/index.ts';
import { SealroomError } from '../../errors/index.ts';

/** What to do about a result with more rows than a budget has left. */
const FEWER_ROWS =
  'ask for fewer rows, or wait until the budget is renewed; the attempt has cost one query and one row';

/** The error for a result that may not be released, which says only what the budgets say. */
export function tooManyRows(exhausted: readonly BudgetChange[]): SealroomError {
  const budgets = exhausted.map(
    ({ table, type, period, before }) => `\`${table}\` has left, ${String(before + 1)} (${type} ${period})`,
  );
  const message = `the result is not released: it has more rows than ${budgets.join(', and than ')}`;
  return new SealroomError('RULE_BUDGET', message, { hint: FEWER_ROWS });
}

/** Thrown if the room no longer has the manifest that the query was checked against. */
export class ManifestChanged extends Error {}

/** Why an allowed query did not start, for the audit record. */
export function refusalCodeOf(error: unknown): readonly [code: string, message: string] {
  if (error instanceof ManifestChanged) return ['MANIFEST_CHANGED', 'the manifest changed while the query waited'];
  if (failureKindOf(error) === 'ABORTED') return ['ABORTED', 'the caller stopped it before it ran'];
  return ['NOT_OPENED', 'the tables cannot be opened'];
}

/** The kind of a failure, for the audit record. */
export function failureKindOf(error: unknown): FailureKind {
  return error instanceof ProcessFailure ? error.kind : 'ENGINE';
}

/** The same message for every failure, because what went wrong may depend on the data. */
export function failed(attempt: string, error: unknown): SealroomError {
  return failureKindOf(error) === 'ABORTED' ? stopped() : notCompleted(attempt, error);
}

/** The error that an attempt ended with of whose failure only the code in its record is known. */
export function recordedFailure(attempt: string, code: string): SealroomError {
  switch (code) {
    case 'ABORTED':
      return stopped();
    case 'ROW_BUDGET':
      return new SealroomError('RULE_BUDGET', 'the result is not released: it has more rows than a budget has left', {
        hint: FEWER_ROWS,
      });
    case 'NOT_LOADED':
      return new SealroomError('QUERY_UNLOADED', 'a table of the query is not loaded into the room');
    default:
      return notCompleted(attempt);
  }
}

function stopped(): SealroomError {
  return new SealroomError('IO_ABORTED', 'stopped; no result was released');
}

function notCompleted(attempt: string, cause?: unknown): SealroomError {
  return new SealroomError('QUERY_FAILED', `the query could not be completed; its id is ${attempt}`, {
    hint: 'the operator of the room finds the kind of the failure under this id in the audit log',
    cause,
  });
}
