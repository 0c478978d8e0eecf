import { KERNEL_NAMES, type KernelName, nativeKernelProblem } from 'sealroom/crypto';

/** The kernels that run here. `native` is one of them after `npm run build:native`, on a machine that it is written for. */
export const RUNNABLE_KERNELS: readonly KernelName[] = KERNEL_NAMES.filter(
  (name) => name !== 'native' || nativeKernelProblem() === null,
);
