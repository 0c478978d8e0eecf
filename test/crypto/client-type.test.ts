import { describe, expect, test } from 'vitest';
import {
  CLIENT_KINDS,
  encodeNull,
  encodePrefix,
  equivalenceClass,
  fingerprintTypeByte,
  kindOfTypeByte,
  typeByteOf,
} from 'sealroom/crypto';
import type { ClientKind, ClientType } from 'sealroom/crypto';
import { acceptedCases, hexOf, rejectedCases } from './c3r-vectors.ts';
import { errorOf } from './support.ts';

function typeOf(kind: ClientKind): ClientType {
  switch (kind) {
    case 'varchar':
      return { kind, maxLength: 255 };
    case 'decimal':
      return { kind, precision: 9, scale: 2 };
    case 'timestamp':
      return { kind, unit: 'us', utc: true };
    case 'string':
    case 'char':
    case 'boolean':
    case 'smallint':
    case 'int':
    case 'bigint':
    case 'float':
    case 'double':
    case 'date':
      return { kind };
  }
}

test('F-10 the types have their indexes', () => {
  expect(CLIENT_KINDS.map((kind) => typeByteOf(kind, false) >> 1)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  expect(CLIENT_KINDS.map((kind) => kindOfTypeByte(typeByteOf(kind, false)))).toEqual(CLIENT_KINDS);
});

test('F-10 every other index is refused', () => {
  const known = new Set(CLIENT_KINDS.flatMap((kind) => [typeByteOf(kind, false), typeByteOf(kind, true)]));
  for (let byte = 0; byte < 256; byte++) expect(kindOfTypeByte(byte) !== null).toBe(known.has(byte));
});

test('F-9 a type byte is twice the index, and one more for a null', () => {
  expect(typeByteOf('string', false)).toBe(0x02);
  expect(typeByteOf('string', true)).toBe(0x03);
  expect(typeByteOf('varchar', false)).toBe(0x18);
  expect(typeByteOf('varchar', true)).toBe(0x19);
});

test('F-23 an encoded null is its type byte and the metadata of its type', () => {
  expect(CLIENT_KINDS.map((kind) => hexOf(encodeNull(typeOf(kind))))).toEqual([
    '03',
    '05',
    '07',
    '09',
    '0b',
    '0d0000000900000002',
    '0f',
    '11',
    '13',
    '15',
    '170100000001',
    '19000000ff',
  ]);
});

test('F-22 a value is preceded by its type byte and metadata', () => {
  expect(CLIENT_KINDS.map((kind) => hexOf(encodePrefix(typeOf(kind))))).toEqual([
    '02',
    '04',
    '06',
    '08',
    '0a',
    '0c0000000900000002',
    '0e',
    '10',
    '12',
    '14',
    '160100000001',
    '18000000ff',
  ]);
});

describe('F-24 equivalence classes', () => {
  test.each(acceptedCases('fingerprint_type'))('$what', ({ type, result }) => {
    const kind = CLIENT_KINDS.find((name) => name === type.toLowerCase()) ?? 'double';
    expect(`fingerprinted as ${equivalenceClass(typeOf(kind)).toUpperCase()}`).toBe(result);
  });

  test('a class is hashed with the type byte of its name', () => {
    expect(fingerprintTypeByte({ kind: 'smallint' })).toBe(0x04);
    expect(fingerprintTypeByte({ kind: 'char' })).toBe(0x02);
    expect(fingerprintTypeByte({ kind: 'boolean' })).toBe(0x06);
    expect(fingerprintTypeByte({ kind: 'date' })).toBe(0x0a);
  });
});

describe('F-25 types that cannot be fingerprinted', () => {
  // C3R's type UNKNOWN has no name here: such columns never get this far.
  test.each(rejectedCases('fingerprint_type').filter(({ type }) => type !== 'UNKNOWN'))('$type', ({ type }) => {
    const kind = CLIENT_KINDS.find((name) => name === type.toLowerCase()) ?? 'string';
    const error = errorOf(() => equivalenceClass(typeOf(kind)));
    expect(error.code).toBe('DATA_TYPE');
    expect(error.message).toBe(`type ${kind} is not supported in fingerprint columns`);
  });
});
