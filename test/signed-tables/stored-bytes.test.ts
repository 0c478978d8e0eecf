import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ClientType, renderValue } from 'sealroom/crypto';
import { encodeNumber, encodeTime } from '#src/signed-tables/encodings';
import { parseStored } from '#src/signed-tables/parse-stored';
import { runs } from '../support/runs.ts';
import { SEED } from '../tabular/support.ts';

function hexOf(text: string, type: string): string | null {
  const bytes = parseStored(Buffer.from(text), type);
  return bytes === null ? null : Buffer.from(bytes).toString('hex');
}

describe('F-94 the text of a value gives the bytes of its type', () => {
  test.each([
    ['true', 'boolean', '01'],
    ['false', 'boolean', '00'],
    ['-32768', 'smallint', '8000'],
    ['7', 'int', '00000007'],
    ['9223372036854775807', 'bigint', '7fffffffffffffff'],
    ['1.0E10', 'double', '4202a05f20000000'],
    ['-0.0', 'double', '8000000000000000'],
    ['NaN', 'double', '7ff8000000000000'],
    ['-Infinity', 'float', 'ff800000'],
    ['0.1', 'float', '3dcccccd'],
    ['1970-01-02', 'date', '00000001'],
    ['1969-12-31', 'date', 'ffffffff'],
    ['2000-02-29', 'date', '00002b08'],
    ['0000-03-01', 'date', 'fff50594'],
    ['1970-01-01 00:00:00.000001', 'timestamp', '0000000000000000000003e8'],
    ['1969-12-31T23:59:59', 'timestamp', 'ffffffffffffffff00000000'],
    ['-0.07', 'decimal(3,2)', Buffer.from('-0.07').toString('hex')],
    ['0.00', 'decimal(3,2)', Buffer.from('0.00').toString('hex')],
    ['12', 'decimal(2,0)', Buffer.from('12').toString('hex')],
  ])('%s as %s', (text, type, hex) => {
    expect(hexOf(text, type)).toBe(hex);
  });
});

describe('F-94 what is no value of its type is none', () => {
  test.each([
    ['True', 'boolean'],
    ['', 'boolean'],
    ['01', 'int'],
    ['-0', 'int'],
    ['+1', 'int'],
    [' 1', 'int'],
    ['1.0', 'int'],
    ['32768', 'smallint'],
    ['9223372036854775808', 'bigint'],
    ['0x10', 'double'],
    ['', 'double'],
    ['1e', 'double'],
    ['inf', 'double'],
    ['1970-13-01', 'date'],
    ['1970-02-29', 'date'],
    ['1900-02-29', 'date'],
    ['1970-1-1', 'date'],
    ['9999999-01-01', 'date'],
    ['02000-01-01', 'date'],
    ['+2000-01-01', 'date'],
    ['+02000-01-01', 'date'],
    ['12000-01-01', 'date'],
    ['-0000-01-01', 'date'],
    ['-00001-01-01', 'date'],
    ['2000-01-01\n', 'date'],
    ['1970-01-01', 'timestamp'],
    ['1970-01-01 24:00:00', 'timestamp'],
    ['1970-01-01 00:00:60', 'timestamp'],
    ['1970-01-01 00:00:00.1234567890', 'timestamp'],
    ['1970-01-01 00:00:00Z', 'timestamp'],
    ['0.7', 'decimal(3,2)'],
    ['0.070', 'decimal(3,2)'],
    ['10.00', 'decimal(3,2)'],
    ['-0.00', 'decimal(3,2)'],
    ['00.07', 'decimal(3,2)'],
    ['.07', 'decimal(3,2)'],
    ['1'.repeat(500), 'decimal(38,0)'],
    ['\u{fffd}', 'int'],
  ])('%s as %s', (text, type) => {
    expect(parseStored(Buffer.from(text), type)).toBeNull();
  });
});

const i32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });

/** The bytes of a value, and those of the text that a CSV file has for it. */
function pairOf(type: ClientType, value: number | bigint, bytes: Uint8Array): [string, string | null] {
  return [Buffer.from(bytes).toString('hex'), hexOf(renderValue({ kind: type.kind, type, value }) ?? '', type.kind)];
}

describe('F-94 the text that is written for a value gives the bytes of the value', () => {
  const check = <Value>(values: fc.Arbitrary<Value>, pair: (value: Value) => [string, string | null]): void => {
    fc.assert(
      fc.property(values, (value) => {
        const [bytes, ofText] = pair(value);
        expect(ofText).toBe(bytes);
      }),
      { seed: SEED, numRuns: runs(2000) },
    );
  };

  test('of dates', () => {
    check(i32, (days) => {
      const bytes = Buffer.alloc(4);
      bytes.writeInt32BE(days);
      return pairOf({ kind: 'date' }, days, bytes);
    });
  });

  test('of timestamps from the year 1 on, in microseconds', () => {
    check(fc.bigInt({ min: -62_135_596_800_000_000n, max: 2n ** 63n - 1n }), (ticks) =>
      pairOf({ kind: 'timestamp', unit: 'us', utc: false }, ticks, encodeTime(ticks, 'us')),
    );
  });

  test('of numbers', () => {
    check(fc.double(), (value) => pairOf({ kind: 'double' }, value, encodeNumber(value, 'double')));
    check(fc.float(), (value) => pairOf({ kind: 'float' }, value, encodeNumber(value, 'float')));
  });
});
