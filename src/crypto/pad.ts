import { SealroomError } from '../errors/index.ts';
import { MAX_PAD_BYTES, MAX_PADDED_BYTES } from './limits.ts';

/** The padding of a sealed column's encoded values; `lengthBytes` is the pad length of the schema. */
export type PadRule =
  | { readonly kind: 'none' }
  | { readonly kind: 'fixed'; readonly lengthBytes: number }
  | { readonly kind: 'max'; readonly lengthBytes: number };

/** The lengths that determine a column's padded length, type byte and metadata included. */
export interface EncodedLengths {
  /** Longest encoded non-null value of the whole column, in bytes; 0 if there is none. */
  readonly longestValueBytes: number;
  /** Length of the column's encoded null, in bytes. */
  readonly nullBytes: number;
}

function requirePadLength(lengthBytes: number): number {
  //= format F-46
  if (!Number.isInteger(lengthBytes) || lengthBytes < 0 || lengthBytes > MAX_PAD_BYTES) {
    throw new SealroomError('DATA_LENGTH', `pad length: expected 0 to ${MAX_PAD_BYTES} bytes, got ${lengthBytes}`);
  }
  return lengthBytes;
}

function requirePaddedLength(padTargetBytes: number): number {
  //= format F-45
  if (padTargetBytes > MAX_PADDED_BYTES) {
    throw new SealroomError(
      'DATA_LENGTH',
      `no room for padding: the padded length must be at most ${MAX_PADDED_BYTES} bytes, got ${padTargetBytes}`,
      { hint: 'shorten the pad length, or the longest value of the column' },
    );
  }
  return padTargetBytes;
}

/**
 * The padded length of a sealed column in bytes, or `null` if it is not padded.
 *
 * @throws {SealroomError} DATA_LENGTH if the pad length is outside 0 to 10000, or the padded length over 12000.
 */
export function padTarget(pad: PadRule, lengths: EncodedLengths): number | null {
  switch (pad.kind) {
    case 'none':
      //= format F-41
      return null;
    case 'fixed':
      //= format F-42
      return requirePaddedLength(requirePadLength(pad.lengthBytes));
    case 'max': {
      //= format F-43
      const longest = lengths.longestValueBytes > 0 ? lengths.longestValueBytes : lengths.nullBytes;
      return requirePaddedLength(longest + requirePadLength(pad.lengthBytes));
    }
  }
}

/**
 * Number of zeros that pad an encoded value to its column's padded length.
 *
 * @throws {SealroomError} DATA_LENGTH if the value is longer than the padded length, or that is over 12000.
 */
export function countPadZeros(encodedBytes: number, padTargetBytes: number | null): number {
  if (padTargetBytes === null) return 0;
  //= format F-44
  if (encodedBytes > padTargetBytes) {
    throw new SealroomError(
      'DATA_LENGTH',
      `no room for padding: the encoded value must be at most ${padTargetBytes} bytes, got ${encodedBytes}`,
      { hint: 'the type byte counts: a fixed pad must be at least the longest value plus one' },
    );
  }
  requirePaddedLength(padTargetBytes);
  //= format F-40
  return padTargetBytes - encodedBytes;
}
