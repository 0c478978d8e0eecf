import { hkdfSync } from 'node:crypto';
import { describe, expect, test, vi } from 'vitest';
import {
  deriveFingerprintKey,
  deriveSealingRoot,
  fingerprintKeyFromBytes,
  parseCollaborationId,
  parseSharedSecret,
  sealingRootFromBytes,
  sharedSecretFromBytes,
} from 'sealroom/crypto';
import type { SealingRoot, SecretBytes, SharedSecret } from 'sealroom/crypto';
import { acceptedCases, hexOf, KEY_VECTORS, rejectedCases } from './c3r-vectors.ts';
import { codeOf, errorOf } from './support.ts';

const SECRET = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=';
const ID = '00000000-1111-2222-3333-444444444444';
const ONE_KEY = { allowJoinsOnColumnsWithDifferentNames: true };
const KEY_PER_COLUMN = { allowJoinsOnColumnsWithDifferentNames: false };

function base64Of(secret: SecretBytes): string {
  return secret.use((bytes) => Buffer.from(bytes).toString('base64'));
}

describe.each(KEY_VECTORS)('keys of the reference client, salt $salt', (vector) => {
  const secret = parseSharedSecret(vector.secret);

  test('F-6 the sealing root', () => {
    expect(base64Of(deriveSealingRoot(secret, vector.salt))).toBe(vector.sealed_root_key);
  });

  test('F-8 one fingerprint key for all columns: the bytes of the sealing root', () => {
    expect(base64Of(deriveFingerprintKey(secret, vector.salt, 'any', ONE_KEY))).toBe(vector.fingerprint_key_shared);
    expect(vector.fingerprint_key_shared).toBe(vector.sealed_root_key);
  });

  test.each(vector.fingerprint_keys)('F-7 the fingerprint key of `$column`', ({ column, key }) => {
    expect(base64Of(deriveFingerprintKey(secret, vector.salt, column, KEY_PER_COLUMN))).toBe(key);
  });
});

test('F-7 columns of different target headers have different keys', () => {
  const secret = parseSharedSecret(SECRET);
  const keyOf = (header: string): SecretBytes => deriveFingerprintKey(secret, ID, header, KEY_PER_COLUMN);
  expect(keyOf('a').equals(keyOf('a'))).toBe(true);
  expect(keyOf('a').equals(keyOf('b'))).toBe(false);
  expect(hexOf(keyOf('state').use((bytes) => bytes))).toBe(
    'c342ed08bb12e2703c04f6e5d9e17fa6dddb1e05f17b90a7b139d5d05cbdca79',
  );
});

test('F-5 keys are 32 bytes of HKDF-SHA-256', () => {
  const secretBytes = Buffer.from(SECRET, 'base64');
  const expected = hkdfSync('sha256', secretBytes, Buffer.from(ID), 'c3r-encryption-primary-aes-gcm-256', 32);
  const root = deriveSealingRoot(parseSharedSecret(SECRET), ID);
  expect(root.byteLength).toBe(32);
  expect(base64Of(root)).toBe(Buffer.from(expected).toString('base64'));
});

test('F-5 keys are the same where there is no Node', () => {
  const secret = parseSharedSecret(SECRET);
  const roots = [deriveSealingRoot(secret, ID)];
  const hidden = vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined);
  try {
    roots.push(deriveSealingRoot(secret, ID));
    expect(hidden).toHaveBeenCalledWith('node:crypto');
  } finally {
    hidden.mockRestore();
  }
  expect(roots.map(base64Of)).toEqual([
    base64Of(deriveSealingRoot(secret, ID)),
    base64Of(deriveSealingRoot(secret, ID)),
  ]);
});

test('F-3 every byte of a long secret counts', () => {
  const long = Buffer.alloc(200, 7);
  const changed = Buffer.from(long);
  changed[199] = 8;
  const [a, b] = [sharedSecretFromBytes(long), sharedSecretFromBytes(changed)];
  expect(deriveSealingRoot(a, ID).equals(deriveSealingRoot(b, ID))).toBe(false);
});

