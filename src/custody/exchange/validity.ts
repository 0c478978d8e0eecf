import { SealroomError } from '../../errors/index.ts';

/** How far the clock of a message's creator may be ahead, in ms. */
const MAX_SKEW_MS = 5 * 60 * 1000;

/** Milliseconds of a day. */
export const DAY_MS = 24 * 60 * 60 * 1000;

/** Most days for which a message can be valid. */
export const MAX_DAYS = 30;

/** When a message was created, and when it expires. */
interface Validity {
  readonly created: string;
  readonly expires: string;
}

/**
 * Refuses a message that is not valid at a time.
 *
 * @param what its name in errors, such as `the request`
 * @throws {SealroomError} CUSTODY_MESSAGE if it is expired, from the future, or valid for more than 30 days.
 */
export function requireValid({ created, expires }: Validity, now: Date, what: string): void {
  const [from, to, at] = [Date.parse(created), Date.parse(expires), now.getTime()];
  const refuse = (reason: string, hint: string): SealroomError =>
    new SealroomError('CUSTODY_MESSAGE', `${what} ${reason}`, { hint });
  //= exchange E-4
  if (!(from < to && to - from <= MAX_DAYS * DAY_MS)) {
    throw refuse(`must expire within ${String(MAX_DAYS)} days of its creation`, 'ask for a new one');
  }
  if (at >= to) throw refuse(`expired on ${expires}`, 'start again with `sealroom key request`');
  if (at < from - MAX_SKEW_MS)
    throw refuse(`was made in the future: ${created}`, 'compare the clocks of both machines');
}
