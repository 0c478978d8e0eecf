import { optionalNumber, optionalText } from './json.ts';
import type { Members } from './json.ts';

/**
 * Whether a case seals a null under pad `max` in a column without any value: C3R pads it to the pad length alone, if it
 * has room there.
 */
export function isMaximumOfNulls(vector: Members): boolean {
  if (optionalText(vector, 'pad_type') !== 'max' || (optionalNumber(vector, 'max_value_length') ?? 0) !== 0)
    return false;
  return optionalText(vector, 'value') === null && optionalText(vector, 'value_repeat') === null;
}

/**
 * Whether C3R refused a null, or a short value, for a pad `max` that had not seen the column's longest value yet: with the
 * maximum of the whole column there is room.
 */
export function isEarlyMaximum(message: string, padOfTarget: (targetHeader: string) => string | null): boolean {
  const [, target] = /No room for padding! Target padding length is \d+ bytes but message is already/.test(message)
    ? (/target column `([^`]*)`/.exec(message) ?? [])
    : [];
  return target !== undefined && padOfTarget(target) === 'max';
}
