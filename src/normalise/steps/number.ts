import { trimValue } from '../blanks.ts';

/** Longest number that is read, in characters. */
const MAX_NUMBER_LENGTH = 400;

/** What may stand between groups of three digits, besides the comma or point that is not the decimal one. */
const GAPS = " '\\u00A0\\u2009\\u2019\\u202F";

function patternOf(decimal: string, group: string): RegExp {
  // The same gap between all groups, and none of fewer digits.
  const grouped = `[1-9][0-9]{0,2}(?<gap>[${group}${GAPS}])[0-9]{3}(?:\\k<gap>[0-9]{3})*`;
  const whole = `(?<whole>[0-9]+|${grouped})?`;
  return new RegExp(
    `^(?<sign>[+\\-\\u2212])?${whole}(?:${decimal}(?<fraction>[0-9]*))?(?:[eE](?<power>[+-]?[0-9]{1,3}))?$`,
  );
}

/** The digits on both sides of a decimal point that is moved by `power` places to the right. */
function movePoint(whole: string, fraction: string, power: number): readonly [whole: string, fraction: string] {
  const digits = whole + fraction;
  const point = whole.length + power;
  if (point <= 0) return ['', '0'.repeat(-point) + digits];
  return [digits.slice(0, point).padEnd(point, '0'), digits.slice(point)];
}

/**
 * Reads numbers with a decimal point or comma.
 *
 * @returns a function from a text to the number with a decimal point, without needless zeros, plus sign, groups and exponent; or
 *   to `null` if it is no number.
 */
//= format F-113
export function numberReader(decimal: 'point' | 'comma'): (text: string) => string | null {
  const pattern = decimal === 'point' ? patternOf('\\.', ',') : patternOf(',', '.');
  return (text) => {
    const number = trimValue(text);
    const parts = number.length > MAX_NUMBER_LENGTH ? undefined : pattern.exec(number)?.groups;
    const { sign = '+', whole = '', fraction = '', power = '0' } = parts ?? {};
    if (whole === '' && fraction === '') return null;
    const [left, right] = movePoint(whole.replace(/[^0-9]+/g, ''), fraction, Number(power));
    const units = left.replace(/^0+/, '') || '0';
    const decimals = right.replace(/0+$/, '');
    const digits = decimals === '' ? units : `${units}.${decimals}`;
    return digits === '0' || sign === '+' ? digits : `-${digits}`;
  };
}
