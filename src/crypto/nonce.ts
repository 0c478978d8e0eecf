import {
  type ByteColumn,
  concatBytes,
  decodeBase64Into,
  encodeI32,
  encodeUtf8,
  isValid,
  wipe,
} from '../bytes/index.ts';
import { randomBytes, sha256 } from '../platform/index.ts';
import type { Kernel, SealTask } from './kernels/kernel.ts';
import { deriveNonceKey, type SealingRoot } from './keys.ts';
import { FINGERPRINT_CELL_BYTES, FINGERPRINT_PREFIX_BYTES, NONCE_BYTES } from './limits.ts';

/**
 * Nonces for `rows` rows, 32 random bytes each, in one buffer. Use each for one row only.
 *
 * They are as good as the platform's generator. {@link freshNonces} makes nonces that differ for different rows even if it repeats itself.
 */
export function randomNonces(rows: number): Uint8Array {
  return randomBytes(rows * NONCE_BYTES);
}

/** A column that will be sealed under the nonces, and its values: canonical bytes, without prefix. */
export interface SealedValues {
  readonly task: SealTask;
  readonly values: ByteColumn;
}

/** The byte that the kernels hash last; no type byte has its highest bit set. */
const END_BYTE = 0xff;
const LENGTH_BYTES = 4;
/** The length of a null. */
const NULL_LENGTH = 0xff_ff_ff_ff;

/**
 * Fresh nonces for the rows of these columns, 32 bytes each, in one buffer: an HMAC of 32 random bytes and the values of the row.
 *
 * If the generator repeats itself, as that of a virtual machine does that is restored twice, rows with other values get other nonces all
 * the same; a row with the same values gets the same cells again, and no more is lost than that.
 *
 * @param rows of each column; without columns no nonce is made
 */
//= format F-29
//= format F-93
export function freshNonces(
  kernel: Kernel,
  root: SealingRoot,
  columns: readonly SealedValues[],
  rows: number,
): Uint8Array<ArrayBuffer> {
  if (columns.length === 0) return new Uint8Array();
  using key = deriveNonceKey(root, sha256(describeColumns(columns)));
  const messages = writeMessages(columns, rows);
  try {
    // A kernel hashes whole columns at once; what it writes around the hash is taken off again.
    const hashes = kernel.fingerprintColumn({ key, typeByte: END_BYTE, nulls: 'keep' }, messages);
    const nonces = new Uint8Array(rows * NONCE_BYTES);
    for (let row = 0; row < rows; row++) {
      const end = (row + 1) * FINGERPRINT_CELL_BYTES;
      const start = row * FINGERPRINT_CELL_BYTES + FINGERPRINT_PREFIX_BYTES;
      decodeBase64Into(hashes.bytes, start, end, nonces, row * NONCE_BYTES);
    }
    return nonces;
  } finally {
    wipe(messages.bytes);
  }
}

/** For each column: header, prefix and encoded null, each after its length, and the padded length. */
function describeColumns(columns: readonly SealedValues[]): Uint8Array {
  return concatBytes(
    columns.flatMap(({ task: { targetHeader, prefix, nullEncoding, padTargetBytes } }) => [
      ...[encodeUtf8(targetHeader), prefix, nullEncoding ?? new Uint8Array()].flatMap((bytes) => [
        encodeI32(bytes.length),
        bytes,
      ]),
      encodeI32(padTargetBytes ?? -1),
    ]),
  );
}

/** For each row: 32 random bytes, and for each column the length of its value, or -1 for a null, and the value. */
function writeMessages(columns: readonly SealedValues[], rows: number): ByteColumn {
  const offsets = new Int32Array(rows + 1);
  let length = 0;
  for (let row = 0; row < rows; row++) {
    length += NONCE_BYTES + columns.length * LENGTH_BYTES;
    for (const { values } of columns) length += (values.offsets[row + 1] ?? 0) - (values.offsets[row] ?? 0);
    offsets[row + 1] = length;
  }
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  const random = randomBytes(rows * NONCE_BYTES);
  for (let row = 0; row < rows; row++) {
    let at = offsets[row] ?? 0;
    for (let i = row * NONCE_BYTES; i < (row + 1) * NONCE_BYTES; i++) bytes[at++] = random[i] ?? 0;
    for (const { values } of columns) {
      const start = values.offsets[row] ?? 0;
      const end = values.offsets[row + 1] ?? 0;
      const isPresent = isValid(values.validity, row);
      view.setUint32(at, isPresent ? end - start : NULL_LENGTH);
      at += LENGTH_BYTES;
      for (let i = start; i < end; i++) bytes[at++] = values.bytes[i] ?? 0;
    }
  }
  wipe(random);
  return { rows, offsets, bytes, validity: null };
}
