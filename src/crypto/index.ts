/** Keys, fingerprints, sealed cells, typed values and padding: the format of protected values. No I/O. */
export {
  type CellTarget,
  fingerprintValue,
  openCell,
  type OpenedCell,
  sealCell,
  sealCellInRow,
  sealedValueOf,
} from './cell.ts';
export {
  CLIENT_KINDS,
  type ClientKind,
  type ClientType,
  encodeNull,
  encodePrefix,
  equivalenceClass,
  type FingerprintClass,
  fingerprintTypeByte,
  kindOfTypeByte,
  NULL_FLAG,
  type TimestampUnit,
  typeByteOf,
} from './client-type.ts';
export { type CollaborationId, parseCollaborationId } from './collaboration-id.ts';
export {
  fingerprintedBytesOf,
  fixedColumnOf,
  type FixedType,
  isFixedType,
  renderColumn,
  sealedBytesOf,
  storeValue,
  valueAtRow,
} from './column.ts';
export { type Decimal, fitsDecimal, formatDecimal, parseDecimal } from './decimal.ts';
export { classifyCell, paddedBytesOf, sealedCellBytes } from './kernels/cell-format.ts';
export {
  createKernel,
  createNativeExports,
  defaultKernel,
  KERNEL_NAMES,
  nativeKernelProblem,
} from './kernels/create-kernel.ts';
export {
  CELL_CLEARTEXT,
  CELL_FINGERPRINT,
  CELL_NULL,
  CELL_SEALED,
  type CellKind,
  type FingerprintTask,
  type Kernel,
  type KernelName,
  type OpenedColumn,
  type OpenCellOptions,
  type RowKeys,
  type SealTask,
} from './kernels/kernel.ts';
export { checkSealable, sealLimits } from './kernels/plan.ts';
export { verifyMachine } from './kernels/wasm/kernel.ts';
export { type WasmExports, WasmMachine } from './kernels/wasm/machine.ts';
export {
  deriveFingerprintKey,
  deriveSealingRoot,
  type FingerprintKey,
  fingerprintKeyFromBytes,
  type FingerprintKeySettings,
  parseSharedSecret,
  type SealingRoot,
  sealingRootFromBytes,
  type SharedSecret,
  sharedSecretFromBytes,
} from './keys.ts';
export {
  FINGERPRINT_CELL_BYTES,
  MAX_CELL_BYTES,
  MAX_PAD_BYTES,
  MAX_PADDED_BYTES,
  MIN_SECRET_BYTES,
  NONCE_BYTES,
  PAD_COUNT_BYTES,
  SEALED_OVERHEAD_BYTES,
  SEALED_PREFIX_BYTES,
} from './limits.ts';
export { freshNonces, NonceMasks, randomNonces, type SealedValues } from './nonce.ts';
export { type EncodedLengths, type PadRule, padTarget } from './pad.ts';
export { renderValue } from './render.ts';
export { SecretBytes } from './secret-bytes.ts';
export { shareKeys, takeSharedKey } from './shared-keys.ts';
export {
  canonicalBytes,
  type ClientValue,
  type DecodedValue,
  decodeValue,
  encodeValue,
  fingerprintBytes,
  fingerprintMessage,
  textError,
  type TypedValue,
} from './value.ts';
