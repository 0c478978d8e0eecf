import { type ByteColumn, byteColumnOf } from '../../../bytes/index.ts';
import { randomBytes } from '../../../platform/index.ts';
import { fingerprintKeyFromBytes, sealingRootFromBytes } from '../../keys.ts';
import { KEY_BYTES, NONCE_BYTES } from '../../limits.ts';
import type { Kernel, SealTask } from '../kernel.ts';

/** Values of 0 to 189 bytes, so that every number of blocks up to four occurs in every lane. */
const ROWS = 64;
const STEP_BYTES = 3;

function areEqual(one: ByteColumn, other: ByteColumn): boolean {
  return (
    one.bytes.length === other.bytes.length &&
    one.bytes.every((byte, at) => byte === other.bytes[at]) &&
    one.offsets.every((offset, row) => offset === other.offsets[row])
  );
}

/**
 * Fingerprints, seals and opens random values under random keys with two kernels. Returns what they differ in, or `null` if the
 * results are the same.
 */
export function compareKernels(one: Kernel, other: Kernel): string | null {
  const values = byteColumnOf(Array.from({ length: ROWS }, (_, row) => randomBytes(row * STEP_BYTES)));
  const nonces = randomBytes(ROWS * NONCE_BYTES);
  using key = fingerprintKeyFromBytes(randomBytes(KEY_BYTES));
  using root = sealingRootFromBytes(randomBytes(KEY_BYTES));
  const task: SealTask = {
    targetHeader: 'comparison of kernels',
    prefix: Uint8Array.of(2),
    nullEncoding: null,
    padTargetBytes: null,
  };
  const fingerprint = (kernel: Kernel): ByteColumn =>
    kernel.fingerprintColumn({ key, typeByte: 2, nulls: 'keep' }, values);
  const seal = (kernel: Kernel): ByteColumn => {
    using keys = kernel.deriveRowKeys(root, nonces);
    return kernel.sealColumn(task, keys, values);
  };
  if (!areEqual(fingerprint(one), fingerprint(other))) return `its fingerprints are not those of \`${other.name}\``;
  const sealed = seal(other);
  if (!areEqual(seal(one), sealed)) return `its sealed cells are not those of \`${other.name}\``;
  const opened = one.openColumn(root, sealed).values;
  if (!areEqual(opened, other.openColumn(root, sealed).values))
    return `it does not open cells as \`${other.name}\` does`;
  return null;
}
