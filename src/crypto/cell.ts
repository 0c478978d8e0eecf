import { byteColumnOf, decodeUtf8, encodeUtf8, valueAt } from '../bytes/index.ts';
import type { ByteColumn } from '../bytes/index.ts';
import { SealroomError } from '../errors/index.ts';
import { encodeNull, encodePrefix, fingerprintTypeByte } from './client-type.ts';
import { CELL_FINGERPRINT, CELL_SEALED } from './kernels/kernel.ts';
import type { Kernel, OpenCellOptions, RowKeys } from './kernels/kernel.ts';
import type { FingerprintKey, SealingRoot } from './keys.ts';
import { freshNonces, type SealedValues } from './nonce.ts';
import { canonicalBytes, decodeValue, fingerprintBytes } from './value.ts';
import type { DecodedValue, TypedValue } from './value.ts';

/** The target column of a sealed value. */
export interface CellTarget {
  /** Normalised header of the target column. */
  readonly targetHeader: string;
  /** Padded length of the column's encoded values in bytes, see `padTarget`; `null` for no padding. */
  readonly padTargetBytes: number | null;
}

/** The content of a cell. */
export type OpenedCell =
  | { readonly kind: 'cleartext' | 'fingerprint'; readonly text: string }
  | { readonly kind: 'sealed'; readonly value: DecodedValue };

/** Runs a column operation on a column of one cell, and drops the row number from errors. */
function onOneCell<Result>(act: () => Result): Result {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof SealroomError)) throw error;
    const { hint, cause, where } = error;
    throw new SealroomError(error.code, error.message, { hint, cause, where: { ...where, row: undefined } });
  }
}

function requireOnlyCell(column: ByteColumn): Uint8Array {
  const cell = valueAt(column, 0);
  if (cell === null) throw new TypeError('the cell is null');
  return cell;
}

/**
 * Fingerprints one value. A null gets a random fingerprint, which equals no other.
 *
 * @throws {SealroomError} DATA_TYPE if values of the type cannot be fingerprinted.
 * @throws {SealroomError} DATA_VALUE if the value does not belong to the type.
 * @throws {SealroomError} DATA_ENCODING if a text has an unpaired surrogate.
 *
 * @example
 * ```ts
 * import { createKernel, deriveFingerprintKey, fingerprintValue, parseSharedSecret } from 'sealroom/crypto';
 *
 * const collaborationId = '00000000-1111-2222-3333-444444444444';
 * const settings = { allowJoinsOnColumnsWithDifferentNames: false };
 * using secret = parseSharedSecret('AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=');
 * using key = deriveFingerprintKey(secret, collaborationId, 'state', settings);
 * const cell = fingerprintValue(createKernel('node'), key, { type: { kind: 'string' }, value: 'VA' });
 * console.log(cell); // 02:hmac:dVShrpJ70MTSG9VCtCW8WcMdoKbeel144Aln4vRwWk4=
 * ```
 */
export function fingerprintValue(kernel: Kernel, key: FingerprintKey, { type, value }: TypedValue): string {
  const typeByte = fingerprintTypeByte(type);
  const bytes = value === null ? null : fingerprintBytes(type, value);
  return decodeUtf8(
    requireOnlyCell(kernel.fingerprintColumn({ key, typeByte, nulls: 'random' }, byteColumnOf([bytes]))),
  );
}

/**
 * Seals one value or null, for a row whose sealed cells share one nonce.
 *
 * `keys` are those of one row, from `kernel.deriveRowKeys(root, randomNonces(1))`. Never seal two different values with the
 * same keys for the same target header: it would break the encryption of both.
 *
 * @throws {SealroomError} DATA_VALUE, DATA_ENCODING if the value does not belong to the type.
 * @throws {SealroomError} DATA_LENGTH if the value does not fit in the pad, or the cell would be too long.
 * @throws {SealroomError} SCHEMA_HEADER if the target header is blank.
 */
export function sealCellInRow(kernel: Kernel, keys: RowKeys, target: CellTarget, { type, value }: TypedValue): string {
  const { task, values } = sealedValueOf(target, { type, value });
  return onOneCell(() => decodeUtf8(requireOnlyCell(kernel.sealColumn(task, keys, values))));
}

/**
 * One value or null as a column that is sealed.
 *
 * @throws {SealroomError} DATA_VALUE, DATA_ENCODING if the value does not belong to the type.
 */
export function sealedValueOf(target: CellTarget, { type, value }: TypedValue): SealedValues {
  const task = { ...target, prefix: encodePrefix(type), nullEncoding: encodeNull(type) };
  return { task, values: byteColumnOf([value === null ? null : canonicalBytes(type, value)]) };
}

/**
 * Seals one value or null under a fresh nonce.
 *
 * @throws {SealroomError} DATA_VALUE, DATA_ENCODING, DATA_LENGTH, SCHEMA_HEADER as {@link sealCellInRow}.
 *
 * @example
 * ```ts
 * import { createKernel, deriveSealingRoot, openCell, parseSharedSecret, sealCell } from 'sealroom/crypto';
 *
 * const kernel = createKernel('node');
 * using secret = parseSharedSecret('AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=');
 * using root = deriveSealingRoot(secret, '00000000-1111-2222-3333-444444444444');
 * const target = { targetHeader: 'city', padTargetBytes: 64 };
 * const cell = sealCell(kernel, root, target, { type: { kind: 'string' }, value: 'Richmond' });
 * console.log(cell.slice(0, 7), cell.length); // 02:enc: 175
 *
 * const opened = openCell(kernel, root, cell);
 * if (opened.kind === 'sealed') console.log(opened.value.value); // Richmond
 * ```
 */
export function sealCell(kernel: Kernel, root: SealingRoot, target: CellTarget, typed: TypedValue): string {
  using keys = kernel.deriveRowKeys(root, freshNonces(root, [sealedValueOf(target, typed)], 1));
  return sealCellInRow(kernel, keys, target, typed);
}

/**
 * Opens a sealed cell; returns a fingerprint or cleartext as it is.
 *
 * @throws {SealroomError} FORMAT_CELL if a sealed cell is malformed or of an unknown version.
 * @throws {SealroomError} FORMAT_TAG if it fails authentication: wrong secret, wrong collaboration id, or changed data.
 * @throws {SealroomError} FORMAT_VALUE if an authentic cell does not hold a value, or one that only lenient reading takes.
 */
export function openCell(kernel: Kernel, root: SealingRoot, cell: string, options?: OpenCellOptions): OpenedCell {
  const { kinds, values } = onOneCell(() => kernel.openColumn(root, byteColumnOf([encodeUtf8(cell)]), options));
  if (kinds[0] === CELL_FINGERPRINT) return { kind: 'fingerprint', text: cell };
  if (kinds[0] !== CELL_SEALED) return { kind: 'cleartext', text: cell };
  return { kind: 'sealed', value: decodeValue(requireOnlyCell(values), options) };
}
