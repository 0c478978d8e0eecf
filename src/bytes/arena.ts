import { wipe } from './wipe.ts';

/** Where results get their memory from. */
export interface Allocator {
  /** Memory for so many bytes, of any content. */
  bytes(count: number): Uint8Array<ArrayBuffer>;
  /** Memory for so many integers, of any content. */
  ints(count: number): Int32Array<ArrayBuffer>;
}

/** Gives every result buffers of its own. */
export const FRESH_MEMORY: Allocator = Object.freeze({
  bytes: (count: number) => new Uint8Array(count),
  ints: (count: number) => new Int32Array(count),
});

/** Pieces begin at multiples of this many bytes. */
const ALIGNMENT = 8;

/**
 * One buffer that results share and that is used again and again, where fresh buffers for each would keep the garbage
 * collector busy. It grows to what was needed between two resets.
 */
export class Arena implements Allocator {
  #buffer: ArrayBuffer;
  #used = 0;

  /** What `count` bytes take of an arena. */
  static sizeOf(count: number): number {
    return Math.ceil(count / ALIGNMENT) * ALIGNMENT;
  }

  /** @param buffer what is given out first */
  constructor(buffer = new ArrayBuffer(0)) {
    this.#buffer = buffer;
  }

  /** Takes back everything that was given out. */
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

  /** Where so many bytes are free, or `null` if the buffer is too small. */
  #claim(count: number): number | null {
    const at = this.#used;
    this.#used += Arena.sizeOf(count);
    return this.#used <= this.#buffer.byteLength ? at : null;
  }

  /** Takes back everything and overwrites it with zeros. */
  wipe(): void {
    wipe(new Uint8Array(this.#buffer));
    this.#used = 0;
  }
}
