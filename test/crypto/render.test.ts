import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeValue, renderValue } from 'sealroom/crypto';
import type { TimestampUnit } from 'sealroom/crypto';
import { bytesOfHex, SEALED_VECTORS } from './c3r-vectors.ts';
import { FIXED } from './support.ts';

function render(hex: string): string | null {
  return renderValue(decodeValue(bytesOfHex(hex)));
}

function renderDate(days: number): string | null {
  return renderValue({ kind: 'date', type: { kind: 'date' }, value: days });
}

function renderTimestamp(value: bigint, unit: TimestampUnit, utc = true): string | null {
  return renderValue({ kind: 'timestamp', type: { kind: 'timestamp', unit, utc }, value });
}

function renderDouble(value: number): string | null {
  return renderValue({ kind: 'double', type: { kind: 'double' }, value });
}

function renderFloat(value: number): string | null {
  return renderValue({ kind: 'float', type: { kind: 'float' }, value: Math.fround(value) });
}

describe('texts of the reference client', () => {
  test.each(
    SEALED_VECTORS.filter(({ encoded_hex, decrypts_to_csv }) => {
      return encoded_hex !== null && encoded_hex !== '(long)' && decrypts_to_csv !== undefined;
    }),
  )('$id $type', ({ encoded_hex, decrypts_to_csv }) => {
    expect(render(encoded_hex ?? '')).toBe(decrypts_to_csv);
  });
});

test('F-83 integers, booleans and decimals are plain text', () => {
  expect(render('04ffffffffffffffff')).toBe('-1');
  expect(render('147fff')).toBe('32767');
  expect(render('1280000000')).toBe('-2147483648');
  expect(render('0600')).toBe('false');
  expect(render('0601')).toBe('true');
  expect(render('0c00000009fffffffd' + Buffer.from('1E+3').toString('hex'))).toBe('1000');
  expect(render('0c0000000900000002' + Buffer.from('1.50').toString('hex'))).toBe('1.50');
  expect(render('05')).toBeNull();
  expect(render('0d')).toBeNull();
});

describe('F-84 dates', () => {
  test.each([
    [0, '1970-01-01'],
    [-1, '1969-12-31'],
    [11_016, '2000-02-29'],
    [2_932_896, '9999-12-31'],
    [2_932_897, '+10000-01-01'],
    [-719_162, '0001-01-01'],
    [-719_163, '0000-12-31'],
    [-719_529, '-0001-12-31'],
    [2_147_483_647, '+5881580-07-11'],
    [-2_147_483_648, '-5877641-06-23'],
  ])('day %i is %s', (days, text) => {
    expect(renderDate(days)).toBe(text);
  });

  test('agree with Date', () => {
    fc.assert(
      fc.property(fc.integer({ min: -719_162, max: 2_932_896 }), (days) => {
        expect(renderDate(days)).toBe(new Date(days * 86_400_000).toISOString().slice(0, 10));
      }),
      FIXED,
    );
  });
});

describe('F-85 timestamps', () => {
  test.each<[bigint, TimestampUnit, string]>([
    [0n, 'ms', '1970-01-01 00:00:00.000000'],
    [-1n, 'ms', '1969-12-31 23:59:59.999000'],
    [-1n, 'us', '1969-12-31 23:59:59.999999'],
    [-1n, 'ns', '1969-12-31 23:59:59.999999'],
    [1_234_567_890_123_456_789n, 'ns', '2009-02-13 23:31:30.123456'],
    [253_402_300_800_000n, 'ms', '+10000-01-01 00:00:00.000000'],
    [-62_135_596_800_000n, 'ms', '0001-01-01 00:00:00.000000'],
    [-62_135_596_800_001n, 'ms', '0001-12-31 23:59:59.999000'],
    [-62_198_755_200_000n, 'ms', '0002-01-01 00:00:00.000000'],
    [9_223_372_036_854_775_807n, 'ms', '+292278994-08-17 07:12:55.807000'],
  ])('%d %s is %s', (ticks, unit, text) => {
    expect(renderTimestamp(ticks, unit)).toBe(text);
  });

  test('are rendered the same with and without a zone', () => {
    expect(renderTimestamp(1_651_621_275_300n, 'ms', false)).toBe('2022-05-03 23:41:15.300000');
    expect(renderTimestamp(1_651_621_275_300n, 'ms', true)).toBe('2022-05-03 23:41:15.300000');
  });
});

describe('F-86 floating-point numbers', () => {
  test.each([
    [0, '0.0'],
    [-0, '-0.0'],
    [Number.NaN, 'NaN'],
    [Infinity, 'Infinity'],
    [-Infinity, '-Infinity'],
    [100, '100.0'],
    [0.001, '0.001'],
    [0.000_99, '9.9E-4'],
    [1e-4, '1.0E-4'],
    [9_999_999.5, '9999999.5'],
    [1e7, '1.0E7'],
    [-123_456_789, '-1.23456789E8'],
    [1e21, '1.0E21'],
    [2e23, '2.0E23'],
    [5e-324, '4.9E-324'],
    [1e-323, '9.9E-324'],
    [2 ** -25, '2.9802322387695312E-8'],
    [2 ** -44, '5.684341886080802E-14'],
    [Number.MAX_VALUE, '1.7976931348623157E308'],
  ])('the DOUBLE %d is %s', (value, text) => {
    expect(renderDouble(value)).toBe(text);
  });

  test.each([
    [0.1, '0.1'],
    [-0, '-0.0'],
    [3.402_823_5e38, '3.4028235E38'],
    [1.4e-45, '1.4E-45'],
    [1e10, '1.0E10'],
    [16_777_216, '1.6777216E7'],
    [2_097_152.25, '2097152.2'],
    [2 ** -96, '1.2621775E-29'],
    [2 ** 87, '1.5474251E26'],
  ])('the FLOAT %d is %s', (value, text) => {
    expect(renderFloat(value)).toBe(text);
  });

  test('read back as the same number', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), fc.float({ noNaN: true }), (double, float) => {
        expect(Object.is(Number(renderDouble(double)), double)).toBe(true);
        expect(Object.is(Math.fround(Number(renderFloat(float))), float)).toBe(true);
      }),
      { ...FIXED, numRuns: 2000 },
    );
  });

  test('have no more digits than JavaScript needs', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true, min: 1e-300 }), (double) => {
        const digits = (text: string): string =>
          text
            .replace(/e.*/iu, '')
            .replace('.', '')
            .replace(/^0+|0+$/gu, '');
        expect(digits(renderDouble(double) ?? '')).toBe(digits(String(double)));
      }),
      { ...FIXED, numRuns: 1000 },
    );
  });
});
