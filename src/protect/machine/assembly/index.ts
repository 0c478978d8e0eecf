// The module's exports: the kernel, and what splits, deals and writes the rows of a table around it. `../machine.ts` is their only
// caller. They take and return i32 only; all state lies in the memory and in the module.
export * from '../../../crypto/kernels/wasm/assembly/kernel';
export { findRows, shuffleRows } from './order';
export { columnWords, planWords } from './plan';
export {
  fillerBytes,
  gatherColumn,
  gatherPositions,
  maskNonces,
  measureLines,
  noteBytes,
  protectLines,
  wipeTable,
} from './protect-lines';
export { copyField, isText, setDialect, splitRecord } from './records';
export { dealBytes, dealRows, findRecord, partBytes, storedBytes } from './deal';
export { openColumn } from './open-column';
export { openLines, setOpening } from './open-lines';
