import { type ByteColumn, concatBytes, encodeI32, encodeUtf8 } from '../bytes/index.ts';
import { hmacSha256, randomBytes, sha256 } from '../platform/index.ts';
import type { SealTask } from './kernels/kernel.ts';
import { deriveNonceKey, type SealingRoot } from './keys.ts';
import { NONCE_BYTES } from './limits.ts';
import type { SecretBytes } from './secret-bytes.ts';

/**
 * Nonces for `rows` rows, 32 random bytes each, in one buffer. Use each for one row only.
 *
 * They are as good as the platform's generator. `freshNonces` makes nonces that differ for different rows even if it repeats itself.
 */
export function randomNonces(rows: number): Uint8Array<ArrayBuffer> {
  return randomBytes(rows * NONCE_BYTES);
}

/** A column that will be sealed under the nonces, and its values: canonical bytes, without prefix. */
export interface SealedValues {
  readonly task: SealTask;
  readonly values: ByteColumn;
}

/**
 * Fresh nonces for the rows of these columns, 32 bytes each, in one buffer: random bytes, exclusive-or an HMAC of all these values and the
 * number of the row.
 *
 * If the generator repeats itself, as that of a virtual machine does that is restored twice, rows among other values get other nonces all
 * the same; the same rows in the same order get the same cells again, and no more is lost than that.
 *
 * @param rows of each column; without columns no nonce is made
 */
//= format F-29
//= format F-93
export function freshNonces(
  root: SealingRoot,
  columns: readonly SealedValues[],
  rows: number,
): Uint8Array<ArrayBuffer> {
  if (columns.length === 0) return new Uint8Array();
  using masks = new NonceMasks(
    root,
    columns.map(({ task }) => task),
  );
  const mask = masks.of(columns.flatMap(({ values }) => partsOf(values)));
  const nonces = randomNonces(rows);
  // Words in the machine's order: all that counts is that each row gets another number.
  const words = new Uint32Array(nonces.buffer);
  const maskWords = new Uint32Array(Uint8Array.from(mask).buffer);
  for (let row = 0; row < rows; row++) {
    const first = row * maskWords.length;
    words[first] = (words[first] ?? 0) ^ row;
    for (let i = 0; i < maskWords.length; i++) words[first + i] = (words[first + i] ?? 0) ^ (maskWords[i] ?? 0);
  }
  return nonces;
}

/** Makes what nonces of other rows differ by, whatever the generator gives. Disposing it wipes its key. */
//= format F-93
export class NonceMasks implements Disposable {
  readonly #key: SecretBytes;

  /** @param tasks of the columns that will be sealed */
  constructor(root: SealingRoot, tasks: readonly SealTask[]) {
    this.#key = deriveNonceKey(root, sha256(describeColumns(tasks)));
  }

  /** The 32 bytes that the nonces of some rows share; `parts` hold all that will be sealed in them, in an order that tells the rows. */
  of(parts: readonly Uint8Array[]): Uint8Array {
    return this.#key.use((bytes) => hmacSha256(bytes, ...parts));
  }

  [Symbol.dispose](): void {
    this.#key[Symbol.dispose]();
  }
}

/** For each column: header, prefix and encoded null, each after its length, and the padded length. */
function describeColumns(tasks: readonly SealTask[]): Uint8Array {
  return concatBytes(
    tasks.flatMap(({ targetHeader, prefix, nullEncoding, padTargetBytes }) => [
      ...[encodeUtf8(targetHeader), prefix, nullEncoding ?? new Uint8Array()].flatMap((bytes) => [
        encodeI32(bytes.length),
        bytes,
      ]),
      encodeI32(padTargetBytes ?? -1),
    ]),
  );
}

/** A column as it is in memory, without a copy: number of rows, validity after its length, offsets, and the values one after another. */
function partsOf({ rows, validity, offsets, bytes }: ByteColumn): readonly Uint8Array[] {
  return [
    encodeI32(rows),
    encodeI32(validity?.length ?? -1),
    validity ?? new Uint8Array(),
    new Uint8Array(offsets.buffer, offsets.byteOffset, (rows + 1) * offsets.BYTES_PER_ELEMENT),
    bytes.subarray(offsets[0], offsets[rows]),
  ];
}
