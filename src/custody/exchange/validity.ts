import { SealroomError } from '../../errors.ts';

/** How far the clock of whoever made a message may be ahead. */
const MAX_SKEW_MS = 5 * 60 * 1000;

/** Milliseconds of a day. */
export const DAY_MS = 24 * 60 * 60 * 1000;

/** Days that a message can count for at most. */
export const MAX_DAYS = 30;

/** When something was made, and when it ceases to count. */
interface Validity {
  readonly created: string;
  readonly expires: string;
}

/**
 * Refuses what does not count at a time.
 *
 * @param what such as `the request`
 * @throws {SealroomError} CUSTODY_MESSAGE if it is expired, of the future, or would count for longer than 30 days.
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
