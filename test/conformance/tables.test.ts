import { describe, expect, test } from 'vitest';
import { KERNEL_NAMES } from './kit/case.ts';
import { listCases } from './vectors.ts';

const cases = await listCases('tables');

describe('vectors of the reference client: whole tables', () => {
  test('there are as many as the vectors have, on all kernels', () => {
    expect(cases.length).toBeGreaterThan(150);
    expect(new Set(cases.map(({ vector }) => vector.kernel))).toEqual(new Set(KERNEL_NAMES));
  });

  test.concurrent.each(cases)('$title', async ({ vector }) => {
    await vector.run();
  });
});
