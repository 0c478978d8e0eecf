/** Keys, fingerprints, sealed cells, typed values and padding: the format of protected values. No I/O. */
export { fingerprintValue, openCell, sealCell, sealCellInRow } from './cell.ts';
export type { CellTarget, OpenedCell } from './cell.ts';
export {
  CLIENT_KINDS,
  encodeNull,
  encodePrefix,
  equivalenceClass,
  fingerprintTypeByte,
  kindOfTypeByte,
  NULL_FLAG,
  typeByteOf,
} from './client-type.ts';
export type { ClientKind, ClientType, FingerprintClass, TimestampUnit } from './client-type.ts';
export { parseCollaborationId } from './collaboration-id.ts';
export { fitsDecimal, formatDecimal, parseDecimal } from './decimal.ts';
export type { Decimal } from './decimal.ts';
export {
  CELL_CLEARTEXT,
  CELL_FINGERPRINT,
  CELL_NULL,
  CELL_SEALED,
  checkSealable,
  classifyCell,
  createKernel,
  defaultKernel,
  KERNEL_NAMES,
  paddedBytesOf,
} from './kernels/index.ts';
export type {
  CellKind,
  FingerprintTask,
  Kernel,
  KernelName,
  OpenedColumn,
  RowKeys,
  SealTask,
} from './kernels/index.ts';
export {
  deriveFingerprintKey,
  deriveSealingRoot,
  fingerprintKeyFromBytes,
  parseSharedSecret,
  sealingRootFromBytes,
  sharedSecretFromBytes,
} from './keys.ts';
export type { FingerprintKey, FingerprintKeySettings, SealingRoot, SharedSecret } from './keys.ts';
export {
  FINGERPRINT_CELL_BYTES,
  MAX_CELL_BYTES,
  MAX_PAD_BYTES,
  MAX_PADDED_BYTES,
  MIN_SECRET_BYTES,
  NONCE_BYTES,
} from './limits.ts';
export { randomNonces } from './nonce.ts';
export { padTarget } from './pad.ts';
export type { EncodedLengths, PadRule } from './pad.ts';
export { renderValue } from './render.ts';
export { SecretBytes } from './secret-bytes.ts';
export { shareKeys, takeSharedKey } from './shared-keys.ts';
export { canonicalBytes, decodeValue, encodeValue, fingerprintBytes, fingerprintMessage } from './value.ts';
export type { ClientValue, DecodedValue, TypedValue } from './value.ts';
export {
  fingerprintedBytesOf,
  fixedColumnOf,
  isFixedType,
  renderColumn,
  sealedBytesOf,
  storeValue,
  valueAtRow,
} from './column.ts';
export type { FixedType } from './column.ts';
