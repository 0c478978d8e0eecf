import { expect, test } from 'vitest';
import { createKernel } from 'sealroom/crypto';
import { WasmMachine } from '#src/crypto/kernels/wasm/machine';
import { Differential } from './differential.ts';
import { testMachine } from './machine-suite.ts';

const wasm = createKernel('wasm');
const node = createKernel('node');

testMachine('wasm', () => new WasmMachine());

test('creating a kernel, self-test included, takes under 5 ms', () => {
  const times = Array.from({ length: 9 }, () => {
    const started = performance.now();
    createKernel('wasm');
    return performance.now() - started;
  });
  expect(Math.min(...times)).toBeLessThan(5);
});

test('the comparison of kernels notices a wrong byte', () => {
  const wrong = {
    ...wasm,
    fingerprintColumn: (...args: Parameters<typeof wasm.fingerprintColumn>) => {
      const column = wasm.fingerprintColumn(...args);
      const last = column.bytes.length - 1;
      if (last > 0) column.bytes[last - 5] = (column.bytes[last - 5] ?? 0) ^ 1;
      return column;
    },
  };
  const differential = new Differential(1, wrong, [node], null);
  expect(() => {
    while (differential.cells < 5000) differential.runTable();
  }).toThrow('fingerprint, node: row');
});
