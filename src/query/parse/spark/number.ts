/** A number as DuckDB writes it, or what is wrong with it. */
export type NumberConstant = { readonly text: string } | { readonly problem: string };

/** The largest number of each type that a letter after whole numbers names. */
const LARGEST: Readonly<Record<string, bigint>> = { L: 2n ** 63n - 1n, S: 2n ** 15n - 1n, Y: 2n ** 7n - 1n };

const MAX_DIGITS = 38;

function floating(value: number): NumberConstant {
  return Number.isFinite(value) ? { text: value.toExponential() } : { problem: 'the number is too large' };
}

/** A number of Spark SQL in the notation of DuckDB, of the same kind: whole, decimal or floating point. */
export function readSparkNumber(written: string): NumberConstant {
  const [, digits = '', suffix = ''] = /^(.*?)(BD|[LSYFD]?)$/iu.exec(written) ?? [];
  const type = suffix.toUpperCase();
  const hasExponent = /e/i.test(digits);
  const largest = LARGEST[type];
  if (largest !== undefined)
    return BigInt(digits) > largest ? { problem: `the number is too large for the letter ${type}` } : { text: digits };
  if (type === 'D') return floating(Number(digits));
  if (type === 'F') return floating(Math.fround(Number(digits)));
  if (type === 'BD' && hasExponent) return { problem: 'a decimal number has no exponent' };
  const isLong = !hasExponent && digits.replace(/^0+|\./gu, '').length > MAX_DIGITS;
  return isLong ? { problem: `a number has at most ${String(MAX_DIGITS)} digits` } : { text: digits };
}
