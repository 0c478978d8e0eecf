import { wipe } from './wipe.ts';

/** Allocates the buffers of results. */
export interface Allocator {
  /** `count` bytes, not cleared. */
  bytes(count: number): Uint8Array<ArrayBuffer>;
  /** `count` integers, not cleared. */
  ints(count: number): Int32Array<ArrayBuffer>;
}

/** Allocates a new buffer for every result. */
export const FRESH_MEMORY: Allocator = Object.freeze({
  bytes: (count: number) => new Uint8Array(count),
  ints: (count: number) => new Int32Array(count),
});

/** Pieces begin at multiples of this many bytes. */
const ALIGNMENT = 8;

/**
 * One buffer that results share and that is reused, where a new buffer for each result would keep the garbage collector
 * busy. It grows to what was needed between two resets.
 */
export class Arena implements Allocator {
  #buffer: ArrayBuffer;
  #used = 0;

  /** Bytes that an allocation of `count` bytes takes up in an arena, alignment included. */
  static sizeOf(count: number): number {
    return Math.ceil(count / ALIGNMENT) * ALIGNMENT;
  }

  /** @param buffer the initial buffer */
  constructor(buffer = new ArrayBuffer(0)) {
    this.#buffer = buffer;
  }

  /** Frees everything that was allocated. Wipes the buffer if it is replaced by a larger one. */
  reset(): void {
    if (this.#used > this.#buffer.byteLength) {
      wipe(new Uint8Array(this.#buffer));
      this.#buffer = new ArrayBuffer(this.#used + (this.#used >> 3));
    }
    this.#used = 0;
  }

  bytes(count: number): Uint8Array<ArrayBuffer> {
    const at = this.#claim(count);
    return at === null ? new Uint8Array(count) : new Uint8Array(this.#buffer, at, count);
  }

  ints(count: number): Int32Array<ArrayBuffer> {
    const at = this.#claim(count * 4);
    return at === null ? new Int32Array(count) : new Int32Array(this.#buffer, at, count);
  }

  /** The offset of `count` free bytes, or `null` if the buffer is too small. */
  #claim(count: number): number | null {
    const at = this.#used;
    this.#used += Arena.sizeOf(count);
    return this.#used <= this.#buffer.byteLength ? at : null;
  }

  /** Frees everything and overwrites the buffer with zeros. */
  wipe(): void {
    wipe(new Uint8Array(this.#buffer));
    this.#used = 0;
  }
}
