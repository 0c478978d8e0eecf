/** Why lines are left to the ordinary way of decryption, in words that follow a colon. */
const REASONS = {
  records: 'lines that are not regular',
  cells: 'cells or values that need a closer look',
  long: 'very long records',
  borders: 'line breaks in quotes',
  changed: 'a file that changed while it was read',
} as const;

/** Why lines are not opened. */
export type DeclineReason = keyof typeof REASONS;

/** All reasons, in an order that stays the same while a program runs. */
export const DECLINE_REASONS = Object.keys(REASONS) as readonly DeclineReason[];

/** Lines that are not opened: the whole table is left to the ordinary way. */
export interface DeclinedLines {
  readonly kind: 'declined';
  readonly reason: DeclineReason;
}

/** The outcome for lines that are not opened. */
export function declined(reason: DeclineReason): DeclinedLines {
  return { kind: 'declined', reason };
}

/** A reason in words. */
export function describeReason(reason: DeclineReason): string {
  return REASONS[reason];
}
