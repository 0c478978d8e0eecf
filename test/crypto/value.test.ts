import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  canonicalBytes,
  decodeValue,
  encodeNull,
  encodeValue,
  fingerprintBytes,
  fingerprintMessage,
  typeByteOf,
} from 'sealroom/crypto';
import type { ClientType, ClientValue, DecodedValue } from 'sealroom/crypto';
import { typedValuesAndNulls } from './arbitraries.ts';
import {
  bytesOfHex,
  FINGERPRINT_VECTORS,
  hexOf,
  kindOf,
  rejectedCases,
  SEALED_VECTORS,
  typeOf,
  valueOf,
} from './c3r-vectors.ts';
import { codeOf, errorOf, FIXED } from './support.ts';

const SHORT_SEALED = SEALED_VECTORS.filter(({ encoded_hex }) => encoded_hex !== null && encoded_hex !== '(long)');

function decode(hex: string): DecodedValue {
  return decodeValue(bytesOfHex(hex));
}

describe('encoded values of the reference client', () => {
  test.each(SHORT_SEALED)('$id $type', (vector) => {
    const { encoded_hex, value } = vector;
    const type = typeOf(vector);
    const kind = kindOf(vector);
    const encoded =
      type === null
        ? Uint8Array.of(typeByteOf(kind, true))
        : encodeValue({ type, value: value === null ? null : valueOf(kind, value) });
    expect(hexOf(encoded)).toBe(encoded_hex);
    expect(decodeValue(encoded)).toEqual({ kind, type, value: value === null ? null : valueOf(kind, value) });
  });
});

test('F-22 any value decodes to itself and its type', () => {
  fc.assert(
    fc.property(typedValuesAndNulls, ({ type, value }) => {
      const decoded = decodeValue(encodeValue({ type, value }));
      expect(decoded).toEqual({ kind: type.kind, type, value });
      expect(Object.is(decoded.value, value)).toBe(true);
    }),
    { ...FIXED, numRuns: 1000 },
  );
});

describe('F-22 nothing but a whole value is one', () => {
  test.each([
    ['an empty one', ''],
    ['type 0', '00'],
    ['type 0, null', '01'],
    ['type 13', '1a61'],
    ['a type byte over 7f', '8261'],
    ['INT of three bytes', '12010203'],
    ['INT of five bytes', '120102030405'],
    ['SMALLINT of one byte', '1401'],
    ['BIGINT of seven bytes', '0400000000000001'],
    ['BIGINT of nine bytes', '04000000000000000001'],
    ['BOOLEAN without a value', '06'],
    ['BOOLEAN of two bytes', '060101'],
    ['DATE of two bytes', '0a0001'],
    ['DOUBLE of four bytes', '0e00000000'],
    ['FLOAT of two bytes', '100000'],
    ['TIMESTAMP cut short', '16010000000000000000'],
    ['TIMESTAMP too long', '160100000000000000000000000100'],
  ])('refuses %s', (_, hex) => {
    expect(codeOf(() => decode(hex))).toBe('FORMAT_VALUE');
  });
});

describe('F-23 encoded nulls', () => {
  test.each([
    ['03', { kind: 'string', type: { kind: 'string' }, value: null }],
    ['0d', { kind: 'decimal', type: null, value: null }],
    ['0d0000000900000002', { kind: 'decimal', type: { kind: 'decimal', precision: 9, scale: 2 }, value: null }],
    ['17', { kind: 'timestamp', type: null, value: null }],
    ['170000000002', { kind: 'timestamp', type: { kind: 'timestamp', unit: 'ns', utc: false }, value: null }],
    ['19', { kind: 'varchar', type: null, value: null }],
    ['190000001e', { kind: 'varchar', type: { kind: 'varchar', maxLength: 30 }, value: null }],
  ])('%s has its metadata or none', (hex, expected) => {
    expect(decode(hex)).toEqual(expected);
  });

  test.each(['0361', '0700', '1300000001', '0d00000009', '1701', '170100000003', '19000000'])(
    'refuses a null with other bytes behind it: %s',
    (hex) => {
      expect(codeOf(() => decode(hex))).toBe('FORMAT_VALUE');
    },
  );

  test('are written with the metadata', () => {
    const type: ClientType = { kind: 'decimal', precision: 9, scale: 2 };
    expect(encodeValue({ type, value: null })).toEqual(encodeNull(type));
  });
});

