import { expect, test } from 'vitest';
import { createKernel, defaultKernel, KERNEL_NAMES } from 'sealroom/crypto';
import { errorOf } from '../support.ts';

// One test, in this order, in a file and so a process of its own: what the runtime can do is found out once.
test('the kernel is chosen by what the runtime has: wasm, else node, else noble', () => {
  const { WebAssembly, process } = globalThis as unknown as Record<string, unknown>;
  try {
    Reflect.deleteProperty(globalThis, 'WebAssembly');
    expect(defaultKernel()).toBe('node');
    expect(createKernel().name).toBe('node');
    expect(errorOf(() => createKernel('wasm')).code).toBe('USAGE_OPTION');
    Reflect.deleteProperty(globalThis, 'process');
    expect(defaultKernel()).toBe('noble');
    expect(createKernel().name).toBe('noble');
  } finally {
    Object.assign(globalThis, { WebAssembly, process });
  }
  expect(KERNEL_NAMES).toEqual(['wasm', 'node', 'noble']);
});
