import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SealroomError } from 'sealroom';
import { SeenNonces } from '#src/wire/seen-nonces';
import { runs } from '../support/runs.ts';
import { errorOf } from '../tabular/support.ts';

const at = (seconds: number): Date => new Date(seconds * 1000);

test('a nonce is refused as long as a request may be accepted', () => {
  const seen = new SeenNonces(at(0));
  expect(seen.isForgotten(1000, at(1000))).toBe(false);
  seen.take('a', 'n', 1000);
  for (const now of [1000, 1120, 1149, 1150, 1299]) {
    expect(seen.isForgotten(1000, at(now))).toBe(false);
    expect(errorOf(() => seen.take('a', 'n', 1000)).code).toBe('AUTH_REPLAY');
  }
  seen.take('b', 'n', 1000);
});

test('what is forgotten is refused by its time', () => {
  const seen = new SeenNonces(at(0));
  seen.isForgotten(1000, at(1000));
  seen.take('a', 'n', 1000);
  seen.isForgotten(1150, at(1150));
  expect(seen.isForgotten(1000, at(1301))).toBe(true);
  expect(seen.isForgotten(1001, at(1301))).toBe(false);
});

test('no request is accepted twice, wherever the clock jumps', () => {
  const step = fc.record({
    clock: fc.integer({ min: 0, max: 2000 }),
    created: fc.integer({ min: 0, max: 2000 }),
    nonce: fc.constantFrom('m', 'n'),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const seen = new SeenNonces(at(0));
      const accepted = new Set<string>();
      for (const { clock, created, nonce } of steps) {
        if (seen.isForgotten(created, at(clock))) continue;
        const request = `${nonce} ${String(created)}`;
        try {
          seen.take('a', nonce + String(created), created);
        } catch (error) {
          if (!(error instanceof SealroomError)) throw error;
          expect(error.code).toBe('AUTH_REPLAY');
          continue;
        }
        expect(accepted.has(request)).toBe(false);
        accepted.add(request);
      }
    }),
    { numRuns: runs(2000) },
  );
});

test('one key cannot fill the memory, nor hinder another', () => {
  const seen = new SeenNonces(at(0));
  for (let nonce = 0; nonce < 200_000; nonce += 1) seen.take('a', String(nonce), 10);
  expect(errorOf(() => seen.take('a', 'one more', 10)).code).toBe('AUTH_BUSY');
  expect(errorOf(() => seen.take('a', '0', 10)).code).toBe('AUTH_REPLAY');
  seen.take('b', '0', 10);
});
