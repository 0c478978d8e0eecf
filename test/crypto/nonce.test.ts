import { expect, test } from 'vitest';
import { randomNonces } from 'sealroom/crypto';

test('F-29 a row has 32 random bytes of its own', () => {
  const rows = 5000; // more than one call of the generator gives
  const nonces = Buffer.from(randomNonces(rows));
  expect(nonces.length).toBe(rows * 32);
  const distinct = new Set(Array.from({ length: rows }, (_, row) => nonces.toString('hex', row * 32, row * 32 + 32)));
  expect(distinct.size).toBe(rows);
  expect(nonces.subarray(-32).every((byte) => byte === 0)).toBe(false);
});

test('no rows need no nonces', () => {
  expect(randomNonces(0).length).toBe(0);
});
