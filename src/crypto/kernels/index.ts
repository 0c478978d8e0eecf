/** The interface of the kernels, and their implementations. */
export { classifyCell, paddedBytesOf } from './cell-format.ts';
export { createKernel, defaultKernel, KERNEL_NAMES } from './create-kernel.ts';
export { CELL_CLEARTEXT, CELL_FINGERPRINT, CELL_NULL, CELL_SEALED } from './kernel.ts';
export type { CellKind, FingerprintTask, Kernel, KernelName, OpenedColumn, RowKeys, SealTask } from './kernel.ts';
export { checkSealable } from './plan.ts';
