// Compares the wasm kernel with the others on cells made from a seed: npm run fuzz -- --cells 5000000 --seed 7
import { parseArgs } from 'node:util';
import { createKernel } from 'sealroom/crypto';
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
const differential = new Differential(Number(values.seed), createKernel('wasm'), [createKernel('node')], noble);
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
  `${JSON.stringify({ seed: values.seed, cells: differential.cells, ...differential.counts, seconds })}\n`,
);
