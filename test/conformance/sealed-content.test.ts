// What may be in an authentic cell (F-9 to F-23, F-39): cells made by hand, since no function of the product seals such a
// thing.
import {
  createKernel,
  deriveSealingRoot,
  fingerprintTypeByte,
  openCell,
  parseSharedSecret,
  renderValue,
  sealCell,
} from 'sealroom/crypto';
import { describe, expect, test } from 'vitest';
import { KERNEL_NAMES } from './kit/case.ts';
import { makeCell, payloadOf, SALT, SECRET } from './made-cell.ts';

const REFUSED: readonly (readonly [what: string, encoded: string])[] = [
  ['a null with a byte behind it', '0300'],
  ['type 0', '0061'],
  ['type 0 as a null', '01'],
  ['type 13', '1a61'],
  ['a negative type', '8261'],
  ['a BIGINT of 7 bytes', '0400000000000001'],
  ['a BIGINT of 9 bytes', '04000000000000000001'],
  ['a BOOLEAN of 02', '0602'],
  ['a DECIMAL of letters', '0c0000000900000002616263'],
  ['a DECIMAL with too many decimals', '0c0000000900000002312e323334'],
  ['a DECIMAL with too many digits', '0c0000000200000002313233'],
  ['a DECIMAL without metadata', '0c'],
  ['a null DECIMAL with half its metadata', '0d00000009'],
  ['a TIMESTAMP of unit 3', '1601000000030000000000000001'],
  ['a TIMESTAMP of unit -1', '1601ffffffff0000000000000001'],
  ['a TIMESTAMP whose UTC flag is 2', '1602000000000000000000000001'],
  ['a VARCHAR longer than its maximum', '18000000026162' + '63'],
];

const OPENED: readonly (readonly [what: string, encoded: string, text: string | null])[] = [
  ['a DECIMAL with a negative exponent', '0c0000000900000002' + Buffer.from('1E-2').toString('hex'), '0.01'],
  ['a DECIMAL with a positive exponent', '0c00000009fffffffe' + Buffer.from('1E+2').toString('hex'), '100'],
  ['a DECIMAL with all its digits', '0c0000000900000002' + Buffer.from('1.50').toString('hex'), '1.50'],
  ['a null DECIMAL with metadata', '0d0000000900000002', null],
  ['a null DECIMAL without', '0d', null],
  ['a null TIMESTAMP with metadata', '170100000001', null],
  ['a null VARCHAR without', '19', null],
  ['an emoji in a VARCHAR of 2', '1800000002f09f9880', '😀'],
  ['a CHAR with blanks and NULs', '0820612000', ' a \0'],
  ['a DATE beyond four digits', '0a002cc0a1', '+10000-01-01'],
  ['a TIMESTAMP before 1970, cut towards the past', '160000000002ffffffffffffffff', '1969-12-31 23:59:59.999999'],
  ['a DOUBLE', '0e4197d78400000000', '1.0E8'],
];

describe.each(KERNEL_NAMES.map((name) => createKernel(name)))('kernel $name', (kernel) => {
  const open = (encoded: string, zeros: number, lenientCells = false): string | null => {
    using root = deriveSealingRoot(parseSharedSecret(SECRET), SALT);
    const opened = openCell(kernel, root, makeCell('02:enc:', payloadOf(encoded, zeros)), { lenientCells });
    return opened.kind === 'sealed' ? renderValue(opened.value) : opened.text;
  };

  test.each(REFUSED)('F-22 refuses %s', (_what, encoded) => {
    expect(() => open(encoded, 0)).toThrow(expect.objectContaining({ code: 'FORMAT_VALUE' }));
    expect(() => open(encoded, 9)).toThrow(expect.objectContaining({ code: 'FORMAT_VALUE' }));
  });

  test.each(OPENED)('F-22 opens %s', (_what, encoded, text) => {
    expect(open(encoded, 0)).toBe(text);
    expect(open(encoded, 9)).toBe(text);
  });

  test('F-12 opens text that is not UTF-8 as C3R does if asked to, and refuses it otherwise', () => {
    expect(open('02c328ff', 9, true)).toBe('\ufffd(\ufffd');
    expect(() => open('02c328ff', 9)).toThrow(expect.objectContaining({ code: 'FORMAT_VALUE' }));
  });

  // What the compiler refuses, a caller without it must be refused too: C3R refuses the first three.
  test.each<[string, object, unknown]>([
    ['a DECIMAL without precision', { kind: 'decimal', scale: 1 }, '1.5'],
    ['a TIMESTAMP without unit', { kind: 'timestamp', utc: true }, 1n],
    ['a TIMESTAMP without UTC flag', { kind: 'timestamp', unit: 'ms' }, 1n],
    ['a VARCHAR without maximum', { kind: 'varchar' }, 'abc'],
    ['an unknown type', { kind: 'unknown' }, 'abc'],
  ])('F-10 seals nothing of %s', (_what, type, value) => {
    using root = deriveSealingRoot(parseSharedSecret(SECRET), SALT);
    const target = { targetHeader: 'a', padTargetBytes: null };
    const seal = (): unknown => Reflect.apply(sealCell, undefined, [kernel, root, target, { type, value }]);
    expect(seal).toThrow(expect.objectContaining({ code: 'DATA_TYPE' }));
    expect(() => void Reflect.apply(fingerprintTypeByte, undefined, [type])).toThrow(
      expect.objectContaining({ code: 'DATA_TYPE' }),
    );
  });
});
