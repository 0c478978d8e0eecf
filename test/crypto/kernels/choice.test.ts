import { expect, test } from 'vitest';
import { createKernel, defaultKernel, KERNEL_NAMES } from 'sealroom/crypto';
import { errorOf } from '../support.ts';

// One test, in a file and so a process of its own: what the runtime can do is found out once. What is chosen where there is no
// Node, test/public/browser.test.ts shows.
test('the kernel is chosen by what the runtime has: without WebAssembly, node', () => {
  const { WebAssembly } = globalThis as unknown as Record<string, unknown>;
  try {
    Reflect.deleteProperty(globalThis, 'WebAssembly');
    expect(defaultKernel()).toBe('node');
    expect(createKernel().name).toBe('node');
    for (const name of ['wasm', 'native'] as const) expect(errorOf(() => createKernel(name)).code).toBe('USAGE_OPTION');
  } finally {
    Object.assign(globalThis, { WebAssembly });
  }
  expect(KERNEL_NAMES).toEqual(['native', 'wasm', 'node', 'noble']);
});
