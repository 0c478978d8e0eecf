// Compares the fastest kernel with the others on cells made from a seed: npm run fuzz -- --cells 5000000 --seed 7
import { parseArgs } from 'node:util';
import { createKernel, nativeKernelProblem } from 'sealroom/crypto';
import { RUNNABLE_KERNELS } from '../../support/kernels.ts';
import { Differential } from './differential.ts';

const { values } = parseArgs({
  options: {
    cells: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    noble: { type: 'boolean', default: false },
  },
});
const wanted = Number(values.cells);
const noble = values.noble ? createKernel('noble') : null;
const fastest = createKernel();
const rivals = RUNNABLE_KERNELS.filter((name) => name !== fastest.name && name !== 'noble').map((name) =>
  createKernel(name),
);
const problem = nativeKernelProblem();
if (problem !== null) process.stderr.write(`without the native kernel: ${problem}\n`);
const differential = new Differential(Number(values.seed), fastest, rivals, noble);
const started = performance.now();
let shown = 0;
while (differential.cells < wanted) {
  differential.runTable();
  if (differential.cells - shown > 500_000) {
    shown = differential.cells;
    process.stderr.write(`${shown} cells\n`);
  }
}
const seconds = ((performance.now() - started) / 1000).toFixed(1);
process.stdout.write(
  `${JSON.stringify({ seed: values.seed, kernels: [fastest, ...rivals].map(({ name }) => name), cells: differential.cells, ...differential.counts, seconds })}\n`,
);
