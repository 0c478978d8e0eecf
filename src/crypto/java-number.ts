/**
 * Formats numbers as Java does: its layout, and the fewest digits. Java before 19 prints more digits than needed for some.
 */

/** Digits `d1 d2 d3 …` for `d1.d2d3… × 10^exponent`, without trailing zeros. */
interface Digits {
  readonly digits: string;
  readonly exponent: number;
}

function parseExponential(text: string): Digits {
  const [mantissa = '', exponent = '0'] = text.split('e');
  return { digits: mantissa.replace('.', '').replace(/(?!^)0+$/u, ''), exponent: Number(exponent) };
}

/** The fewest digits of a positive double, as `Double.toString` chooses them. */
function doubleDigits(magnitude: number): Digits {
  const shortest = parseExponential(magnitude.toExponential());
  if (shortest.digits.length > 1) return shortest;
  // Java never gives fewer than two digits, and chooses the closest two: 4.9E-324, where JavaScript has 5e-324.
  const twoDigits = magnitude.toExponential(1);
  return Number(twoDigits) === magnitude ? parseExponential(twoDigits) : shortest;
}

/** Whether `magnitude` lies exactly between two decimals of `fractionDigits` digits after the first. */
function isHalfway(magnitude: number, fractionDigits: number): boolean {
  const [mantissa = ''] = magnitude.toExponential(50).split('e');
  return /^50*$/u.test(mantissa.slice(2 + fractionDigits));
}

/** The fewest digits of a positive binary32, as `Float.toString` chooses them: the closest, and the even one on a tie. */
function floatDigits(magnitude: number): Digits {
  for (let fractionDigits = 1; fractionDigits < 8; fractionDigits++) {
    const { digits, exponent } = parseExponential(magnitude.toExponential(fractionDigits));
    const closest = Number(digits.padEnd(fractionDigits + 1, '0'));
    const isOddTie = closest % 2 === 1 && isHalfway(magnitude, fractionDigits);
    // Floats are closer together below a power of two, so the closest decimal may be too low while the next one is not.
    for (const candidate of [isOddTie ? closest - 1 : closest, closest + 1]) {
      const text = `${candidate}e${exponent - fractionDigits}`;
      if (Math.fround(Number(text)) === magnitude) return parseExponential(Number(text).toExponential(fractionDigits));
    }
  }
  return parseExponential(magnitude.toExponential(8));
}

function layOut({ digits, exponent }: Digits): string {
  if (exponent < -3 || exponent >= 7) return `${digits.slice(0, 1)}.${digits.slice(1) || '0'}E${exponent}`;
  if (exponent < 0) return `0.${'0'.repeat(-exponent - 1)}${digits}`;
  return `${digits.slice(0, exponent + 1).padEnd(exponent + 1, '0')}.${digits.slice(exponent + 1) || '0'}`;
}

function format(value: number, digitsOf: (magnitude: number) => Digits): string {
  if (Number.isNaN(value)) return 'NaN';
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  const magnitude = Math.abs(value);
  if (magnitude === Infinity) return `${sign}Infinity`;
  return sign + (magnitude === 0 ? '0.0' : layOut(digitsOf(magnitude)));
}

/** Formats a DOUBLE: `100.0`, `1.0E7`, `4.9E-324`, `NaN`. */
//= format F-86
export function formatDouble(value: number): string {
  return format(value, doubleDigits);
}

/** Formats a FLOAT with the fewest digits for its width: `0.1`, `3.4028235E38`. `value` must be a binary32. */
//= format F-86
export function formatFloat(value: number): string {
  return format(value, floatDigits);
}
