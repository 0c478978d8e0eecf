import { MAX_DECIMAL_DIGITS, MAX_DECIMAL_ZEROS } from './limits.ts';

/** An exact decimal number: `unscaled × 10^-scale`. */
export interface Decimal {
  readonly unscaled: bigint;
  /** Digits after the point; negative for a multiple of a power of ten. */
  readonly scale: number;
}

const DECIMAL = /^([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]{1,10}))?$/u;

/**
 * Parses a decimal number, plain (`-0.07`) or with an exponent (`1E-2`); returns `null` if the text is not one.
 *
 * Exponents beyond ±16383 are `null` as well, since no cell holds such a number in plain form, and so is a number of too many digits.
 *
 * @param mostDigits digits of the unscaled value, leading zeros aside; never more than 16383
 */
//= format F-20
export function parseDecimal(text: string, mostDigits: number = MAX_DECIMAL_DIGITS): Decimal | null {
  const match = DECIMAL.exec(text);
  if (match === null) return null;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  const digits = whole + fraction;
  // A number of many digits is refused before it is computed.
  const significant = digits.replace(/^0+/u, '');
  const scale = fraction.length - Number(exponent);
  if (digits === '' || Math.abs(Number(exponent)) > MAX_DECIMAL_ZEROS) return null;
  //= format F-19
  if (significant.length > Math.min(mostDigits, MAX_DECIMAL_DIGITS)) return null;
  const magnitude = BigInt(significant);
  return { unscaled: sign === '-' ? -magnitude : magnitude, scale };
}

/** Plain notation with all digits of the fraction: `0.42`, `1.50`, `1000` for 1 × 10³. */
export function formatDecimal(decimal: Decimal): string {
  const { unscaled, scale } = decimal;
  const sign = unscaled < 0n ? '-' : '';
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString();
  if (scale <= 0) return unscaled === 0n ? '0' : sign + digits + '0'.repeat(-scale);
  const padded = digits.padStart(scale + 1, '0');
  return `${sign}${padded.slice(0, -scale)}.${padded.slice(-scale)}`;
}

/** Number of digits of the unscaled value; 0 has one. */
function countDigits(unscaled: bigint): number {
  return (unscaled < 0n ? -unscaled : unscaled).toString().length;
}

/** Whether a number fits in a column of type DECIMAL(precision, scale). */
export function fitsDecimal(decimal: Decimal, precision: number, scale: number): boolean {
  //= format F-19
  if (countDigits(decimal.unscaled) > precision) return false;
  if (scale > 0) return decimal.scale <= scale;
  if (scale < 0) return decimal.scale >= scale;
  return decimal.scale === 0;
}
