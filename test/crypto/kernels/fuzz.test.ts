import { expect, test } from 'vitest';
import { createKernel } from 'sealroom/crypto';
import { Differential } from './differential.ts';

// `npm run fuzz -- --cells 5000000 --seed 7` compares as many as one likes.
test('the wasm kernel agrees with the others on 50000 cells of all kinds, good and bad', () => {
  const differential = new Differential(
    20_261_124,
    createKernel('wasm'),
    [createKernel('node')],
    createKernel('noble'),
  );
  while (differential.cells < 50_000) differential.runTable();
  const { fingerprints, seals, opens, refusals } = differential.counts;
  expect(Math.min(fingerprints, seals, opens)).toBeGreaterThan(5000);
  expect(refusals).toBeGreaterThan(1000);
});
