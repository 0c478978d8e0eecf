import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decodeBase64,
  decodeBase64Into,
  decodedBase64Length,
  encodeBase64,
  encodeBase64Into,
  encodedBase64Length,
  encodeUtf8,
  isBase64,
} from '#src/bytes/index';

const SEED = { seed: 20_261_124 };

function textOf(base64: string): string | null {
  const bytes = decodeBase64(base64);
  return bytes === null ? null : Buffer.from(bytes).toString('latin1');
}

describe('F-2 Base64 is read as Java reads it', () => {
  test.each([
    ['QUJD', 'ABC'],
    ['QUI=', 'AB'],
    ['QQ==', 'A'],
    ['', ''],
  ])('takes exact padding: %s', (base64, text) => {
    expect(textOf(base64)).toBe(text);
  });

  test.each([
    ['QUI', 'AB'],
    ['QQ', 'A'],
  ])('takes padding left off entirely: %s', (base64, text) => {
    expect(textOf(base64)).toBe(text);
  });

  test.each(['QUI==', 'QQ=', 'QUJD=', 'Q===', 'Q==', 'Q=', 'Q', '=', '==', '====', 'QUJDQ'])(
    'refuses a wrong amount of padding or a wrong length: %s',
    (base64) => {
      expect(decodeBase64(base64)).toBeNull();
    },
  );

  test('ignores the unused bits of the last character', () => {
    expect(textOf('QR==')).toBe('A');
    expect(textOf('QR')).toBe('A');
    expect(textOf('QUJ=')).toBe('AB');
  });

  test.each(['QUJD\n', ' QUJD', 'QU JD', 'QU\nJD', 'QQ==\n', 'QQ==QQ==', 'QQ==Q', '-_-_', 'QU*D', 'QUJ\u0000', 'QUJÄ'])(
    'refuses white space, foreign characters and what follows the padding: %j',
    (base64) => {
      expect(decodeBase64(base64)).toBeNull();
      const bytes = encodeUtf8(base64);
      expect(isBase64(bytes, 0, bytes.length)).toBe(false);
    },
  );
});

test('writes what Buffer writes, and reads it back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      const base64 = encodeBase64(bytes);
      expect(base64).toBe(Buffer.from(bytes).toString('base64'));
      expect(base64.length).toBe(encodedBase64Length(bytes.length));
      expect(decodeBase64(base64)).toEqual(bytes);
    }),
    SEED,
  );
});

test('agrees with the grammar on any text', () => {
  const grammar = (text: string): boolean => {
    const body = text.replace(/={1,2}$/u, '');
    return /^[A-Za-z0-9+/]*$/u.test(body) && body.length % 4 !== 1 && (body === text || text.length % 4 === 0);
  };
  const character = fc.constantFrom('A', 'z', '9', '+', '/', '=', '=', '-', ' ');
  fc.assert(
    fc.property(fc.string({ unit: character, maxLength: 12 }), (text) => {
      expect(decodeBase64(text) !== null).toBe(grammar(text));
      expect(isBase64(encodeUtf8(text), 0, text.length)).toBe(grammar(text));
    }),
    { ...SEED, numRuns: 2000 },
  );
});

test('works within ranges of larger buffers', () => {
  const source = Uint8Array.of(9, 1, 2, 3, 4, 9);
  const target = new Uint8Array(12).fill(7);
  expect(encodeBase64Into(source, 1, 5, target, 2)).toBe(10);
  expect(Buffer.from(target).toString('latin1')).toBe('\x07\x07AQIDBA==\x07\x07');
  const back = new Uint8Array(6).fill(7);
  expect(decodedBase64Length(target, 2, 10)).toBe(4);
  expect(decodeBase64Into(target, 2, 10, back, 1)).toBe(5);
  expect([...back]).toEqual([7, 1, 2, 3, 4, 7]);
});
