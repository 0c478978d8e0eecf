import { type Allocator, FRESH_MEMORY } from '../../bytes/index.ts';
import type { Kernel, KernelName } from './kernel.ts';
import { createNobleKernel } from './noble.ts';
import { createNodeKernel, isNode } from './node.ts';
import { createWasmKernel } from './wasm/kernel.ts';
import { canRunKernel } from './wasm/machine.ts';
import { Session } from './wasm/session.ts';

const CREATE: Readonly<Record<KernelName, (memory: Allocator) => Kernel>> = {
  wasm: (memory) => createWasmKernel(new Session(memory)),
  node: createNodeKernel,
  noble: createNobleKernel,
};

/** The names of all kernels, the fastest first. */
export const KERNEL_NAMES: readonly KernelName[] = Object.freeze(['wasm', 'node', 'noble']);

/** The name of the fastest kernel that this runtime can run. */
export function defaultKernel(): KernelName {
  if (canRunKernel()) return 'wasm';
  return isNode() ? 'node' : 'noble';
}

/**
 * Creates a kernel by name, or the fastest one. All give the same bytes: `wasm` is the fast one, `node` uses
 * `node:crypto`, `noble` runs anywhere.
 *
 * @param memory allocates the cells and opened values of `wasm`; the others allocate their own buffers
 * @throws {SealroomError} USAGE_OPTION if this runtime lacks what the kernel needs.
 */
export function createKernel(name: KernelName = defaultKernel(), memory: Allocator = FRESH_MEMORY): Kernel {
  return CREATE[name](memory);
}
