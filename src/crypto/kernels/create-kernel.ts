import type { Kernel, KernelName } from './kernel.ts';
import { createNobleKernel } from './noble.ts';
import { createNodeKernel } from './node.ts';

const CREATE: Readonly<Record<KernelName, () => Kernel>> = {
  node: createNodeKernel,
  noble: createNobleKernel,
};

/**
 * The kernel of a name. All give the same bytes: `node` is the fast one in Node, `noble` runs anywhere.
 *
 * @throws {SealroomError} USAGE_OPTION if this runtime lacks what the kernel needs.
 */
export function createKernel(name: KernelName): Kernel {
  return CREATE[name]();
}
