import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { SecretBytes } from 'sealroom/crypto';

const BYTES = Uint8Array.from({ length: 32 }, (_, i) => 100 + i);

test('a secret prints as [redacted], however it is printed', () => {
  const secret = new SecretBytes(BYTES);
  expect(String(secret)).toBe('[redacted]');
  expect(inspect(secret)).toBe('[redacted]');
  expect(inspect({ nested: [secret] }, { depth: 9, showHidden: true })).toContain('[redacted]');
  expect(JSON.stringify({ secret })).toBe('{"secret":"[redacted]"}');
  expect(inspect(secret, { customInspect: false, showHidden: true, depth: 9 })).not.toMatch(/100|101|Uint8Array/u);
  expect(Object.values(secret).some((value) => value instanceof Uint8Array)).toBe(false);
});

test('a secret cannot be cloned to another thread', () => {
  expect(() => structuredClone(new SecretBytes(BYTES))).toThrow(expect.objectContaining({ name: 'DataCloneError' }));
});

test('a secret is a copy, lent to a callback', () => {
  const original = Uint8Array.from(BYTES);
  const secret = new SecretBytes(original);
  original.fill(0);
  expect(secret.byteLength).toBe(32);
  expect(secret.use((bytes) => Uint8Array.from(bytes))).toEqual(BYTES);
});

test('disposing wipes a secret and ends its use', () => {
  const secret = new SecretBytes(BYTES);
  const lent = secret.use((bytes) => bytes);
  {
    using held = secret;
    expect(held.byteLength).toBe(32);
  }
  expect([...lent].every((byte) => byte === 0)).toBe(true);
  expect(() => secret.use((bytes) => bytes)).toThrow(TypeError);
});

test('secrets compare by content', () => {
  const other = Uint8Array.from(BYTES);
  other[31] = 0;
  expect(new SecretBytes(BYTES).equals(new SecretBytes(BYTES))).toBe(true);
  expect(new SecretBytes(BYTES).equals(new SecretBytes(other))).toBe(false);
  expect(new SecretBytes(BYTES).equals(new SecretBytes(BYTES.subarray(1)))).toBe(false);
});