test('F-11 text is not normalised, and an unpaired surrogate is refused', () => {
  expect(hexOf(canonicalBytes({ kind: 'string' }, 'é'))).toBe('c3a9');
  expect(hexOf(canonicalBytes({ kind: 'string' }, 'e\u0301'))).toBe('65cc81');
  expect(hexOf(canonicalBytes({ kind: 'char' }, '\uFEFFa\0 '))).toBe('efbbbf610020');
  for (const kind of ['string', 'char'] as const) {
    expect(codeOf(() => canonicalBytes({ kind }, 'a\uD800'))).toBe('DATA_ENCODING');
    expect(codeOf(() => fingerprintBytes({ kind }, '\uDC00a'))).toBe('DATA_ENCODING');
  }
});

test('F-12 malformed text is refused, or opens with U+FFFD if it is read leniently', () => {
  const opened = { '02c328ff': '\uFFFD(\uFFFD', '0280': '\uFFFD', '08c3': '\uFFFD', '18000000ff61c3': 'a\uFFFD' };
  for (const [hex, text] of Object.entries(opened)) {
    expect(codeOf(() => decode(hex))).toBe('FORMAT_VALUE');
    expect(decodeValue(bytesOfHex(hex), { lenientCells: true }).value).toBe(text);
  }
  expect(decode('02efbbbf61').value).toBe('\uFEFFa');
});

describe('F-13 the maximum of a VARCHAR counts UTF-16 units', () => {
  test.each(rejectedCases('seal').filter(({ type }) => type === 'VARCHAR'))('refuses $what', (vector) => {
    expect(
      codeOf(() => canonicalBytes({ kind: 'varchar', maxLength: vector.max_length ?? 0 }, vector.value ?? '')),
    ).toBe('DATA_VALUE');
  });

  test('an emoji is two', () => {
    expect(hexOf(encodeValue({ type: { kind: 'varchar', maxLength: 2 }, value: '😀' }))).toBe('1800000002f09f9880');
    expect(decode('1800000002f09f9880').value).toBe('😀');
    expect(codeOf(() => decode('1800000001f09f9880'))).toBe('FORMAT_VALUE');
  });

  test('the maximum must be there', () => {
    expect(codeOf(() => decode('1861'))).toBe('FORMAT_VALUE');
    expect(codeOf(() => decode('18ffffffff'))).toBe('FORMAT_VALUE');
  });
});

test('F-14 integers have the width of their type', () => {
  expect(hexOf(encodeValue({ type: { kind: 'smallint' }, value: -32_768 }))).toBe('148000');
  expect(hexOf(encodeValue({ type: { kind: 'int' }, value: 2_147_483_647 }))).toBe('127fffffff');
  expect(hexOf(encodeValue({ type: { kind: 'bigint' }, value: -1n }))).toBe('04ffffffffffffffff');
});

test('F-15 a boolean is 00 or 01', () => {
  expect(decode('0600').value).toBe(false);
  expect(decode('0601').value).toBe(true);
  expect(codeOf(() => decode('0602'))).toBe('FORMAT_VALUE');
});

test('F-16 a date is days since 1970-01-01', () => {
  expect(hexOf(encodeValue({ type: { kind: 'date' }, value: -719_162 }))).toBe('0afff506c6');
});

test('F-17 floats are IEEE 754, big-endian', () => {
  expect(hexOf(encodeValue({ type: { kind: 'float' }, value: 0.1 }))).toBe('103dcccccd');
  expect(hexOf(encodeValue({ type: { kind: 'double' }, value: 0.1 }))).toBe('0e3fb999999999999a');
});

