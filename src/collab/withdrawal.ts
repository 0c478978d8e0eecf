import type { MemberSignature } from './signature.ts';

/** The statement of an owner that its earlier approvals of a template no longer count; its signature was verified. */
export interface Withdrawal {
  readonly member: string;
  /** Hash of the template; 64 hexadecimal digits. */
  readonly sha256: string;
  /** ISO 8601, UTC, with milliseconds: an approval counts only if it was made later. */
  readonly time: string;
}

/** The form of the time in approvals and withdrawals. All have one length, so they sort as text. */
export const TIME_TEXT = {
  pattern: /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/,
  words: 'a time in UTC with milliseconds, as `2026-01-31T12:00:00.000Z`',
};

/** The newest withdrawal of each member for each template, sorted. */
export function newestWithdrawals(withdrawals: readonly Withdrawal[]): readonly Withdrawal[] {
  const newest = new Map<string, Withdrawal>();
  for (const { member, sha256, time } of withdrawals) {
    const key = `${sha256} ${member}`;
    const known = newest.get(key);
    if (known === undefined || known.time < time) newest.set(key, Object.freeze({ member, sha256, time }));
  }
  return Object.freeze([...newest].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, withdrawal]) => withdrawal));
}

/** Whether a withdrawal ends an approval. One without a time is older than every withdrawal. */
export function isWithdrawn({ member, sha256, time }: MemberSignature, withdrawals: readonly Withdrawal[]): boolean {
  return withdrawals.some(
    (each) => each.member === member && each.sha256 === sha256 && (time === undefined || time <= each.time),
  );
}

/** The time of a new statement: now, or just after the statement that it has to follow. */
export function timeAfter(now: Date, earlier: string | undefined): string {
  const first = earlier === undefined ? 0 : Date.parse(earlier) + 1;
  return new Date(Math.max(now.getTime(), first)).toISOString();
}
