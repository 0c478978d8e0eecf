import { SealroomError } from '../errors/index.ts';
import type { ErrorCode } from '../errors/index.ts';

/**
 * Reads big-endian fields from the front of a byte string, never beyond its end.
 *
 * Every read throws a SealroomError with the `code` given at construction if too few bytes are left, and
 * {@link ByteReader.end} throws it if any are left over. Messages tell lengths, not content.
 */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #code: ErrorCode;
  readonly #what: string;
  #at = 0;

  /** `what` names the thing being read in error messages, such as `a sealed value`. */
  constructor(bytes: Uint8Array, code: ErrorCode, what: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#code = code;
    this.#what = what;
  }

  /** Bytes not read yet. */
  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  #advance(length: number): number {
    if (this.remaining < length) {
      throw new SealroomError(
        this.#code,
        `${this.#what} is truncated: expected ${length} more bytes, got ${this.remaining}`,
      );
    }
    const at = this.#at;
    this.#at += length;
    return at;
  }

  /** Reads one byte, 0 to 255. */
  u8(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  /** Reads a signed 16-bit integer. */
  i16(): number {
    return this.#view.getInt16(this.#advance(2));
  }

  /** Reads a signed 32-bit integer. */
  i32(): number {
    return this.#view.getInt32(this.#advance(4));
  }

  /** Reads a signed 64-bit integer. */
  i64(): bigint {
    return this.#view.getBigInt64(this.#advance(8));
  }

  /** Reads an IEEE 754 binary32. */
  f32(): number {
    return this.#view.getFloat32(this.#advance(4));
  }

  /** Reads an IEEE 754 binary64. */
  f64(): number {
    return this.#view.getFloat64(this.#advance(8));
  }

  /** Reads all remaining bytes, as a view. */
  rest(): Uint8Array {
    return this.#bytes.subarray(this.#advance(this.remaining));
  }

  /** Checks that nothing is left. */
  end(): void {
    if (this.remaining > 0) {
      throw new SealroomError(this.#code, `${this.#what} has unexpected bytes at its end: ${this.remaining}`);
    }
  }
}
