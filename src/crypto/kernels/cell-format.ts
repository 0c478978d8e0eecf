import { decodedBase64Length, encodedBase64Length, encodeUtf8, isBase64 } from '../../bytes/index.ts';
import { SealroomError } from '../../errors/index.ts';
import {
  FINGERPRINT_PREFIX,
  FINGERPRINT_PREFIX_BYTES,
  LEGACY_SEALED_PREFIX,
  MAX_CELL_BYTES,
  PAD_COUNT_BYTES,
  SEALED_OVERHEAD_BYTES,
  SEALED_PREFIX,
  SEALED_PREFIX_BYTES,
} from '../limits.ts';
import { CELL_CLEARTEXT, CELL_FINGERPRINT, CELL_SEALED } from './kernel.ts';
import type { CellKind, OpenCellOptions } from './kernel.ts';

/** The prefix of sealed cells as bytes; also their additional authenticated data. */
export const SEALED_PREFIX_ASCII = encodeUtf8(SEALED_PREFIX);
const LEGACY_SEALED_PREFIX_ASCII = encodeUtf8(LEGACY_SEALED_PREFIX);
/** The prefix of fingerprint cells as bytes. `01:hmac:` is never written. */
//= format F-56
export const FINGERPRINT_PREFIX_ASCII = encodeUtf8(FINGERPRINT_PREFIX);

/** The first four bytes of either prefix of this version and the last four, as big-endian numbers; those of a sealed cell overlap. */
const SEALED_HEAD = wordOf(SEALED_PREFIX_ASCII, 0);
const SEALED_TAIL = wordOf(SEALED_PREFIX_ASCII, SEALED_PREFIX_BYTES - 4);
const FINGERPRINT_HEAD = wordOf(FINGERPRINT_PREFIX_ASCII, 0);
const FINGERPRINT_TAIL = wordOf(FINGERPRINT_PREFIX_ASCII, FINGERPRINT_PREFIX_BYTES - 4);

/** Offset of the descriptor, after the two digits and the colon of the version. */
const DESCRIPTOR_AT = 3;
const SEALED_DESCRIPTOR = SEALED_PREFIX_ASCII.subarray(DESCRIPTOR_AT);
const FINGERPRINT_DESCRIPTOR = FINGERPRINT_PREFIX_ASCII.subarray(DESCRIPTOR_AT);

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

function wordOf(bytes: Uint8Array, at: number): number {
  return viewOf(bytes).getUint32(at);
}

