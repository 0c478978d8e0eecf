import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fitsDecimal, formatDecimal, parseDecimal } from 'sealroom/crypto';
import { FIXED } from './support.ts';

function plain(text: string): string | null {
  const decimal = parseDecimal(text);
  return decimal === null ? null : formatDecimal(decimal);
}

describe('F-18 plain notation keeps all digits of the fraction', () => {
  test.each(['0', '0.42', '1.50', '-0.07', '0.00', '-12345.6789', '99999999999999999999999999999999999999'])(
    '%s',
    (text) => {
      expect(plain(text)).toBe(text);
    },
  );

  test.each([
    ['-0', '0'],
    ['-0.00', '0.00'],
    ['+7', '7'],
    ['007', '7'],
    ['.5', '0.5'],
    ['5.', '5'],
  ])('%s is written %s', (text, expected) => {
    expect(plain(text)).toBe(expected);
  });
});

describe('F-20 exponents are read', () => {
  test.each([
    ['1E-2', '0.01'],
    ['1E+2', '100'],
    ['1e2', '100'],
    ['1.50E1', '15.0'],
    ['-2.5E-3', '-0.0025'],
    ['0E+3', '0'],
  ])('%s is %s', (text, expected) => {
    expect(plain(text)).toBe(expected);
  });

  test.each(['', '.', '-', 'x', '1x', ' 1', '1 ', '1e', '1e+', '--1', '1.2.3', 'NaN', '٣'])(
    '%j is no decimal',
    (text) => {
      expect(parseDecimal(text)).toBeNull();
    },
  );

  test.each(['1E16384', '1E-16384', '1E+999999999', '1E-2147483648'])(
    'an exponent that no cell could hold in plain form is refused: %s',
    (text) => {
      expect(parseDecimal(text)).toBeNull();
    },
  );
});

describe('F-19 precision and scale', () => {
  test('a number of more digits than the limit is none, however long it is, and costs no more than its length', () => {
    expect(parseDecimal('9'.repeat(16_383))).not.toBeNull();
    expect(parseDecimal('9'.repeat(16_384))).toBeNull();
    expect(parseDecimal(`0.${'0'.repeat(1000)}7`, 1)).toEqual({ unscaled: 7n, scale: 1001 });
    expect(parseDecimal('123', 2)).toBeNull();
    // As a BigInt, this number alone would take minutes.
    expect(parseDecimal('9'.repeat(5_000_000))).toBeNull();
    expect(parseDecimal('0'.repeat(1_000_000))).toEqual({ unscaled: 0n, scale: 0 });
  });

  test.each([
    ['123.45', 5, 2, true],
    ['123.45', 4, 2, false],
    ['1.234', 9, 2, false],
    ['1.2', 9, 2, true],
    ['123', 2, 2, false],
    ['0.00', 1, 2, true],
    ['0.00000000000000000001', 1, 20, true],
    ['1.5', 9, 0, false],
    ['15', 9, 0, true],
    ['1E+2', 9, 0, false],
    ['1E+2', 9, -2, true],
    ['1E+3', 9, -2, false],
    ['100', 9, -2, true],
  ])('%s in DECIMAL(%i, %i): %s', (text, precision, scale, fits) => {
    const decimal = parseDecimal(text) ?? { unscaled: 0n, scale: 0 };
    expect(fitsDecimal(decimal, precision, scale)).toBe(fits);
  });
});

test('any decimal reads back as it was written', () => {
  fc.assert(
    fc.property(fc.bigInt(), fc.integer({ min: 0, max: 60 }), (unscaled, scale) => {
      expect(parseDecimal(formatDecimal({ unscaled, scale }))).toEqual({ unscaled, scale });
    }),
    FIXED,
  );
});
