import { isValid } from '../../bytes/index.ts';
import type { ByteColumn } from '../../bytes/index.ts';
import { SealroomError } from '../../errors/index.ts';
import {
  FINGERPRINT_CELL_BYTES,
  MAX_COLUMN_BYTES,
  MAX_SEALED_PAYLOAD_BYTES,
  PAD_COUNT_BYTES,
  SEALED_OVERHEAD_BYTES,
} from '../limits.ts';
import { countPadZeros } from '../pad.ts';
import { atRow, cellClassifier, requireSealedBody, sealedCellBytes } from './cell-format.ts';
import { CELL_NULL, CELL_SEALED } from './kernel.ts';
import type { FingerprintTask, SealTask } from './kernel.ts';

/**
 * The position of every cell of an output column, and the size of the scratch buffer. All of it is known before the first
 * cell is computed, so that a kernel allocates once per column, and refuses a column before working on it.
 */
export interface ColumnPlan {
  /** Offsets of the output cells, `rows + 1` of them, from 0 on. */
  readonly offsets: Int32Array;
  /** The output's validity. */
  readonly validity: Uint8Array | null;
  /** The longest content of the kernel's scratch buffer, in bytes. */
  readonly longestBytes: number;
}

function requireColumnBytes(bytes: number): number {
  if (bytes > MAX_COLUMN_BYTES) {
    throw new SealroomError(
      'DATA_LENGTH',
      `column of cells too large: at most ${MAX_COLUMN_BYTES} bytes, got ${bytes}`,
    );
  }
  return bytes;
}

function valueBytes(column: ByteColumn, row: number): number {
  return (column.offsets[row + 1] ?? 0) - (column.offsets[row] ?? 0);
}

/** Plans the cells of a fingerprint column. `longestBytes` is that of a value, or of the random bytes for a null. */
export function planFingerprints(task: FingerprintTask, values: ByteColumn, nullBytes: number): ColumnPlan {
  const offsets = new Int32Array(values.rows + 1);
  const keepsNulls = task.nulls === 'keep';
  let end = 0;
  let longestBytes = nullBytes;
  for (let row = 0; row < values.rows; row++) {
    const isPresent = isValid(values.validity, row);
    if (isPresent) longestBytes = Math.max(longestBytes, valueBytes(values, row));
    //= format F-27
    if (isPresent || !keepsNulls) end = requireColumnBytes(end + FINGERPRINT_CELL_BYTES);
    offsets[row + 1] = end;
  }
  return { offsets, validity: keepsNulls ? values.validity : null, longestBytes };
}

/** The length of the payload of a row, or `null` if it stays null. @throws {SealroomError} DATA_LENGTH as {@link planSeals}. */
function payloadBytes(task: Omit<SealTask, 'targetHeader'>, values: ByteColumn, row: number): number | null {
  const encodedBytes = isValid(values.validity, row)
    ? task.prefix.length + valueBytes(values, row)
    : (task.nullEncoding?.length ?? null);
  if (encodedBytes === null) return null;
  return encodedBytes + countPadZeros(encodedBytes, task.padTargetBytes) + PAD_COUNT_BYTES;
}

/**
 * Plans the cells of a sealed column. `longestBytes` is that of a payload.
 *
 * @throws {SealroomError} DATA_LENGTH if a value does not fit in the pad, or its cell would be over the limit.
 */
export function planSeals(task: SealTask, values: ByteColumn): ColumnPlan {
  const offsets = new Int32Array(values.rows + 1);
  let end = 0;
  let longestBytes = 0;
  let row = 0;
  try {
    for (; row < values.rows; row++) {
      const bytes = payloadBytes(task, values, row);
      if (bytes !== null) {
        longestBytes = Math.max(longestBytes, bytes);
        end = requireColumnBytes(end + sealedCellBytes(bytes));
      }
      offsets[row + 1] = end;
    }
  } catch (error) {
    throw atRow(error, row);
  }
  return { offsets, validity: task.nullEncoding === null ? values.validity : null, longestBytes };
}

/**
 * Refuses the values that `sealColumn` would refuse, without sealing any.
 *
 * @throws {SealroomError} DATA_LENGTH with the 0-based row if a value does not fit in the pad, or its cell would be over the
 *   limit.
 */
export function checkSealable(task: Omit<SealTask, 'targetHeader'>, values: ByteColumn): void {
  let row = 0;
  try {
    for (; row < values.rows; row++) {
      const bytes = payloadBytes(task, values, row);
      if (bytes !== null) sealedCellBytes(bytes);
    }
  } catch (error) {
    throw atRow(error, row);
  }
}

/** What {@link checkSealable} accepts. */
export interface SealLimits {
  /** The longest value in bytes. */
  readonly mostBytes: number;
  readonly acceptsNulls: boolean;
}

/** What {@link checkSealable} accepts of the values of a column. */
export function sealLimits({ prefix, nullEncoding, padTargetBytes }: Omit<SealTask, 'targetHeader'>): SealLimits {
  const encodedBytes = padTargetBytes ?? MAX_SEALED_PAYLOAD_BYTES - PAD_COUNT_BYTES;
  return {
    mostBytes: encodedBytes - prefix.length,
    acceptsNulls: nullEncoding === null || nullEncoding.length <= encodedBytes,
  };
}

/** What is known about a column of cells before any is opened. */
export interface OpenPlan {
  /** One of the `CELL_` constants per row. */
  readonly kinds: Uint8Array;
  readonly hasSealed: boolean;
  /** Upper bound for the bytes of the opened column; padding makes it shorter. */
  readonly mostBytes: number;
  /** The length of the longest decoded cell: nonce, IV, ciphertext and tag. */
  readonly longestBytes: number;
}

/**
 * Classifies the cells of a column and measures them.
 *
 * @throws {SealroomError} FORMAT_CELL for a sealed cell of a wrong length, or of an unknown version.
 */
export function planOpening(cells: ByteColumn): OpenPlan {
  const kinds = new Uint8Array(cells.rows).fill(CELL_NULL);
  const classify = cellClassifier(cells.bytes);
  let hasSealed = false;
  let mostBytes = 0;
  let longestBytes = 0;
  let row = 0;
  try {
    for (; row < cells.rows; row++) {
      if (!isValid(cells.validity, row)) continue;
      const start = cells.offsets[row] ?? 0;
      const end = cells.offsets[row + 1] ?? 0;
      const kind = classify(start, end);
      kinds[row] = kind;
      if (kind === CELL_SEALED) {
        hasSealed = true;
        const bodyBytes = requireSealedBody(cells.bytes, start, end);
        longestBytes = Math.max(longestBytes, bodyBytes);
        mostBytes += bodyBytes - SEALED_OVERHEAD_BYTES;
      } else {
        mostBytes += end - start;
      }
    }
  } catch (error) {
    throw atRow(error, row);
  }
  return { kinds, hasSealed, mostBytes: requireColumnBytes(mostBytes), longestBytes };
}