function hasAt(bytes: Uint8Array, start: number, end: number, wanted: Uint8Array): boolean {
  if (end - start < wanted.length) return false;
  for (let i = 0; i < wanted.length; i++) if (bytes[start + i] !== wanted[i]) return false;
  return true;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

/** The additional authenticated data of a sealed cell: its own prefix. */
//= format F-55
export function sealedCellAad(bytes: Uint8Array, start: number): Uint8Array {
  return bytes[start + 1] === LEGACY_SEALED_PREFIX_ASCII[1] ? LEGACY_SEALED_PREFIX_ASCII : SEALED_PREFIX_ASCII;
}

/** Bytes that the Base64 of a sealed cell `bytes[start .. end)` decodes to; fewer than 60, or -1, if it is malformed. */
function sealedBodyBytes(bytes: Uint8Array, start: number, end: number): number {
  return decodedBase64Length(bytes, start + SEALED_PREFIX_BYTES, end);
}

/**
 * Classifies the cell `bytes[start .. end)`; the result is never `CELL_NULL`.
 *
 * @throws {SealroomError} FORMAT_CELL if it was sealed in an unknown version of the format.
 */
function classifyCellAt(bytes: Uint8Array, start: number, end: number): CellKind {
  // The common case first: no other clause applies to it.
  //= format F-47
  if (hasAt(bytes, start, end, SEALED_PREFIX_ASCII)) return CELL_SEALED;
  //= format F-50
  const descriptorAt = start + DESCRIPTOR_AT;
  //= format F-48
  if (hasAt(bytes, descriptorAt, end, FINGERPRINT_DESCRIPTOR)) return CELL_FINGERPRINT;
  if (!hasAt(bytes, descriptorAt, end, SEALED_DESCRIPTOR)) return CELL_CLEARTEXT;
  if (hasAt(bytes, start, end, LEGACY_SEALED_PREFIX_ASCII)) return CELL_SEALED;
  //= format F-49
  const isVersion = isDigit(bytes[start]) && isDigit(bytes[start + 1]) && bytes[start + 2] === SEALED_PREFIX_ASCII[2];
  if (
    isVersion &&
    sealedBodyBytes(bytes, start, end) >= SEALED_OVERHEAD_BYTES &&
    isBase64(bytes, start + SEALED_PREFIX_BYTES, end)
  ) {
    throw new SealroomError('FORMAT_CELL', 'a cell is sealed in a format version that this release cannot read');
  }
  return CELL_CLEARTEXT;
}

/**
 * Classifies the cells of a column, one after the other: as {@link classifyCellAt}, and faster for those of this version, which nearly all
 * are.
 */
export function cellClassifier(bytes: Uint8Array): (start: number, end: number) => CellKind {
  const view = viewOf(bytes);
  return (start, end) => {
    if (end - start >= FINGERPRINT_PREFIX_BYTES) {
      const head = view.getUint32(start);
      if (head === SEALED_HEAD && view.getUint32(start + SEALED_PREFIX_BYTES - 4) === SEALED_TAIL) return CELL_SEALED;
      const tailAt = start + FINGERPRINT_PREFIX_BYTES - 4;
      if (head === FINGERPRINT_HEAD && view.getUint32(tailAt) === FINGERPRINT_TAIL) return CELL_FINGERPRINT;
    }
    return classifyCellAt(bytes, start, end);
  };
}

/**
 * Classifies a cell; the result is never `CELL_NULL`.
 *
 * @throws {SealroomError} FORMAT_CELL if it was sealed in an unknown version of the format.
 */
export function classifyCell(cell: Uint8Array): CellKind {
  return classifyCellAt(cell, 0, cell.length);
}

/** The error for a sealed cell that is not Base64, or too short. */
export function malformedCellError(): SealroomError {
  return new SealroomError('FORMAT_CELL', 'a sealed cell is not Base64 of at least 60 bytes');
}

/** The error for a sealed cell that fails authentication, whatever the reason. */
//= format F-38
export function authenticationError(): SealroomError {
  return new SealroomError(
    'FORMAT_TAG',
    'a sealed cell could not be opened: wrong secret, wrong collaboration id, or changed data',
  );
}

/**
 * Total length of nonce, IV, ciphertext and tag of the sealed cell `bytes[start .. end)`, in bytes: at least 60.
 *
 * @throws {SealroomError} FORMAT_CELL if the length or padding of its Base64 is wrong, or it is too short.
 */
export function requireSealedBody(bytes: Uint8Array, start: number, end: number): number {
  //= format F-37
  const length = sealedBodyBytes(bytes, start, end);
  if (length < SEALED_OVERHEAD_BYTES) throw malformedCellError();
  return length;
}

/**
 * Total length of the encoded value of a sealed cell and its zeros, in bytes: the padded length T if it was padded, otherwise
 * that of the value.
 *
 * @throws {SealroomError} FORMAT_CELL if the length or padding of its Base64 is wrong, or it is too short.
 */
export function paddedBytesOf(cell: Uint8Array): number {
  //= format F-34
  return Math.max(0, requireSealedBody(cell, 0, cell.length) - SEALED_OVERHEAD_BYTES - PAD_COUNT_BYTES);
}

/**
 * The length of a sealed cell with a payload of `payloadBytes` bytes.
 *
 * @throws {SealroomError} DATA_LENGTH if it is over 16383 bytes.
 */
export function sealedCellBytes(payloadBytes: number): number {
  //= format F-34
  const length = SEALED_PREFIX_BYTES + encodedBase64Length(SEALED_OVERHEAD_BYTES + payloadBytes);
  //= format F-52
  if (length > MAX_CELL_BYTES) {
    throw new SealroomError('DATA_LENGTH', `sealed cell too long: at most ${MAX_CELL_BYTES} bytes, got ${length}`);
  }
  return length;
}

/**
 * The length of the encoded value in an authentic payload, in bytes: all but the zeros and their count.
 *
 * @throws {SealroomError} FORMAT_VALUE if the count does not fit the payload, or leaves no type byte, or if other bytes than zeros
 *   would be removed and the payload is not read leniently.
 */
export function encodedValueBytes(payload: Uint8Array, { lenientCells = false }: OpenCellOptions = {}): number {
  //= format F-39
  const countAt = payload.length - PAD_COUNT_BYTES;
  if (countAt < 1) throw new SealroomError('FORMAT_VALUE', 'a sealed value is too short to hold its pad length');
  const zeros = (((payload[countAt] ?? 0) << 24) | ((payload[countAt + 1] ?? 0) << 16)) >> 16;
  const length = countAt - zeros;
  // Kept for compatibility with C3R, if it is asked for: -1 and -2 leave bytes of the count in the value.
  if (length < 1 || length > (lenientCells ? payload.length : countAt)) {
    throw new SealroomError(
      'FORMAT_VALUE',
      `a sealed value has an invalid pad length: expected 0 to ${countAt - 1}, got ${zeros}`,
    );
  }
  if (lenientCells) return length;
  let others = 0;
  for (let i = length; i < countAt; i++) others |= payload[i] ?? 0;
  if (others === 0) return length;
  throw new SealroomError('FORMAT_VALUE', 'a sealed value is padded with other bytes than zeros', {
    hint: 'it may have been made to open as two texts under two secrets; `--lenient-cells` opens it',
  });
}

/** Adds the row to a SealroomError; returns anything else unchanged. */
export function atRow(error: unknown, row: number): unknown {
  return error instanceof SealroomError ? error.at({ row }) : error;
}
