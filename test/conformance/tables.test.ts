import { describe, expect, test } from 'vitest';
import { KERNEL_NAMES } from './kit/case.ts';
import { listCases, type TitledCase } from './vectors.ts';

const cases = await listCases('tables');

/** The cases of each table and direction, one for each kernel. */
const byTable = new Map<string, TitledCase[]>();
for (const each of cases) {
  const key = `${each.vector.id} ${each.vector.what}`;
  byTable.set(key, [...(byTable.get(key) ?? []), each]);
}

/** Each table on one kernel, in turn: cells are compared on all of them, and reading and writing know no kernel. */
const inTurn = [...byTable.values()].flatMap((same, index) => same.slice(index % same.length).slice(0, 1));

describe('vectors of the reference client: whole tables', () => {
  test('there are as many as the vectors have, each on a kernel, all kernels among them', () => {
    expect(cases.length).toBeGreaterThan(150);
    expect(inTurn.length).toBe(byTable.size);
    for (const same of byTable.values()) expect(same.map(({ vector }) => vector.kernel)).toEqual(KERNEL_NAMES);
    for (const kernel of KERNEL_NAMES) {
      const share = inTurn.filter(({ vector }) => vector.kernel === kernel).length / inTurn.length;
      expect(share).toBeCloseTo(1 / KERNEL_NAMES.length, 1);
    }
  });

  test.concurrent.each(inTurn)('$title', async ({ vector }) => {
    await vector.run();
  });
});
