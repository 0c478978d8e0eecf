/** A format of numbers such as `S9,999.99`. */
export interface NumberFormat {
  /** The format with `.` as the point and `,` between groups. */
  readonly format: string;
  /** Digits before and after the point. */
  readonly digits: number;
  readonly after: number;
}

const MOST_DIGITS = 38;

/** Reads a format of 9, 0, D or a point, G or commas, and S at one end; `null` if it is none. */
export function readNumberFormat(text: string): NumberFormat | null {
  const format = text.toUpperCase().replaceAll('D', '.').replaceAll('G', ',');
  const [, first, body = '', fraction = '', last] = /^(S?)([09]+(?:,[09]+)*)(?:\.([09]*))?(S?)$/u.exec(format) ?? [];
  if (first === undefined || (first !== '' && last !== '')) return null;
  const digits = body.replaceAll(',', '').length;
  return digits + fraction.length > MOST_DIGITS ? null : { format, digits, after: fraction.length };
}
