import { describe, expect, test } from 'vitest';
import { createKernel, encodePrefix, padTarget, randomNonces, sealingRootFromBytes } from 'sealroom/crypto';
import type { ByteColumn } from '#src/bytes/index';
import { byteColumnOf, encodeUtf8 } from '#src/bytes/index';
import { codeOf, errorOf } from './support.ts';

const LENGTHS = { longestValueBytes: 7, nullBytes: 1 };
const kernel = createKernel('node');
const root = sealingRootFromBytes(new Uint8Array(32));

function sealStrings(values: readonly (string | null)[], padTargetBytes: number | null): ByteColumn {
  using keys = kernel.deriveRowKeys(root, randomNonces(values.length));
  const column = byteColumnOf(values.map((value) => (value === null ? null : encodeUtf8(value))));
  const task = { targetHeader: 'a', prefix: encodePrefix({ kind: 'string' }), nullEncoding: Uint8Array.of(3) };
  return kernel.sealColumn({ ...task, padTargetBytes }, keys, column);
}

function cellLengths({ offsets, rows }: ByteColumn): number[] {
  return Array.from({ length: rows }, (_, row) => (offsets[row + 1] ?? 0) - (offsets[row] ?? 0));
}

test('F-41 no padding has no target', () => {
  expect(padTarget({ kind: 'none' }, LENGTHS)).toBeNull();
});

test('F-42 a fixed pad is the target itself, whatever the values', () => {
  expect(padTarget({ kind: 'fixed', lengthBytes: 0 }, LENGTHS)).toBe(0);
  expect(padTarget({ kind: 'fixed', lengthBytes: 10_000 }, LENGTHS)).toBe(10_000);
});

test('F-43 a max pad adds to the longest value', () => {
  expect(padTarget({ kind: 'max', lengthBytes: 2 }, LENGTHS)).toBe(9);
  expect(padTarget({ kind: 'max', lengthBytes: 2 }, { longestValueBytes: 7, nullBytes: 9 })).toBe(9);
});

test('F-43 in a column of nulls only a max pad adds to the encoded null', () => {
  expect(padTarget({ kind: 'max', lengthBytes: 0 }, { longestValueBytes: 0, nullBytes: 9 })).toBe(9);
  expect(cellLengths(sealStrings([null, null], 1))).toEqual([91, 91]);
});

describe('F-46 a pad length', () => {
  test.each([-1, 10_001, 1.5, Number.NaN])('of %s is refused', (lengthBytes) => {
    expect(codeOf(() => padTarget({ kind: 'fixed', lengthBytes }, LENGTHS))).toBe('DATA_LENGTH');
    expect(codeOf(() => padTarget({ kind: 'max', lengthBytes }, LENGTHS))).toBe('DATA_LENGTH');
  });
});

test('F-45 a padded length over 12000 is refused', () => {
  const lengths = { longestValueBytes: 2000, nullBytes: 1 };
  expect(padTarget({ kind: 'max', lengthBytes: 10_000 }, lengths)).toBe(12_000);
  const error = errorOf(() => padTarget({ kind: 'max', lengthBytes: 10_000 }, { ...lengths, longestValueBytes: 2001 }));
  expect(error.code).toBe('DATA_LENGTH');
  expect(error.message).toBe('no room for padding: the padded length must be at most 12000 bytes, got 12001');
  expect(codeOf(() => sealStrings(['a'], 12_001))).toBe('DATA_LENGTH');
});

test('F-44 a value longer than its target is refused, with its row and lengths', () => {
  const error = errorOf(() => sealStrings(['ab', null, 'secret value'], 10));
  expect(error.code).toBe('DATA_LENGTH');
  expect(error.message).toBe('no room for padding: the encoded value must be at most 10 bytes, got 13');
  expect(error.where.row).toBe(2);
});

test('F-40 all values and nulls of a column are filled to one length, the type byte counted', () => {
  // 9 bytes of value and zeros, 2 of the count, 60 of nonce, IV and tag: 71 bytes, 96 characters and the prefix
  expect(cellLengths(sealStrings(['ab', null, 'abcdef', '', 'abcdefgh'], 9))).toEqual([103, 103, 103, 103, 103]);
});
