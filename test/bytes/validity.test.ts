import fc from 'fast-check';
import { expect, test } from 'vitest';
import { countNulls, isValid, sliceValidity } from '#src/bytes/validity';

const bitmaps = fc.uint8Array({ minLength: 1, maxLength: 40 });

test('nulls are those rows whose bit is 0, and no bit behind the last row counts', () => {
  const cases = bitmaps.chain((bitmap) => fc.tuple(fc.constant(bitmap), fc.nat(bitmap.length * 8)));
  fc.assert(
    fc.property(cases, ([bitmap, rows]) => {
      let nulls = 0;
      for (let row = 0; row < rows; row++) if (!isValid(bitmap, row)) nulls++;
      expect(countNulls(bitmap, rows)).toBe(nulls);
    }),
    { seed: 7, numRuns: 500 },
  );
  expect(countNulls(null, 9)).toBe(0);
});

test('a slice has the bits of its rows, and ones behind them', () => {
  const cases = bitmaps.chain((bitmap) =>
    fc
      .tuple(fc.nat(bitmap.length * 8), fc.nat(bitmap.length * 8))
      .map(([a, b]) => ({ bitmap, start: Math.min(a, b), rows: Math.abs(a - b) })),
  );
  fc.assert(
    fc.property(cases, ({ bitmap, start, rows }) => {
      const slice = sliceValidity(bitmap, start, rows) ?? new Uint8Array();
      expect(slice).toHaveLength((rows + 7) >> 3);
      for (let row = 0; row < slice.length * 8; row++) {
        expect(isValid(slice, row)).toBe(row >= rows || isValid(bitmap, start + row));
      }
    }),
    { seed: 8, numRuns: 500 },
  );
  expect(sliceValidity(null, 3, 9)).toBeNull();
});

test('a slice is a copy, also of a buffer of Node', () => {
  const bitmap = Buffer.of(0b0101, 0);
  sliceValidity(bitmap, 0, 3)?.fill(0);
  expect([...bitmap]).toEqual([0b0101, 0]);
});