describe('F-1 the shared secret', () => {
  test.each(acceptedCases('secret'))('accepts $what', ({ secret, result }) => {
    expect(`${parseSharedSecret(secret).byteLength} bytes`).toBe(result);
  });

  test.each(rejectedCases('secret'))('refuses $what', ({ secret, what }) => {
    expect(codeOf(() => parseSharedSecret(secret))).toBe(
      what === 'missing secret' ? 'SECRET_MISSING' : 'SECRET_INVALID',
    );
  });

  test('F-2 accepts unused bits in the last character', () => {
    expect(parseSharedSecret('AAECAwQFBgcICQoLDA0ODxAREhMUFrEXAMPLESECRET=').byteLength).toBe(32);
  });

  test.each([undefined, null])('is missing when it is %s', (text) => {
    expect(codeOf(() => parseSharedSecret(text))).toBe('SECRET_MISSING');
  });

  test.each(['c2hvcnQgc2VjcmV0', 'not base64 not base64 not base64 not base64!'])('is never echoed: %s', (text) => {
    const error = errorOf(() => parseSharedSecret(text));
    expect(`${error.message} ${error.hint ?? ''} ${String(error.cause)}`).not.toContain(text.slice(0, 8));
  });

  test('tells expected and actual length', () => {
    expect(errorOf(() => sharedSecretFromBytes(new Uint8Array(31))).message).toBe(
      'shared secret too short: at least 32 bytes, got 31',
    );
  });
});

describe('F-4 the collaboration id', () => {
  test('is a UUID, lowered', () => {
    expect(parseCollaborationId('ABCDEF00-1111-2222-3333-444444444444')).toBe('abcdef00-1111-2222-3333-444444444444');
  });

  test.each([
    '',
    '1-2-3-4-5',
    `${ID} `,
    ` ${ID}`,
    `{${ID}}`,
    ID.replaceAll('-', ''),
    `${ID}0`,
    'g0000000-1111-2222-3333-444444444444',
  ])('is refused as %j', (text) => {
    expect(codeOf(() => parseCollaborationId(text))).toBe('USAGE_OPTION');
  });

  test.each(rejectedCases('salt'))('is refused as a salt: $what', ({ secret, salt }) => {
    const shared = parseSharedSecret(secret);
    expect(codeOf(() => deriveSealingRoot(shared, salt))).toBe('USAGE_OPTION');
    expect(codeOf(() => deriveFingerprintKey(shared, salt, 'a', ONE_KEY))).toBe('USAGE_OPTION');
  });
});

test.each(rejectedCases('column_label'))('refuses a fingerprint key for the header $column', ({ column }) => {
  const secret = parseSharedSecret(SECRET);
  expect(codeOf(() => deriveFingerprintKey(secret, ID, column, KEY_PER_COLUMN))).toBe('SCHEMA_HEADER');
  expect(codeOf(() => deriveFingerprintKey(secret, ID, column, ONE_KEY))).toBe('SCHEMA_HEADER');
});

test('raw keys have 32 bytes', () => {
  expect(() => sealingRootFromBytes(new Uint8Array(31))).toThrow(RangeError);
  expect(() => fingerprintKeyFromBytes(new Uint8Array(33))).toThrow(RangeError);
  expect(sealingRootFromBytes(new Uint8Array(32)).byteLength).toBe(32);
});

test('one kind of key does not stand for another', () => {
  const key = fingerprintKeyFromBytes(new Uint8Array(32));
  // @ts-expect-error a fingerprint key is no sealing root
  const root: SealingRoot = key;
  // @ts-expect-error a sealing root is no shared secret
  const secret: SharedSecret = sealingRootFromBytes(new Uint8Array(32));
  expect([root, secret].length).toBe(2);
});
