import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  canonicalBytes,
  fingerprintBytes,
  fingerprintedBytesOf,
  fixedColumnOf,
  isFixedType,
  renderColumn,
  renderValue,
  sealedBytesOf,
  storeValue,
  valueAtRow,
} from 'sealroom/crypto';
import type { ClientValue, FixedType } from 'sealroom/crypto';
import { allValid, decodeUtf8, setNull, valueAt } from '#src/bytes/index';
import type { FixedColumn } from '#src/bytes/index';
import { typedValues } from './arbitraries.ts';
import { errorOf, FIXED } from './support.ts';

const fixedValues = typedValues.filter(({ type }) => isFixedType(type));

/** A column of a null and one value, of the same type. */
function columnOf(type: FixedType, value: ClientValue): FixedColumn {
  const validity = allValid(2);
  setNull(validity, 0);
  const column = fixedColumnOf(type, 2, validity);
  storeValue(type, column, 1, value);
  return column;
}

test('F-22 columns are sealed as their single values are, read back and rendered', () => {
  fc.assert(
    fc.property(fixedValues, ({ type, value }) => {
      if (!isFixedType(type) || value === null) return;
      const column = columnOf(type, value);
      expect(Object.is(valueAtRow(type, column, 1), value)).toBe(true);
      const sealed = sealedBytesOf(type, column);
      expect(valueAt(sealed, 0)).toBeNull();
      expect(valueAt(sealed, 1)).toEqual(canonicalBytes(type, value));
      const text = valueAt(renderColumn(type, column), 1) ?? new Uint8Array();
      expect(decodeUtf8(text)).toBe(renderValue({ kind: type.kind, type, value }));
    }),
    { ...FIXED, numRuns: 1000 },
  );
});

test('F-26 columns are fingerprinted as their single values are', () => {
  const classes = fixedValues.filter(({ type }) =>
    ['boolean', 'smallint', 'int', 'bigint', 'date'].includes(type.kind),
  );
  fc.assert(
    fc.property(classes, ({ type, value }) => {
      if (!isFixedType(type) || value === null) return;
      const bytes = fingerprintedBytesOf(type, columnOf(type, value));
      expect(valueAt(bytes, 0)).toBeNull();
      expect(valueAt(bytes, 1)).toEqual(fingerprintBytes(type, value));
    }),
    FIXED,
  );
});

test('F-19 a column with a decimal over its precision is refused with its row', () => {
  const column = columnOf({ kind: 'decimal', precision: 9, scale: 2 }, '123.45');
  const error = errorOf(() => sealedBytesOf({ kind: 'decimal', precision: 4, scale: 2 }, column));
  expect([error.code, error.where.row]).toEqual(['DATA_VALUE', 1]);
  expect(error.message).not.toContain('123');
});

test('columns of text have no fixed width', () => {
  expect(isFixedType({ kind: 'string' })).toBe(false);
  expect(isFixedType({ kind: 'varchar', maxLength: 1 })).toBe(false);
});
