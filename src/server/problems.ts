import { type ErrorCode, SealroomError } from '../errors/index.ts';
import { toProblem } from '../wire/index.ts';

/** The codes of refusals that may be over by then, in seconds; those with status 429 and 503 after one second. */
const RETRY_AFTER: Partial<Record<ErrorCode, number>> = { AUTH_STALE: 1, AUTH_BUSY: 150 };

/** The error for what is not there, and for what is there for others: nobody can tell which. */
export function notFound(): SealroomError {
  return new SealroomError('SERVER_NOT_FOUND', 'there is nothing here, or nothing for you');
}

/**
 * Does what concerns nothing that a member sent: if it fails, that is told to the operator, and to members as an id, whatever the code.
 *
 * @param message what members are told
 * @throws {SealroomError} SERVER_INTERNAL; IO_LOCKED, which becomes SERVER_BUSY.
 */
export async function onOwnAccount<T>(message: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof SealroomError && error.code === 'IO_LOCKED') throw error;
    throw new SealroomError('SERVER_INTERNAL', message, { cause: error });
  }
}

/** The error as members are told it: a lock that another process holds is no failure. */
function toldOf(error: unknown): unknown {
  if (!(error instanceof SealroomError) || error.code !== 'IO_LOCKED') return clockToldOf(error);
  return new SealroomError('SERVER_BUSY', 'the room is being changed', { cause: error, hint: 'ask again in a second' });
}

/** An error as members are told it who cannot set the clock of the room: nothing is recorded until its operator has. */
export function clockToldOf(error: unknown): unknown {
  if (!(error instanceof SealroomError) || error.code !== 'IO_CLOCK') return error;
  return new SealroomError('SERVER_BUSY', 'the room waits until its operator has looked at its clock', {
    cause: error,
    hint: 'ask again later',
  });
}

/**
 * The answer to a request that failed (RFC 9457), which nobody may keep. Of the room's own failures it says nothing but an id.
 *
 * @param requestId a UUID
 */
export function answerProblem(error: unknown, requestId: string): Response {
  const problem = toProblem(toldOf(error), requestId);
  const { status, code } = problem;
  const seconds = RETRY_AFTER[code] ?? (status === 429 || status === 503 ? 1 : undefined);
  const later = seconds === undefined ? {} : { 'retry-after': String(seconds) };
  const headers = { 'content-type': 'application/problem+json', 'cache-control': 'no-store', ...later };
  return new Response(JSON.stringify(problem), { status, headers });
}

/** The code by which the operator knows a failure, also where members are told less. */
export function codeOf(error: unknown): ErrorCode {
  if (!(error instanceof SealroomError)) return 'SERVER_INTERNAL';
  return error.code === 'SERVER_INTERNAL' && error.cause instanceof SealroomError ? error.cause.code : error.code;
}