describe('F-18 decimals', () => {
  test('are written in plain notation whatever the notation given', () => {
    const type: ClientType = { kind: 'decimal', precision: 9, scale: 2 };
    expect(hexOf(encodeValue({ type, value: '42E-2' }))).toBe('0c0000000900000002302e3432');
  });

  test.each(rejectedCases('seal').filter(({ type, precision }) => type === 'DECIMAL' && precision !== null))(
    'F-19 refuses $what',
    ({ precision, scale, value }) => {
      const type: ClientType = { kind: 'decimal', precision: precision ?? 0, scale: scale ?? 0 };
      expect(codeOf(() => canonicalBytes(type, value ?? ''))).toBe('DATA_VALUE');
    },
  );

  test.each([
    ['no metadata', '0c31'],
    ['half the metadata', '0c0000000931'],
    ['no digits', '0c0000000300000001'],
    ['letters', '0c000000030000000178'],
    ['more digits than its precision', '0c00000001000000003132'],
    ['more digits after the point than its scale', '0c0000000500000001312e3235'],
  ])('F-19 refuses a cell with %s', (_, hex) => {
    expect(codeOf(() => decode(hex))).toBe('FORMAT_VALUE');
  });

  test('F-20 a cell may have an exponent', () => {
    expect(decode('0c0000000900000002' + hexOf(Buffer.from('1E-2'))).value).toBe('0.01');
    expect(decode('0c00000009fffffffe' + hexOf(Buffer.from('1E+2'))).value).toBe('100');
  });
});

describe('F-21 timestamps', () => {
  test.each([
    ['unit 3', '1601000000030000000000000001'],
    ['unit -1', '1601ffffffff0000000000000001'],
    ['utc 2', '1602000000000000000000000001'],
  ])('refuses %s', (_, hex) => {
    expect(codeOf(() => decode(hex))).toBe('FORMAT_VALUE');
  });

  test('have their unit and flag before the ticks', () => {
    const type: ClientType = { kind: 'timestamp', unit: 'ms', utc: true };
    expect(hexOf(encodeValue({ type, value: 1_234_567_890_123n }))).toBe('1601000000000000011f71fb04cb');
  });
});

describe('a value that is not one of its type is refused, and not echoed', () => {
  const cases: readonly (readonly [ClientType, ClientValue])[] = [
    [{ kind: 'string' }, 987_654],
    [{ kind: 'char' }, 987_654n],
    [{ kind: 'varchar', maxLength: 1 }, '987654'],
    [{ kind: 'smallint' }, 987_654],
    [{ kind: 'int' }, 98_765.4],
    [{ kind: 'int' }, 9_876_540_000],
    [{ kind: 'int' }, '987654'],
    [{ kind: 'date' }, -9_876_540_000],
    [{ kind: 'bigint' }, 987_654],
    [{ kind: 'bigint' }, 9_876_540_000_000_000_000n],
    [{ kind: 'boolean' }, 987_654],
    [{ kind: 'float' }, '987654'],
    [{ kind: 'double' }, 987_654n],
    [{ kind: 'decimal', precision: 3, scale: 0 }, '987654'],
    [{ kind: 'decimal', precision: 9, scale: 0 }, 987_654],
    [{ kind: 'decimal', precision: 9, scale: 0 }, '987654x'],
    [{ kind: 'timestamp', unit: 'ms', utc: true }, 987_654],
  ];

  test.each(cases)('%o: %s', (type, value) => {
    const error = errorOf(() => canonicalBytes(type, value));
    expect(error.code).toBe('DATA_VALUE');
    expect(error.message).not.toContain('9876');
  });
});

describe('F-26 what is hashed for a fingerprint', () => {
  const withValues = FINGERPRINT_VECTORS.filter(({ message_hex }) => message_hex !== null && message_hex !== '(long)');

  test.each(withValues)('$id $type', (vector) => {
    const type = typeOf(vector) ?? { kind: 'string' };
    expect(hexOf(fingerprintMessage(type, valueOf(kindOf(vector), vector.value ?? '')))).toBe(vector.message_hex);
  });

  test('has the type byte last, and integers widened', () => {
    expect(hexOf(fingerprintMessage({ kind: 'string' }, ''))).toBe('02');
    expect(hexOf(fingerprintMessage({ kind: 'smallint' }, -1))).toBe('ffffffffffffffff04');
    expect(codeOf(() => fingerprintMessage({ kind: 'smallint' }, 40_000))).toBe('DATA_VALUE');
    expect(codeOf(() => fingerprintMessage({ kind: 'double' }, 1))).toBe('DATA_TYPE');
  });
});
