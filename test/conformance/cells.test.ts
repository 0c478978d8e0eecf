import { describe, expect, test } from 'vitest';
import { KERNEL_NAMES } from './kit/case.ts';
import { listCases } from './vectors.ts';

const cases = await listCases('cells');

describe('vectors of the reference client: keys, fingerprints, sealed and refused values', () => {
  test('there are as many as the vectors have, on all kernels', () => {
    expect(cases.length).toBeGreaterThan(1200);
    expect(new Set(cases.map(({ vector }) => vector.kernel))).toEqual(new Set([...KERNEL_NAMES, null]));
  });

  test.each(cases)('$title', async ({ vector }) => {
    await vector.run();
  });
});
