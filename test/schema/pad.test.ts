import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parsePad, parsePadLength } from 'sealroom/schema';
import { catchError } from './support.ts';

describe('pads', () => {
  test.each([
    [{ type: 'none' }, { kind: 'none' }],
    [{ type: 'NONE', length: null }, { kind: 'none' }],
    [
      { type: 'Fixed', length: 8 },
      { kind: 'fixed', lengthBytes: 8 },
    ],
    [
      { type: 'MAX', length: 0 },
      { kind: 'max', lengthBytes: 0 },
    ],
    [
      { type: 'max', length: '12', COMMENT: 'x' },
      { kind: 'max', lengthBytes: 12 },
    ],
  ])('F-73 reads %j', (json, pad) => {
    expect(parsePad(json)).toEqual(pad);
    expect(Object.isFrozen(parsePad(json))).toBe(true);
  });

  test.each([
    [undefined, '`pad`: expected an object, got nothing'],
    [null, '`pad`: expected an object, got null'],
    ['max', '`pad`: expected an object, got `max`'],
    [['max'], '`pad`: expected an object, got an array'],
    [{}, '`pad.type`: expected `none`, `fixed` or `max`, got nothing'],
    [{ length: 5 }, '`pad.type`: expected `none`, `fixed` or `max`, got nothing'],
    [{ type: 'pow2' }, '`pad.type`: expected `none`, `fixed` or `max`, got `pow2`'],
    [{ type: ' max ', length: 5 }, '`pad.type`: expected `none`, `fixed` or `max`, got ` max `'],
    [{ type: 'none', length: 0 }, '`pad.length` cannot be used with pad type `none`'],
    [{ type: 'fixed' }, '`pad.length`: expected an integer from 0 to 10000, got nothing'],
    [{ type: 'max', length: null }, '`pad.length`: expected an integer from 0 to 10000, got nothing'],
    [{ type: 'max', length: true }, '`pad.length`: expected an integer from 0 to 10000, got `true`'],
    [{ type: 'max', length: 12.5 }, '`pad.length`: expected an integer from 0 to 10000, got `12.5`'],
    [{ type: 'max', length: '12.5' }, '`pad.length`: expected an integer from 0 to 10000, got `12.5`'],
    [{ type: 'max', length: '' }, '`pad.length`: expected an integer from 0 to 10000, got ``'],
    [{ type: 'max', length: Infinity }, '`pad.length`: expected an integer from 0 to 10000, got `Infinity`'],
  ])('F-73 refuses %j', (json, message) => {
    expect(catchError(() => parsePad(json))).toMatchObject({ code: 'SCHEMA_INVALID', message });
  });

  test('F-46 a pad length lies in 0 to 10000, as number and as text', () => {
    fc.assert(
      fc.property(fc.integer({ min: -20_000, max: 20_000 }), (length) => {
        const isFine = length >= 0 && length <= 10_000;
        for (const given of [length, String(length)]) {
          if (isFine) expect(parsePadLength(given)).toBe(length);
          else expect(catchError(() => parsePadLength(given)).code).toBe('SCHEMA_INVALID');
        }
      }),
    );
  });

  test.each([0, 10_000])('F-46 accepts the bound %i', (length) => {
    expect(parsePadLength(length)).toBe(length);
  });

  test.each([-1, 10_001])('F-46 refuses %i', (length) => {
    expect(catchError(() => parsePadLength(length)).message).toContain(`got \`${String(length)}\``);
  });
});
