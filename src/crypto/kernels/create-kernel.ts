import { type Allocator, FRESH_MEMORY } from '../../bytes/index.ts';
import { SealroomError } from '../../errors/index.ts';
import type { Kernel, KernelName } from './kernel.ts';
import { nativeSupport } from './native/support.ts';
import { createNobleKernel } from './noble.ts';
import { createNodeKernel, isNode } from './node.ts';
import { createMachineKernel, createWasmKernel } from './wasm/kernel.ts';
import { canRunKernel, type WasmExports, WasmMachine } from './wasm/machine.ts';
import { Session } from './wasm/session.ts';

const CREATE: Readonly<Record<KernelName, (memory: Allocator) => Kernel>> = {
  native: createNativeKernel,
  wasm: (memory) => createWasmKernel(new Session(memory)),
  node: createNodeKernel,
  noble: createNobleKernel,
};

/** The names of all kernels, the fastest first. */
export const KERNEL_NAMES: readonly KernelName[] = Object.freeze(['native', 'wasm', 'node', 'noble']);

/** Why this runtime and machine do not run the `native` kernel, in a few words; `null` if they do. */
export function nativeKernelProblem(): string | null {
  const support = nativeSupport();
  return support.kind === 'sound' ? null : support.reason;
}

/** The name of the fastest kernel that this runtime and machine can run. */
export function defaultKernel(): KernelName {
  if (nativeKernelProblem() === null) return 'native';
  if (canRunKernel()) return 'wasm';
  return isNode() ? 'node' : 'noble';
}

/**
 * Creates a kernel by name, or the fastest one. All give the same bytes: `native` is the fastest, where its addon is installed
 * and gives the same as `wasm`, which is fast everywhere; `node` uses `node:crypto`, `noble` runs anywhere.
 *
 * @param memory allocates the cells and opened values of `native` and `wasm`; the others allocate their own buffers
 * @throws {SealroomError} USAGE_OPTION if this runtime or machine lacks what the kernel needs.
 */
export function createKernel(name: KernelName = defaultKernel(), memory: Allocator = FRESH_MEMORY): Kernel {
  return CREATE[name](memory);
}

function createNativeKernel(memory: Allocator): Kernel {
  return createMachineKernel('native', new Session(memory, () => new WasmMachine(createNativeExports())));
}

/**
 * The exports of a new machine in native code: those of the kernel's module, and those of every module that has the kernel.
 *
 * @throws {SealroomError} USAGE_OPTION if this runtime or machine has no native kernel.
 */
export function createNativeExports(): WasmExports {
  const support = nativeSupport();
  if (support.kind === 'sound') return support.createExports();
  throw new SealroomError('USAGE_OPTION', `the \`native\` kernel cannot be used here: ${support.reason}`, {
    hint: 'leave out `--kernel`, or give another one',
  });
}
