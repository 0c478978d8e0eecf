import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  ByteReader,
  byteColumnOf,
  countNulls,
  decodeUtf8,
  decodeUtf8Lenient,
  encodeF32,
  encodeF64,
  encodeI16,
  encodeI32,
  encodeI64,
  encodeUtf8,
  equalConstantTime,
  isValid,
  valueAt,
  wipe,
} from '#src/bytes/index';
import { SealroomError } from '#src/errors/sealroom-error';

const SEED = { seed: 20_261_124 };

test('text survives UTF-8, a byte order mark included', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 30 }), (text) => {
      expect(decodeUtf8(encodeUtf8(`\uFEFF${text}`))).toBe(`\uFEFF${text}`);
      expect(decodeUtf8Lenient(encodeUtf8(`\uFEFF${text}`))).toBe(`\uFEFF${text}`);
    }),
    SEED,
  );
});

test('strict UTF-8 refuses malformed bytes, lenient UTF-8 replaces them', () => {
  const bytes = Uint8Array.of(0x61, 0xc3, 0x28, 0xff);
  expect(() => decodeUtf8(bytes)).toThrow(
    expect.objectContaining({ code: 'DATA_ENCODING', message: 'text is not valid UTF-8' }),
  );
  expect(decodeUtf8Lenient(bytes)).toBe('a\uFFFD(\uFFFD');
});

test('integers and floats are big-endian', () => {
  expect([...encodeI16(-2)]).toEqual([0xff, 0xfe]);
  expect([...encodeI32(42)]).toEqual([0, 0, 0, 42]);
  expect([...encodeI64(-1n)]).toEqual(Array<number>(8).fill(0xff));
  expect([...encodeF32(1.5)]).toEqual([0x3f, 0xc0, 0, 0]);
  expect([...encodeF64(1.5)]).toEqual([0x3f, 0xf8, 0, 0, 0, 0, 0, 0]);
});

test('the reader reads back what the codecs write', () => {
  const bytes = Uint8Array.from(
    [Uint8Array.of(7), encodeI16(-3), encodeI32(-4), encodeI64(-5n), encodeF32(0.5), encodeF64(-0), encodeUtf8('rest')]
      .map((part) => [...part])
      .flat(),
  );
  const reader = new ByteReader(bytes, 'FORMAT_VALUE', 'it');
  expect([reader.u8(), reader.i16(), reader.i32(), reader.i64(), reader.f32(), reader.f64()]).toEqual([
    7,
    -3,
    -4,
    -5n,
    0.5,
    -0,
  ]);
  expect(decodeUtf8(reader.rest())).toBe('rest');
  reader.end();
});

test('the reader never reads outside its bytes', () => {
  const reader = new ByteReader(Uint8Array.of(1, 2, 3, 4).subarray(1, 3), 'FORMAT_VALUE', 'it');
  expect(() => reader.i32()).toThrow(
    new SealroomError('FORMAT_VALUE', 'it is truncated: expected 4 more bytes, got 2'),
  );
  expect(reader.i16()).toBe(0x0203);
  expect(() => reader.u8()).toThrow('it is truncated: expected 1 more bytes, got 0');
});

test('the reader refuses bytes left over', () => {
  const reader = new ByteReader(Uint8Array.of(1, 2), 'FORMAT_VALUE', 'it');
  expect(() => {
    reader.end();
  }).toThrow('it has unexpected bytes at its end: 2');
});

test('comparison tells any difference', () => {
  expect(equalConstantTime(Uint8Array.of(1, 2), Uint8Array.of(1, 2))).toBe(true);
  expect(equalConstantTime(Uint8Array.of(1, 2), Uint8Array.of(1, 3))).toBe(false);
  expect(equalConstantTime(Uint8Array.of(1, 2), Uint8Array.of(1))).toBe(false);
  expect(equalConstantTime(new Uint8Array(), new Uint8Array())).toBe(true);
});

test('wiping leaves zeros', () => {
  const [a, b] = [Uint8Array.of(1, 2), Uint8Array.of(3)];
  wipe(a, b);
  expect([...a, ...b]).toEqual([0, 0, 0]);
});

test('a column gives back its values and nulls', () => {
  const values = Array.from({ length: 20 }, (_, row) => (row % 3 === 1 ? null : new Uint8Array(row).fill(row)));
  const column = byteColumnOf(values);
  expect(values.map((_, row) => valueAt(column, row))).toEqual(values);
  expect(values.map((_, row) => isValid(column.validity, row))).toEqual(values.map((value) => value !== null));
  expect(countNulls(column.validity, column.rows)).toBe(7);
  expect(byteColumnOf([new Uint8Array()]).validity).toBeNull();
});
